# SPDX-License-Identifier: MIT
"""The output of `hft produce`, and how it ends: produce.py HFT WHAT, where WHAT is a
function below, without check_. Exits 77 where it may not use BPF or namespaces."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess

# harness first: it says where checks is.
from harness import (DEADLINE, HFT, PIN, Running, expect_consecutive,
                     expect_refusal, producing, run, tap)
from checks import expect, expect_match, skip

PORT = 26400
CONSUMER = os.environ.get("PINNED_CONSUMER")
COUNT = 2000
GONE = (rf"the producer of {PIN} is gone and was last heard of \d+\.\d s ago: "
        r"no more records will come\n")


def ip(*arguments):
    if shutil.which("ip") is None:
        skip("it needs ip: install iproute2")
    subprocess.run(["ip", *arguments], check=True)


def make_veth():
    """hft-tx and hft-rx, in the namespace of the test."""
    ip("link", "add", "hft-tx", "type", "veth", "peer", "name", "hft-rx")
    # The sending end comes last: then it has its carrier, and sends, at once.
    for end in ("hft-rx", "hft-tx"):
        ip("link", "set", end, "up")


def expect_mode(interface, mode):
    with producing("xdp", "--interface", interface) as producer:
        expect_match("the first line",
                     rf"{interface}: XDP in {mode} mode, \d+ rings? at {PIN}; "
                     r"Ctrl-C ends it\n", producer.first)


def check_generic():
    expect_mode("lo", "generic")


def check_native():
    make_veth()
    expect_mode("hft-rx", "native")


def check_gone():
    """The interface is removed while its program is attached."""
    make_veth()
    with Running("produce", "xdp", "--interface", "hft-rx", "--pin",
                 PIN) as producer:
        expect("the pin is there", True, os.path.exists(PIN))
        ip("link", "delete", "hft-tx")
        expect("status", 1, producer.finish())
        expect_match("its last words", "2 rings of .* [KM]iB\n"
                     "hft produce: expected the XDP program "
                     "on hft-rx, found it detached: .*\n", producer.said)
        expect("counters", "offered 0, published 0, dropped 0, "
               "longer than a slot 0\n", producer.out)
        expect("the pin is still there", False, os.path.exists(PIN))


def check_pass_when_full():
    """A socket gets what the ring has no room for, and nothing else."""
    ip("link", "set", "lo", "up")
    # Packets of one CPU are in one ring.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
            producing("xdp", "--interface", "lo", "--port", str(PORT), "--slots",
                      "4", "--pass-when-full") as producer:
        udp.bind(("127.0.0.1", PORT))
        udp.settimeout(DEADLINE)
        for i in range(10):
            udp.sendto(bytes([i]), ("127.0.0.1", PORT))
        expect("what the socket gets", list(range(4, 10)),
               [udp.recv(1)[0] for _ in range(6)])
    expect("counters", "offered 10, published 4, dropped 6, "
           "longer than a slot 0\n", producer.out)
    expect_refusal(64, "--pass excludes --pass-when-full", "xdp", "--interface",
                   "lo", "--pin", PIN, "--pass", "--pass-when-full",
                   command="produce")


def check_killed():
    """A producer that had no time to clean up leaves its rings, until the next one
    takes their place."""
    with Running("produce", "timer", "--pin", PIN, "--slots", "64") as killed:
        expect_match("the first line", rf"1 ring at {PIN}; .*\n", killed.first)
        expect_refusal(1, "whose producer is running", "timer", "--pin", PIN,
                       "--replace", command="produce")
        with Running("tap", PIN, "--oldest", "-c", "1") as running:
            expect("tap's status", 0, running.finish())
        with Running("tap", PIN, "-q") as running:
            killed.process.kill()
            killed.process.wait()
            expect("a tap that runs ends", 0, running.finish())
            expect_match("what it says", f"(?s:.*){GONE}(?s:.*)", running.said)
    expect("the pin is left", True, os.path.exists(PIN))

    with Running("tap", PIN, "--oldest", "--json") as left:
        expect("tap's status", 0, left.finish())
        expect_match("what it says", GONE + r"\d+ records seen, .*\n", left.said)
        positions = [json.loads(line)["position"] for line in
                     left.out.splitlines()]
        # In a full ring a tap leaves out the oldest one.
        expect("something is left", True, len(positions) > 0)
        expect_consecutive("what is left", positions)
    expect_refusal(1, GONE, PIN, "-c", "1")

    expect_refusal(1, "expected no such directory, found rings whose producer is "
                   r"gone; it was last heard of \d+ s ago: hft produce "
                   "--continue, .* hft produce --replace, ", "timer", "--pin",
                   PIN, command="produce")
    with producing("timer", "--overwrite", "--replace"):
        tap(5)


def check_counted():
    """Its last line has every record that it published."""
    with Running("produce", "timer", "--overwrite", "--period", "10us", "--keep",
                 "--pin", PIN) as producer:
        tap(100)
        expect("its status", 0, producer.interrupt())
    counted = re.match(r"offered (\d+),", producer.out)
    with Running("produce", "timer", "--continue", "--pin", PIN) as going_on:
        position = re.search(r"at position (\d+);", going_on.first)
        expect("its status", 0, going_on.interrupt())
    expect("what it counted", position[1], counted[1])


def check_taken():
    """Somebody removes its folder, and another producer pins rings there."""
    for option in ("--overwrite", "--keep"):
        with Running("produce", "timer", option, "--pin", PIN) as first:
            first.line_of_error()
            shutil.rmtree(PIN)
            with producing("timer", "--overwrite"):
                expect("status of the first", 1, first.finish())
                expect_match("its last words", "hft produce: expected the directory "
                             f"{PIN} that the rings were pinned in, found "
                             "(it removed|another directory in its place): .*\n",
                             first.said)
                tap(5)


def check_signals():
    """Each of them ends it as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        with Running("produce", "timer", "--pin", PIN) as producer:
            producer.process.send_signal(number)
            expect(f"status after {number.name}", 0, producer.finish())
            expect("the pin is still there", False, os.path.exists(PIN))


