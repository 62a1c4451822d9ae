/* SPDX-License-Identifier: MIT */
/*
 * What memory.pml allows and forbids, by the usual litmus tests. Each outcome
 * is asserted to be impossible: a weak one must be found, a strong one not.
 *
 *	spin -a -DMESSAGE_PASSING litmus.pml
 */
#define LOCATIONS 2
#define WRITES 3
#ifdef CAUSALITY
#define THREADS 3
#endif
#include "memory.pml"

#define X 0
#define Y 1

#ifndef STORE
#define STORE store_relaxed
#endif
#ifndef LOAD
#define LOAD load_relaxed
#endif
#ifdef FENCES
#define FENCE(thread) fence(thread)
#else
#define FENCE(thread) skip
#endif

byte first, second;
#ifdef EXCHANGE
byte first_seen;
#endif
byte finished;

#ifdef CAUSALITY
active proctype Middle() {
  byte seen_flag;

  load_acquire(2, X, seen_flag);
  if
  :: seen_flag -> STORE(2, Y, 1)
  :: else
  fi;
  finished++
}
#endif

active proctype Left() {
#if defined(MESSAGE_PASSING)
  store_relaxed(0, X, 1); /* the record */
  STORE(0, Y, 1);         /* its flag */
#elif defined(STORE_BUFFERING)
  STORE(0, X, 1);
  FENCE(0);
  LOAD(0, Y, first);
#elif defined(COHERENCE)
  store_relaxed(0, X, 1);
  store_relaxed(0, X, 2);
#elif defined(CAUSALITY)
  STORE(0, X, 1);
#elif defined(ADDITION)
  fetch_add_relaxed(0, X, 1, first);
#elif defined(EXCHANGE)
  store_relaxed(0, Y, 1);
  compare_exchange(0, X, 0, 1, first);
#endif
  finished++
}

active proctype Right() {
#if defined(MESSAGE_PASSING)
  LOAD(1, Y, first);
  load_relaxed(1, X, second);
#elif defined(STORE_BUFFERING)
  STORE(1, Y, 1);
#ifdef MEMBARRIER
  membarrier(1, 0);
#else
  FENCE(1);
#endif
  LOAD(1, X, second);
#elif defined(COHERENCE)
  load_relaxed(1, X, first);
  load_relaxed(1, X, second);
#elif defined(CAUSALITY)
  LOAD(1, Y, first);
  load_relaxed(1, X, second);
#elif defined(ADDITION)
  fetch_add_relaxed(1, X, 1, second);
#elif defined(EXCHANGE)
  compare_exchange(1, X, 1, 2, second);
  load_relaxed(1, Y, first_seen);
#endif
  finished++
}

active proctype Judge() {
  finished == THREADS;
#if defined(MESSAGE_PASSING) || defined(CAUSALITY)
  property(a flag comes after what it announces, !(first == 1 && second == 0))
#elif defined(STORE_BUFFERING)
  property(a store comes before a later load, first == 1 || second == 1)
#elif defined(COHERENCE)
  property(one location never goes back, first <= second)
#elif defined(ADDITION)
  property(every addition counts,
           newest(X).value == 2 && first + second == 1)
#elif defined(EXCHANGE)
  property(an exchange that finds its value comes after it,
           newest(X).value == 1 + second &&
           (second == 0 || first_seen == 1))
#endif
}
