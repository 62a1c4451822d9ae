#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver on a kernel tree of the user's, HFT_KERNEL_SRC: built in, and as a
# module with the example that probes. Then rings from BPF, without the driver.
# `./sandbox test --kernel-src DIR`.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -n ${HFT_KERNEL_SRC:-} ]] || {
  echo "expected a kernel tree: ./sandbox test --kernel-src DIR" >&2
  exit 64
}
out=build/tests/tree
rm -rf "$out"
mkdir -p "$out"
vm/deps.sh build run bpf || exit
vm/native.sh guest vm_tests bpf_tests hft_tool || exit

image=$(vm/build-kernel.sh --kernel-src "$HFT_KERNEL_SRC")
status=$?
check "the kernel builds with the driver in it" equals 0 "$status"
if [[ $status == 0 ]]; then
  cases_in_guest built-in "$image" "$out" build/guest/vm_tests --deadline 240 -- \
    vm_tests '--gtest_filter=-Module*'
fi

image=$(vm/build-kernel.sh --module --kernel-src "$HFT_KERNEL_SRC")
status=$?
check "the module builds" equals 0 "$status"
if [[ $status == 0 ]]; then
  module_tests module "$image" "$out" "$image/modules"
fi

# Until 5.15 there are no timers in BPF.
version=$(make -s -C "$HFT_KERNEL_SRC" kernelversion)
if printf '5.15\n%s\n' "$version" | sort -VC; then
  image=$(vm/build-kernel.sh --bpf --kernel-src "$HFT_KERNEL_SRC")
  status=$?
  check "the kernel for BPF builds" equals 0 "$status"
  if [[ $status == 0 ]]; then
    cases_in_guest bpf "$image" "$out" build/guest/tests/bpf_tests --deadline 240 -- \
      env HFT_OFFERS=20000 bpf_tests
    # Until 5.19 this setting decided who may open pins.
    cases_in_guest bpf-for-all "$image" "$out" build/guest/tests/bpf_tests --deadline 60 -- \
      sh -c 'echo 0 >/proc/sys/kernel/unprivileged_bpf_disabled; bpf_tests --gtest_filter=*Pins*'
  fi
else
  printf 'SKIP rings from BPF: they need Linux 5.15, the tree is %s\n' "$version"
  skipped=$((skipped + 1))
fi
summary