def check_unwritable():
    """If the output cannot be written, the status says so."""
    with open("/dev/full", "w") as full:
        for arguments in (("--help",), ("produce", "timer", "--pin", PIN)):
            with subprocess.Popen([HFT, *arguments], stdout=full,
                                  stderr=subprocess.PIPE, text=True) as told:
                if arguments[0] == "produce":
                    told.stderr.readline()
                    told.send_signal(signal.SIGINT)
                said = told.communicate(timeout=DEADLINE)[1]
            expect(f"{arguments}: status", 1, told.returncode)
            expect_match("its last words", "(?s:.*)hft( produce)?: cannot write the output: "
                         "No space left on device\n", said)
        dumb = subprocess.run([HFT, "produce", "timer", "--pin", PIN],
                              stdout=subprocess.DEVNULL, stderr=full,
                              timeout=DEADLINE, check=False)
    expect("status without standard error", 1, dumb.returncode)
    expect("the pin is still there", False, os.path.exists(PIN))
    reader, writer = os.pipe()
    os.close(reader)
    deaf = subprocess.run([HFT, "produce", "timer", "--pin", PIN],
                          stdout=subprocess.DEVNULL, stderr=writer,
                          timeout=DEADLINE, check=False)
    os.close(writer)
    expect("status without a reader", 1, deaf.returncode)
    expect("the pin is still there", False, os.path.exists(PIN))


def check_refused():
    """Where programs cannot be loaded the status is 69, and the error is a line that
    names the fix."""
    for shell, fix in ((["setpriv", "--bounding-set=-net_admin,-sys_admin",
                         "--inh-caps=-net_admin,-sys_admin"], "CAP_NET_ADMIN"),
                       (["sh", "-c", 'ulimit -n 6; exec "$@"', "sh"], "ulimit -n"),
                       (["sh", "-c", 'ulimit -n 12; exec "$@"', "sh"], "ulimit -n")):
        done = subprocess.run([*shell, HFT, "produce", "timer", "--pin", PIN],
                              capture_output=True, text=True, timeout=DEADLINE,
                              check=False)
        expect(f"{shell}: status", 69, done.returncode)
        expect_match(f"{shell}: the error", rf"(?s:.*)hft produce: .*{fix}(?s:.*)\n",
                     done.stderr)
        expect("the pin is there", False, os.path.exists(PIN))
    for place in ("/sys/fs/bpf", "/sys/fs/bpf/", "/sys/fs/bpf/.", "/sys/fs/bpf/x/.."):
        expect_refusal(1, "found the mount point itself: use /sys/fs/bpf/NAME",
                       "timer", "--pin", place, command="produce")
    expect_refusal(64, "--pin: expected a path, found ''", "timer", "--pin", "",
                   command="produce")


def check_continued():
    """A consumer stays attached while its producer is killed, the next one goes
    on, ends, and leaves its rings to a third."""
    going_on = ("timer", "--continue", "--pin", PIN)
    expect_refusal(1, "no rings are pinned there", *going_on, command="produce")
    with Running("produce", "timer", "--pin", PIN) as killed, \
            Running(PIN, str(COUNT), program=CONSUMER) as consumer:
        expect("the consumer's first line", "attached\n", consumer.first)
        lines = [consumer.line() for _ in range(COUNT // 10)]
        expect_refusal(1, "whose producer is running", *going_on,
                       command="produce")
        killed.process.kill()
        killed.process.wait()
        began = [0]
        for last in (False, True):
            with Running("produce", *going_on, "--keep") as producer:
                found = re.fullmatch(rf"1 ring at {PIN}, continuing at position "
                                     r"(\d+); Ctrl-C ends it\n", producer.first)
                expect("where it goes on", True, found is not None)
                began.append(int(found[1]) if found else -1)
                if last:
                    expect("the consumer's status", 0, consumer.finish())
                else:
                    lines += [consumer.line() for _ in range(COUNT // 2)]
                expect("its status", 0, producer.interrupt())
                expect_match("its last words", "(?s:.*)the rings stay at "
                             f"{PIN}; to continue with them: hft produce timer "
                             rf"--continue --pin {PIN}\n", producer.said)
            expect("the pin is left", True, os.path.exists(PIN))
    records = [tuple(map(int, line.split()))
               for line in lines + consumer.out.splitlines()]
    positions, sequences = zip(*records)
    expect("positions", tuple(range(COUNT)), positions)
    # Each producer counts its packets from 0 on.
    expect("where each begins", began,
           [position for position, sequence in records if sequence == 0])
    expect("sequences", tuple(position - max(start for start in began
                                             if start <= position)
                              for position in positions), sequences)
    for option in ("--replace", "--overwrite", "--slots=64", "--mode=0600"):
        expect_refusal(64, "excludes", *going_on, option, command="produce")
    with Running("produce", *going_on) as ended:
        expect("its status", 0, ended.interrupt())
    expect("the pin is still there", False, os.path.exists(PIN))


run({name.removeprefix("check_").replace("_", "-"): function
     for name, function in list(globals().items()) if name.startswith("check_")})
