#!/bin/bash
# SPDX-License-Identifier: MIT
# What the other stages test: packages, native and guest programs, both kernels.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

vm/deps.sh build peers run custom-6.1 stock test || exit
check "native programs build" vm/native.sh release
check "guest programs build" vm/native.sh guest hft_tool vm_tests bpf_tests hostile
check "kernel custom-6.1 builds" vm/build-kernel.sh custom-6.1
check "kernel debug-6.1 builds" vm/build-kernel.sh debug-6.1
summary
