#!/bin/bash
# SPDX-License-Identifier: MIT
# Prints the accelerator to use: vm/accel.sh auto|kvm|tcg IMAGE
#
# auto tries KVM by booting: some hosts offer a /dev/kvm on which a guest hangs.
# The verdict is kept for this boot of the host and this kernel.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A guest that works is up and gone in a fifth of this.
readonly deadline=15

usable() { [[ -r /dev/kvm && -w /dev/kvm ]]; }

probe() { # IMAGE
  local job status=1
  job=$(mktemp -d "$HFT_CACHE/jobs/XXXXXXXX")
  "$HFT_ROOT/vm/initramfs.sh" "$1" "$job/initramfs"
  mkdir "$job/out"
  : >"$job/stdout"
  : >"$job/stderr"
  : >"$job/binds"
  echo / >"$job/cwd"
  echo true >"$job/command"
  ! "$HFT_ROOT/vm/qemu.sh" --image "$1" --initramfs "$job/initramfs" --job "$job" \
    --accel kvm --deadline "$deadline" >/dev/null 2>&1 || status=0
  rm -rf "$job"
  return "$status"
}

case ${1:-} in
  --help) usage_of "$0" ;;
  tcg) echo tcg ;;
  kvm)
    usable || die "$EXIT_UNAVAILABLE" "--accel kvm: expected a /dev/kvm that we may open, found none" \
      "load the kvm module, join the group kvm, or use --accel tcg"
    echo kvm
    ;;
  auto)
    if ! usable; then
      phase "No usable /dev/kvm: the guest is emulated (TCG)"
      echo tcg
      exit
    fi
    make_dir "$HFT_CACHE/accel" "$HFT_CACHE/jobs"
    verdict=$HFT_CACHE/accel/$(cat /proc/sys/kernel/random/boot_id)-$(cat "$2/key")
    if [[ ! -s $verdict ]]; then
      phase "Trying KVM"
      if probe "$2"; then echo kvm; else echo tcg; fi >"$verdict.partial"
      mv "$verdict.partial" "$verdict"
      [[ $(cat "$verdict") == kvm ]] ||
        phase "KVM does not bring a guest up here: it is emulated (TCG)"
    fi
    cat "$verdict"
    ;;
  *) die "$EXIT_USAGE" "--accel '${1:-}': expected auto, kvm or tcg" ;;
esac
