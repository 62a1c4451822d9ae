# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the commands: the options they share.
#
#   parse_options "kernel accel deadline" "$@"
#   set -- "${rest[@]}"            what is no option, or followed --
#   image=$(build_kernel)

# Each is read by some command.
# shellcheck disable=SC2034
{
  kernel=custom-6.1
  kernel_src=''
  accel=auto
  deadline=''
  output=''
  samples=''
  quick=0
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
          die "$EXIT_USAGE" "unknown option '$1'" "there are:${allowed// / --}help"
        case $name in
          quiet) HFT_QUIET=1 ;;
          quick | cache) declare -g "$name=1" ;;
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
  case $kernel in
    custom-6.1 | custom-6.12 | test-6.1) ;;
    *) die "$EXIT_USAGE" "--kernel $kernel: expected custom-6.1, custom-6.12 or test-6.1" \
      "any other tree is given as --kernel-src DIR" ;;
  esac
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
  [[ -n $kernel_src || $kernel == test-* ]] || groups+=("$kernel")
  "$HFT_ROOT/vm/deps.sh" "${groups[@]}"
}

# build_kernel: prints the folder of the image that the options ask for.
build_kernel() {
  if [[ -n $kernel_src ]]; then
    "$HFT_ROOT/vm/build-kernel.sh" --kernel-src "$kernel_src"
  else
    "$HFT_ROOT/vm/build-kernel.sh" "$kernel"
  fi
}
