#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver on a kernel with KCSAN: its tests, and a hostile consumer.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/race
rm -rf "$out"
mkdir -p "$out"
vm/deps.sh build run custom-6.1 || exit
vm/native.sh guest vm_tests hostile || exit
image=$(vm/build-kernel.sh race-6.1)
check "kernel race-6.1 builds" equals 0 $? || { summary; exit; }
driver_tests race-6.1 "$image" "$out" --deadline 900 -- vm_tests '--gtest_filter=-Module*'
vm/guest-run.sh --image "$image" --accel auto --deadline 900 \
  --program build/guest/hostile --console "$out/hostile.console" -- \
  hostile --operations 200000 | tee "$out/hostile.log"
check "the honest ring is intact" equals 0 "${PIPESTATUS[0]}"
check "no data race beside it" kernel_is_well "$out/hostile.console"
summary
