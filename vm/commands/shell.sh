#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots a fresh guest with a shell on this terminal; `exit` powers it off.
#
# usage: ./sandbox shell [--kernel KERNEL] [--kernel-src DIR] [--module]
#                        [--accel auto|kvm|tcg] [--quiet]
#
#   ./sandbox shell
#   mknod /dev/hft c 10 60; lat_v0; taskset 0x2 lat_v3
#
# KERNEL is one of these, or without --kernel the first:
#   KERNELS
# --kernel-src builds a kernel from the tree in DIR instead. --module builds the
# driver as a module beside the kernel instead of in it.
# The guest sees the current directory and the host's files as with `exec`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../options.sh"

parse_options "kernel kernel-src module accel" "$@"
check_options
no_arguments

install_packages
image=$(build_kernel)
find_driver "$image"
"$HFT_ROOT/vm/native.sh" guest hft_tool
exec "$HFT_ROOT/vm/guest-run.sh" --image "$image" --accel "$accel" \
  --program "$HFT_ROOT/build/guest/hft" "${driver[@]}" --interactive
