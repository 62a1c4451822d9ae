/* SPDX-License-Identifier: MIT */
/*
 * SpinThenSleep: a consumer that sleeps is woken for every record published
 * after it has asked, and a producer wakes nobody who has not.
 *
 *	spin -a sleep.pml		with sys_membarrier
 *	spin -a -DFENCE_BOTH sleep.pml	with a fence on each side
 *	spin -a -DDOORBELL sleep.pml	by a descriptor instead of a futex
 *
 * With DOORBELL the consumer's wait may also end because of another descriptor;
 * then a signal that was granted comes late, or not before the next wait.
 */
#ifndef POSITIONS
#define POSITIONS 3
#endif
#define PRODUCER 0
#define CONSUMER 1

/* Without laps: each position has a slot. */
#define PUBLISHED(pos) (pos)
#define WAITING POSITIONS
#define LOCATIONS (POSITIONS + 1)
#define ASKS (POSITIONS + 1) /* after so many it only spins */
#define WRITES (3 * ASKS + 1)
#include "memory.pml"

#if defined(FENCE_BOTH)
#define producer_barrier() fence(PRODUCER)
#define consumer_barrier() fence(CONSUMER)
#elif defined(FENCE_OF_PRODUCER)
#define producer_barrier() fence(PRODUCER)
#define consumer_barrier() skip
#elif defined(FENCE_OF_CONSUMER)
#define producer_barrier() skip
#define consumer_barrier() fence(CONSUMER)
#elif defined(NO_BARRIER)
#define producer_barrier() skip
#define consumer_barrier() skip
#else
#define producer_barrier() skip /* the compiler's only */
#define consumer_barrier() membarrier(CONSUMER, PRODUCER)
#endif

bool asleep, publishing;
byte published, asked, wakeups;

/* FUTEX_WAIT: the kernel looks at the word behind a full fence and sleeps in
 * the same step, ordered with FUTEX_WAKE by the lock of the futex. */
inline futex_wait(expected) {
  atomic {
    fence(CONSUMER);
    load_relaxed(CONSUMER, WAITING, word);
    asleep = word == expected;
    word = 0
  }
  do
  :: !asleep -> break
  :: asleep && !publishing && pos < published ->
     property(no consumer sleeps while a record is published, false)
  od
}

inline futex_wake() {
  d_step {
    fence(PRODUCER);
    asleep = false
  }
}

byte signals; /* in the descriptor: readable unless 0 */

/* poll() of the descriptor: the kernel looks and sleeps in the same step. */
inline wait_for_signal() {
  do
  :: signals > 0 -> break
  :: true -> break /* another descriptor, or the time is over */
  :: signals == 0 && !publishing && pos < published ->
     property(no consumer sleeps while a record is published, false)
  od
}

#ifdef DOORBELL
#define wake() signals++
#else
#define wake() futex_wake()
#endif

/* Waker::wake_if_asked(), after every publish */
inline producer_wake() {
  /* pairs with the barrier in Sleeper::ask(): publish, then look */
  producer_barrier();
  load_relaxed(PRODUCER, WAITING, waiting);
#ifdef SIGNAL_FIRST
  if
  :: waiting -> wake()
  :: else
  fi;
#endif
  if
  :: waiting ->
     /* One request, one wake-up, also when it is taken back meanwhile. */
     exchange_relaxed(PRODUCER, WAITING, 0, waiting)
  :: else
  fi;
#ifdef WAKES_ALWAYS
  waiting = 1;
#endif
  if
  :: waiting ->
     wakeups++;
     property(only a consumer that asked is woken, wakeups <= asked);
#ifndef SIGNAL_FIRST
     wake()
#endif
  :: else
  fi;
  waiting = 0
}

/* Consumer::sleep; with DOORBELL prepare_wait(), the wait and finish_wait() */
inline consumer_sleep() {
  atomic {
    store_relaxed(CONSUMER, WAITING, 1);
    asked++
  }
  /* pairs with Waker::wake_if_asked(): ask, then look */
  consumer_barrier();
#ifndef NO_SECOND_LOOK
  load_acquire(CONSUMER, PUBLISHED(pos), looked);
#endif
#ifdef LATE_TAKE
  signals = 0;
#endif
  if
#ifdef DOORBELL
  :: looked <= pos -> wait_for_signal()
#else
  :: looked <= pos -> futex_wait(1)
#endif
  :: else
  fi;
  store_relaxed(CONSUMER, WAITING, 0);
#ifndef LATE_TAKE
  signals = 0
#endif
}

active proctype Producer() {
  byte pos, waiting;

  do
  :: pos < POSITIONS ->
     atomic {
       publishing = true;
       store_release(PRODUCER, PUBLISHED(pos), pos + 1);
       published++;
       pos++
     }
     producer_wake();
     publishing = false
  :: else -> break
  od
}

active proctype Consumer() {
  byte pos, looked, word;

  do
  :: pos < POSITIONS ->
     load_acquire(CONSUMER, PUBLISHED(pos), looked);
     if
     :: looked > pos -> pos++
     :: looked <= pos && asked < ASKS -> consumer_sleep()
     :: looked <= pos /* spins */
     fi;
     looked = 0
  :: else -> break
  od
}
