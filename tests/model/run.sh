#!/bin/bash
# SPDX-License-Identifier: MIT
# The ring's protocols, exhaustively, under a memory weaker than x86; and each
# of them without one of its barriers, which has to fail: docs/model.md.
#
#   tests/model/run.sh [WORD...]    only the checks whose name has a WORD
set -uo pipefail
# shellcheck source=tests/stages/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

for tool in spin gcc; do
  command -v "$tool" >/dev/null || {
    echo "expected the program '$tool', found none: apt-get install $tool" >&2
    exit 69
  }
done
words=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tests/model/*.pml "$work"

wanted() { # NAME
  local word
  ((${#words[@]})) || return 0
  for word in "${words[@]}"; do [[ $1 != *"$word"* ]] || return 0; done
  return 1
}

explore() { # OPTIMISATION MODEL DEFINE...: pan's output in $work/log
  local optimisation=$1 model=$2
  shift 2
  (
    cd "$work" && rm -f pan pan.* ./*.trail &&
      spin -a "${@/#/-D}" "$model.pml" &&
      gcc "$optimisation" -w -DSAFETY -DCOLLAPSE -DPRINTF -DVECTORSZ=8192 \
        -DMEMLIM=1000 -o pan pan.c &&
      ./pan -m100000 -w22
  ) >"$work/log" 2>&1
}

# The property that did not hold; empty when the search ended otherwise.
broken_property() {
  sed -nE 's/^(.+)pan:[0-9]+: assertion violated.*/\1/p' "$work/log"
}

searched_all() {
  grep -q '^Full statespace search' "$work/log" &&
    grep -q 'errors: 0$' "$work/log" &&
    grep -q 'invalid end states.*+' "$work/log" &&
    ! grep -qiE 'depth too small|out of memory|not completed|truncated' \
      "$work/log"
}

bad() { # NAME EXPECTED
  printf 'FAIL %s: expected %s, found: %s; see docs/model.md\n' "$1" "$2" \
    "$(broken_property | grep . || grep -m 1 -iE 'error|pan:' "$work/log" ||
      echo 'a search without errors')"
  failed=$((failed + 1))
}

# holds NAME MODEL DEFINE...: no property fails in any state.
holds() {
  local name=$1
  wanted "$name" || return 0
  explore -O1 "${@:2}"
  if searched_all; then
    printf 'ok %s: %s states\n' "$name" \
      "$(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' "$work/log")"
    passed=$((passed + 1))
  else
    bad "$name" 'a complete search without errors'
  fi
}

# fails NAME PROPERTY MODEL DEFINE...: a counterexample to PROPERTY exists.
fails() {
  local name=$1 property=$2
  wanted "$name" || return 0
  explore -O0 "${@:3}" # found before it would have been optimised
  if [[ $(broken_property) == "$property" ]]; then
    printf 'ok %s: "%s" fails, found\n' "$name" "$property"
    passed=$((passed + 1))
  else
    bad "$name" "a counterexample to '$property'"
  fi
}

readonly kFlag='a flag comes after what it announces'
readonly kStore='a store comes before a later load'
fails 'memory: message passing, relaxed' "$kFlag" litmus MESSAGE_PASSING
fails 'memory: message passing, stores unordered' "$kFlag" \
  litmus MESSAGE_PASSING LOAD=load_acquire
fails 'memory: message passing, loads unordered' "$kFlag" \
  litmus MESSAGE_PASSING STORE=store_release
holds 'memory: message passing, release and acquire' \
  litmus MESSAGE_PASSING STORE=store_release LOAD=load_acquire
fails 'memory: store buffering, release and acquire' "$kStore" \
  litmus STORE_BUFFERING STORE=store_release LOAD=load_acquire
holds 'memory: store buffering, fences' litmus STORE_BUFFERING FENCES
holds 'memory: store buffering, membarrier' litmus STORE_BUFFERING MEMBARRIER
holds 'memory: coherence' litmus COHERENCE
fails 'memory: causality of three, stores unordered' "$kFlag" \
  litmus CAUSALITY LOAD=load_acquire
