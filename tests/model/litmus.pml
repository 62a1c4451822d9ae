/* SPDX-License-Identifier: MIT */
/*
 * What memory.pml allows and forbids, by the usual litmus tests. Each outcome
 * is asserted to be impossible: a weak one must be found, a strong one not.
 *
 *	spin -a -DMESSAGE_PASSING litmus.pml
 */
#define LOCATIONS 2
#define WRITES 3
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
byte finished;

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
#endif
  finished++
}

active proctype Judge() {
  finished == 2;
#if defined(MESSAGE_PASSING)
  property(a flag comes after what it announces, !(first == 1 && second == 0))
#elif defined(STORE_BUFFERING)
  property(a store comes before a later load, first == 1 || second == 1)
#elif defined(COHERENCE)
  property(one location never goes back, first <= second)
#endif
}
