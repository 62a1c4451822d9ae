#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the static assertions of the ABI header bite.

Each mutant is the header with two neighbouring fields of one structure
swapped, or with one field left out; each has to fail to compile.

    mutants.py abi/hft/abi.h gcc
"""
import re
import subprocess
import sys

STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^\t[a-z_][\w ]*?\b(\w+)(?:\[\w+\])?;", re.M)


def compiles(compiler, text):
    command = [compiler, "-std=gnu11", "-fsyntax-only", "-x", "c", "-"]
    return subprocess.run(
        command, input=text, text=True, capture_output=True, check=False
    ).returncode == 0


def mutants(header):
    """Yields (what was done, mutated text)."""
    for struct in STRUCT.finditer(header):
        base = struct.start(2)
        fields = [
            (base + f.start(), base + f.end(), f.group(1))
            for f in FIELD.finditer(struct.group(2))
        ]
        name = struct.group(1)
        for start, end, field in fields:
            yield f"{name}.{field} left out", header[:start] + header[end:]
        for (s1, e1, f1), (s2, e2, f2) in zip(fields, fields[1:]):
            swapped = header[s2:e2] + header[e1:s2] + header[s1:e1]
            yield f"{name}: {f1} and {f2} swapped", (
                header[:s1] + swapped + header[e2:]
            )


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: mutants.py HEADER C_COMPILER")
    with open(sys.argv[1], encoding="utf-8") as file:
        header = file.read()
    if not compiles(sys.argv[2], header):
        sys.exit(f"{sys.argv[1]} does not compile unchanged")
    total = 0
    survivors = []
    for what, text in mutants(header):
        total += 1
        if compiles(sys.argv[2], text):
            survivors.append(what)
    for what in survivors:
        print(f"no assertion caught: {what}")
    print(f"{total} mutants, {len(survivors)} survived")
    sys.exit(1 if survivors or not total else 0)


if __name__ == "__main__":
    main()
