#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that panics, hangs or runs out of memory: each has its own status.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# fault STATUS TEXT NAME OPTION... -- COMMAND...
fault() {
  local status=$1 text=$2 name=$3 found
  shift 3
  (cd "$scratch" && exec "$OLDPWD/sandbox" exec "$@") >"$scratch/out" 2>"$scratch/err"
  found=$?
  check "$name: exit status" equals "$status" "$found"
  check "$name: message" contains "$text" "$(cat "$scratch/err")"
  check "$name: where the log is" grep -q 'the whole log: /' "$scratch/err"
  check "$name: the log is there" test -s \
    "$(sed -n 's/.*the whole log: //p' "$scratch/err" | head -n 1)"
  check "$name: no QEMU is left" no_qemu
}
# Our QEMUs are known by the current directory that they share.
no_qemu() { ! pgrep -f "qemu-system-x86_64 -name hft.*path=$scratch," >/dev/null; }

fault 81 "the guest's kernel panicked" panic -- sh -c 'echo c >/proc/sysrq-trigger'
fault 82 "not done after 6 seconds" hang --deadline 6 -- sh -c 'sleep 1000'
fault 83 "ran out of memory" "out of memory" -- awk 'BEGIN { s = sprintf("%50000000s", "x"); while (1) s = s s }'
fault 83 "ran out of memory" "memory full of files" --deadline 60 -- \
  sh -c 'mkdir /fill; mount -t tmpfs -o size=2g fill /fill; cat /dev/zero >/fill/file'
fault 86 "ended before its command did" "early end" -- sh -c 'reboot -f'
summary
