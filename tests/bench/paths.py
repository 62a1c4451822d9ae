# SPDX-License-Identifier: MIT
"""The paths of `hft bench`, as it lists them."""
import subprocess


def states(hft):
    """The lines of --list: each path, and whether this machine offers it."""
    lines = subprocess.run([hft, "bench", "--list"], capture_output=True,
                           text=True, check=True).stdout.splitlines()
    return {name.split()[0]: state.strip()
            for name, state in zip(lines[::2], lines[1::2])}


def offered(hft):
    return {path for path, state in states(hft).items() if state == "offered"}


def takes_packets(hft, path):
    """Whether the producer of the path has a --sender."""
    return subprocess.run([hft, "bench", "--paths", path, "--sender", "udp",
                           "--list"], capture_output=True,
                          check=False).returncode == 0
