#!/bin/bash
# SPDX-License-Identifier: MIT
# --kernel-src: the user's tree stays as it is; an error names the step that failed.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

# A cache of its own, so that no kernel of it is found again.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
pristine=$(vm/kernel-source.sh "$(first_kernel users custom)" | tail -n 1)

readonly patched_files=(drivers/Kconfig drivers/Makefile kernel/sys_ni.c
  arch/x86/entry/syscalls/syscall_64.tbl)

# unpatched FILE: a file of the cache's tree as it was before our driver.
unpatched() { grep -v hft "$pristine/$1"; }

mini=$scratch/mini
mkdir -p "$mini/drivers" "$mini/kernel" "$mini/arch/x86/entry/syscalls"
for file in "${patched_files[@]}"; do unpatched "$file" >"$mini/$file"; done
vm/patch-tree.sh "$mini"
first=$(find "$mini" -type f -printf '%P %i %T@\n' | LC_ALL=C sort)
vm/patch-tree.sh "$mini"
check "patching twice changes nothing" equals "$first" \
  "$(find "$mini" -type f -printf '%P %i %T@\n' | LC_ALL=C sort)"
check "the system call is in the table once" equals 1 \
  "$(grep -c '^548' "$mini/arch/x86/entry/syscalls/syscall_64.tbl")"

# A tree without our driver. Whole folders are links where nothing is changed:
# linking to every file takes a minute.
mkdir "$tree"
ln -s "$pristine"/* "$tree"
for folder in drivers include kernel; do
  rm "$tree/$folder"
  mkdir "$tree/$folder"
  ln -s "$pristine/$folder"/* "$tree/$folder"
done
rm -f "$tree"/{drivers/hft,arch,scripts}
cp -as "$pristine"/{arch,scripts} "$tree"
for file in "${patched_files[@]}"; do
  rm "$tree/$file"
  unpatched "$file" >"$tree/$file"
done
# state: names, sizes, times and targets of all that is in the tree.
state() { find "$tree" -printf '%P %y %s %T@ %l\n' | LC_ALL=C sort | sha256sum; }
build() { XDG_CACHE_HOME=$scratch/cache vm/build-kernel.sh --kernel-src "$tree" 2>&1; }

mkdir -p "$tree/include/config"
said=$(build)
check "a tree that was built in: status" equals 65 $?
check "a tree that was built in: says what to do" contains mrproper "$said"
rmdir "$tree/include/config"

mv "$tree/drivers/Kconfig" "$scratch/Kconfig"
said=$(build)
check "a file is missing: status" equals 65 $?
check "a file is missing: names it" contains drivers/Kconfig "$said"

grep -v '^endmenu' "$scratch/Kconfig" >"$tree/drivers/Kconfig"
said=$(build)
check "an unpatchable tree: status" equals 65 $?
check "an unpatchable tree: says why" contains endmenu "$said"
mv "$scratch/Kconfig" "$tree/drivers/Kconfig"

# The first file to be compiled: the build fails at once.
rm "$tree/scripts/mod/empty.c"
echo 'not C' >"$tree/scripts/mod/empty.c"
before=$(state)
said=$(build)
check "a tree that does not compile: status" equals 80 $?
check "a tree that does not compile: names the step" contains "make bzImage failed" "$said"
check "a tree that does not compile: the error" contains "empty.c" "$said"
check "a tree that does not compile: the log" test -s \
  "$(sed -n 's/.*the whole log: //p' <<<"$said" | head -n 1)"
check "the user's tree is untouched" equals "$before" "$(state)"
check "no image is stored" equals "" "$(ls -A "$scratch/cache/hft-sandbox/images")"
summary
