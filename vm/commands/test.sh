#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs all tests, stage by stage, and ends with the number that passed.
#
# usage: ./sandbox test [--quick | --hostile | --kernel-src DIR] [STAGE...]
#
#   ./sandbox test
#   ./sandbox test --quick        without sanitizers and the slow stages
#   ./sandbox test --hostile      the hostile consumer alone, for ten million operations
#   ./sandbox test --kernel-src ~/linux-5.15   the driver and BPF rings on that tree
#   ./sandbox test guest          one stage
#
# The stages are build lint native model asan tsan guest hostile bpf module run
# sandbox report. Two more run only when they are named: race (the driver on a
# kernel with KCSAN) and tree (what --kernel-src does). Each is a script in
# tests/stages/ that ends with "N passed, N failed[, N skipped]".
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

readonly all=(build lint native model asan tsan guest hostile bpf module run sandbox report)
readonly quick_ones=(build lint native guest run report)

parse_options "quick hostile kernel-src" "$@"
stages=("${all[@]}")
[[ $quick == 0 ]] || stages=("${quick_ones[@]}")
if [[ $hostile == 1 ]]; then
  stages=(hostile)
  export HFT_HOSTILE_OPERATIONS=10000000
fi
if [[ -n $kernel_src ]]; then
  stages=(tree)
  HFT_KERNEL_SRC=$(realpath -m -- "$kernel_src")
  export HFT_KERNEL_SRC
fi
[[ ${#rest[@]} == 0 ]] || stages=("${rest[@]}")
for stage in "${stages[@]}"; do
  [[ -x $HFT_ROOT/tests/stages/$stage.sh ]] ||
    die "$EXIT_USAGE" "unknown stage '$stage'" "expected one of ${all[*]} race tree"
done

logs=$HFT_ROOT/build/tests
make_dir "$logs"
cd "$HFT_ROOT"
passed=0 failed=0 skipped=0 broken=() times=()
for stage in "${stages[@]}"; do
  phase "Stage $stage"
  status=0
  began=$SECONDS
  "tests/stages/$stage.sh" 2>&1 | tee "$logs/$stage.log" || status=$?
  # The counts of the stage: its last line that has them.
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$logs/$stage.log" |
    tail -n 1 || true)
  read -r stage_passed stage_failed stage_skipped _ < <(
    printf '%s 0 0 0\n' "${counts//[!0-9 ]/}" | tr -s ' '
  )
  # A stage that stopped before it counted is one failure.
  if [[ $status != 0 && $stage_failed == 0 ]]; then
    stage_failed=1
  fi
  ((passed += stage_passed, failed += stage_failed, skipped += stage_skipped)) || true
  times+=("$stage $((SECONDS - began))")
  if ((stage_failed > 0)); then
    broken+=("$stage")
    # Nothing after it could run.
    [[ $stage != build ]] || break
  fi
done

for stage in ${broken[@]+"${broken[@]}"}; do
  printf 'failed: stage %s, see %s\n' "$stage" "$logs/$stage.log"
done
printf 'stage %s s\n' "${times[@]}"
printf 'took %s s\n' "$(elapsed)"
summary="$passed passed, $failed failed"
[[ $skipped == 0 ]] || summary+=", $skipped skipped"
printf '%s\n' "$summary"
((failed == 0))
