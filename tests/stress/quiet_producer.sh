#!/bin/bash
# SPDX-License-Identifier: MIT
# No system call by a producer whose consumer spins: quiet_producer.sh STRACE PROGRAM
set -euo pipefail

trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
"$1" -o "$trace" "$2"
# strace without -f sees the producer's thread alone.
calls=$(sed -n '/^getppid/,/^getppid/p' "$trace" | grep -vc '^getppid' || true)
marks=$(grep -c '^getppid' "$trace")
printf '%s system calls between %s marks\n' "$calls" "$marks"
[[ $calls == 0 && $marks == 2 ]]
