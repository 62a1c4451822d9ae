# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced where the driver is built as a module; needs vm/lib.sh.
#
#   make_modules "$kernel" "$work" "$log" W=1 KCFLAGS=-Werror ||
#     die "$EXIT_KERNEL" "the module did not build"

# make_modules KERNEL WORK LOG MAKE-ARGUMENT...: hft.ko, and hft_probe.ko of
# examples/kernel, into WORK/modules, for the kernel that was built in KERNEL.
# WORK is a folder of its own. The patch that module_patch names is applied.
module_patch=
make_modules() {
  local kernel=$1 work=$2 log=$3
  shift 3
  {
    "$HFT_ROOT/vm/module-tree.sh" "$work/hft" &&
      { [[ -z $module_patch ]] || patch -d "$work/hft" -p2 <"$module_patch"; } &&
      make -C "$kernel" M="$work/hft" "$@" modules &&
      cp -r "$HFT_ROOT/examples/kernel" "$work/example" &&
      make -C "$work/example" KERNEL="$kernel" HFT="$work/hft" "$@" modules &&
      mkdir "$work/modules" &&
      cp "$work/hft/hft.ko" "$work/example/hft_probe.ko" "$work/modules/"
  } </dev/null >>"$log" 2>&1
}

# module_inputs: the files that go into these modules.
module_inputs() {
  printf '%s\0' "$HFT_ROOT"/vm/{module-tree,copy-driver,make-module}.sh
  find "$HFT_ROOT"/{driver,abi,examples/kernel} -type f -print0 | LC_ALL=C sort -z
}
