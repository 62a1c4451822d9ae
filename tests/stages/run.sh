#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job end to end: ./sandbox run, and every file it leaves.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly out=build/tests/run samples=1000
readonly paths=(syscall read shm lamport ring)
rm -rf "$out"
start=$SECONDS
./sandbox run --output "$out" --samples $samples
check "run succeeds" equals 0 $?
printf 'a warm run took %d s\n' $((SECONDS - start))

check "exactly the files of a result" equals \
  "$(printf '%s\n' cdf.png histogram.png report.html results.json \
    "${paths[@]/%/.csv}" "${paths[@]/%/.hgrm}" | LC_ALL=C sort)" \
  "$(LC_ALL=C ls -A "$out")"
for path in "${paths[@]}"; do
  check "$path: CSV header" equals "sample,latency" "$(head -n 1 "$out/$path.csv")"
  check "$path: a line for each sample" equals $((samples + 1)) "$(wc -l <"$out/$path.csv")"
  check "$path: .hgrm has its maximum" grep -q '^#\[Max' "$out/$path.hgrm"
done
for picture in cdf histogram; do
  check "$picture.png is a PNG" equals 89504e47 \
    "$(head -c 4 "$out/$picture.png" | od -An -tx1 | tr -d ' ')"
done
check "report.html is whole" contains "</html>" "$(tail -n 5 "$out/report.html")"
check "results.json is what it should be" python3 tests/stages/check_results.py \
  "$out/results.json" $samples "${paths[@]}"
check "nothing is left beside it" equals "" \
  "$(find build/tests -maxdepth 1 -name '.run.*')"
summary
