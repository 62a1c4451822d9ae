#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots a fresh guest, runs COMMAND there as root and exits with its status.
#
# usage: ./sandbox exec [--kernel KERNEL] [--kernel-src DIR] [--module]
#                       [--accel auto|kvm|tcg] [--deadline SECONDS] [--quiet]
#                       -- COMMAND...
#
#   ./sandbox exec -- sh -c 'mknod /dev/hft c 10 60; lat_v0'
#   ./sandbox exec -- ./my_program --its-option
#
# The standard output and the standard error of COMMAND stay apart; it has no
# input. The guest shares the current directory, writable, under the same path.
# Other host files that COMMAND names are there too, and the whole host,
# read-only, at /host.
# KERNEL is one of these, or without --kernel the first:
#   KERNELS
# --kernel-src builds a kernel from the tree in DIR instead. --module builds the
# driver as a module beside the kernel instead of in it.
# The guest has BusyBox, `hft` and lat_v0, lat_v2, lat_v3; its CPU 1 is isolated.
# --deadline SECONDS ends a guest that has not finished by then (600; 0 for never).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

parse_options "kernel kernel-src module accel deadline" "$@"
check_options
[[ ${#rest[@]} != 0 ]] || die "$EXIT_USAGE" "expected a command after --; see ./sandbox exec --help"

install_packages
image=$(build_kernel)
find_driver "$image"
"$HFT_ROOT/vm/native.sh" guest hft_tool
exec "$HFT_ROOT/vm/guest-run.sh" --image "$image" --accel "$accel" \
  --deadline "${deadline:-600}" --program "$HFT_ROOT/build/guest/hft" "${driver[@]}" -- "${rest[@]}"
