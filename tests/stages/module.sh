#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver as a module: Debian's kernels load it, DKMS builds it, and what
# differs between kernels is found by compiling.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/module
rm -rf "$out"
mkdir -p "$out"
vm/deps.sh module || exit
vm/native.sh guest vm_tests hft_tool || exit
version=$(sed -n 's/^#define HFT_VERSION "\(.*\)"$/\1/p' driver/version.h)

# info FIELD FILE
info() { PATH=$PATH:/usr/sbin:/sbin modinfo -F "$1" "$2"; }

describes_itself() { # FILE RELEASE
  check "modinfo: version" equals "$version" "$(info version "$1")"
  check "modinfo: licence" equals GPL "$(info license "$1")"
  check "modinfo: kernel" contains "$2 " "$(info vermagic "$1")"
  check "modinfo: described" test -n "$(info description "$1")" -a -n "$(info author "$1")"
  check "modinfo: every parameter described" equals \
    "simulator_cpu slot_count slot_size" \
    "$(info parm "$1" | sed -n 's/:.*(uint)$//p' | sort | paste -sd' ')"
}

driver_tests() { # KERNEL MODULES
  local image log=$out/$1.log console=$out/$1.console
  image=$(vm/stock-kernel.sh "$1") || return
  # What only a driver that is built in has is not for a module.
  vm/guest-run.sh --image "$image" --accel auto --deadline 240 \
    --program build/guest/vm_tests --console "$console" -- \
    env HFT_MODULE="$2/hft.ko" HFT_EXAMPLE="$2/hft_probe.ko" \
    vm_tests --gtest_filter=-Syscall*:Original*:*BuiltIn* 2>&1 |
    tee "$log" | grep -vE '^\[ RUN|^\[       OK'
  check "$1: vm_tests ran to its end" equals 0 "${PIPESTATUS[0]}"
  check "$1: the kernel has no complaint" kernel_is_well "$console"
  count_cases "$log"
}

# dkms_builds KERNEL: for that kernel, from trees of its own; ours is another.
dkms_builds() {
  local headers release trees=$PWD/$out/dkms-$1
  headers=$(vm/stock-kernel.sh --headers "$1") || return
  release=$(basename "$headers")
  release=${release#linux-headers-}
  mkdir -p "$trees"/{src,dkms,modules}
  vm/module-tree.sh "$trees/src/hft-$version"
  dkms build "hft/$version" -k "$release" --kernelsourcedir "$headers" \
    --sourcetree "$trees/src" --dkmstree "$trees/dkms" \
    --installtree "$trees/modules" >"$out/dkms-$1.log" 2>&1 || {
    tail -n 20 "$out/dkms-$1.log" "$trees/dkms/hft/$version/build/make.log"
    return 1
  }
  contains "$release " "$(info vermagic \
    "$(find "$trees/dkms" -path "*/$release/*" -name 'hft.ko*' | head -n 1)")"
}

# probes KERNEL EXPECTED: the features that driver/Makefile found there.
probes() {
  local headers work
  headers=$(vm/stock-kernel.sh --headers "$1") || return
  work=$PWD/$out/probes-$1
  vm/module-tree.sh "$work"
  make -C "$headers" M="$work" V=1 main.o >"$out/probes-$1.log" 2>&1 || return
  equals "$2" "$(grep -oE 'DHFT_HAVE_[A-Z_]+' "$out/probes-$1.log" |
    sort -u | sed 's/^DHFT_HAVE_//' | paste -sd' ')"
}

for kernel in stock-6.1 stock-6.12; do
  modules=$(vm/build-module.sh "$kernel")
  check "$kernel: the module builds without warnings" equals 0 $? || continue
  describes_itself "$modules/hft.ko" \
    "$(cat "$(vm/stock-kernel.sh "$kernel")/release")"
  driver_tests "$kernel" "$modules"
  check "$kernel: dkms builds it" dkms_builds "$kernel"
done
# vm_flags_mod() came with 6.3, eventfd_signal(ctx) with 6.8; hrtimer_setup() is
# of 6.13.
check "6.1: probes" probes stock-6.1 ""
check "6.12: probes" probes stock-6.12 "EVENTFD_SIGNAL_ONE VM_FLAGS_MOD"

./sandbox run --kernel stock-6.1 --samples 200 --output "$out/run"
check "a run on stock-6.1 succeeds" equals 0 $?
check "its results are what they should be" python3 tests/stages/check_results.py \
  "$out/run/results.json" 200 read shm lamport ring
summary
