#!/bin/bash
# SPDX-License-Identifier: MIT
# A full disk, a cache that cannot be created, and a machine without QEMU.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'umount "$scratch/small" 2>/dev/null; rm -rf "$scratch"' EXIT

mkdir "$scratch/small"
if mount -t tmpfs -o size=8m tmpfs "$scratch/small" 2>/dev/null; then
  said=$(XDG_CACHE_HOME=$scratch/small vm/build-kernel.sh "$(first_kernel users custom)" 2>&1)
  check "full disk: status" equals 73 $?
  check "full disk: message" contains "is full" "$said"
  check "full disk: no tree is left" equals "" \
    "$(ls -A "$scratch/small/hft-sandbox/src")"
  umount "$scratch/small"
else
  echo "SKIP full disk: mounting a small one needs root"
  skipped=$((skipped + 3))
fi

: >"$scratch/file"
said=$(XDG_CACHE_HOME=$scratch/file vm/build-kernel.sh "$(first_kernel users custom)" 2>&1)
check "no cache folder: status" equals 73 $?
check "no cache folder: names it" contains "$scratch/file" "$said"

# All programs but QEMU.
mkdir "$scratch/bin"
for directory in /usr/local/bin /usr/bin /bin; do
  find "$directory" -maxdepth 1 ! -type d ! -name 'qemu-system-x86_64' \
    -exec ln -sf -t "$scratch/bin" {} + 2>/dev/null
done
said=$(PATH=$scratch/bin vm/qemu.sh --image / --initramfs / --job / 2>&1)
check "no QEMU: status" equals 69 $?
check "no QEMU: what to do" contains "apt-get install qemu-system-x86" "$said"
summary
