#!/bin/bash
# SPDX-License-Identifier: MIT
# Wrong command lines, directories and kernel trees: the error says what is expected.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# refused STATUS TEXT WORD...
refused() {
  local status=$1 text=$2 said found
  shift 2
  said=$(./sandbox "$@" 2>&1)
  found=$?
  check "./sandbox $*: exit status" equals "$status" "$found"
  check "./sandbox $*: says $text" contains "$text" "$said"
}

refused 64 "expected run, exec" frobnicate
refused 64 "--samples" run --frobnicate
refused 64 "a number from 1" run --samples 0
refused 64 "a number from 1" run --samples many
refused 64 "expected a value" run --samples
refused 64 "auto, kvm or tcg" exec --accel fast -- true
refused 64 "expected a command" exec
refused 64 "unexpected argument" run now
refused 64 "expected one of" test no-such-stage

for command in run exec shell build test clean; do
  said=$(./sandbox $command --help)
  check "$command --help succeeds" equals 0 $?
  check "$command --help has an example" contains "  ./sandbox $command" "$said"
done

mkdir "$scratch/full"
echo precious >"$scratch/full/file"
refused 73 "expected an empty directory" run --output "$scratch/full"
check "its file is untouched" equals precious "$(cat "$scratch/full/file")"
refused 73 "expected a directory, found a file" run --output "$scratch/full/file"

refused 65 "no such directory" run --kernel-src "$scratch/none" --output "$scratch/o"
refused 65 "expected the file Makefile" run --kernel-src "$scratch/full" --output "$scratch/o"
summary
