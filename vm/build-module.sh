#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the driver as a module of one of Debian's kernels, and the example of
# examples/kernel, and prints the folder that holds hft.ko and hft_probe.ko.
#
#   vm/build-module.sh [--broken] stock-6.1 | stock-6.12
#
# --broken builds the mistake in that tests/hostile has to catch. The folder is
# named by a hash of everything that goes in.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

broken=n
case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  --broken) broken=y; shift ;;
esac
headers=$("$HFT_ROOT/vm/stock-kernel.sh" --headers "${1:-}")
key=$({
  printf '%s\n' "$headers" "$broken"
  gcc-12 --version
  cat "$HFT_ROOT"/vm/{module-tree,copy-driver,build-module}.sh
  (cd "$HFT_ROOT" && find driver abi examples/kernel -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum)
} | sha256sum | cut -c 1-16)
modules=$HFT_CACHE/modules/$key
if [[ -d $modules ]]; then
  printf '%s\n' "$modules"
  exit
fi

make_dir "$HFT_CACHE/modules" "$HFT_CACHE/build"
work=$(mktemp -d "$HFT_CACHE/build/module.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$HFT_CACHE/build/module-$1.log
make_module() { # MAKE-ARGUMENT...
  make W=1 KCFLAGS=-Werror HFT_BROKEN_INDEX="$broken" "$@" >>"$log" 2>&1 || {
    show_tail "$log" 20
    fail_writing "$work" "$EXIT_KERNEL" "the module did not build for $1"
  }
}
phase "Building the module for $1"
: >"$log" || fail_writing "$HFT_CACHE/build" "$EXIT_CANNOT_WRITE" "cannot write $log"
"$HFT_ROOT/vm/module-tree.sh" "$work/hft"
make_module -C "$headers" M="$work/hft" modules
cp -r "$HFT_ROOT/examples/kernel" "$work/example"
make_module -C "$work/example" KERNEL="$headers" HFT="$work/hft" modules
mkdir "$work/modules"
cp "$work/hft/hft.ko" "$work/example/hft_probe.ko" "$work/modules/"
mv -T "$work/modules" "$modules" 2>/dev/null || [[ -d $modules ]]
printf '%s\n' "$modules"
