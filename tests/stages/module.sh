#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver as a module: Debian's kernels load it, DKMS builds it, and its probes
# find the interfaces that differ between kernels.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=build/tests/module
rm -rf "$out"
mkdir -p "$out"
vm/deps.sh module test || exit
vm/native.sh guest vm_tests hft_tool || exit
version=$(sed -n 's/^#define HFT_VERSION "\(.*\)"$/\1/p' driver/version.h)

# info FIELD FILE
info() { PATH=$PATH:/usr/sbin:/sbin modinfo -F "$1" "$2"; }

describes_itself() { # FILE RELEASE
  check "modinfo: version" equals "$version" "$(info version "$1")"
  check "modinfo: licence" equals GPL "$(info license "$1")"
  check "modinfo: kernel" contains "$2 " "$(info vermagic "$1")"
  check "modinfo: description" test -n "$(info description "$1")" -a -n "$(info author "$1")"
  check "modinfo: every parameter has a description" equals \
    "simulator_cpu slot_count slot_size" \
    "$(info parm "$1" | sed -n 's/:.*(uint)$//p' | sort | paste -sd' ')"
}

# suspends NAME IMAGE MODULES: the result is on the guest's console, because its shares
# are gone by then. The guest ends like one that has crashed.
suspends() {
  local console=$out/$1.suspend.console
  # shellcheck disable=SC2016  # the guest's
  vm/guest-run.sh --image "$2" --accel auto --deadline 120 \
    --program build/guest/vm_tests --console "$console" -- \
    env HFT_MODULE="$3/hft.ko" sh -c \
    'vm_tests --gtest_color=no --gtest_also_run_disabled_tests --gtest_filter=*Suspend.* \
       >/dev/console 2>&1; reboot -f' >"$out/$1.suspend.log" 2>&1
  if ! grep -aq 'PM: suspend exit' "$console" ||
    ! grep -aq '\[  PASSED  \] 1 test' "$console"; then
    tail -n 20 "$console" | tr -d '\r'
    return 1
  fi
  kernel_is_well "$console"
}

# dkms_builds KERNEL: in directories of its own, not in those of this machine.
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

# sparse_is_silent KERNEL: about our own files; the kernel's headers are not ours.
sparse_is_silent() {
  local headers work
  headers=$(vm/stock-kernel.sh --headers "$1") || return
  work=$PWD/$out/sparse-$1
  vm/module-tree.sh "$work"
  make -C "$headers" M="$work" W=1 C=2 modules >"$work.log" 2>&1 || {
    tail -n 5 "$work.log"
    return 1
  }
  grep -q '^ *CHECK .*ring\.c' "$work.log" && ! grep "^$work/.*: " "$work.log"
}

# probes KERNEL EXPECTED [MAKE-ARGUMENT...]: the features that driver/Makefile
# found there, and that what depends on them compiles.
probes() {
  local kernel=$1 expected=$2 headers work
  shift 2
  headers=$(vm/stock-kernel.sh --headers "$kernel") || return
  work=$PWD/$out/probes-$kernel
  rm -rf "$work"
  vm/module-tree.sh "$work"
  make -C "$headers" M="$work" V=1 "$@" mmap.o ring.o simulator.o \
    >"$work.log" 2>&1 || {
    tail -n 5 "$work.log"
    return 1
  }
  equals "$expected" "$(grep -oE 'DHFT_HAVE_[A-Z_]+' "$work.log" |
    sort -u | sed 's/^DHFT_HAVE_//' | paste -sd' ')"
}

# The features that driver/Makefile finds in each: vm_flags_mod() came with 6.3,
# eventfd_signal(ctx) with 6.8.
declare -A features=(
  [stock-6.1]=""
  [stock-6.12]="EVENTFD_SIGNAL_ONE VM_FLAGS_MOD"
)
mapfile -t stock < <(kernels users stock)
for kernel in "${stock[@]}"; do
  modules=$(vm/build-module.sh "$kernel")
  check "$kernel: the module builds without warnings" equals 0 $? || continue
  image=$(vm/stock-kernel.sh "$kernel")
  describes_itself "$modules/hft.ko" "$(cat "$image/release")"
  module_tests "$kernel" "$image" "$out" "$modules"
  check "$kernel: the simulator outlives a suspension" \
    suspends "$kernel" "$image" "$modules"
  check "$kernel: sparse finds nothing" sparse_is_silent "$kernel"
  check "$kernel: dkms builds it" dkms_builds "$kernel"
  check "$kernel: probes" probes "$kernel" "${features[$kernel]-an entry in features}"
done
# hrtimer_setup() is of 6.13, and lent to 6.12 here.
check "6.13: probes" probes stock-6.12 "EVENTFD_SIGNAL_ONE HRTIMER_SETUP VM_FLAGS_MOD" \
  KCFLAGS="-include $PWD/tests/probes/hrtimer_setup.h"

./sandbox run --kernel "${stock[0]}" --samples 200 --output "$out/run"
check "a run on ${stock[0]} succeeds" equals 0 $?
check "its results are what they should be" python3 tests/stages/check_results.py \
  "$out/run/results.json" 200 read shm lamport ring
summary
