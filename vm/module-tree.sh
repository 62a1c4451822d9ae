#!/bin/bash
# SPDX-License-Identifier: MIT
# Writes the source of the module, as DKMS wants it: vm/module-tree.sh DIR
#
#   sudo vm/module-tree.sh /usr/src/hft-0.1.0 && sudo dkms install hft/0.1.0
#
# DIR is new or holds such a tree. Other files in it are removed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/copy-driver.sh"

case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  '' | -*) die "$EXIT_USAGE" "expected one directory; see $0 --help" ;;
esac
if [[ -e $1 && ! -f $1/dkms.conf && -n $(ls -A -- "$1" 2>/dev/null || echo file) ]]; then
  die "$EXIT_CANNOT_WRITE" "$1: expected an empty directory or an earlier tree, found other files"
fi
make_dir "$1"
copy_driver "$1"
version=$(sed -n 's/^#define HFT_VERSION "\(.*\)"$/\1/p' "$HFT_ROOT/driver/version.h")
sed "s/@VERSION@/$version/" "$HFT_ROOT/packaging/dkms/dkms.conf" >"$1/dkms.conf"
