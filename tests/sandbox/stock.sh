#!/bin/bash
# SPDX-License-Identifier: MIT
# Stock kernels that cannot be fetched: each reason has its status and message, and
# nothing half done is left.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'umount "$scratch/small" 2>/dev/null; rm -rf "$scratch"' EXIT

stock=$(first_kernel users stock)

# refused NAME STATUS TEXT: Debian's oldest kernel with a cache in $scratch/NAME.
refused() {
  local found said
  said=$(XDG_CACHE_HOME=$scratch/$1 vm/stock-kernel.sh "$stock" 2>&1)
  found=$?
  check "$1: exit status" equals "$2" "$found"
  check "$1: message" contains "$3" "$said"
  check "$1: nothing is left" equals "" \
    "$(find "$scratch/$1" -path '*/images/*' 2>/dev/null)"
}

said=$(vm/stock-kernel.sh stock-2.6 2>&1)
check "unknown: exit status" equals 64 $?
check "unknown: message" contains "expected $stock" "$said"

# Nobody listens on that port.
http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
  refused offline 69 "cannot download linux-image-${stock#stock-}"

mkdir "$scratch/lists"
cat >"$scratch/apt.conf" <<END
Dir::State::lists "$scratch/lists";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
END
APT_CONFIG=$scratch/apt.conf refused no-package 69 "sudo apt-get update"

mkdir "$scratch/small"
if mount -t tmpfs -o size=8m tmpfs "$scratch/small" 2>/dev/null; then
  refused small 73 "no room"
else
  echo "SKIP full disk: mounting a small one needs root"
  skipped=$((skipped + 3))
fi
summary
