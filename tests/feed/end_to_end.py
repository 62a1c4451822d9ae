# SPDX-License-Identifier: MIT
"""`hft replay` to `hft feed` over the loopback of a network namespace of its
own, which ends with this process: end_to_end.py HFT whole|gaps|unicast|interrupt|xdp
Expected books are computed here from the capture that replay writes. Exits 77
where it may not make a namespace."""
import collections
import fcntl
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import expect, finish, skip

HFT, WHAT = sys.argv[1:3]
GROUP = "239.1.1.1:5000"
DEADLINE = 60  # seconds

def enter_namespace():
    """Runs this script again, in a namespace."""
    if len(sys.argv) == 4:
        return
    flags = "-n" if os.geteuid() == 0 else "-rn"
    probe = subprocess.run(["unshare", flags, "true"], capture_output=True,
                           text=True, check=False)
    if probe.returncode != 0:
        skip(f"unshare {flags}: {probe.stderr.strip()}")
    os.execvp("unshare", ["unshare", flags, sys.executable, __file__, HFT, WHAT,
                          "inside"])


def raise_loopback():
    get_flags, set_flags, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh", b"lo", 0)
        request = fcntl.ioctl(control, get_flags, request.ljust(40, b"\0"))
        flags = struct.unpack_from("16sh", request)[1] | up
        fcntl.ioctl(control, set_flags,
                    struct.pack("16sh", b"lo", flags).ljust(40, b"\0"))


def replay(*arguments, to=GROUP):
    done = subprocess.run([HFT, "replay", "--to", to, *arguments],
                          capture_output=True, text=True, timeout=DEADLINE,
                          check=False)
    print(done.stdout, done.stderr, sep="")
    expect("replay's status", 0, done.returncode)
    return done.stdout


class Feed:
    """`hft feed`, once it listens."""

    def __init__(self, *arguments, group=GROUP, source=("--socket",)):
        self.out = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [HFT, "feed", *source, "--interface", "lo", "--group", group,
             *arguments], stdout=self.out, stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()
        expect("it listens", True, self.said.startswith("listening: "))

    def finish(self):
        self.said += self.process.communicate(timeout=DEADLINE)[1]
        print(self.said)
        expect("feed's status", 0, self.process.returncode)
        self.out.seek(0)
        return [json.loads(line) for line in self.out]

    def number(self, pattern):
        found = re.search(pattern, self.said)
        return int(found.group(1)) if found else None


def payloads(path):
    with open(path, "rb") as capture:
        data = capture.read()
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16 + 42:at + 16 + size]
        at += 16 + size


def messages(path):
    """(sequence, bytes) of each message."""
    for payload in payloads(path):
        sequence, count = struct.unpack_from(">QH", payload, 10)
        at = 20
        for i in range(0 if count == 0xFFFF else count):
            size = struct.unpack_from(">H", payload, at)[0]
            yield sequence + i, payload[at + 2:at + 2 + size]
            at += 2 + size


def tops(path):
    """(locate, side): (price, shares, orders) or None, after the last message."""
    orders = {}
    stocks = set()
    for _, message in messages(path):
        kind = chr(message[0])
        locate = struct.unpack_from(">H", message, 1)[0]
        if kind in "AF":
            reference, side, shares = struct.unpack_from(">QcI", message, 11)
            price = struct.unpack_from(">I", message, 32)[0]
            orders[reference] = [locate, side.decode(), price, shares]
            stocks.add(locate)
        elif kind in "ECX":
            reference, shares = struct.unpack_from(">QI", message, 11)
            orders[reference][3] -= shares
            if orders[reference][3] == 0:
                del orders[reference]
        elif kind == "D":
            del orders[struct.unpack_from(">Q", message, 11)[0]]
        elif kind == "U":
            old, new, shares, price = struct.unpack_from(">QQII", message, 11)
            orders[new] = orders.pop(old)[:2] + [price, shares]
    levels = collections.defaultdict(list)
    for locate, side, price, shares in orders.values():
        levels[locate, side].append((price, shares))
    found = {}
    for key in ((locate, side) for locate in stocks for side in "BS"):
        there = levels[key]
        best = (max if key[1] == "B" else min)(there)[0] if there else None
        at_best = [shares for price, shares in there if price == best]
        found[key] = (best, sum(at_best), len(at_best)) if there else None
    return found


