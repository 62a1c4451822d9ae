#!/bin/bash
# SPDX-License-Identifier: MIT
# A hostile consumer on the debug kernel, and on a driver with a mistake that it
# has to find. `./sandbox test --hostile` runs it ten times as long.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

operations=${HFT_HOSTILE_OPERATIONS:-1000000}
out=build/tests/hostile
mkdir -p "$out"
vm/native.sh guest hostile || exit
image=$(vm/build-kernel.sh "$(first_kernel tests debug)") || exit
vm/guest-run.sh --image "$image" --accel auto --deadline $((300 + operations / 2000)) \
  --program build/guest/hostile --console "$out/debug.console" -- \
  hostile --operations "$operations" | tee "$out/debug.log"
check "the honest ring is intact" equals 0 "${PIPESTATUS[0]}"
check "the number of operations, none of them wrong" grep -qE "^$((operations / 10))[0-9]+ operations, .* 0 wrong" \
  "$out/debug.log"
check "the debug kernel has no complaint" kernel_is_well "$out/debug.console"

stock=$(first_kernel users stock)
modules=$(vm/build-module.sh --broken "$stock") || exit
image=$(vm/stock-kernel.sh "$stock") || exit
vm/guest-run.sh --image "$image" --accel auto --deadline 300 \
  --program build/guest/hostile --console "$out/broken.console" -- \
  env HFT_MODULE="$modules/hft.ko" hostile --operations 1000000 >"$out/broken.log" 2>&1
status=$?
# An index that leads out of the ring ends in an oops, or in wrong records.
check "an index from the consumer page is found out" test "$status" = 81 -o "$status" = 1
check "the mistake shows in the driver or in wrong records" grep -aqE 'RIP: .*\[hft\]|[1-9][0-9]* wrong' \
  "$out/broken.console" "$out/broken.log"
summary
