#!/bin/bash
# SPDX-License-Identifier: MIT
# Rings from BPF on kernels that are not ours: bpf_tests on Debian's own. And BPF
# programs from a newer clang, on the oldest of these and here. Guests are
# emulated: they take fewer offers that overlap, or as many as HFT_OFFERS says.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/bpf
mkdir -p "$out"
vm/native.sh guest bpf_tests || exit
vm/native.sh newer-clang bpf_tests || exit

guest_offers=${HFT_OFFERS:-20000}
guest_deadline=$((480 + guest_offers / 500)) # seconds

# image_of KERNEL: sets image; without one it fails, and counts that.
image_of() {
  local status
  image=$(vm/stock-kernel.sh "$1" 2> >(tee "$out/$1.fetch" >&2))
  status=$?
  # 69: it is not in the cache and cannot be downloaded.
  if [[ $status == 69 ]]; then
    printf 'SKIP %s: %s\n' "$1" "$(sed -n 's/^sandbox: //p' "$out/$1.fetch")"
    skipped=$((skipped + 1))
    return 1
  fi
  check "$1 is fetched" equals 0 "$status"
}

# run_in IMAGE NAME PRESET BPF-TESTS-OPTION...
run_in() {
  cases_in_guest "$2" "$1" "$out" "build/$3/tests/bpf_tests" \
    --deadline "$guest_deadline" -- \
    env HFT_OFFERS="$guest_offers" bpf_tests "${@:4}"
}

run_here() {
  local log=$out/here-newer-clang.log
  build/newer-clang/tests/bpf_tests >"$log" 2>&1
  check "here-newer-clang: bpf_tests ran to its end" equals 0 $? ||
    grep -A 10 'Failure' "$log"
  count_cases "$log"
}

run_here
oldest=$(first_kernel users stock)
for kernel in $(kernels users stock); do
  image_of "$kernel" || continue
  run_in "$image" "$kernel-guest" guest
  [[ $kernel == "$oldest" ]] || continue
  # The oldest verifier meets the newest compiler; the newest does here. These load every
  # BPF program and run each; the others depend on the library alone.
  run_in "$image" "$kernel-newer-clang" newer-clang \
    --gtest_filter='Load*:Ring*:*OnlyARequest*:Producers*:Simulator*:XdpOnLoopback*:Modes/*'
done
summary
