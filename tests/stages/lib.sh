# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by shell tests: checks, and the count at their end.
#
#   check "exit status" equals 3 "$status"
#   summary

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. vm/kernels.sh

passed=0
failed=0
skipped=0

# check NAME COMMAND...: a test, passed when COMMAND succeeds; its status.
check() {
  local name=$1
  shift
  if "$@"; then
    printf 'PASS %s\n' "$name"
    passed=$((passed + 1))
  else
    printf 'FAIL %s\n' "$name"
    failed=$((failed + 1))
    return 1
  fi
}

equals() { # EXPECTED FOUND
  [[ $1 == "$2" ]] || {
    printf "  expected '%s', found '%s'\n" "$1" "$2" >&2
    false
  }
}

contains() { # PART TEXT
  [[ $2 == *"$1"* ]] || {
    printf "  expected '%s' in '%s'\n" "$1" "$2" >&2
    false
  }
}

# kernel_is_well LOG: a guest's console has no complaint of its kernel.
kernel_is_well() {
  [[ -s $1 ]] || { echo "  $1 is missing or empty" >&2; return 1; }
  ! tr -d '\r' <"$1" |
    grep -E 'BUG:|WARNING:|Oops|rcu.*stall|Call Trace|Kernel panic' >&2
}

# count PATTERN FILE: lines of a guest's output.
count() { tr -d '\r' <"$2" | grep -cE "$1"; }

# count_cases LOG: adds the cases of a GoogleTest program; a log without any case is a
# failure.
count_cases() {
  local ok bad away
  ok=$(count '^\[       OK' "$1")
  bad=$(count '^\[  FAILED  \] .* \(' "$1")
  away=$(count '^\[  SKIPPED \] .* \(' "$1")
  if ((ok + bad + away == 0)); then
    printf 'FAIL %s: no case ran\n' "$1"
    bad=1
  fi
  ((passed += ok, failed += bad, skipped += away)) || true
}

# count_scripts SCRIPT...: runs each, and adds the counts in its last line.
count_scripts() {
  local script counts
  for script; do
    printf -- '-- %s\n' "$script"
    counts=$("$script" 2>&1 | tee /dev/stderr | tail -n 1)
    if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
      ((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += ${BASH_REMATCH[4]:-0}))
    else
      failed=$((failed + 1))
    fi
  done
}

# in_guest IMAGE LOG CONSOLE GUEST-RUN-OPTION... -- COMMAND...: its status, and its
# output without the lines of passed cases; LOG has all of it.
in_guest() {
  local image=$1 log=$2 console=$3
  shift 3
  vm/guest-run.sh --image "$image" --accel auto --console "$console" "$@" 2>&1 |
    tee "$log" | grep -vE '^\[ RUN|^\[       OK'
  return "${PIPESTATUS[0]}"
}

# cases_in_guest NAME IMAGE OUT PROGRAM GUEST-RUN-OPTION... -- COMMAND...: the cases
# of a GoogleTest program; its log and the console go into the folder OUT.
cases_in_guest() {
  local name=$1 image=$2 log=$3/$1.log console=$3/$1.console program=$4
  shift 4
  in_guest "$image" "$log" "$console" --program "$program" "$@"
  check "$name: ${program##*/} ran to its end" equals 0 $?
  check "$name: the kernel has no complaint" kernel_is_well "$console"
  count_cases "$log"
}

# module_tests NAME IMAGE OUT MODULES: vm_tests of the driver as a module, without the
# tests of a driver that is built in.
module_tests() {
  cases_in_guest "$1" "$2" "$3" build/guest/vm_tests \
    --deadline $((240 + ${HFT_OFFERS:-0} / 500)) -- \
    env HFT_MODULE="$4/hft.ko" HFT_EXAMPLE="$4/hft_probe.ko" \
    HFT_OFFERS="${HFT_OFFERS:-100000}" \
    vm_tests --gtest_filter=-Syscall*:Original*:*BuiltIn*
}

# summary: the closing line; fails when a test did, or when there was none.
summary() {
  ((passed + failed + skipped > 0)) || failed=1
  local text="$passed passed, $failed failed"
  [[ $skipped == 0 ]] || text+=", $skipped skipped"
  printf '%s\n' "$text"
  ((failed == 0))
}
