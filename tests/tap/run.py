# SPDX-License-Identifier: MIT
"""`hft tap` looks on at rings that `hft produce` fills: run.py HFT WHAT, where
WHAT is a function below, without check_. Exits 77 where it may not use BPF or
namespaces."""
import collections
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

# harness first: it says where checks is.
from harness import (DEADLINE, HFT, PIN, SEEN, Running, expect_consecutive,
                     expect_refusal, producing, run, tap, ticking)
from checks import expect, expect_match, skip

PORT = 26400
COUNT = 20
FRAME_HEADERS = 14 + 20 + 8  # Ethernet, IPv4, UDP
TEXT = re.compile(
    r"\d\d:\d\d:\d\d\.\d{9} #(\d+) market 40 bytes, sequence (\d+), "
    r"instrument \d+, (?:buy|sell) \d+ at \d+\.\d{4}, \d+ ns late")


def check_json():
    with ticking():
        lines = [json.loads(line) for line in tap(COUNT, "--json").out.splitlines()]
    expect("lines", COUNT, len(lines))
    expect("types", {"market"}, {line["type"] for line in lines})
    expect("lengths", {(40, False)},
           {(line["length"], line["truncated"]) for line in lines})
    for field in ("position", "sequence"):
        expect_consecutive(field, [line[field] for line in lines])
    for field in ("time", "stamp"):
        values = [line[field] for line in lines]
        expect(f"{field} ascends", sorted(values), values)


def check_text():
    with ticking():
        lines = tap(COUNT).out.splitlines()
    expect("lines", COUNT, len(lines))
    found = [expect_match("a record", TEXT, line) for line in lines]
    if all(found):
        expect_consecutive("positions", [int(record[1]) for record in found])
        expect_consecutive("sequences", [int(record[2]) for record in found])


def check_hex():
    with ticking():
        lines = tap(COUNT, "-x").out.splitlines()
    expect("lines", COUNT * 4, len(lines))  # 40 bytes are three rows
    row = re.compile(r"\t0x00([0-2])0: ([ 0-9a-f]{48})  (.{8,16})")
    for at in range(0, len(lines) - 3, 4):
        record = expect_match("a record", TEXT, lines[at])
        rows = [expect_match("a row of bytes", row, line)
                for line in lines[at + 1:at + 4]]
        if not record or not all(rows):
            return
        expect("offsets", ["0", "1", "2"], [found[1] for found in rows])
        payload = bytes.fromhex("".join(found[2] for found in rows))
        expect("payload's length", 40, len(payload))
        expect("sequence in the bytes", int(record[2]),
               struct.unpack_from("<Q", payload)[0])
        expect("characters", "".join(chr(b) if 32 <= b < 127 else "."
                                     for b in payload),
               "".join(found[3] for found in rows))


def check_rate():
    # They take two seconds: there is a line after the first.
    with producing("timer", "--overwrite", "--period", "10ms"):
        running = tap(200, "-q")
    expect("standard output", "", running.out)
    rates = running.said.splitlines()[:-1]
    expect("lines of rate", True, len(rates) >= 1)
    for line in rates:
        expect_match("a line of rate", r"[1-9]\d* records/s, missed 0, "
                     r"dropped by the producer 0", line)


def check_interrupt():
    with ticking(), Running("tap", PIN) as running:
        first = running.line()
        expect_match("a record", TEXT, first.rstrip("\n"))
        expect("tap's status", 0, running.interrupt())
        expect("tap's summary", SEEN.format(1 + running.out.count("\n")),
               running.said)


def check_loss():
    # Nobody consumes: 64 records fit, the others are dropped.
    with producing("timer", "--slots", "64") as producer:
        with Running("tap", PIN, "-q") as running:
            dropped = 0
            while dropped == 0:
                line = running.line_of_error()
                dropped = int(line.rsplit(" ", 1)[1])
            expect("tap's status", 0, running.interrupt())
            found = re.search(r"(\d+) dropped by the producer$", running.said)
            expect("dropped in the summary", True,
                   bool(found) and int(found[1]) >= dropped)
        lines = [json.loads(line) for line in
                 subprocess.run([HFT, "tap", PIN, "--oldest", "--json", "-c", "3"],
                                capture_output=True, check=True,
                                timeout=DEADLINE).stdout.splitlines()]
        expect_consecutive("oldest positions", [line["position"] for line in lines])
        expect("oldest is of the first", True, lines[0]["position"] < 64)
    expect_match("produce's summary", r"offered \d+, published 64, "
                 r"dropped [1-9]\d*\n", producer.out)


