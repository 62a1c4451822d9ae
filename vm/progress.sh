# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced: how far a kernel build is, from its log.
#
#   progress_start LOG STEPS_FILE    STEPS_FILE: the count of an earlier build
#   make … >>LOG
#   progress_stop
#   progress_keep LOG STEPS_FILE

# The steps that a first build is measured against: those of our larger kernel.
progress_default_steps=1450

progress_count() { grep -c '^  [A-Z]' "$1" || true; }

# progress_keep: remembers the largest build. A build that redid only a few files says
# nothing about the number of steps.
progress_keep() {
  local steps earlier
  steps=$(progress_count "$1")
  earlier=$(cat "$2" 2>/dev/null || echo 0)
  ((steps <= earlier)) || printf '%d\n' "$steps" >"$2"
}

progress_start() {
  [[ $HFT_QUIET != 1 ]] || return 0
  progress_loop "$1" "$(cat "$2" 2>/dev/null || echo $progress_default_steps)" 9>&- &
  progress_pid=$!
}

progress_stop() {
  [[ -n ${progress_pid:-} ]] || return 0
  kill "$progress_pid" 2>/dev/null || true
  wait "$progress_pid" 2>/dev/null || true
  progress_pid=
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# On a terminal one line is redrawn; elsewhere there is a line now and then.
progress_loop() {
  local log=$1 steps=$2 every=15 start='' end='\n' done_
  [[ ! -t 2 ]] || every=1 start='\r\033[K' end=''
  while sleep "$every"; do
    done_=$(progress_count "$log")
    ((done_ <= steps)) || steps=$done_
    printf '%b[%6s s]   %d of about %d steps (%d %%)%b' "$start" "$(elapsed)" \
      "$done_" "$steps" $((100 * done_ / steps)) "$end" >&2
  done
}
