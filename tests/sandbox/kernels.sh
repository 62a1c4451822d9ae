#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of kernels: what each row names exists, and users are offered the
# kernels for users and no others.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

mapfile -t offered < <(kernels users)
mapfile -t ours < <(kernels users custom)
mapfile -t stock < <(kernels users stock)
mapfile -t for_tests < <(kernels tests)
check "there are kernels for users" test ${#offered[@]} -gt 1
for kernel in "${offered[@]}" "${for_tests[@]}"; do
  config=$(kernel_config "$kernel")
  check "$kernel: its fragment" test -z "$config" -o -s "vm/configs/$config.config"
  check "$kernel: its packages" grep -qxF "[$(kernel_packages "$kernel")]" \
    packaging/debian-packages.txt
  case $kernel in
    stock-*) continue ;;
  esac
  check "$kernel: its source" equals "$kernel" \
    "$(vm/kernel-source.sh --identify "$kernel" | sed -n 2p)"
done

# refused TEXT COMMAND...: a kernel that is not in the table.
refused() {
  local said status
  said=$("${@:2}" 2>&1)
  status=$?
  check "${*:2}: exit status" equals 64 "$status"
  check "${*:2}: says what is expected" equals "$1" "$(sed -n '1s/.*expected //p' <<<"$said")"
}
refused "$(either "${offered[@]}")" ./sandbox run --kernel custom-2.6
refused "$(either "${offered[@]}")" ./sandbox exec --kernel '' -- true
refused "$(either "${ours[@]}" '--kernel-src DIR')" vm/build-kernel.sh "${stock[0]}"
refused "$(either "${stock[@]}")" vm/stock-kernel.sh "${ours[0]}"
refused "$(either "${stock[@]}")" vm/build-module.sh "${for_tests[0]}"

for command in run exec shell; do
  said=$(./sandbox $command --help)
  check "$command --help lists the kernels for users" contains "
$(kernel_help)
" "$said"
  for kernel in "${for_tests[@]}"; do
    check "$command --help does not offer $kernel" test "${said/"$kernel"/}" = "$said"
  done
done
summary
