# SPDX-License-Identifier: MIT
"""What `hft produce` says, and how it ends: produce.py HFT WHAT, where WHAT is
a function below, without check_. Exits 77 where there is no BPF or no namespace
to be had."""
import os
import shutil
import socket
import subprocess

from harness import (DEADLINE, PIN, Running, expect, expect_match,
                     expect_refusal, producing, run, skip)

PORT = 26400


def ip(*arguments):
    if shutil.which("ip") is None:
        skip("it needs ip: install iproute2")
    subprocess.run(["ip", *arguments], check=True)


def make_veth():
    """hft-tx and hft-rx, in the namespace of the test."""
    ip("link", "add", "hft-tx", "type", "veth", "peer", "name", "hft-rx")
    # The one that sends last: it has its carrier, and sends, right away.
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
    """The interface is removed under its program."""
    make_veth()
    with Running("produce", "xdp", "--interface", "hft-rx", "--pin",
                 PIN) as producer:
        expect("the pin is there", True, os.path.exists(PIN))
        ip("link", "delete", "hft-tx")
        expect("status", 1, producer.finish())
        expect_match("its last words", "hft: expected the XDP program "
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


run({name.removeprefix("check_").replace("_", "-"): function
     for name, function in list(globals().items()) if name.startswith("check_")})
