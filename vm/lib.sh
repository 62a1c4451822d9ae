# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by every script here: exit statuses, messages, places.
#
#   . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#   phase "Building the kernel"
#   [[ -f $image ]] || die "$EXIT_KERNEL" "no image: expected $image"

. "$(dirname "${BASH_SOURCE[0]}")/kernels.sh"

# shellcheck disable=SC2034  # for the scripts that source this
HFT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HFT_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/hft-sandbox

# The sandbox's own exit statuses; `./sandbox --help` lists them.
# shellcheck disable=SC2034  # each is used by some script
{
  EXIT_USAGE=64        # the command line is wrong
  EXIT_TREE=65         # the kernel tree is not one we can build
  EXIT_UNAVAILABLE=69  # a program or package is missing
  EXIT_CANNOT_WRITE=73 # a directory cannot be written, or the disk is full
  EXIT_KERNEL=80       # the kernel did not build
  EXIT_PANIC=81        # the guest's kernel panicked
  EXIT_HANG=82         # the guest was not done by the deadline
  EXIT_OOM=83          # the guest ran out of memory
  EXIT_PATH=84         # a measured path failed
  EXIT_NATIVE=85       # our own programs did not build
  EXIT_GUEST=86        # the guest ended without saying how
}

# HFT_STARTED: when the command the user typed began, in microseconds.
: "${HFT_STARTED:=${EPOCHREALTIME/[.,]/}}"
export HFT_STARTED
# HFT_QUIET: 1 leaves out the phases, never an error.
: "${HFT_QUIET:=0}"
export HFT_QUIET

# Compilers run by us cache below our own folder.
export CCACHE_DIR=$HFT_CACHE/ccache

# elapsed: seconds since the command began, such as "12.3".
elapsed() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - HFT_STARTED) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# phase TEXT...: announces a step on stderr.
phase() {
  [[ $HFT_QUIET == 1 ]] || printf '[%6s s] %s\n' "$(elapsed)" "$*" >&2
}

# warn TEXT...
warn() { printf 'sandbox: warning: %s\n' "$*" >&2; }

# die STATUS TEXT...: an error says what was expected, what was found and what
# to do; further arguments are printed on lines of their own.
die() {
  local status=$1
  shift
  printf 'sandbox: %s\n' "$1" >&2
  shift
  [[ $# == 0 ]] || printf '  %s\n' "$@" >&2
  exit "$status"
}

# host_cpus: the CPUs we may run on, one a line.
host_cpus() {
  local range
  for range in $(taskset -cp $$ | sed 's/.*: //;s/,/ /g'); do
    seq "${range%-*}" "${range#*-}"
  done
}

# killed_for_memory CONSOLE: whether a guest's kernel ran out of memory and killed.
killed_for_memory() { grep -q 'Out of memory: Killed process' "$1"; }

# show_tail LOG LINES: prints the end of a log, and where the rest is.
show_tail() {
  printf -- '---- last lines of %s\n' "$1" >&2
  tail -n "$2" -- "$1" | tr -d '\r' >&2
  printf -- '---- the whole log: %s\n' "$1" >&2
}

# usage_of FILE: the comment at its top, below the licence line. The kernels for
# users stand for a line "KERNELS".
usage_of() {
  sed -n '3,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$1" | sed -e '/^ *KERNELS$/{r /dev/fd/3' -e 'd}' 3< <(kernel_help)
}

# make_dir DIR...: creates folders, or says why it cannot.
make_dir() {
  local dir error
  for dir; do
    error=$(mkdir -p -- "$dir" 2>&1) ||
      die "$EXIT_CANNOT_WRITE" "cannot create $dir: ${error##*: }"
  done
}

# disk_is_full DIR: true when less than 1 MiB is left there.
disk_is_full() {
  local free
  free=$(df --output=avail -k -- "$1" 2>/dev/null | tail -n 1)
  [[ -n $free ]] && ((free < 1024))
}

# fail_writing [--remove PATH] DIR STATUS TEXT...: die, telling a full disk from
# other failures. It looks at the disk before it removes PATH, which is half written:
# without PATH the disk would not be full any more.
fail_writing() {
  local remove='' full=0 dir status
  if [[ $1 == --remove ]]; then
    remove=$2
    shift 2
  fi
  dir=$1 status=$2
  shift 2
  ! disk_is_full "$dir" || full=1
  [[ -z $remove ]] || rm -rf -- "$remove"
  [[ $full == 0 ]] ||
    die "$EXIT_CANNOT_WRITE" "$1: the disk that holds $dir is full" \
      "free some space there, or set XDG_CACHE_HOME to a larger disk"
  die "$status" "$@"
}
