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
#ifndef THREADS
#define THREADS 2
#endif
#ifndef WRITER
#define WRITER(location) THREADS /* any */
#endif
/* A model may say which threads never load from a location, and which do not
 * care what others know of it: fewer states. Who is not told knows less, so
 * what holds then holds. */
#ifndef READS
#define READS(thread, location) true
#endif
#ifndef CARES
#define CARES(thread, location) true
#endif

typedef View { byte at[LOCATIONS] };
typedef Write { byte value; View view };
/* Writes are counted from 0, the initial one; [first, last] can be read. */
typedef Location { byte first; byte last; Write write[WRITES] };

Location memory[LOCATIONS];
View seen[THREADS];
View global_view;
#if THREADS > 2
byte counted;
#endif
byte each, chosen, wiped; /* scratch, 0 outside of a step */

/* Prints its name when it does not hold. */
#define property(name, holds) \
  if :: holds :: else -> printf(#name); assert(false) fi

#define the_write(location, count) memory[location].write[(count) % WRITES]
#define newest(location) the_write(location, memory[location].last)

/* The thread knows of every write to the location. */
#define knows_all(thread, location) \
  (seen[thread].at[location] == memory[location].last)

#define is_past(thread, location) \
  (!READS(thread, location) || \
   memory[location].first < seen[thread].at[location])
#if THREADS == 2
#define all_are_past(location) (is_past(0, location) && is_past(1, location))
#else
#define all_are_past(location) \
  (is_past(0, location) && is_past(1, location) && is_past(2, location))
#endif

/* With three threads: what is known of writes that nobody can read any more is
 * as good as nothing. */
#if THREADS == 2
#define level(location) skip
#else
inline level(location) {
  do
  :: wiped < THREADS ->
     level_view(seen[wiped], location);
     wiped++
  :: else -> break
  od;
  wiped = 0;
  do
  :: wiped < LOCATIONS ->
     counted = memory[wiped].first;
     do
     :: counted <= memory[wiped].last ->
        level_view(the_write(wiped, counted).view, location);
        counted++
     :: else -> break
     od;
     wiped++
  :: else -> break
  od;
  counted = 0;
  wiped = 0
}

inline level_view(view_of, location) {
  if
  :: view_of.at[location] < memory[location].first -> view_of.at[location] = 0
  :: else
  fi
}
#endif

/* Wipes the writes that nobody can read any more: fewer states, same
 * behaviour. */
inline forget(location) {
  do
  :: memory[location].first < memory[location].last &&
     all_are_past(location) ->
     the_write(location, memory[location].first).value = 0;
     do
     :: wiped < LOCATIONS ->
        the_write(location, memory[location].first).view.at[wiped] = 0;
        wiped++
     :: else -> break
     od;
     wiped = 0;
     memory[location].first++;
     level(location)
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

/* The same into what a thread knows. */
inline learn(thread, from) {
  do
  :: each < LOCATIONS ->
     if
     :: CARES(thread, each) && seen[thread].at[each] < from.at[each] ->
        seen[thread].at[each] = from.at[each]
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

/* A release store carries what its thread knows, save, where there are two
 * threads, for locations that the other alone writes, and so knows: fewer
 * states, same behaviour. */
inline carry(thread, location) {
  do
  :: each < LOCATIONS ->
     if
     :: THREADS == 2 && WRITER(each) == 1 - thread
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
      learn(thread, the_write(location, chosen).view);
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

/* atomic_fetch_add, relaxed */
inline fetch_add_relaxed(thread, location, addend, old_value) {
  exchange_relaxed(thread, location,
                   the_write(location, chosen).value + addend, old_value)
}

/*
 * Acquire and release, and atomic: where it succeeds it reads the newest write
 * and comes right after it. Where it fails it is a relaxed load, of any other
 * value that may be read.
 */
inline compare_exchange(thread, location, expected, new_value, old_value) {
  atomic {
    if
    :: newest(location).value == expected ->
       d_step {
         chosen = memory[location].last;
         old_value = expected;
         learn(thread, the_write(location, chosen).view);
         append(thread, location, new_value);
         carry(thread, location);
         forget(location);
         chosen = 0
       }
    :: newest(location).value != expected ->
       chosen = seen[thread].at[location];
       do
       :: chosen < memory[location].last -> chosen++
       :: the_write(location, chosen).value != expected -> break
       od;
       seen[thread].at[location] = chosen;
       old_value = the_write(location, chosen).value;
       d_step {
         forget(location);
         chosen = 0
       }
    fi
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