holds 'memory: causality of three, release and acquire' \
  litmus CAUSALITY STORE=store_release LOAD=load_acquire
holds 'memory: fetch-add' litmus ADDITION
holds 'memory: compare-exchange' litmus EXCHANGE

readonly kWhole='each record arrives whole and in its place'
readonly kRead='no record is overwritten while it is read'
holds 'publish K=1' publish K=1 OFFERED=8
holds 'publish K=2' publish K=2 OFFERED=10
for k in 1 2; do
  offered=OFFERED=$((4 * k + 2))
  fails "publish K=$k without publish's release" "$kWhole" \
    publish K=$k $offered RELAXED_PUBLISH
  fails "publish K=$k without publish's acquire" "$kWhole" \
    publish K=$k $offered RELAXED_READ
  fails "publish K=$k without release's release" "$kRead" \
    publish K=$k $offered RELAXED_FLUSH
  fails "publish K=$k without release's acquire" "$kRead" \
    publish K=$k $offered RELAXED_ROOM
done

readonly kAccepted='each accepted record is whole and in its place'
holds 'overwrite K=1' overwrite K=1 POSITIONS=8
holds 'overwrite K=2' overwrite K=2 POSITIONS=10
for k in 1 2; do
  positions=POSITIONS=$((4 * k + 2))
  fails "overwrite K=$k without the 0 mark" "$kAccepted" \
    overwrite K=$k $positions NO_ZERO_MARK
  fails "overwrite K=$k without the words' release" "$kAccepted" \
    overwrite K=$k $positions RELAXED_WORD_STORES
  fails "overwrite K=$k without the words' acquire" "$kAccepted" \
    overwrite K=$k $positions RELAXED_WORD_LOADS
  fails "overwrite K=$k without the last store's release" "$kAccepted" \
    overwrite K=$k $positions RELAXED_PUBLISH
  fails "overwrite K=$k without the first look's acquire" "$kAccepted" \
    overwrite K=$k $positions RELAXED_READ
done

readonly kFill='no two producers fill a slot at once'
readonly kOnce='each position is published once'
readonly kRoom='no offer is dropped while there is room'
readonly kOffered='published and dropped make offered'
holds 'nested drop' nested OFFERED=4
holds 'nested drop, discarding' nested OFFERED=3 DISCARDS=1
holds 'nested drop, hostile consumer' nested OFFERED=6 HOSTILE
holds 'nested overwrite' nested OFFERED=4 OVERWRITE
holds 'nested drop, given back twice' nested OFFERED=3 GIVEN_BACK_TWICE
holds 'nested overwrite, given back twice' \
  nested OFFERED=3 OVERWRITE GIVEN_BACK_TWICE
readonly kOld='with the position taken at publish'
fails "nested drop $kOld" "$kFill" \
  nested OFFERED=2 TAKEN_AT_PUBLISH NO_BUSY_CHECK
fails "nested drop, hostile, $kOld" "$kFill" \
  nested OFFERED=2 HOSTILE TAKEN_AT_PUBLISH NO_BUSY_CHECK
fails "nested overwrite $kOld" "$kFill" \
  nested OFFERED=2 OVERWRITE TAKEN_AT_PUBLISH NO_BUSY_CHECK
fails 'nested drop, hostile, without the busy check' "$kFill" \
  nested HOSTILE NO_BUSY_CHECK
fails "nested drop, hostile, without the busy check's acquire" "$kFill" \
  nested HOSTILE RELAXED_TURN_LOAD
fails "nested drop, hostile, without the turn's release" "$kFill" \
  nested HOSTILE RELAXED_TURN_STORE
fails 'nested drop, hostile, with a turn before publishing' "$kFill" \
  nested HOSTILE TURN_BEFORE_PUBLISHED
fails 'nested drop, hostile, with a turn before the words' "$kFill" \
  nested HOSTILE TURN_BEFORE_WORDS
