#!/bin/bash
# SPDX-License-Identifier: MIT
# Puts the driver into a kernel tree: vm/patch-tree.sh TREE
#
# Copies driver/ to TREE/drivers/hft and abi/hft to drivers/hft/include/hft, and
# adds one line each to drivers/Kconfig, drivers/Makefile, the x86 syscall table
# and kernel/sys_ni.c: without CONFIG_HFT the system call is ENOSYS. Doing it
# twice changes nothing. Files are replaced, never written through, so TREE may be
# a farm of symbolic links to somebody else's tree.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/copy-driver.sh"

readonly table=arch/x86/entry/syscalls/syscall_64.tbl
readonly number=548

# without_ours FILE PATTERN: FILE less the lines an earlier patch put there.
without_ours() { grep -v -E "$2" "$1" || true; }

patch_kconfig() {
  local file=$1/drivers/Kconfig
  grep -q '^endmenu' "$file" ||
    die "$EXIT_TREE" "$file: expected a line 'endmenu', found none"
  without_ours "$file" '^source "drivers/hft/Kconfig"$' |
    tac | sed '0,/^endmenu/s//endmenu\nsource "drivers\/hft\/Kconfig"/' | tac |
    replace "$file"
}

patch_makefile() {
  local file=$1/drivers/Makefile
  grep -q '^obj-' "$file" ||
    die "$EXIT_TREE" "$file: expected lines 'obj-…', found none"
  {
    without_ours "$file" '\+= hft/$'
    # shellcheck disable=SC2016  # $(CONFIG_HFT) is make's
    printf 'obj-$(CONFIG_HFT)\t\t+= hft/\n'
  } | replace "$file"
}

patch_syscall_table() {
  local file=$1/$table taken entry
  taken=$(awk -v n=$number '$1 == n && $3 != "hft"' "$file")
  [[ -z $taken ]] ||
    die "$EXIT_TREE" "$file: expected system call $number to be free, found:" "$taken"
  # Until 5.6 the table names the entry points with their prefix.
  case $(awk '$1 == 0 && $3 == "read" { print $4 }' "$file") in
    __x64_sys_read) entry=__x64_sys_hft ;;
    sys_read) entry=sys_hft ;;
    *) die "$EXIT_TREE" "$file: expected 'read' to be system call 0, found something else" ;;
  esac
  {
    without_ours "$file" "^${number}[[:space:]]"
    printf '%d\tcommon\thft\t\t\t%s\n' $number $entry
  } | replace "$file"
}

patch_sys_ni() {
  local file=$1/kernel/sys_ni.c
  grep -q '^COND_SYSCALL(' "$file" ||
    die "$EXIT_TREE" "$file: expected lines 'COND_SYSCALL(…)', found none"
  {
    without_ours "$file" '^COND_SYSCALL\(hft\);$'
    printf 'COND_SYSCALL(hft);\n'
  } | replace "$file"
}

case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  '' | -*) die "$EXIT_USAGE" "expected one kernel tree; see $0 --help" ;;
esac
for file in drivers/Kconfig drivers/Makefile kernel/sys_ni.c "$table"; do
  [[ -f $1/$file ]] || die "$EXIT_TREE" "$1: expected the file $file, found none" \
    "give the top directory of a complete kernel source tree, $kernel_trees"
done
[[ -f $HFT_ROOT/driver/Kconfig ]] ||
  die "$EXIT_TREE" "expected $HFT_ROOT/driver/Kconfig, found none; is the clone complete?"
copy_driver "$1/drivers/hft"
patch_kconfig "$1"
patch_makefile "$1"
patch_syscall_table "$1"
patch_sys_ni "$1"
