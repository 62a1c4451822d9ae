# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the commands: the options they share.
#
#   parse_options "kernel accel deadline" "$@"
#   set -- "${rest[@]}"            words that are not options, or follow --
#   image=$(build_kernel)

# Each is read by some command.
# shellcheck disable=SC2034
{
  kernel=$(first_kernel users)
  kernel_src=''
  module=0
  accel=auto
  deadline=''
  output=''
  samples=''
  quick=0
  hostile=0
  cache=0
  rest=()
}

# parse_options ALLOWED WORD...
parse_options() {
  local allowed=" $1 quiet " name
  shift
  while [[ $# -gt 0 ]]; do
    case $1 in
      --help | -h) usage_of "$0"; exit 0 ;;
      --) shift; rest+=("$@"); return ;;
      -*)
        name=${1#--}
        name=${name%%=*}
        [[ $allowed == *" $name "* ]] ||
          die "$EXIT_USAGE" "unknown option '$1'" "expected one of${allowed// / --}help"
        case $name in
          quiet) HFT_QUIET=1 ;;
          quick | cache | hostile | module) declare -g "$name=1" ;;
          *)
            if [[ $1 != *=* ]]; then
              [[ $# -ge 2 ]] || die "$EXIT_USAGE" "$1: expected a value"
              set -- "$1=$2" "${@:3}"
            fi
            declare -g "${name//-/_}=${1#*=}"
            ;;
        esac
        ;;
      *) rest=("$@"); return ;;
    esac
    shift
  done
}

# no_arguments: for commands that take options alone.
no_arguments() {
  [[ ${#rest[@]} == 0 ]] || die "$EXIT_USAGE" "unexpected argument '${rest[0]}'"
}

check_options() {
  local names
  mapfile -t names < <(kernels users)
  kernel_is_known "$kernel" ||
    die "$EXIT_USAGE" "--kernel $kernel: expected $(either "${names[@]}")" \
      "any other tree is given as --kernel-src DIR"
  case $accel in
    auto | kvm | tcg) ;;
    *) die "$EXIT_USAGE" "--accel $accel: expected auto, kvm or tcg" ;;
  esac
  [[ -z $samples || $samples =~ ^[1-9][0-9]{0,8}$ ]] ||
    die "$EXIT_USAGE" "--samples $samples: expected a number from 1 to 999999999"
  [[ -z $deadline || $deadline =~ ^[0-9]{1,6}$ ]] ||
    die "$EXIT_USAGE" "--deadline $deadline: expected seconds, or 0 for none"
}

# install_packages: all at once, before the first of them is needed.
install_packages() {
  local groups=(build run)
  [[ -n $kernel_src ]] || groups+=("$(kernel_packages "$kernel")")
  "$HFT_ROOT/vm/deps.sh" "${groups[@]}"
}

# is_stock: Debian's own kernel is asked for.
is_stock() { [[ -z $kernel_src && $kernel == stock-* ]]; }

# is_module: the driver is a module of the kernel, not part of it.
is_module() { [[ $module == 1 ]] || is_stock; }

# build_kernel: prints the folder of the image that the options ask for.
build_kernel() {
  local which=("$kernel")
  if is_stock; then
    "$HFT_ROOT/vm/stock-kernel.sh" "$kernel"
    return
  fi
  [[ -z $kernel_src ]] || which=(--kernel-src "$kernel_src")
  ! is_module || which=(--module "${which[@]}")
  "$HFT_ROOT/vm/build-kernel.sh" "${which[@]}"
}

# find_driver IMAGE: sets the array driver to the options of vm/guest-run.sh that load
# the module, if the driver is one.
find_driver() {
  local modules=$1/modules
  driver=()
  is_module || return 0
  ! is_stock || modules=$("$HFT_ROOT/vm/build-module.sh" "$kernel")
  driver=(--module "$modules/hft.ko")
}
