#!/bin/bash
# SPDX-License-Identifier: MIT
# Rings from BPF on kernels that are not ours: bpf_tests on Debian's own.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/bpf
mkdir -p "$out"
vm/native.sh guest bpf_tests || exit

run_on() { # KERNEL
  local image status
  image=$(vm/stock-kernel.sh "$1" 2> >(tee "$out/$1.fetch" >&2))
  status=$?
  # 69: neither in the cache nor to be had.
  if [[ $status == 69 ]]; then
    printf 'SKIP %s: %s\n' "$1" "$(sed -n 's/^sandbox: //p' "$out/$1.fetch")"
    skipped=$((skipped + 1))
    return
  fi
  check "$1 is fetched" equals 0 "$status" || return
  cases_in_guest "$1" "$image" "$out" build/guest/tests/bpf_tests --deadline 240 -- bpf_tests
}

for kernel in stock-6.1 stock-6.12; do
  run_on "$kernel"
done
summary
