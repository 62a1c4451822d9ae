#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver on a kernel tree of the user's, HFT_KERNEL_SRC: built in, and as a
# module with the example that probes. `./sandbox test --kernel-src DIR`.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -n ${HFT_KERNEL_SRC:-} ]] || {
  echo "expected a kernel tree: ./sandbox test --kernel-src DIR" >&2
  exit 64
}
out=build/tests/tree
rm -rf "$out"
mkdir -p "$out"
vm/deps.sh build run || exit
vm/native.sh guest vm_tests hft_tool || exit

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
summary
