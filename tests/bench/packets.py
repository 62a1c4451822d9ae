# SPDX-License-Identifier: MIT
"""`hft bench` with packet paths leaves nothing behind when it is killed, and names
the missing right to a user without it: packets.py HFT killed|unprivileged.
Exits 77 where it cannot run."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import paths
from checks import expect, finish, skip

HFT, WHAT = sys.argv[1:]
UNAVAILABLE = 69
NOBODY = 65534
SECONDS = 20


def eventually(what, condition):
    deadline = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    if not expect(f"{what} within {SECONDS} s", True, bool(condition())):
        finish()


def descriptors(pid):
    """The targets of its descriptors, by path in /proc."""
    found = {}
    for link in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found[link] = os.readlink(link)
        except FileNotFoundError:
            pass
    return found


def namespaces(pid):
    """The network namespaces that it holds by a descriptor."""
    return {name for name in descriptors(pid).values()
            if name.startswith("net:[")}


def programs(pid):
    """The BPF programs that it attached, by id."""
    ids = set()
    for link, name in descriptors(pid).items():
        if re.match(r"anon_inode:.?bpf.link", name):
            info = pathlib.Path(str(link).replace("/fd/", "/fdinfo/"))
            ids |= set(re.findall(r"^prog_id:\s*(\d+)", info.read_text(), re.M))
    return ids


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def held():
    """Every network namespace that a process is in or holds."""
    names = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            names.add(os.readlink(process / "ns/net"))
            names |= namespaces(process.name)
        except OSError:  # it has ended, or we may not look into it
            pass
    return names


def loaded(program):
    return subprocess.run(["bpftool", "prog", "show", "id", program],
                          capture_output=True, check=False).returncode == 0


def visible():
    """The interfaces and the named namespaces, which a user would see."""
    named = pathlib.Path("/run/netns")
    return (sorted(os.listdir("/sys/class/net")),
            sorted(os.listdir(named)) if named.exists() else [])


def killed():
    if os.geteuid() != 0:
        skip("it needs root")
    if not {0, 1} <= os.sched_getaffinity(0):
        skip("it needs CPUs 0 and 1")
    if "af-xdp" not in paths.offered(HFT):
        skip("this machine does not offer the path af-xdp")
    if shutil.which("bpftool") is None:
        skip("it needs bpftool")
    before = visible()
    home = {os.readlink("/proc/self/ns/net")}
    with subprocess.Popen([HFT, "bench", "--paths", "af-xdp", "--samples",
                           "1000000", "--rounds", "1"]) as bench:
        eventually("a program is attached", lambda: programs(bench.pid))
        eventually("a producer runs", lambda: children(bench.pid))
        ours = namespaces(bench.pid) - home
        xdp = programs(bench.pid)
        producers = children(bench.pid)
        expect("programs that bpftool finds", xdp, set(filter(loaded, xdp)))
        expect("visible meanwhile", before, visible())
        bench.send_signal(signal.SIGKILL)
    expect(f"namespaces of its own, {ours}", 2, len(ours))
    eventually("the producer has ended", lambda: not any(
        os.path.exists(f"/proc/{pid}") for pid in producers))
    eventually("nobody holds the namespaces", lambda: not ours & held())
    eventually("the program is gone", lambda: not any(map(loaded, xdp)))
    expect("visible afterwards", before, visible())


def unprivileged():
    packet_paths = [path for path in paths.states(HFT)
                    if paths.takes_packets(HFT, path)]
    expect("there are paths that take a --sender", True, bool(packet_paths))
    with tempfile.TemporaryDirectory() as name:
        # In a directory that anyone can reach, which the build directory may not be.
        os.chmod(name, 0o755)
        hft = shutil.copy(HFT, name)
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        who = who if os.geteuid() == 0 else {}
        for path in packet_paths:
            done = subprocess.run([hft, "bench", "--paths", path], text=True,
                                  capture_output=True, check=False, cwd="/",
                                  **who)
            print(done.stdout, done.stderr, sep="")
            if "two CPUs" in done.stderr:
                skip("it needs two CPUs")
            expect(f"{path}: status", UNAVAILABLE, done.returncode)
            expect(f"{path}: is named", True, f"path {path}: " in done.stderr)
            expect(f"{path}: the reason", True, "only root may" in done.stderr)


{"killed": killed, "unprivileged": unprivileged}[WHAT]()
finish()
