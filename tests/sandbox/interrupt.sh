#!/bin/bash
# SPDX-License-Identifier: MIT
# After Ctrl-C and SIGTERM no QEMU runs and nothing half written is left.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
readonly jobs=${XDG_CACHE_HOME:-$HOME/.cache}/hft-sandbox/jobs

qemu_pid() { pgrep -f "qemu-system-x86_64 -name hft.*mount_tag=cwd,path=$scratch," || true; }

# interrupt SIGNAL STATUS NAME COMMAND...: COMMAND gets SIGNAL, with its whole
# process group as from a terminal, once its guest runs.
interrupt() {
  local signal=$1 status=$2 name=$3 tries pid found
  shift 3
  # A shell in the background ignores Ctrl-C, and so would all that it starts.
  (cd "$scratch" && exec setsid --wait env --default-signal=INT -- "$@") >"$scratch/log" 2>&1 &
  pid=$!
  for ((tries = 0; tries < 600; tries++)); do
    [[ -z $(qemu_pid) ]] || break
    sleep 0.1
  done
  sleep 1
  kill -"$signal" -- "-$(ps -o pgid= -p "$(qemu_pid)" | tr -d ' ')"
  wait "$pid"
  found=$?
  check "$name: exit status" equals "$status" "$found"
  check "$name: no QEMU is left" equals "" "$(qemu_pid)"
}

before=$(ls "$jobs")
interrupt INT 130 "Ctrl-C in exec" "$PWD/sandbox" exec -- sleep 100
interrupt TERM 143 "SIGTERM in exec" "$PWD/sandbox" exec -- sleep 100
interrupt INT 130 "Ctrl-C in run" "$PWD/sandbox" run --samples 100000 --output "$scratch/results/new"
check "nothing in the output folder" equals "" "$(ls -A "$scratch/results")"
check "no job folder is left" equals "$before" "$(ls "$jobs")"
summary
