#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots a kernel in QEMU and waits for its job to end:
#
#   vm/qemu.sh --image DIR --initramfs FILE --job DIR [--cwd DIR]
#              [--accel kvm|tcg] [--deadline SECONDS] [--interactive]
#
# --image is what vm/build-kernel.sh printed; --job holds what vm/guest/init
# reads and leaves. --deadline 0 waits for ever. The exit status is 0 when the guest
# ended by itself, whatever the status of the command, which is in JOB/status.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

accel=tcg deadline=0 interactive=0 image='' initramfs='' job='' cwd=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --help) usage_of "$0"; exit 0 ;;
    --interactive) interactive=1; shift; continue ;;
    --image | --initramfs | --job | --cwd | --accel | --deadline)
      [[ $# -ge 2 ]] || die "$EXIT_USAGE" "$1: expected a value"
      declare "${1#--}=$2"
      shift 2
      ;;
    *) die "$EXIT_USAGE" "unknown option '$1'; see $0 --help" ;;
  esac
done
for name in image initramfs job; do
  [[ -n ${!name} ]] || die "$EXIT_USAGE" "--$name is missing; see $0 --help"
done
command -v qemu-system-x86_64 >/dev/null ||
  die "$EXIT_UNAVAILABLE" "expected qemu-system-x86_64 in PATH, found none" \
    "apt-get install qemu-system-x86"

readonly console=$job/console.log

# tsc=reliable: an emulated AMD CPU would have its TSC called unstable, and timers
# would fall back to the tick. pmtmr: where SeaBIOS puts the PM timer, which the
# TSC is calibrated against.
append=(
  console=ttyS0 nokaslr isolcpus=1 nohz_full=1 rcu_nocbs=1 irqaffinity=0
  tsc=reliable pmtmr=0x608 panic=-1 random.trust_cpu=on
)
# QEMU's option syntax wants commas doubled.
share() { # TAG DIR OPTIONS
  printf 'local,mount_tag=%s,path=%s,security_model=none,multidevs=remap%s' \
    "$1" "${2//,/,,}" "$3"
}
arguments=(
  -name 'hft,debug-threads=on' -nodefaults -no-user-config -no-reboot
  -display none -machine pc -m 1G
  # The MP table has one CPU a socket.
  -smp 'cpus=2,sockets=2,cores=1,threads=1'
  -kernel "$image/bzImage" -initrd "$initramfs"
  -virtfs "$(share job "$job" '')"
  -virtfs "$(share host / ,readonly=on)"
  -virtfs "$(share cwd "${cwd:-$job}" '')"
)
case $accel in
  kvm) arguments+=(-accel kvm -cpu host) ;;
  tcg) arguments+=(-accel "tcg,thread=multi" -cpu max) ;;
  *) die "$EXIT_USAGE" "--accel $accel: expected kvm or tcg" ;;
esac
if [[ $interactive == 1 ]]; then
  append+=(quiet)
  arguments+=(
    -chardev "stdio,id=console,mux=on,signal=off,logfile=${console//,/,,}"
    -mon chardev=console -serial chardev:console
  )
else
  arguments+=(-serial "file:$console")
fi
arguments+=(-append "${append[*]}")

# pin_consumer: the vCPU that polls gets a host CPU to itself; every other
# thread stays on those QEMU was started on.
pin_consumer() { # PID CPU
  local name task tries
  for ((tries = 0; tries < 100; tries++)); do
    for task in "/proc/$1/task"/*; do
      name=$(cat "$task/comm" 2>/dev/null) || continue
      if [[ $name == "CPU 1/"* ]]; then
        taskset -cp "$2" "${task##*/}" >/dev/null 2>&1 || true
        return
      fi
    done
    sleep 0.01
  done
}

: >"$console" || fail_writing "$job" "$EXIT_CANNOT_WRITE" "cannot write $console"
mapfile -t cpus < <(host_cpus)
if ((${#cpus[@]} >= 2)); then
  consumer_cpu=${cpus[1]}
  others=$(printf '%s\n' "${cpus[@]}" | grep -vx "$consumer_cpu" | paste -sd,)
  launch=(taskset -c "$others" qemu-system-x86_64)
else
  warn "one host CPU: producer and consumer share it, and the figures mean little"
  launch=(qemu-system-x86_64)
fi

qemu='' timer=''
# Whatever ends this script ends QEMU first.
stop_qemu() {
  local tries
  [[ -z $timer ]] || kill "$timer" 2>/dev/null || true
  [[ -n $qemu ]] || return 0
  kill -TERM "$qemu" 2>/dev/null || return 0
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$qemu" 2>/dev/null || return 0
    sleep 0.02
  done
  kill -KILL "$qemu" 2>/dev/null || true
}
trap stop_qemu EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $interactive == 1 ]]; then
  "${launch[@]}" "${arguments[@]}" <&0 &
else
  "${launch[@]}" "${arguments[@]}" </dev/null >"$job/qemu.log" 2>&1 &
fi
qemu=$!
((${#cpus[@]} < 2)) || pin_consumer "$qemu" "$consumer_cpu" &

if [[ $deadline != 0 ]]; then
  # The exec makes the sleep the process that is ended below.
  (exec sleep "$deadline") &
  timer=$!
  wait -n -p ended "$qemu" "$timer" || true
  if [[ $ended == "$timer" ]]; then
    stop_qemu
    show_tail "$console" 20
    # Its kernel does not always find that it is deadlocked.
    ! killed_for_memory "$console" ||
      die "$EXIT_OOM" "the guest ran out of memory, and was not done after $deadline seconds"
    die "$EXIT_HANG" "the guest was not done after $deadline seconds" \
      "--deadline SECONDS allows it more"
  fi
fi
status=0
wait "$qemu" || status=$?
qemu=''
[[ ! -s $job/status ]] || exit 0

if [[ $status != 0 ]]; then
  show_tail "$job/qemu.log" 5
  die "$EXIT_UNAVAILABLE" "qemu-system-x86_64 failed with status $status"
elif grep -qE 'Kernel panic .*(deadlocked on memory|no killable)' "$console"; then
  show_tail "$console" 20
  die "$EXIT_OOM" "the guest ran out of memory"
elif grep -q 'Kernel panic' "$console"; then
  show_tail "$console" 20
  die "$EXIT_PANIC" "the guest's kernel panicked"
fi
show_tail "$console" 20
die "$EXIT_GUEST" "the guest ended before its command did"
