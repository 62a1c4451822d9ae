/* SPDX-License-Identifier: MIT */
/*
 * Where things lie in the modelled ring: two slots of K records of two words.
 *
 *	#define K 2
 *	#define POSITIONS 9	(the ring ends after so many)
 *	#include "ring.pml"
 */
#define SLOTS 2
#ifndef K
#define K 1
#endif
#define CAPACITY (SLOTS * K)

#define PRODUCER 0
#define CONSUMER 1

#define SLOT(pos) (((pos) / K) % SLOTS)
#define ENTERS_SLOT(pos) ((pos) % K == 0)
#define FIRST_OF_SLOT(pos) ((pos) - (pos) % K)
#define END_OF_SLOT(pos) (FIRST_OF_SLOT(pos) + K) /* last position in it + 1 */

/* Locations: the slots, the two pages, and the marks of plain reads; in a kernel
 * ring also the turn of each slot, which only its producers see. */
#define PUBLISHED(pos) SLOT(pos)
#define WORD(pos, word) (SLOTS + ((pos) % CAPACITY) * 2 + (word))
#define PRODUCER_POS (SLOTS + 2 * CAPACITY) /* the copy in its page */
#ifdef KERNEL_RING
#define TURN(pos) (PRODUCER_POS + 1 + SLOT(pos))
#define CONSUMER_POS (PRODUCER_POS + 1 + SLOTS)
#else
#define CONSUMER_POS (PRODUCER_POS + 1)
#endif
#define MARK(pos) (CONSUMER_POS + 1 + (pos) % CAPACITY)
#define CACHE (CONSUMER_POS + 1 + CAPACITY) /* of several producers */
#if defined(OVERWRITE) || defined(HOSTILE)
#define LOCATIONS CONSUMER_POS
#elif defined(KERNEL_RING)
#define LOCATIONS (CACHE + 1)
#else
#define LOCATIONS CACHE
#endif

#ifndef KERNEL_RING
#define WRITER(location) ((location) < CONSUMER_POS -> PRODUCER : CONSUMER)
#endif

#include "memory.pml"
