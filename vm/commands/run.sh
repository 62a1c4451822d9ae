#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a kernel with the driver in it, or fetches Debian's own and builds the
# driver as a module, boots it, measures every path, prints the table and writes
# the report.
#
# usage: ./sandbox run [--output DIR] [--samples N] [--quick]
#                      [--kernel KERNEL] [--kernel-src DIR] [--module]
#                      [--accel auto|kvm|tcg] [--deadline SECONDS] [--quiet]
#
#   ./sandbox run
#   ./sandbox run --samples 100000 --output /tmp/long
#   ./sandbox run --kernel stock-6.12
#   ./sandbox run --kernel-src ~/linux-5.4
#
# KERNEL is one of these, or without --kernel the first:
#   KERNELS
# --kernel-src builds a kernel from the tree in DIR instead. --module builds the
# driver as a module beside the kernel instead of in it.
#
# --output DIR (results/<time>/) receives results.json, a CSV and a .hgrm file for
# each path, cdf.png, histogram.png and report.html. An earlier result in it is
# replaced. --quick takes 200 samples for each path instead of 1,000.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

parse_options "output samples quick kernel kernel-src module accel deadline" "$@"
check_options
no_arguments
paths=read,shm,lamport,ring
# A module cannot bring a system call.
is_module || paths=syscall,$paths
if [[ -z $samples ]]; then
  samples=1000
  [[ $quick == 0 ]] || samples=200
fi
# Up to five paths, a packet a millisecond, and four times that for the rest.
: "${deadline:=$((180 + samples / 50))}"

: "${output:=$HFT_ROOT/results/$(date +%Y%m%d-%H%M%S)}"
output=$(realpath -m -- "$output")

# check_output: an empty or new folder, or one with an earlier result.
check_output() {
  [[ -e $output ]] || return 0
  [[ -d $output ]] || die "$EXIT_CANNOT_WRITE" "--output $output: expected a directory, found a file"
  [[ -w $output ]] || die "$EXIT_CANNOT_WRITE" "--output $output: it is not writable"
  [[ -n $(ls -A -- "$output") ]] || return 0
  grep -qs '"hft-results/' "$output/results.json" ||
    die "$EXIT_CANNOT_WRITE" "--output $output: expected an empty directory or an earlier result, found other files" \
      "name another directory, or empty this one"
}
check_output
make_dir "$(dirname "$output")"
partial=$(mktemp -d "$(dirname "$output")/.$(basename "$output").XXXXXX") ||
  fail_writing "$(dirname "$output")" "$EXIT_CANNOT_WRITE" "cannot write beside $output"
runner=''
# shellcheck disable=SC2317  # a trap's
finish() {
  if [[ -n $runner ]]; then
    kill "$runner" 2>/dev/null || true
    wait "$runner" 2>/dev/null || true
  fi
  rm -rf -- "$partial"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

phase "Output: $output"
install_packages
image=$(build_kernel)
find_driver "$image"
"$HFT_ROOT/vm/native.sh" guest hft_tool
phase "Kernel $(cat "$image/release"): $image"

mkdir "$partial/guest"
manifest=(
  --manifest "qemu=$(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
  --manifest "config_hash=$(sha256sum "$image/config" | cut -d ' ' -f 1)"
  --manifest "commit=$(git -C "$HFT_ROOT" describe --always --dirty 2>/dev/null || echo unknown)"
)
accel=$("$HFT_ROOT/vm/accel.sh" "$accel" "$image")
phase "Booting the guest ($accel) and measuring $paths, $samples samples each"
status=0
"$HFT_ROOT/vm/guest-run.sh" --image "$image" --accel "$accel" --deadline "$deadline" \
  --program "$HFT_ROOT/build/guest/hft" "${driver[@]}" --results "$partial/guest" \
  --console "$partial/console.log" -- \
  hft bench --paths "$paths" --samples "$samples" \
  --json /out/results.json --csv /out --hgrm /out \
  --manifest "accelerator=$accel" "${manifest[@]}" >"$partial/bench.out" &
runner=$!
wait "$runner" || status=$?
runner=''
if ((status != 0)); then
  # The runner has said what went wrong, unless it was the measuring itself.
  ((status < 64)) || ((status == 127)) || exit "$status"
  cat "$partial/bench.out" >&2
  show_tail "$partial/console.log" 20
  die "$EXIT_PATH" "measuring failed: hft bench ended with status $status in the guest"
fi

phase "Writing the report"
# A static program runs here as well. Its last line names the folder, which is not
# the one they end up in.
"$HFT_ROOT/build/guest/hft" report "$partial/guest" | sed '/^wrote /d' ||
  fail_writing "$partial" "$EXIT_PATH" "hft report failed"
make_dir "$output"
rm -f -- "$output"/{results.json,cdf.png,histogram.png,report.html} \
  "$output"/*.csv "$output"/*.hgrm
mv -f -- "$partial"/guest/* "$output/" ||
  fail_writing "$output" "$EXIT_CANNOT_WRITE" "cannot write the results to $output"
phase "Done"
printf 'Results: %s\n' "$output"
