#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs one command in a fresh guest; its output and exit status are ours:
#
#   vm/guest-run.sh --image DIR [--accel auto|kvm|tcg] [--deadline SECONDS]
#                   [--program FILE]... [--module FILE]... [--results DIR]
#                   [--console FILE] -- COMMAND...
#   vm/guest-run.sh --image DIR [--program FILE]... [--module FILE]... --interactive
#
# --program puts a static program into the guest's PATH, --module loads a kernel
# module first, --results is where the guest's /out goes (an existing folder),
# --console where its console goes.
# Exit statuses of our own are listed in vm/lib.sh.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

image='' accel=auto deadline=600 results='' console='' interactive=0
programs=() modules=()
while [[ $# -gt 0 && $1 != -- ]]; do
  case $1 in
    --help) usage_of "$0"; exit 0 ;;
    --interactive) interactive=1; shift; continue ;;
    --image | --accel | --deadline | --results | --console)
      [[ $# -ge 2 ]] || die "$EXIT_USAGE" "$1: expected a value"
      declare "${1#--}=$2"
      ;;
    --program) programs+=("${2:?}") ;;
    --module) modules+=("$(realpath -e -- "${2:?}")") ;;
    *) die "$EXIT_USAGE" "unknown option '$1'; see $0 --help" ;;
  esac
  shift 2
done
[[ ${1:-} != -- ]] || shift
[[ -n $image ]] || die "$EXIT_USAGE" "--image is missing; see $0 --help"

# quoted WORD...: the words as one line of sh.
quoted() {
  local word
  for word; do
    printf "'%s' " "${word//\'/\'\\\'\'}"
  done
  printf '\n'
}

# binds WORD...: for every host file that the command names by an absolute path,
# also within a word, or by a path out of the current directory: source and
# target. Files below the current directory are shared with it already.
binds() {
  local path source
  printf '%s\n' "$@" | grep -oE "[^][ '\";|&<>()=\`\$]*/[^][ '\";|&<>()=\`\$]*" |
    while IFS= read -r path; do
      [[ $path == /* ]] || path=$PWD/$path
      path=$(realpath -s -m -- "$path")
      case $path in
        / | "$PWD" | "$PWD"/* | /proc/* | /sys/* | /dev/* | /job/* | /out/* | /host/*) continue ;;
      esac
      source=$(realpath -e -- "$path" 2>/dev/null) || continue
      printf '%s\t%s\n' "$source" "$path"
    done || true
}

make_dir "$HFT_CACHE/jobs"
# Consoles that were kept for reading, and the folders of runners that were killed.
find "$HFT_CACHE/jobs" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
job=$(mktemp -d "$HFT_CACHE/jobs/XXXXXXXX") ||
  fail_writing "$HFT_CACHE" "$EXIT_CANNOT_WRITE" "cannot write $HFT_CACHE/jobs"
runner='' keep=0
# The console of a guest that failed is kept for reading.
# shellcheck disable=SC2317  # a trap's
finish() {
  if [[ -n $runner ]]; then
    kill "$runner" 2>/dev/null || true
    wait "$runner" 2>/dev/null || true
  fi
  if [[ -n $console ]]; then
    cp "$job/console.log" "$console" 2>/dev/null || true
  fi
  if [[ $keep == 1 ]]; then
    rm -f "$job/initramfs"
  else
    rm -rf "$job"
  fi
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$job/out"
: >"$job/stdout"
: >"$job/stderr"
quoted "$@" >"$job/command"
printf '%s\n' "$PWD" >"$job/cwd"
binds "$@" >"$job/binds"
printf '%s\n' "${modules[@]}" >"$job/modules"
[[ $interactive == 0 ]] || : >"$job/interactive"
"$HFT_ROOT/vm/initramfs.sh" "$image" "$job/initramfs" "${programs[@]}"
accel=$("$HFT_ROOT/vm/accel.sh" "$accel" "$image")

boot=("$HFT_ROOT/vm/qemu.sh" --image "$image" --initramfs "$job/initramfs"
  --job "$job" --cwd "$PWD" --accel "$accel" --deadline "$deadline")
status=0
if [[ $interactive == 1 ]]; then
  "${boot[@]}" --deadline 0 --interactive || status=$?
else
  "${boot[@]}" 2>"$job/runner.log" &
  runner=$!
  # Not on the host CPU of the vCPU that polls.
  mapfile -t cpus < <(host_cpus)
  follow=(taskset -c "${cpus[0]}" tail -c +1 -s 0.2 --pid="$runner" -f)
  "${follow[@]}" "$job/stdout" 2>/dev/null &
  out=$!
  "${follow[@]}" "$job/stderr" >&2 2>/dev/null &
  err=$!
  wait "$runner" || status=$?
  runner=''
  wait "$out" "$err" || true
  cat "$job/runner.log" >&2
fi

if [[ $status == 0 ]]; then
  status=$(cat "$job/status")
  if [[ $status == 137 ]] && killed_for_memory "$job/console.log"; then
    show_tail "$job/console.log" 20
    keep=1
    die "$EXIT_OOM" "the guest ran out of memory, and its kernel killed the command"
  fi
elif ((status < 128)); then
  keep=1
fi
[[ -z $results ]] || cp -r "$job/out/." "$results/" ||
  fail_writing "$results" "$EXIT_CANNOT_WRITE" "cannot write the results to $results"
exit "$status"
