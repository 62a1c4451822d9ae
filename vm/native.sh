#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds our own programs with CMake: vm/native.sh PRESET [TARGET...]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  '') die "$EXIT_USAGE" "expected a preset; see $0 --help" ;;
esac
preset=$1
shift
cd "$HFT_ROOT"
make_dir build
log=build/$preset.log

# One build of a preset at a time.
exec 9>"build/.$preset.lock"
flock 9
configured=build/$preset/build.ninja
if [[ ! -f $configured ]]; then
  phase "Configuring $preset"
  cmake --preset "$preset" >"$log" 2>&1 9>&- || {
    show_tail "$HFT_ROOT/$log" 20
    die "$EXIT_NATIVE" "cmake --preset $preset failed"
  }
fi
target=(all)
[[ $# == 0 ]] || target=("$@")
# -n says what there is to do: a build that is up to date is not announced.
if [[ $(ninja -C "build/$preset" -n "${target[@]}" 2>&1 | tail -n 1) != *"no work to do"* ]]; then
  phase "Building $preset (log: $HFT_ROOT/$log)"
fi
cmake --build --preset "$preset" --target "${target[@]}" >"$log" 2>&1 9>&- || {
  show_tail "$HFT_ROOT/$log" 20
  fail_writing "$HFT_ROOT/build" "$EXIT_NATIVE" "building $preset failed"
}
