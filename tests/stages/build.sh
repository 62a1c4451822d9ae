#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds for the other stages: packages, native and guest programs, the kernels of
# ours that they boot.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

default=$(first_kernel users)
debug=$(first_kernel tests debug)
vm/deps.sh build peers run "$(kernel_packages "$default")" stock test || exit
check "native programs build" vm/native.sh release
check "guest programs build" vm/native.sh guest hft_tool vm_tests bpf_tests hostile
check "kernel $default builds" vm/build-kernel.sh "$default"
check "kernel $debug builds" vm/build-kernel.sh "$debug"
summary