def told(lines):
    """The same from the last line that feed printed for each stock."""
    found = {}
    for line in lines:
        for side, name in (("B", "bid"), ("S", "ask")):
            level = line[name]
            found[line["locate"], side] = level and (
                round(level["price"] * 10000), level["shares"], level["orders"])
    return found


def check_no_loss(feed, count):
    expect("messages", count, feed.number(r"packets, (\d+) messages"))
    expect("lost", 0, feed.number(r"messages lost (\d+)"))
    expect("malformed", 0, feed.number(r"malformed packets (\d+)"))
    expect("impossible", 0, feed.number(r"impossible (\d+)"))
    expect("dropped", 0, feed.number(r"were read: (\d+)"))


def whole(path, source=("--socket",)):
    session = ("--seed", "11", "--instruments", "6", "--messages", "20000")
    replay(*session, "--write", path)
    feed = Feed("--json", "--until-end", source=source)
    sent = replay(*session, "--interface", "lo", "--rate", "1000")
    lines = feed.finish()
    check_no_loss(feed, 20000)
    expect("books", tops(path), told(lines))
    expect("sent", True, "20000 messages" in sent and " us late" in sent)


def xdp(path):
    if os.geteuid() != 0:
        skip("XDP needs CAP_BPF and CAP_NET_ADMIN: run as root")
    whole(path, source=())


def gaps(path):
    session = ("--seed", "12", "--messages", "20000", "--gap-every", "50")
    replay(*session, "--write", path)
    expected = []
    last = 0
    for sequence, _ in messages(path):
        if sequence != last + 1:
            expected.append((last + 1, sequence, sequence - last - 1))
        last = sequence
    feed = Feed("--quiet", "--until-end")
    replay(*session, "--interface", "lo", "--rate", "1000")
    feed.finish()
    found = re.findall(
        r"gap: expected (\d+), found (\d+): (\d+) messages lost", feed.said)
    expect("gaps", expected, [tuple(map(int, gap)) for gap in found])
    expect("gaps at all", True, len(expected) > 5)


def unicast(path):
    to = "127.0.0.1:5001"
    replay("--seed", "13", "--messages", "5000", "--write", path)
    feed = Feed("--json", "--until-end", group=to)
    # The capture lasts a tenth of a second.
    replay("--pcap", path, "--speed", "0.2", to=to)
    lines = feed.finish()
    check_no_loss(feed, 5000)
    expect("books", tops(path), told(lines))


def interrupt(_):
    feed = Feed("--quiet", "--every", "100")
    sender = subprocess.Popen(
        [HFT, "replay", "--to", GROUP, "--interface", "lo", "--messages", "100",
         "--rate", "500", "--loop"], stdout=subprocess.PIPE, text=True)
    while "HFT0000003: ended" not in feed.said:
        line = feed.process.stderr.readline()
        if not line:
            break
        feed.said += line
    for process in (sender, feed.process):
        process.send_signal(signal.SIGINT)
    out = sender.communicate(timeout=DEADLINE)[0]
    print(out)
    expect("replay's status", 0, sender.returncode)
    expect("replay's summary", True, out.startswith("sent "))
    feed.finish()
    expect("feed's summary", True, feed.number(r"sessions (\d+)") >= 3)


def main():
    enter_namespace()
    raise_loopback()
    with tempfile.TemporaryDirectory() as folder:
        {"whole": whole, "gaps": gaps, "unicast": unicast,
         "interrupt": interrupt, "xdp": xdp}[WHAT](os.path.join(folder, "session.pcap"))
    finish()


main()
