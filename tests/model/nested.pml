/* SPDX-License-Identifier: MIT */
/*
 * Kernel rings: two producers, of which one may interrupt the other at any step
 * or run beside it, and a consumer or a reader.
 *
 *	spin -a nested.pml		drop mode
 *	spin -a -DOVERWRITE nested.pml	overwrite mode, with a reader
 *	spin -a -DHOSTILE nested.pml	drop mode; what the consumer says is
 *					anything at any time
 */
#ifndef OFFERED
#define OFFERED 4
#endif
#define KERNEL_RING
#ifdef HOSTILE
#define THREADS 2
#define OTHER 1
#else
#define THREADS 3
#define OTHER 2
#endif
#ifndef WRITES
#define WRITES (2 * OFFERED + 2)
#endif

#define IS_PRODUCER(thread) ((thread) == PRODUCER || (thread) == OTHER)
#define READS(thread, location) \
  ((location) < PRODUCER_POS -> !IS_PRODUCER(thread) : \
   (IS_PRODUCER(thread) && ((location) <= CONSUMER_POS || (location) == CACHE)))
#ifdef OVERWRITE
#define CARES(thread, location) \
  (IS_PRODUCER(thread) || (location) < PRODUCER_POS)
#else
#define CARES(thread, location) (IS_PRODUCER(thread) || (location) != CACHE)
#endif
#include "ring.pml"

#define RECORD(pos) ((pos) + 1)
#define EMPTY 99 /* discarded: consumers skip it */
#define entered_until newest(POS).value

byte offered, finished;

#include "offer.pml"
#if defined(OVERWRITE)
#include "reader.pml"
#elif !defined(HOSTILE)
#include "consumer.pml"
#endif

inline offer_all(me) {
  do
  :: atomic { offered < OFFERED -> offered++; begin(me) };
     reserve(me);
     if
     :: taken ->
        if
        :: fill(me, RECORD(pos))
#ifdef DISCARDS
        :: atomic { discarded < DISCARDS -> discarded++ }; fill(me, EMPTY)
#endif
        fi;
        publish(me)
     :: else
     fi
  :: offered == OFFERED -> break
  od;
  atomic {
    finished++;
    if
    :: finished == 2 ->
       property(each position is published once, published == newest_pos);
       property(published and dropped make offered,
                published + dropped == OFFERED)
    :: else
    fi
  }
}

active proctype First() {
  byte pos, now, word;
  bool blocked, looks_full, taken, held, may_drop, seen_held, uncounted;

  offer_all(PRODUCER)
}

active proctype Second() {
  byte pos, now, word;
  bool blocked, looks_full, taken, held, may_drop, seen_held, uncounted;

  offer_all(OTHER)
}

#if defined(OVERWRITE)
active proctype Reader() {
  byte looked, again, oldest, read;
  mtype outcome;

  do
  :: finished == 2 && reader_pos == published -> break
  :: else ->
     reader_try_read(outcome);
     atomic {
       if
       :: outcome == accepted ->
          property(each accepted record is whole and in its place,
                   reader_word[0] == RECORD(reader_pos) &&
                   reader_word[1] == RECORD(reader_pos));
          reader_pos++;
          read++
       :: outcome == nothing ->
          property(no published record is missed,
                   !(finished == 2 && reader_pos < published &&
                     knows_all(CONSUMER, PUBLISHED(reader_pos))))
       :: outcome == skipped
       fi;
       reader_word[0] = 0;
       reader_word[1] = 0;
       looked = 0;
       outcome = 0;
       property(read and lapped make the position, read + lapped == reader_pos)
     }
  od
}
#elif !defined(HOSTILE)
active proctype Consumer() {
  byte found, flushed, skipped;

  do
  :: finished == 2 && consumer_pos == published -> break
  :: atomic {
       else ->
         consumer_try_read(found);
         if
         :: found ->
            property(each record arrives whole and in its place,
                     (consumer_word[0] == RECORD(consumer_pos) ||
                      consumer_word[0] == EMPTY) &&
                     consumer_word[1] == consumer_word[0]);
            skipped = skipped + (consumer_word[0] == EMPTY);
            consumer_word[0] = 0;
            consumer_word[1] = 0;
            found = 0;
            consumer_pos++
         :: else ->
            property(no published record is missed,
                     !(finished == 2 && consumer_pos < published &&
                       knows_all(CONSUMER, PUBLISHED(consumer_pos))))
         fi;
         /* Lazily: now, or together with later ones. */
         if
         :: flushed != consumer_pos ->
            consumer_flush();
            flushed = consumer_pos
         :: skip
         fi
     }
  od;
  property(discarded records are skipped, skipped == discarded)
}
#endif
