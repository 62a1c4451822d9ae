#!/bin/bash
# SPDX-License-Identifier: MIT
# --kernel-src: the user's tree stays as it is; a bad one is told by its step.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

# A cache of its own, so that no kernel of it is found again.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
pristine=$(vm/kernel-source.sh custom-6.1 | tail -n 1)

# fresh: the tree as a user would have it, without our driver.
fresh() {
  rm -rf "$tree"
  cp -as "$pristine/." "$tree"
  rm -rf "$tree/drivers/hft"
  for file in drivers/Kconfig drivers/Makefile arch/x86/entry/syscalls/syscall_64.tbl; do
    grep -v hft "$pristine/$file" >"$tree/$file.new"
    mv "$tree/$file.new" "$tree/$file"
  done
}
# state: names, sizes, times and targets of all that is in the tree.
state() { find "$tree" -printf '%P %y %s %T@ %l\n' | LC_ALL=C sort | sha256sum; }
build() { XDG_CACHE_HOME=$scratch/cache vm/build-kernel.sh --kernel-src "$tree" 2>&1; }

fresh
cp -as "$tree/." "$scratch/patched"
vm/patch-tree.sh "$scratch/patched"
before=$(find "$scratch/patched" -type f -printf '%P %T@\n' | LC_ALL=C sort)
vm/patch-tree.sh "$scratch/patched"
check "patching twice changes nothing" equals "$before" \
  "$(find "$scratch/patched" -type f -printf '%P %T@\n' | LC_ALL=C sort)"
check "the system call is in the table once" equals 1 \
  "$(grep -c '^548' "$scratch/patched/arch/x86/entry/syscalls/syscall_64.tbl")"
check "the tree that was linked to has no driver" test ! -e "$tree/drivers/hft"

# The first file to be compiled: the build fails at once.
rm "$tree/scripts/mod/empty.c"
echo 'not C' >"$tree/scripts/mod/empty.c"
before=$(state)
said=$(build)
check "a tree that does not compile: status" equals 80 $?
check "a tree that does not compile: step" contains "make bzImage failed" "$said"
check "a tree that does not compile: the error" contains "empty.c" "$said"
check "a tree that does not compile: the log" test -s \
  "$(sed -n 's/.*the whole log: //p' <<<"$said" | head -n 1)"
check "the user's tree is untouched" equals "$before" "$(state)"
check "no image is stored" equals "" "$(ls -A "$scratch/cache/hft-sandbox/images")"

fresh
mkdir -p "$tree/include/config"
said=$(build)
check "a tree that was built in: status" equals 65 $?
check "a tree that was built in: what to do" contains mrproper "$said"

fresh
rm "$tree/drivers/Kconfig"
said=$(build)
check "a file is missing: status" equals 65 $?
check "a file is missing: which" contains drivers/Kconfig "$said"

fresh
grep -v '^endmenu' "$tree/drivers/Kconfig" >"$tree/new"
mv "$tree/new" "$tree/drivers/Kconfig"
said=$(build)
check "an unpatchable tree: status" equals 65 $?
check "an unpatchable tree: why" contains endmenu "$said"
summary
