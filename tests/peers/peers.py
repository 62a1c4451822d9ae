#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs bench/peers with tiny numbers and checks its JSON: peers.py PROGRAM"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import expect, finish, skip

NAMES = ["hft-latency", "naive-mfence"]
FIGURES = ["rtt_p50", "rtt_p99", "rtt_p999", "mps"]


def run(*arguments):
    return subprocess.run([sys.argv[1], *arguments], capture_output=True,
                          text=True, check=False, timeout=100)


def check_json(cpus, folder):
    file = pathlib.Path(folder) / "peers.json"
    done = run("--runs", "1", "--rounds", "2", "--bytes", "8,64", "--capacity",
               "1024", "--only", ",".join(NAMES), "--cpus", cpus, "--json",
               str(file))
    if not expect(f"status ({done.stderr})", 0, done.returncode):
        return
    expect("validity in the table", True, "validity: " in done.stdout)
    for name in NAMES:
        expect(f"{name} in the table", True, name in done.stdout)
    found = json.loads(file.read_text("utf-8"))
    expect("first keys", ["floor_ns", "results"], list(found)[:2])
    expect("floors", ["one_line", "two_lines"], list(found["floor_ns"]))
    for name, value in found["floor_ns"].items():
        expect(f"{name} is positive", True, value > 0)
    expect("cells",
           [(name, size, 1024) for size in (8, 64) for name in NAMES],
           [(row["name"], row["bytes"], row["capacity"])
            for row in found["results"]])
    for row in found["results"]:
        expect("keys of a result", ["name", "bytes", "capacity", *FIGURES],
               list(row))
        for figure in FIGURES:
            expect(f"{figure} is positive", True, row[figure] > 0)


def check_usage():
    done = run("--only", "nobody")
    expect("status of an unknown candidate", 64, done.returncode)
    expect("its message", True, "unknown candidate 'nobody': expected " in done.stderr)
    done = run("--bytes", "12")
    expect("status of an unknown size", 64, done.returncode)
    done = run("--list")
    expect("status of --list", 0, done.returncode)
    for name in [*NAMES, "hft-throughput", "rte_ring", "ck_ring"]:
        expect(f"{name} in --list", True, name in done.stdout)
    done = run("--help")
    expect("status of --help", 0, done.returncode)
    expect("an example in --help", True, "Example: " in done.stdout)


def main():
    check_usage()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        skip(f"expected two CPUs, found {len(cpus)}")
    with tempfile.TemporaryDirectory() as folder:
        check_json(f"{cpus[0]},{cpus[1]}", folder)
    finish()


main()
