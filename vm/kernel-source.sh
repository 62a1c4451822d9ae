#!/bin/bash
# SPDX-License-Identifier: MIT
# Finds or makes a kernel tree that we may patch, and prints three lines: the
# source's identity (changes when it does), a name for the flavour, the path.
#
#   vm/kernel-source.sh [--identify] KERNEL
#   vm/kernel-source.sh [--identify] --kernel-src DIR
#
# KERNEL is one of the table in vm/kernels.sh, but not Debian's own.
# --identify prints the first two and makes nothing.
# Debian's linux-source packages are unpacked into the cache. DIR is never
# written to: the tree printed for it is a farm of symbolic links.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly src=$HFT_CACHE/src

# Left packed: a third of the files, none of which an x86 build reads.
readonly not_needed=(
  'arch/[!ux]*/[!c]*' 'arch/xtensa' 'Documentation/devicetree' 'Documentation/ABI'
  'Documentation/translations' 'tools/testing' 'tools/perf'
  'drivers/gpu/drm/amd/include' 'drivers/staging/*/*.[ch]' 'sound/*/*/*.[ch]'
)

debian_source() { # KERNEL
  local package=linux-source-${1#*-} installed tree
  "$HFT_ROOT/vm/deps.sh" "$(kernel_packages "$1")"
  # shellcheck disable=SC2016  # dpkg-query's own variable
  installed=$(dpkg-query -W -f '${Version}' "$package")
  printf '%s\n' "debian $package $installed" "$1"
  [[ $identify == 0 ]] || return 0
  tree=$src/$package-$installed
  if [[ ! -d $tree ]]; then
    phase "Unpacking $package $installed"
    rm -rf "$tree.partial"
    make_dir "$tree.partial"
    tar -C "$tree.partial" -xJf "/usr/src/$package.tar.xz" --strip-components=1 \
      --wildcards --no-wildcards-match-slash --anchored \
      "${not_needed[@]/#/--exclude=*/}" ||
      fail_writing --remove "$tree.partial" "$src" "$EXIT_TREE" \
        "cannot unpack /usr/src/$package.tar.xz" "apt-get install --reinstall $package"
    mv "$tree.partial" "$tree"
  fi
  printf '%s\n' "$tree"
}

# check_tree DIR: it is a kernel's top folder that nobody has built in.
check_tree() {
  local file
  [[ -d $1 ]] || die "$EXIT_TREE" "$1: expected a kernel source tree, found no such directory"
  for file in Makefile Kconfig Kbuild scripts/Makefile.build \
    arch/x86/Makefile drivers/Kconfig drivers/Makefile \
    arch/x86/entry/syscalls/syscall_64.tbl; do
    [[ -f $1/$file ]] || die "$EXIT_TREE" "$1: expected the file $file, found none" \
      "give the top directory of a complete kernel source tree, $kernel_trees"
  done
  # kbuild itself refuses an out-of-tree build if these exist.
  for file in .config include/config arch/x86/include/generated; do
    [[ ! -e $1/$file ]] || die "$EXIT_TREE" "$1: expected a clean tree, found $file" \
      "it has been configured or built in; clean it with: make -C '$1' mrproper"
  done
}

user_source() { # DIR
  local dir farm identity name
  check_tree "$1"
  dir=$(realpath -- "$1")
  name=src-$(printf '%s' "$dir" | sha256sum | cut -c 1-12)
  identity=$(cd "$dir" && find . -name .git -prune -o -type f -printf '%P %s %T@\n' |
    LC_ALL=C sort | sha256sum | cut -d ' ' -f 1)
  printf '%s\n' "tree $identity" "$name"
  [[ $identify == 0 ]] || return 0
  farm=$src/$name
  if [[ ! -d $farm || $(cat "$farm.identity" 2>/dev/null) != "$identity" ]]; then
    phase "Linking to $dir"
    rm -rf "$farm" "$farm.partial" "$farm.identity"
    make_dir "$farm.partial"
    find "$dir" -mindepth 1 -maxdepth 1 ! -name .git \
      -exec cp -as -t "$farm.partial" -- {} + ||
      fail_writing --remove "$farm.partial" "$src" "$EXIT_CANNOT_WRITE" \
        "cannot link to $dir from $farm"
    mv "$farm.partial" "$farm"
    printf '%s\n' "$identity" >"$farm.identity"
  fi
  printf '%s\n' "$farm"
}

identify=0
if [[ ${1:-} == --identify ]]; then
  identify=1
  shift
fi
case ${1:-} in
  --help) usage_of "$0" ;;
  --kernel-src) user_source "${2:?}" ;;
  *)
    mapfile -t names < <(kernels users custom)
    if ! kernel_is_known "${1:-}" || [[ $1 == stock-* ]]; then
      die "$EXIT_USAGE" "kernel '${1:-}': expected $(either "${names[@]}" '--kernel-src DIR')"
    fi
    debian_source "$1"
    ;;
esac