fails 'nested drop, hostile, with 0 as a turn of every lap' "$kFill" \
  nested HOSTILE ZERO_IS_FREE
fails "nested drop without the busy check's acquire" "$kRoom" \
  nested RELAXED_TURN_LOAD
fails "nested drop without the turn's release" "$kRoom" \
  nested RELAXED_TURN_STORE
fails "nested drop without publish's release" "$kWhole" nested RELAXED_PUBLISH
fails "nested drop without publish's acquire" "$kWhole" nested RELAXED_READ
fails "nested drop without release's release" "$kRead" nested RELAXED_FLUSH
fails "nested drop without release's acquire" "$kRead" nested RELAXED_ROOM
fails "nested drop without the cache's release" "$kRead" \
  nested RELAXED_CACHE_STORE
fails "nested drop without the cache's acquire" "$kRead" \
  nested RELAXED_CACHE_LOAD
fails 'nested drop with counts that are not atomic' "$kOffered" \
  nested PLAIN_COUNT
fails 'nested overwrite without the busy check' "$kFill" \
  nested OVERWRITE NO_BUSY_CHECK
fails "nested overwrite without the busy check's acquire" "$kFill" \
  nested OVERWRITE RELAXED_TURN_LOAD
fails "nested overwrite without the turn's release" "$kFill" \
  nested OVERWRITE RELAXED_TURN_STORE
fails 'nested overwrite with a turn before publishing' "$kFill" \
  nested OVERWRITE TURN_BEFORE_PUBLISHED
fails 'nested overwrite with a turn before the words' "$kFill" \
  nested OVERWRITE TURN_BEFORE_WORDS
fails 'nested overwrite with 0 as a turn of every lap' "$kFill" \
  nested OVERWRITE ZERO_IS_FREE
fails 'nested overwrite without the mark' "$kAccepted" nested OVERWRITE NO_MARK
fails "nested overwrite without the words' release" "$kAccepted" \
  nested OVERWRITE RELAXED_WORD_STORES
fails "nested overwrite without the words' acquire" "$kAccepted" \
  nested OVERWRITE RELAXED_WORD_LOADS
fails "nested overwrite without publish's release" "$kAccepted" \
  nested OVERWRITE RELAXED_PUBLISH
fails "nested overwrite without the first look's acquire" "$kAccepted" \
  nested OVERWRITE RELAXED_READ
for mode in drop overwrite; do
  fails "nested $mode, given back twice without a look" "$kOnce" \
    nested "${mode^^}" GIVEN_BACK_TWICE NO_LOOK_BEFORE_PUBLISHING
  fails "nested $mode with a plain increment" "$kFill" \
    nested "${mode^^}" PLAIN_INCREMENT
  fails "nested $mode with a look for room after taking" "$kOnce" \
    nested "${mode^^}" LATE_ROOM
  fails "nested $mode without a second look at the position" "$kRoom" \
    nested "${mode^^}" NO_SECOND_LOOK
done

readonly kSleeps='no consumer sleeps while a record is published'
holds 'sleep with membarrier' sleep POSITIONS=4
holds 'sleep with a fence on each side' sleep POSITIONS=4 FENCE_BOTH
fails "sleep with the producer's fence alone" "$kSleeps" \
  sleep FENCE_OF_PRODUCER
fails "sleep with the consumer's fence alone" "$kSleeps" \
  sleep FENCE_OF_CONSUMER
fails 'sleep without membarrier' "$kSleeps" sleep NO_BARRIER
fails 'sleep without the second look' "$kSleeps" sleep NO_SECOND_LOOK
fails 'sleep with a producer that always wakes' \
  'only a consumer that asked is woken' sleep WAKES_ALWAYS

holds 'sleep by a descriptor' sleep DOORBELL POSITIONS=4
holds 'sleep by a descriptor, with a fence on each side' \
  sleep DOORBELL FENCE_BOTH
fails 'sleep by a descriptor without membarrier' "$kSleeps" \
  sleep DOORBELL NO_BARRIER
