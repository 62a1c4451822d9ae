#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the driver as a module of one of Debian's kernels, and the example of
# examples/kernel, and prints the folder that holds hft.ko and hft_probe.ko.
#
#   vm/build-module.sh [--broken] KERNEL
#
# KERNEL is one of Debian's own in the table in vm/kernels.sh.
# --broken builds the mistake in that tests/hostile has to catch. The folder is
# named by a hash of everything that goes in.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/make-module.sh"

case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  --broken) module_patch=$HFT_ROOT/tests/hostile/broken_index.patch; shift ;;
esac
headers=$("$HFT_ROOT/vm/stock-kernel.sh" --headers "${1:-}")
key=$({
  printf '%s\n' "$headers"
  gcc-12 --version
  cat "$HFT_ROOT/vm/build-module.sh" ${module_patch:+"$module_patch"}
  module_inputs | xargs -0 sha256sum | sed "s|$HFT_ROOT/||"
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
phase "Building the module for $1"
: >"$log" || fail_writing "$HFT_CACHE/build" "$EXIT_CANNOT_WRITE" "cannot write $log"
make_modules "$headers" "$work" "$log" W=1 KCFLAGS=-Werror || {
  show_tail "$log" 20
  fail_writing "$work" "$EXIT_KERNEL" "the module did not build for $1"
}
mv -T "$work/modules" "$modules" 2>/dev/null || [[ -d $modules ]]
printf '%s\n' "$modules"
