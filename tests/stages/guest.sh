#!/bin/bash
# SPDX-License-Identifier: MIT
# Driver tests in the guest: KUnit at the debug kernel's boot, then vm_tests.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/guest
mkdir -p "$out"
vm/native.sh guest vm_tests || exit
image=$(vm/build-kernel.sh debug-6.1) || exit
vm/guest-run.sh --image "$image" --accel auto --deadline 600 \
  --program build/guest/vm_tests --console "$out/console.log" -- \
  vm_tests 2>&1 | tee "$out/vm_tests.log" | grep -vE '^\[ RUN|^\[       OK'
check "vm_tests ran to its end" equals 0 "${PIPESTATUS[0]}"
check "the debug kernel has no complaint" kernel_is_well "$out/console.log"

# Cases are indented below their suite.
kunit='^\[ *[0-9.]+\] {5,}'
cases_passed=$(count "${kunit}ok [0-9]+ " "$out/console.log")
cases_failed=$(count "${kunit}not ok [0-9]+ " "$out/console.log")
check "KUnit ran" test "$((cases_passed + cases_failed))" -gt 0
passed=$((passed + cases_passed))
failed=$((failed + cases_failed))
count_cases "$out/vm_tests.log"
summary
