/* SPDX-License-Identifier: MIT */
/*
 * The driver's wake-ups: a consumer that has declared that it may sleep, and
 * asks, is signalled for every record published after that, through irq_work.
 *
 *	spin -a wake.pml
 *	spin -a -DTWO_PRODUCERS wake.pml
 *
 * Read-side sections and grace periods of RCU are what Documentation/RCU
 * promises and no more: a section that began before a grace period has ended
 * before its end; one that begins later knows what its caller knew before.
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
#define MAY_SLEEP (POSITIONS + 1)
#define EVENTFD (POSITIONS + 2)
#define LOCATIONS (POSITIONS + 3)
#ifndef ASKS
#define ASKS (POSITIONS + 1) /* after so many it only spins */
#endif
#define WRITES (3 * ASKS + 1)
#ifdef TWO_PRODUCERS
#define READS(thread, location) \
  ((location) == WAITING || \
   ((location) < WAITING -> (thread) == CONSUMER : (thread) != CONSUMER))
#endif
#include "memory.pml"

byte signals; /* what the eventfd counts */
bool requested, queued, working;
byte publishing; /* producers between publishing and looking */
#ifdef TWO_PRODUCERS
byte positions_taken;
#endif
byte published, asked, signalled;

/* RCU: sections that have begun and ended, and what is known across them. */
byte begun[THREADS], ended[THREADS];
View before_grace, of_ended;

inline rcu_read_lock(me) {
  d_step {
    begun[me]++;
    learn(me, before_grace)
  }
}

inline rcu_read_unlock(me) {
  d_step {
    ended[me]++;
    join(of_ended, seen[me])
  }
}

inline synchronize_rcu() {
#ifdef NO_GRACE_PERIOD
  skip
#else
  d_step {
    join(before_grace, seen[CONSUMER]);
    sections = begun[PRODUCER];
#ifdef TWO_PRODUCERS
    sections_of_other = begun[OTHER]
#endif
  }
#ifdef TWO_PRODUCERS
  atomic { ended[OTHER] >= sections_of_other -> sections_of_other = 0 };
#endif
  atomic {
    ended[PRODUCER] >= sections ->
      join(seen[CONSUMER], of_ended);
      sections = 0
  }
#endif
}

/* hft_ring_set_eventfd(), with hft_ring_declare_sleeper() */
inline declare_sleeper() {
  store_relaxed(CONSUMER, MAY_SLEEP, 1);
  synchronize_rcu();
  atomic { /* xchg: a full fence on both of its sides */
    fence(CONSUMER);
    store_relaxed(CONSUMER, EVENTFD, 1);
    fence(CONSUMER)
  }
}

/* Consumer::sleep, with an eventfd */
inline consumer_sleep() {
  atomic {
    store_relaxed(CONSUMER, WAITING, 1);
    asked++
  }
#ifndef NO_FENCE_OF_CONSUMER
  fence(CONSUMER); /* membarrier's own; pairs with wants_wake(): ask, then look */
#endif
#ifndef NO_SECOND_LOOK
  load_acquire(CONSUMER, PUBLISHED(pos), looked);
#endif
  if
  :: looked <= pos -> wait_for_signal()
  :: else
  fi;
  store_relaxed(CONSUMER, WAITING, 0)
}

inline wait_for_signal() {
  do
  :: atomic { signals > 0 -> signals = 0; break }
  :: signals == 0 && !publishing && !queued && !working &&
     newest(PUBLISHED(pos)).value > pos ->
     property(no consumer sleeps while a record is published, false)
  od
}

/* hft_ring_wants_wake() and hft_ring_publish_reserved() */
inline wants_wake(me) {
  load_relaxed(me, MAY_SLEEP, may_sleep);
  if
  :: may_sleep ->
#ifdef EVENTFD_FIRST
     load_relaxed(me, EVENTFD, eventfd);
#endif
#ifndef NO_FENCE_OF_PRODUCER
     /* wq_has_sleeper(); pairs with the consumer's: publish, then look */
     fence(me);
#endif
#ifndef EVENTFD_FIRST
     load_relaxed(me, EVENTFD, eventfd);
#endif
     load_relaxed(me, WAITING, waiting);
     if
     :: eventfd && waiting ->
        /* One request, one wake-up, also when it is taken back meanwhile. */
        exchange_relaxed(me, WAITING, 0, waiting)
     :: else -> waiting = 0
     fi;
#ifdef WAKES_ALWAYS
     waiting = 1;
#endif
     if
     :: waiting -> requested = true; queued = true
     :: else
     fi;
     d_step { waiting = 0; eventfd = 0 }
  :: else
  fi;
  may_sleep = 0
}

#ifdef TWO_PRODUCERS
/* Each position has one taker, who may publish after later ones (nested.pml). */
inline publish_all(me) {
  do
  :: atomic { positions_taken < POSITIONS ->
              pos = positions_taken; positions_taken++ };
     rcu_read_lock(me);
     atomic {
       publishing++;
       store_release(me, PUBLISHED(pos), pos + 1);
       published++;
       pos = 0
     }
     wants_wake(me);
     publishing--;
     rcu_read_unlock(me)
  :: positions_taken == POSITIONS -> break
  od
}

active proctype First() {
  byte pos, may_sleep, eventfd, waiting;

  publish_all(PRODUCER)
}

active proctype Second() {
  byte pos, may_sleep, eventfd, waiting;

  publish_all(OTHER)
}
#else
active proctype Producer() {
  byte pos, may_sleep, eventfd, waiting;

  do
  :: pos < POSITIONS ->
     rcu_read_lock(PRODUCER);
     atomic {
       publishing++;
       store_release(PRODUCER, PUBLISHED(pos), pos + 1);
       published++;
       pos++
     }
     wants_wake(PRODUCER);
     publishing--;
     rcu_read_unlock(PRODUCER)
  :: else -> break
  od
}
#endif

inline signal() {
  atomic {
    if
    :: take ->
       signals++;
       signalled++;
       property(only a consumer that asked is woken, signalled <= asked)
    :: else
    fi;
    take = false
  }
}

/* hft_ring_wake(), of irq_work: may be queued again from when it has begun. */
active proctype Work() {
  bool take;

  do
  :: atomic { queued -> queued = false; working = true };
#ifdef LATE_TAKE
     take = requested;
     signal();
     requested = false
#else
     atomic { take = requested; requested = false }
     signal();
#endif
     working = false
  :: published == POSITIONS && !publishing && !queued -> break
  od
}

active proctype Consumer() {
  byte pos, looked, sections;
#ifdef TWO_PRODUCERS
  byte sections_of_other;
#endif

  declare_sleeper();
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
