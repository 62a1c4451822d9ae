#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a kernel with the driver in it and prints the folder that holds
# bzImage, config, key and release.
#
#   vm/build-kernel.sh [--module] KERNEL
#   vm/build-kernel.sh [--module | --bpf] --kernel-src DIR
#
# KERNEL is one of the table in vm/kernels.sh, but not Debian's own.
# --module builds the driver beside it, as modules/hft.ko, and the example of
# examples/kernel. --bpf leaves the driver out: a kernel for rings from BPF.
#
# The folder is named by a hash of everything that goes in, so a finished kernel
# is found again at once; a changed one is built incrementally.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/progress.sh"
. "$(dirname "${BASH_SOURCE[0]}")/make-module.sh"

readonly configs=$HFT_ROOT/vm/configs
compiler=${CC:-gcc}

# fragments: the config fragments that the kernel is made of, in order.
fragments() {
  local name
  for name in base "$config" "$variant"; do
    [[ -z $name ]] || printf '%s\n' "$configs/$name.config"
  done
}

# image_key IDENTITY: a hash of all that goes into the image.
image_key() {
  {
    printf '%s\n' "$1"
    "$compiler" --version
    [[ $variant != bpf ]] || pahole --version
    fragments | xargs -d '\n' cat
    cat "$HFT_ROOT"/vm/{patch-tree,build-kernel}.sh
    module_inputs | xargs -0 sha256sum | sed "s|$HFT_ROOT/||"
  } | sha256sum | cut -c 1-16
}

# in_tree ARGS...: make in the tree, out of it; the same words each time, so
# that ccache hits.
in_tree() {
  make -C "$tree" O="$out" ARCH=x86 CC="ccache $compiler" HOSTCC="ccache $compiler" \
    KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' \
    KBUILD_BUILD_USER=hft KBUILD_BUILD_HOST=sandbox KBUILD_BUILD_VERSION=1 \
    LOCALVERSION= "$@" </dev/null >>"$log" 2>&1
}

# The errors themselves may be far up: the other jobs of make go on.
step_failed() { # STEP
  grep -m 5 -E '(error|ERROR):|\*\*\*' "$log" >&2 || true
  show_tail "$log" 20
  fail_writing "$out" "$EXIT_KERNEL" "kernel $flavour: $1 failed"
}

# check_config: every line of the fragments took effect.
check_config() {
  local line name absent
  absent=" $(fragments | xargs -d '\n' sed -n 's/^# may be absent: //p' | tr '\n' ' ') "
  while IFS= read -r line; do
    case $line in
      CONFIG_*=*) name=${line%%=*} ;;
      '# CONFIG_'*' is not set') name=${line#\# } name=${name%% *} ;;
      *) continue ;;
    esac
    case $line in
      CONFIG_*) grep -qxF "$line" "$out/.config" && continue ;;
      *) grep -q "^$name=" "$out/.config" || continue ;;
    esac
    [[ $absent != *" ${name#CONFIG_} "* ]] || continue
    die "$EXIT_KERNEL" "kernel $flavour: expected $line, found $(
      grep -m 1 -w "$name" "$out/.config" || printf 'no %s' "$name")" \
      "this tree lacks the option or something it depends on; see $out/.config"
  done < <(fragments | xargs -d '\n' cat |
    # A later fragment overrides an earlier one.
    awk '/CONFIG_/ { line = $0; sub(/^# /, ""); sub(/[= ].*/, ""); last[$0] = line }
         END { for (name in last) print last[name] }')
}

# tinyconfig's own fragments and ours are given to allnoconfig together: a
# symbol that only ours make visible stays off, where olddefconfig after
# tinyconfig would give it its default.
configure() {
  cat "$tree"/kernel/configs/tiny*.config "$tree"/arch/x86/configs/tiny.config \
    2>/dev/null >"$out/hft.config" || true
  fragments | xargs -d '\n' cat >>"$out/hft.config"
  in_tree KCONFIG_ALLCONFIG="$out/hft.config" allnoconfig ||
    step_failed "make allnoconfig"
  check_config
}

