/* SPDX-License-Identifier: MIT */
/*
 * A memory weaker than x86: each location is the history of its writes, and
 * what a thread can still read is limited only by what it already knows.
 *
 *	#define LOCATIONS 2
 *	#define WRITES 4	(of a location, that some thread can still read)
 *	#include "memory.pml"
 *	store_relaxed(THREAD, LOCATION, 1)
 *
 * A view holds, for each location, the oldest write that may still be read.
 *
 *	relaxed load	any write not older than the thread's view of the
 *			location; it learns of that location and no other
 *	acquire load	the same, and the view that the write carries joins the
 *			thread's
 *	relaxed store	carries nothing but itself
 *	release store	carries all that the thread knows
 *	fence		joins the thread's view with one global view, both ways
 *
 * So stores to different locations, loads, and a store and a later load may all
 * be seen out of order; a location alone is coherent. This is the view-based
 * semantics of Kang et al., "A Promising Semantics for Relaxed-Memory
 * Concurrency" (POPL 2017), without promises; the race check is that of Dang et
 * al., "RustBelt Meets Relaxed Memory" (POPL 2020). Where it differs it is
 * weaker: a fence gives nothing to relaxed accesses around it but the global
 * view.
 */
#define THREADS 2
#ifndef WRITER
#define WRITER(location) THREADS /* either */
#endif

typedef View { byte at[LOCATIONS] };
typedef Write { byte value; View view };
/* Writes are counted from 0, the initial one; [first, last] can be read. */
typedef Location { byte first; byte last; Write write[WRITES] };

Location memory[LOCATIONS];
View seen[THREADS];
View global_view;
byte each, chosen, wiped; /* scratch, 0 outside of a step */

/* Prints its name when it does not hold. */
#define property(name, holds) \
  if :: holds :: else -> printf(#name); assert(false) fi

#define the_write(location, count) memory[location].write[(count) % WRITES]
#define newest(location) the_write(location, memory[location].last)

/* The thread knows of every write to the location. */
#define knows_all(thread, location) \
  (seen[thread].at[location] == memory[location].last)

/* Wipes the writes that nobody can read any more: fewer states, same
 * behaviour. */
inline forget(location) {
  do
  :: memory[location].first < seen[0].at[location] &&
     memory[location].first < seen[1].at[location] ->
     the_write(location, memory[location].first).value = 0;
     do
     :: wiped < LOCATIONS ->
        the_write(location, memory[location].first).view.at[wiped] = 0;
        wiped++
     :: else -> break
     od;
     wiped = 0;
     memory[location].first++
  :: else -> break
  od
}

inline join(into, from) {
  do
  :: each < LOCATIONS ->
     if
     :: into.at[each] < from.at[each] -> into.at[each] = from.at[each]
     :: else
     fi;
     forget(each);
     each++
  :: else -> break
  od;
  each = 0
}

inline append(thread, location, new_value) {
  assert(memory[location].last - memory[location].first + 1 < WRITES);
  memory[location].last++;
  seen[thread].at[location] = memory[location].last;
  newest(location).value = new_value
}

/* A release store carries what its thread knows, save for locations that the
 * other thread alone writes, and so knows: fewer states, same behaviour. */
inline carry(thread, location) {
  do
  :: each < LOCATIONS ->
     if
     :: WRITER(each) == 1 - thread
     :: else -> newest(location).view.at[each] = seen[thread].at[each]
     fi;
     each++
  :: else -> break
  od;
  each = 0
}

inline store_relaxed(thread, location, new_value) {
  d_step {
    append(thread, location, new_value);
    newest(location).view.at[location] = memory[location].last
  }
}

inline store_release(thread, location, new_value) {
  d_step {
    append(thread, location, new_value);
    carry(thread, location)
  }
}

inline choose(thread, location, result) {
  chosen = seen[thread].at[location];
  do
  :: chosen < memory[location].last -> chosen++
  :: break
  od;
  seen[thread].at[location] = chosen;
  result = the_write(location, chosen).value
}

inline load_relaxed(thread, location, result) {
  atomic {
    choose(thread, location, result);
    d_step {
      forget(location);
      chosen = 0
    }
  }
}

inline load_acquire(thread, location, result) {
  atomic {
    choose(thread, location, result);
    d_step {
      join(seen[thread], the_write(location, chosen).view);
      chosen = 0
    }
  }
}

/* Relaxed read-modify-write: reads the newest, hands on what that carries. */
inline exchange_relaxed(thread, location, new_value, old_value) {
  d_step {
    chosen = memory[location].last;
    old_value = newest(location).value;
    append(thread, location, new_value);
    newest(location).view.at[location] = memory[location].last;
    join(newest(location).view, the_write(location, chosen).view);
    chosen = 0
  }
}

/* atomic_thread_fence(seq_cst) */
inline fence(thread) {
  d_step {
    join(seen[thread], global_view);
    join(global_view, seen[thread])
  }
}

/* sys_membarrier: a fence of the caller, and one that interrupts the other. */
inline membarrier(caller, other) {
  d_step {
    join(global_view, seen[caller]);
    join(seen[other], global_view);
    join(global_view, seen[other]);
    join(seen[caller], global_view)
  }
}

/*
 * Plain reads must be over before the next write, and an order of values cannot
 * show that a load came too late. So a reader leaves a mark, and whoever writes
 * must have learnt of all marks; without that the C++ program has a data race,
 * and hardware may let the later store overtake the load.
 */
#define mark_read(thread, mark) store_relaxed(thread, mark, 0)
#define reads_are_over(thread, mark) knows_all(thread, mark)