def check_switches():
    with producing("switches", "--overwrite", "--slots", "16384"):
        out = tap(200, "--json").out
    rings = collections.defaultdict(list)
    expect("lines", 200, len(out.splitlines()))
    for line in map(json.loads, out.splitlines()):
        expect("type", "switch", line["type"])
        rings[line["ring"]].append(line)
    for ring, lines in rings.items():
        expect_consecutive(f"ring {ring}: positions",
                           [line["position"] for line in lines])
        expect(f"ring {ring}: whoever came goes next",
               [line["next_pid"] for line in lines[:-1]],
               [line["prev_pid"] for line in lines[1:]])


def datagrams():
    """The last one is longer than a slot."""
    return [bytes((i * 7 + size) % 251 for i in range(size))
            for size in (1, 8, 40, 100, 1400, 1982, 3000)]


@contextlib.contextmanager
def receiving(*arguments):
    if shutil.which("ip") is None:
        skip("it needs ip: install iproute2")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with producing("xdp", "--interface", "lo", "--port", str(PORT),
                   *arguments) as producer:
        yield producer


def tap_datagrams(*arguments):
    """Returns the datagrams, and the output of a tap while they were sent."""
    sent = datagrams()
    # Packets of one CPU are in one ring, in their order.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with Running("tap", PIN, "-c", str(len(sent)), *arguments) as running, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in sent:
            sender.sendto(b"other", ("127.0.0.1", PORT + 1))
            sender.sendto(payload, ("127.0.0.1", PORT))
        expect("tap's status", 0, running.finish())
        expect("tap's summary", SEEN.format(len(sent)), running.said)
        return sent, running.out


def compare_capture(path, sent, room):
    with open(path, "rb") as capture:
        data = capture.read()
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    expect("pcap's header", ("a1b23c4d", 2, 4, 1),
           (f"{magic:x}", major, minor, link))
    at = 24
    for payload in sent:
        _, nanoseconds, size, whole = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        expect("nanoseconds are less than a second", True, nanoseconds < 10**9)
        expect("whole length", FRAME_HEADERS + len(payload), whole)
        expect("length in the file", min(whole, room), size)
        expect("port", PORT, struct.unpack_from(">H", frame, 36)[0])
        expect("payload", payload[:room - FRAME_HEADERS], frame[FRAME_HEADERS:])
    expect("bytes after the last frame", 0, len(data) - at)


def compare_tshark(path, sent, room):
    if shutil.which("tshark") is None:
        print("skipped: reading it with tshark, which is not installed")
        return
    done = subprocess.run(
        ["tshark", "-r", path, "-d", f"udp.port=={PORT},data", "-T", "fields",
         "-e", "udp.dstport", "-e", "data"], capture_output=True, text=True,
        timeout=DEADLINE, check=False)
    print(done.stderr)
    expect("tshark's status", 0, done.returncode)
    expect("what tshark reads",
           [f"{PORT}\t{payload[:room - FRAME_HEADERS].hex()}" for payload in sent],
           done.stdout.splitlines())


def check_pcap():
    room = 2048 - 8 - 16  # a slot's, without its header and the record's
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "frames.pcap")
        with receiving("--frames"):
            sent, out = tap_datagrams("--pcap", path)
        expect("standard output", "", out)
        compare_capture(path, sent, room)
        compare_tshark(path, sent, room)


def check_payloads():
    with receiving("--slot-size", "1024") as producer:
        sent, out = tap_datagrams("--json")
    room = 1024 - 8 - 16
    expect_match("produce's summary", rf"offered {len(sent)}, published "
                 rf"{len(sent)}, dropped 0, longer than a slot "
                 rf"{sum(len(p) > room for p in sent)}\n", producer.out)
    found = [json.loads(line) for line in out.splitlines()]
    expect("records", [("udp", len(p), len(p) > room, p[:room].hex()) for p in sent],
           [(f["type"], f["length"], f["truncated"], f["payload"]) for f in found])


