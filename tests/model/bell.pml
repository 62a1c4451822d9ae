/* SPDX-License-Identifier: MIT */
/*
 * The doorbell of a BPF ring: a consumer that asks is woken for every record
 * published after that, by the program that takes its request back.
 *
 *	spin -a bell.pml
 *	spin -a -DTWO_PRODUCERS bell.pml
 *
 * A program has no fence between publishing and its look at the request. It has
 * one when it takes its position. So a consumer that sees no position taken may
 * sleep; one that does has every CPU pass a fence first (membarrier(2), a grace
 * period of RCU), and looks again.
 */
#ifndef POSITIONS
#define POSITIONS 3
#endif
#define PRODUCER 0
#define CONSUMER 1
#ifdef TWO_PRODUCERS
#define OTHER 2
#define THREADS 3
#endif

/* Without laps: each position has a slot. */
#define PUBLISHED(pos) (pos)
#define WAITING POSITIONS
#define TAKEN (POSITIONS + 1)
#define LOCATIONS (POSITIONS + 2)
#ifndef ASKS
#define ASKS (POSITIONS + 1) /* after so many it only spins */
#endif
#define WRITES (3 * ASKS + 1)
#ifdef TWO_PRODUCERS
#define READS(thread, location) \
  ((location) == WAITING || (location) == TAKEN || (thread) == CONSUMER)
#endif
#include "memory.pml"

bool rung; /* the descriptor is readable */
byte publishing; /* producers between publishing and ringing */
byte asked, wakeups;

/* Sleeper::settle(): every CPU passes a fence, whatever it runs. */
inline settle() {
#ifndef NO_BARRIER_OF_ALL
  membarrier(CONSUMER, PRODUCER);
#ifdef TWO_PRODUCERS
  membarrier(CONSUMER, OTHER);
#endif
#else
  skip;
#endif
}

/* Consumer::ask_and_look() */
inline ask_and_look() {
  atomic {
    store_relaxed(CONSUMER, WAITING, 1);
    asked++
  }
#ifndef NO_FENCE_OF_CONSUMER
  fence(CONSUMER); /* pairs with taking a position: ask, then look */
#endif
  /* Without this look it would settle where it need not. */
  load_acquire(CONSUMER, PUBLISHED(pos), looked);
  if
  :: looked <= pos ->
#ifndef NO_LOOK_AT_TAKEN
     load_acquire(CONSUMER, TAKEN, looked);
     if
     :: looked != pos ->
        settle();
#ifndef NO_LAST_LOOK
        load_acquire(CONSUMER, PUBLISHED(pos), looked)
#else
        looked = 0
#endif
     :: else
     fi
#endif
  :: else
  fi
}

/* Sleeper::withdraw() */
inline withdraw() {
  exchange_relaxed(CONSUMER, WAITING, 0, looked);
  rung = false;
  looked = 0
}

inline wait_for_ring() {
  do
  :: rung -> break
  :: !rung && !publishing && newest(PUBLISHED(pos)).value > pos ->
     property(no consumer sleeps while a record is published, false)
  od
}

/* Consumer::prepare_wait(), the wait, Consumer::finish_wait() */
inline consumer_sleep() {
  ask_and_look();
  if
  :: looked <= pos -> looked = 0; wait_for_ring()
  :: else
  fi;
  withdraw()
}

/* hft_bpf_take(): a full fence on both of its sides; positions are taken in
 * turn (nested.pml shows that). */
inline take(me) {
  atomic {
    fence(me);
    fetch_add_relaxed(me, TAKEN, 1, pos);
#ifndef NO_FENCE_OF_TAKING
    fence(me)
#endif
  }
}

/* hft_bpf_wake_if_asked() */
inline wake_if_asked(me) {
  load_relaxed(me, WAITING, waiting);
  if
  :: waiting ->
     /* One request, one wake-up, whoever takes it. */
#ifdef PLAIN_TAKE
     store_relaxed(me, WAITING, 0)
#else
     exchange_relaxed(me, WAITING, 0, waiting)
#endif
  :: else
  fi;
#ifdef WAKES_ALWAYS
  waiting = 1;
#endif
  if
  :: waiting ->
     atomic {
       wakeups++;
       rung = true;
       property(only a consumer that asked is woken, wakeups <= asked)
     }
  :: else
  fi;
  waiting = 0
}

/* Either publishes its position before or after the other's. */
inline publish_all(me) {
  do
  :: newest(TAKEN).value < POSITIONS ->
     atomic {
       if
       :: newest(TAKEN).value < POSITIONS -> skip
       :: else -> break
       fi;
       take(me)
     }
#ifdef LOOKS_BEFORE_PUBLISHING
     publishing++;
     wake_if_asked(me);
     store_release(me, PUBLISHED(pos), pos + 1);
     publishing--;
#else
     atomic {
       publishing++;
       store_release(me, PUBLISHED(pos), pos + 1);
     }
     wake_if_asked(me);
     publishing--;
#endif
     pos = 0
  :: newest(TAKEN).value == POSITIONS -> break
  od
}

active proctype First() {
  byte pos, waiting;

  publish_all(PRODUCER)
}

#ifdef TWO_PRODUCERS
active proctype Second() {
  byte pos, waiting;

  publish_all(OTHER)
}
#endif

active proctype Consumer() {
  byte pos, looked;

  do
  :: pos < POSITIONS ->
     load_acquire(CONSUMER, PUBLISHED(pos), looked);
     if
     :: looked > pos -> pos++
     :: looked <= pos && asked < ASKS -> looked = 0; consumer_sleep()
     :: looked <= pos /* spins */
     fi;
     looked = 0
  :: else -> break
  od
}
