#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver on a kernel with KCSAN: its tests, and a hostile consumer. The rest
# of the kernel has races of its own, which are not ours to report.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/race
rm -rf "$out"
mkdir -p "$out"
kernel=$(first_kernel tests race)
vm/deps.sh build run "$(kernel_packages "$kernel")" || exit
vm/native.sh guest vm_tests hostile || exit
image=$(vm/build-kernel.sh "$kernel")
check "kernel $kernel builds" equals 0 $? || { summary; exit; }
built=${XDG_CACHE_HOME:-$HOME/.cache}/hft-sandbox/build/$kernel/drivers/hft
nm "$built"/*.o | awk '$2 ~ /^[tT]$/ { print $3 }' | sort -u >"$out/functions"
check "the driver's functions are known" grep -qx hft_ring_publish "$out/functions"

# races CONSOLE: the functions of ours that KCSAN reports.
races() {
  tr -d '\r' <"$1" | sed -n 's/.*BUG: KCSAN: \(.*\) in \(.*\)/\1 \2/p' | tr -s ' /' '\n' |
    sed 's/+.*//' | grep -xFf "$out/functions"
}

# no_race CONSOLE: KCSAN was enabled and reported none of our functions.
no_race() {
  grep -q 'kcsan: enabled early' "$1" || {
    echo "  KCSAN was not enabled" >&2
    return 1
  }
  ! races "$1" >&2
}

# else_well CONSOLE: the kernel complains of nothing but races.
else_well() {
  tr -d '\r' <"$1" | grep -v 'BUG: KCSAN' >"$1.rest"
  kernel_is_well "$1.rest"
}

guest_run() { # NAME COMMAND...
  local name=$1
  shift
  in_guest "$image" "$out/$name.log" "$out/$name.console" --deadline 900 \
    --program build/guest/vm_tests --program build/guest/hostile -- "$@"
  check "$name ran to its end" equals 0 $?
  check "$name: no data race in the driver" no_race "$out/$name.console"
  check "$name: the kernel has no other complaint" else_well "$out/$name.console"
}

guest_run vm_tests vm_tests '--gtest_filter=-Module*'
count_cases "$out/vm_tests.log"
guest_run hostile hostile --operations "${HFT_HOSTILE_OPERATIONS:-1000000}"
summary
