#!/bin/bash
# SPDX-License-Identifier: MIT
# Driver tests in the guest: KUnit when the debug kernel boots, then vm_tests. Reports
# which lines of the driver they reached.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/guest
rm -rf "$out"
mkdir -p "$out/gcda"
vm/native.sh guest vm_tests || exit
image=$(vm/build-kernel.sh "$(first_kernel tests debug)") || exit
# kmemleak looks twice: only a block that it finds both times is lost.
# shellcheck disable=SC2016  # the guest's
in_guest "$image" "$out/vm_tests.log" "$out/console.log" --deadline 600 \
  --program build/guest/vm_tests --results "$out/gcda" -- \
  sh -c 'mount -t debugfs debugfs /sys/kernel/debug
    vm_tests --gtest_filter=-Module*; status=$?
    for look in 1 2; do echo scan >/sys/kernel/debug/kmemleak; sleep 6; done
    cat /sys/kernel/debug/kmemleak >/out/kmemleak
    find /sys/kernel/debug/gcov -path "*/hft/*.gcda" -exec cp {} /out/ \;
    exit $status'
check "vm_tests ran to its end" equals 0 $?
check "the debug kernel has no complaint" kernel_is_well "$out/console.log"
check "kmemleak found no leak" equals "" "$(cat "$out/gcda/kmemleak" || echo 'no report')"

# Cases are indented below their suite.
kunit='^\[ *[0-9.]+\] {5,}'
cases_passed=$(count "${kunit}ok [0-9]+ " "$out/console.log")
cases_failed=$(count "${kunit}not ok [0-9]+ " "$out/console.log")
check "KUnit ran" test "$((cases_passed + cases_failed))" -gt 0
passed=$((passed + cases_passed))
failed=$((failed + cases_failed))
count_cases "$out/vm_tests.log"

# covered FILE: per cent of its lines that ran.
covered() {
  cp "$image/$1.gcno" "$out/gcda/" &&
    (cd "$out/gcda" && gcov -n "$1.gcda" 2>/dev/null) |
    awk -v file="$1.c'" '/^File/ { ours = index($0, file) }
      ours && /^Lines executed/ { sub(/.*:/, ""); sub(/%.*/, ""); print; exit }'
}

printf 'lines of the driver that ran, per cent\n'
for file in "$out"/gcda/*.gcda; do
  file=$(basename "$file" .gcda)
  printf '  %-12s %7s\n' "$file.c" "$(covered "$file")"
done
for file in ring mmap channel read device ioctl; do
  check "$file.c: nine lines of ten ran" awk "BEGIN { exit !($(covered "$file") >= 90) }"
done
summary
