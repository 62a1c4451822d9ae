#!/bin/bash
# SPDX-License-Identifier: MIT
# Packs the guest's root file system:
#
#   vm/initramfs.sh IMAGE OUT [PROGRAM...]
#
# IMAGE is the folder of the kernel; OUT is written whole or not at all. Each static
# PROGRAM goes to /usr/local/bin; BusyBox is the rest of the system.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
esac
[[ $# -ge 2 ]] || die "$EXIT_USAGE" "expected a kernel and an output file; see $0 --help"
image=$1
out=$2
shift 2
readonly guest=$HFT_ROOT/vm/guest busybox=/bin/busybox
if [[ ! -x $busybox ]] || ldd "$busybox" >/dev/null 2>&1; then
  die "$EXIT_UNAVAILABLE" "expected a static $busybox, found none" \
    "apt-get install busybox-static"
fi

# add_modules: the modules of this kernel that the guest's shares and its packets
# need, unpacked, because BusyBox reads no packed ones. Their names give the order in
# which to load them.
add_modules() {
  local path number=10
  mkdir "$root/modules"
  PATH=$PATH:/usr/sbin:/sbin modprobe -d "$image" -S "$(cat "$image/release")" \
    --show-depends -a virtio_pci 9pnet_virtio 9p veth |
    sed -n 's/^insmod \(.*[^ ]\) *$/\1/p' | awk '!seen[$0]++' |
    while IFS= read -r path; do
      case $path in
        *.xz) xz -dc -- "$path" ;;
        *) cat -- "$path" ;;
      esac >"$root/modules/$((number++))"
    done
}

root=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$root" "$out.partial"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{bin,sbin,etc,dev,usr/bin,usr/sbin,usr/local/bin}
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp "$guest/init" "$root/init"
chmod 755 "$root/init"
cp "$guest"/{passwd,group} "$root/etc/"
cp "$guest"/bin/* "$root/usr/local/bin/"
[[ $# == 0 ]] || cp -- "$@" "$root/usr/local/bin/"
chmod 755 "$root"/usr/local/bin/*
[[ ! -d $image/lib/modules ]] || add_modules
(cd "$root" && find . -print0 | LC_ALL=C sort -z |
  cpio --quiet --null --create --format=newc --owner=0:0) >"$out.partial" ||
  fail_writing "$(dirname "$out")" "$EXIT_CANNOT_WRITE" "cannot write $out"
mv "$out.partial" "$out"
