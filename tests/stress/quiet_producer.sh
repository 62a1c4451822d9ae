#!/bin/bash
# SPDX-License-Identifier: MIT
# A producer whose consumer spins makes no system call: quiet_producer.sh STRACE PROGRAM
set -euo pipefail

trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
"$1" -o "$trace" "$2"
# Without -f strace follows only the producer's thread.
calls=$(sed -n '/^getppid/,/^getppid/p' "$trace" | grep -vc '^getppid' || true)
marks=$(grep -c '^getppid' "$trace")
printf '%s system calls between %s marks\n' "$calls" "$marks"
[[ $calls == 0 && $marks == 2 ]]
