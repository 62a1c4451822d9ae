# SPDX-License-Identifier: MIT
"""What `hft produce` says, and how it ends: produce.py HFT WHAT, where WHAT is
a function below, without check_. Exits 77 where there is no BPF or no namespace
to be had."""
import os
import shutil
import subprocess

from harness import PIN, Running, expect, expect_match, producing, run, skip


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
        expect("counters", "offered 0, published 0, dropped 0\n", producer.out)
        expect("the pin is still there", False, os.path.exists(PIN))


run({name.removeprefix("check_").replace("_", "-"): function
     for name, function in list(globals().items()) if name.startswith("check_")})
