#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a preset and runs its tests: tests/stages/ctest.sh PRESET
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=$1
vm/native.sh "$preset" || exit
log=build/tests/ctest-$preset.log
mkdir -p build/tests
ctest --preset "$preset" >"$log" 2>&1
status=$?
grep -vE '^ +Start |Passed +[0-9.]+ sec$' "$log"
# ctest says "99% tests passed, 1 tests failed out of 120".
read -r failed total < <(sed -nE \
  's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log")
skipped=$(grep -cE '\*\*\*(Skipped|Not Run)' "$log")
failed=${failed:-1}
passed=$((${total:-1} - failed - skipped))
[[ $status == 0 || $failed != 0 ]] || failed=1
summary