fails 'sleep by a descriptor without the second look' "$kSleeps" \
  sleep DOORBELL NO_SECOND_LOOK
fails 'sleep by a descriptor with the request taken after the signal' \
  "$kSleeps" sleep DOORBELL SIGNAL_FIRST
fails 'sleep by a descriptor with signals taken after the next request' \
  "$kSleeps" sleep DOORBELL LATE_TAKE
fails 'sleep by a descriptor with a producer that always signals' \
  'only a consumer that asked is woken' sleep DOORBELL WAKES_ALWAYS

holds 'wake through irq_work' wake POSITIONS=4
fails "wake without the producer's fence" "$kSleeps" wake NO_FENCE_OF_PRODUCER
fails "wake without the consumer's fence" "$kSleeps" wake NO_FENCE_OF_CONSUMER
fails 'wake without the second look' "$kSleeps" wake NO_SECOND_LOOK
fails 'wake without a grace period after declaring' "$kSleeps" \
  wake NO_GRACE_PERIOD
fails 'wake with a look at the eventfd before the fence' "$kSleeps" \
  wake EVENTFD_FIRST
fails 'wake with the request taken after the signal' "$kSleeps" wake LATE_TAKE
fails 'wake with a producer that always wakes' \
  'only a consumer that asked is woken' wake WAKES_ALWAYS

holds 'wake by two producers' wake TWO_PRODUCERS POSITIONS=2
for mutation in NO_FENCE_OF_PRODUCER NO_FENCE_OF_CONSUMER NO_SECOND_LOOK \
  NO_GRACE_PERIOD EVENTFD_FIRST LATE_TAKE; do
  fails "wake by two producers, $mutation" "$kSleeps" \
    wake TWO_PRODUCERS $mutation
done
fails 'wake by two producers that always wake' \
  'only a consumer that asked is woken' wake TWO_PRODUCERS WAKES_ALWAYS

holds 'bell of a BPF ring' bell POSITIONS=4
holds 'bell of a BPF ring, two producers' bell TWO_PRODUCERS POSITIONS=2
for producers in ONE TWO; do
  positions=POSITIONS=$([[ $producers == ONE ]] && echo 3 || echo 2)
  for mutation in NO_FENCE_OF_TAKING NO_FENCE_OF_CONSUMER NO_LAST_LOOK \
    NO_LOOK_AT_TAKEN NO_BARRIER_OF_ALL LOOKS_BEFORE_PUBLISHING; do
    fails "bell, producers: ${producers,,}, $mutation" "$kSleeps" \
      bell "${producers}_PRODUCERS" "$positions" "$mutation"
  done
  fails "bell, producers: ${producers,,}, always waking" \
    'only a consumer that asked is woken' \
    bell "${producers}_PRODUCERS" "$positions" WAKES_ALWAYS
done
fails 'bell, two producers with a request that is not exchanged' \
  'only a consumer that asked is woken' \
  bell TWO_PRODUCERS POSITIONS=2 PLAIN_TAKE

holds 'recover K=1, one kill' recover K=1 POSITIONS=6 KILLS=1
holds 'recover K=1, two kills' recover K=1 POSITIONS=3 KILLS=2
holds 'recover K=2, one kill' recover K=2 POSITIONS=5 KILLS=1
holds 'recover overwrite K=1, one kill' \
  recover OVERWRITE K=1 POSITIONS=5 KILLS=1
holds 'recover overwrite K=1, two kills' \
  recover OVERWRITE K=1 POSITIONS=3 KILLS=2
holds 'recover overwrite K=2, one kill' \
  recover OVERWRITE K=2 POSITIONS=6 KILLS=1
for k in 1 2; do
  fails "recover K=$k from the producer page" \
    'each position is published once and in order' \
    recover K=$k KILLS=1 STALE_RECOVERY
  fails "recover K=$k without its acquire" "$kRead" \
    recover K=$k KILLS=1 RELAXED_RECOVERY
done
summary