# build_modules: against what the kernel exports, which is in Module.symvers
# before 5.8 and in vmlinux.symvers after. Not `make modules`, which would build
# whatever the tree has of its own that asks for no option.
build_modules() {
  local work=$out/hft-module
  rm -rf "$work"
  make_dir "$work"
  phase "Kernel $flavour: building the module"
  in_tree modules_prepare || step_failed "make modules_prepare"
  [[ ! -f $out/vmlinux.symvers ]] || cp "$out/vmlinux.symvers" "$out/Module.symvers"
  make_modules "$out" "$work" "$log" || step_failed "the module"
}

build() {
  make_dir "$out"
  : >"$log" || fail_writing "$out" "$EXIT_CANNOT_WRITE" "cannot write $log"
  phase "Kernel $flavour: patching"
  "$HFT_ROOT/vm/patch-tree.sh" "$tree"
  phase "Kernel $flavour: configuring"
  configure
  phase "Kernel $flavour: building (log: $log)"
  progress_start "$log" "$HFT_CACHE/build/$flavour.steps"
  if ! in_tree -j "$(nproc)" bzImage; then
    progress_stop
    step_failed "make bzImage"
  fi
  progress_stop
  progress_keep "$log" "$HFT_CACHE/build/$flavour.steps"
  [[ $variant != module ]] || build_modules
}

store() {
  rm -rf "$image.partial"
  make_dir "$image.partial"
  {
    cp "$out/arch/x86/boot/bzImage" "$image.partial/bzImage" &&
      cp "$out/.config" "$image.partial/config" &&
      cp "$out/include/config/kernel.release" "$image.partial/release" &&
      printf '%s\n' "$key" >"$image.partial/key" &&
      # A kernel that counts the lines that ran names them by these.
      find "$out/drivers" -path '*/hft/*.gcno' -exec cp -t "$image.partial" {} + &&
      { [[ $variant != module ]] || cp -r "$out/hft-module/modules" "$image.partial/"; }
  } || fail_writing --remove "$image.partial" "$HFT_CACHE" "$EXIT_CANNOT_WRITE" \
    "cannot store the kernel in $image"
  mv -T "$image.partial" "$image"
}

variant=''
case ${1:-} in
  --module | --bpf) variant=${1#--}; shift ;;
esac
case ${1:-} in
  --help) usage_of "$0"; exit 0 ;;
  '') die "$EXIT_USAGE" "expected a kernel; see $0 --help" ;;
esac
config=$(kernel_config "$1")
facts=$("$HFT_ROOT/vm/kernel-source.sh" --identify "$@")
{ read -r identity; read -r flavour; } <<<"$facts"
[[ -z $variant ]] || flavour+=-$variant
key=$(image_key "$identity")
image=$HFT_CACHE/images/$key
out=$HFT_CACHE/build/$flavour
log=$HFT_CACHE/build/$flavour.log
if [[ ! -d $image ]]; then
  [[ $HFT_CACHE != *[[:space:]:]* ]] ||
    die "$EXIT_CANNOT_WRITE" "the cache is $HFT_CACHE, and kernels do not build below spaces or colons" \
      "set XDG_CACHE_HOME to another directory"
  make_dir "$HFT_CACHE/locks" "$HFT_CACHE/images" "$HFT_CACHE/build" "$HFT_CACHE/src"
  # One kernel at a time: builds share sources and both CPUs.
  exec 9>"$HFT_CACHE/locks/kernel"
  if ! flock -n 9; then
    phase "Waiting for another sandbox to finish its kernel"
    flock 9
  fi
fi
if [[ ! -d $image ]]; then
  facts=$("$HFT_ROOT/vm/kernel-source.sh" "$@")
  tree=${facts##*$'\n'}
  build
  store
fi
printf '%s\n' "$image"