def check_no_frames():
    with ticking(), tempfile.TemporaryDirectory() as folder:
        expect_refusal(1, "--pcap: expected a ring of frames", PIN, "--pcap",
                       os.path.join(folder, "none.pcap"), "-c", "1")


def check_process():
    for mode in ("drop", "overwrite"):
        name = f"tapped-{os.getpid()}-{mode}"
        place = f"/dev/shm/hft.{name}"
        with Running(name, mode, program=os.environ["NAMED_RING"]) as ring:
            expect("its first words", "there\n", ring.first)
            expect(f"{mode}: the ring is there", True, os.path.exists(place))
            out = tap(COUNT, "--json", ring=name).out
            expect(f"{mode}: status", 0, ring.interrupt())
        lines = [json.loads(line) for line in out.splitlines()]
        expect(f"{mode}: lines", COUNT, len(lines))
        expect(f"{mode}: quantities", {100}, {line["quantity"] for line in lines})
        expect_consecutive(f"{mode}: sequences", [line["sequence"] for line in lines])
        expect(f"{mode}: the ring is gone", False, os.path.exists(place))


def check_waiting_reader():
    """Ctrl-C ends a tap whose reader does not read, and it says what it saw."""
    with producing("timer", "--overwrite", "--period", "10us"):
        with Running("tap", PIN) as running:
            time.sleep(1)  # more than a pipe holds
            running.process.send_signal(signal.SIGINT)
            expect("status", 1, running.process.wait(DEADLINE))
            running.finish()
            expect_match("its summary, and why", r"\d+ records seen, (.|\n)*"
                         "hft tap: expected the reader of the output to read on, "
                         "found that it has stopped: (.|\n)*", running.said)


def check_lost_reader():
    """A tap whose reader has gone says what it saw."""
    with producing("timer", "--overwrite", "--period", "100us"):
        for form in ((), ("--json",)):
            with Running("tap", PIN, *form) as running:
                running.line()
                running.process.stdout.close()
                expect("status", 1, running.process.wait(DEADLINE))
                expect_match(f"the summary of {form}", r"\d+ records seen, .*\n",
                             running.process.stderr.read().decode())


def check_few_descriptors():
    with ticking():
        for limit in range(4, 10):
            done = subprocess.run(
                ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", HFT, "tap", PIN,
                 "-c", "1"], capture_output=True, text=True, timeout=DEADLINE,
                check=False)
            if done.returncode != 0:
                expect_match(f"with {limit} descriptors", r"hft tap: .*ulimit -n.*\n",
                             done.stderr)


def check_typed():
    """A ring of a type of its user's is counted, and the error says so."""
    name = f"tapped-{os.getpid()}-typed"
    with Running(name, "typed", program=os.environ["NAMED_RING"]) as ring:
        expect_refusal(1, f"{name} holds records of 8 bytes of a type of its own.*-q",
                       name)
        with Running("tap", name, "-q", "-c", "1500") as running:
            expect("status", 0, running.finish())
            lines = running.said.splitlines()
            expect_match("a rate", r"[1-9]\d* records/s, dropped by the producer 0",
                         lines[0])
            expect_match("the end", r"(1[5-9]\d\d|[2-9]\d{3}|\d{5,}) records published, 0 dropped by the "
                         "producer", lines[-1])
        expect("the ring's status", 0, ring.interrupt())


def check_missing():
    expect_refusal(64, "--pcap: expected a path, found ''", PIN, "--pcap", "")
    expect_refusal(64, "--count: expected a whole number.*found '010'", PIN, "-c",
                   "010")
    expect_refusal(1, "expected the directory of pinned rings, found a file at "
                   "/dev/null", "/dev/null")
    expect_refusal(1, r"/tmp/a\\x0ab\\x1bc", "/tmp/a\nb\x1bc")
    expect_refusal(1, f"{PIN}/.*no rings are pinned there", PIN)
    expect_refusal(1, "ring no-such-ring", "no-such-ring")
    expect_refusal(64, "'/dev/hft:one'.*expected.*CHANNEL", "/dev/hft:one")
    expect_refusal(64, "--json excludes", "no-such-ring", "--json", "-x")
    expect_refusal(64, "RING is required")


run({name.removeprefix("check_").replace("_", "-"): function
     for name, function in list(globals().items()) if name.startswith("check_")})
