#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetches Debian's own kernel of a series and prints a folder like that of
# vm/build-kernel.sh, with its modules too: bzImage, config, key, release,
# lib/modules/RELEASE.
#
#   vm/stock-kernel.sh [--modules | --headers] KERNEL
#
# KERNEL is one of Debian's own in the table in vm/kernels.sh.
# --modules prints the folder of the modules instead, --headers the one to build
# further modules in, which is fetched first.
# The newest package that apt knows is downloaded and unpacked into the cache;
# nothing is installed, and root is not needed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# known NAME: the version that apt would download; nothing if there is none.
known() { apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n 's/^Version: //p'; }

# newest SERIES: the package and its version, but not of the cloud or real-time
# kernel, which have another word before amd64.
newest() {
  local name version
  while IFS= read -r name; do
    version=$(known "$name")
    [[ -z $version ]] || { printf '%s %s\n' "$name" "$version"; return; }
  done < <(apt-cache pkgnames "linux-image-$1." |
    grep -xE 'linux-image-[0-9][^-]*(-[0-9]+)?-amd64' | sort -rV)
}

packages() { # DIR NAME...: into DIR
  rm -f "$1"/*.deb
  (cd "$1" && LC_ALL=C apt-get -o Acquire::http::Timeout=20 -o Acquire::Retries=0 \
    download "${@:2}") >>"$1/log" 2>&1
}

download() { # DIR NAME...: an image signed for secure boot or not; or others
  packages "$@" || [[ $2 != linux-image-* ]] || packages "$1" "$2-unsigned" && return
  # apt may have looked before it wrote, or have removed what it wrote.
  ! grep -qE 'enough free space|No space left' "$1/log" ||
    fail_writing --remove "$1" "$HFT_CACHE" "$EXIT_CANNOT_WRITE" \
      "cannot download $2 $version: $HFT_CACHE has no room for it"
  grep '^E:' "$1/log" >&2 || true
  rm -rf "$1"
  die "$EXIT_UNAVAILABLE" "cannot download $2 $version" \
    "is the network there? if the mirror has a newer one: sudo apt-get update"
}

# A package has no list of the modules' dependencies: installing it would make one.
unpack() { # DIR
  local release
  dpkg-deb --fsys-tarfile "$1"/*.deb | tar -C "$1" -x ./boot ./lib/modules || return
  release=$(basename "$1"/boot/vmlinuz-*)
  release=${release#vmlinuz-}
  mv "$1/boot/vmlinuz-$release" "$1/bzImage" &&
    mv "$1/boot/config-$release" "$1/config" &&
    printf '%s\n' "$release" >"$1/release" &&
    printf '%s\n' "$key" >"$1/key" &&
    PATH=$PATH:/usr/sbin:/sbin depmod -b "$1" "$release" &&
    rm -r "${1:?}/boot" "$1"/*.deb "$1/log"
}

# headers_of RELEASE: the packages that modules of this kernel are built with.
headers_of() {
  printf '%s\n' "linux-headers-$1=$version"
  apt-cache show "linux-headers-$1=$version" 2>/dev/null |
    sed -n 's/^Depends: //p' | tr ',' '\n' |
    grep -oE 'linux-(headers-[^ ]*-common|kbuild-[^ ]*)' | sort -u
}

# The Makefile names another one by where its package would install it. 6.12 has
# a vmlinux to make types for BPF from, which takes pahole.
unpack_headers() { # DIR
  local deb to=$image/headers/usr/src
  for deb in "$1"/*.deb; do
    dpkg-deb -x "$deb" "$1" || return
  done
  sed -i "s|/usr/src/|$to/|" "$1/usr/src/linux-headers-$release/Makefile" &&
    rm -f "$1/usr/src/linux-headers-$release/vmlinux" &&
    rm -r "$1"/*.deb "$1/log"
}

fetch_headers() {
  local partial=$image/headers.partial names
  release=$(cat "$image/release")
  [[ ! -d $image/headers ]] || return 0
  mapfile -t names < <(headers_of "$release")
  rm -rf "$partial"
  make_dir "$partial"
  phase "Downloading the headers of $release"
  download "$partial" "${names[@]}"
  unpack_headers "$partial" ||
    fail_writing --remove "$partial" "$HFT_CACHE" "$EXIT_CANNOT_WRITE" \
      "cannot unpack the headers of $release into $image"
  mv -T "$partial" "$image/headers"
}

wanted=image
case ${1:-} in
  --modules | --headers) wanted=${1#--}; shift ;;
esac
case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
esac
mapfile -t names < <(kernels users stock)
[[ -n ${1:-} && " ${names[*]} " == *" $1 "* ]] ||
  die "$EXIT_USAGE" "kernel '${1:-}': expected $(either "${names[@]}")"
series=${1#stock-}
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null ||
    die "$EXIT_UNAVAILABLE" "stock kernels are Debian packages: expected $tool in PATH, found none"
done
"$HFT_ROOT/vm/deps.sh" stock
read -r name version < <(newest "$series") ||
  die "$EXIT_UNAVAILABLE" "expected a package linux-image-$series.*-amd64, apt knows none" \
    "Debian 12 has it: sudo apt-get update, or add its archive to /etc/apt"
key=${name}_$version
image=$HFT_CACHE/images/$key
make_dir "$HFT_CACHE/locks" "$HFT_CACHE/images"
exec 9>"$HFT_CACHE/locks/stock"
flock 9
if [[ ! -d $image ]]; then
  rm -rf "$image.partial"
  make_dir "$image.partial"
  phase "Downloading $name $version"
  download "$image.partial" "$name"
  phase "Unpacking $name"
  unpack "$image.partial" ||
    fail_writing --remove "$image.partial" "$HFT_CACHE" "$EXIT_CANNOT_WRITE" \
      "cannot unpack $name into $image"
  mv -T "$image.partial" "$image"
fi
case $wanted in
  image) printf '%s\n' "$image" ;;
  modules) printf '%s\n' "$image/lib/modules/$(cat "$image/release")" ;;
  headers)
    fetch_headers
    printf '%s\n' "$image/headers/usr/src/linux-headers-$release"
    ;;
esac
