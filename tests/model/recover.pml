/* SPDX-License-Identifier: MIT */
/*
 * Crashes: the producer, and in drop mode the consumer, is killed between any
 * two steps, and a successor goes on from what the shared memory holds. The
 * stores of the dead drain: whoever learns of the death knows them all.
 *
 *	spin -a -DK=2 recover.pml
 *	spin -a -DOVERWRITE recover.pml
 */
#ifndef POSITIONS
#define POSITIONS 5
#endif
#ifndef KILLS
#define KILLS 2 /* of either */
#endif
#if defined(OVERWRITE) || defined(STALE_RECOVERY)
#define WRITES (POSITIONS + 4)
#else
#define WRITES (CAPACITY + 3)
#endif
#include "ring.pml"

#ifdef RELAXED_RECOVERY
#define recover_consumer_pos load_relaxed
#else
#define recover_consumer_pos load_acquire
#endif

/* Incarnations write different records, so a mixture would be seen. */
#define RECORD_BY(pos, life) ((pos) + 1 + 32 * (life))
#define RECORD(pos) RECORD_BY(pos, incarnation)
#define WHOLE(pos) RECORD_BY(pos, published_by[pos])
#define note_entered() entered_until = END_OF_SLOT(producer_pos)
#define note_published() \
  property(each position is published once and in order, \
           producer_pos == published); \
  published_by[published] = incarnation; \
  published++

byte incarnation;
byte published_by[POSITIONS + 1];
byte entered_until;

#include "producer.pml"
#ifdef OVERWRITE
#include "reader.pml"
#else
#include "consumer.pml"
#endif

bool kill_producer, kill_consumer;

active proctype Killer() {
  byte kills;

  do
  :: kills < KILLS && !kill_producer -> kill_producer = true; kills++
#ifndef OVERWRITE
  :: kills < KILLS && !kill_consumer -> kill_consumer = true; kills++
#endif
  :: break
  od
}

/* For monitors; only a wrong recovery would read it. */
#ifdef STALE_RECOVERY
#define copy_producer_pos() store_relaxed(PRODUCER, PRODUCER_POS, producer_pos)
#else
#define copy_producer_pos() skip
#endif

/* recover() */
inline recover() {
#ifdef STALE_RECOVERY
  load_relaxed(PRODUCER, PRODUCER_POS, producer_pos);
#else
  producer_pos = 0;
  do
  :: slot < SLOTS ->
     load_relaxed(PRODUCER, PUBLISHED(slot * K), shown);
     if
     :: shown > producer_pos -> producer_pos = shown
     :: else /* also 0: a record that was never finished */
     fi;
     slot++
  :: else -> break
  od;
  shown = 0;
  slot = 0;
#endif
#ifndef OVERWRITE
  /* acquire, pairs with Consumer::flush: the reads before it are over */
  recover_consumer_pos(PRODUCER, CONSUMER_POS, producer_consumer_pos)
#endif
}

active proctype Producer() {
  bool has_room;
  byte slot, shown;

life:
  {
    recover();
    do
    :: producer_pos < POSITIONS ->
       producer_room(has_room);
       if
       :: !has_room /* dropped */
       :: else ->
          has_room = false;
          producer_publish(RECORD(producer_pos));
          copy_producer_pos()
       fi
    :: else -> break
    od
  } unless {
    atomic {
      kill_producer ->
      kill_producer = false;
      incarnation++;
      has_room = false;
      slot = 0;
      shown = 0;
      goto life
    }
  }
}

#ifdef OVERWRITE
active proctype Reader() {
  byte looked, again, oldest;
  mtype outcome;

  do
  :: reader_pos >= POSITIONS -> break
  :: else ->
     reader_try_read(outcome);
     atomic {
       if
       :: outcome == accepted ->
          property(each accepted record is whole and in its place,
                   reader_word[0] == WHOLE(reader_pos) &&
                   reader_word[1] == WHOLE(reader_pos));
          reader_pos++
       :: else
       fi;
       reader_word[0] = 0;
       reader_word[1] = 0;
       looked = 0;
       outcome = 0
     }
  od
}
#else
active proctype Consumer() {
  byte found, flushed, delivered;

life:
  {
    load_relaxed(CONSUMER, CONSUMER_POS, consumer_pos);
    flushed = consumer_pos;
    do
    :: consumer_pos >= POSITIONS -> break
    :: else ->
       consumer_try_read(found);
       atomic {
         if
         :: found ->
            property(each record arrives whole and in its place,
                     consumer_word[0] == WHOLE(consumer_pos) &&
                     consumer_word[1] == WHOLE(consumer_pos));
            property(no published record is lost, consumer_pos <= delivered);
            property(only what was not released comes again,
                     consumer_pos >= newest(CONSUMER_POS).value);
            delivered =
              (consumer_pos == delivered -> delivered + 1 : delivered);
            consumer_word[0] = 0;
            consumer_word[1] = 0;
            found = 0;
            consumer_pos++
         :: else
         fi
       }
       if
       :: flushed != consumer_pos -> consumer_flush(); flushed = consumer_pos
       :: skip
       fi
    od
  } unless {
    atomic {
      kill_consumer ->
      kill_consumer = false;
      consumer_word[0] = 0;
      consumer_word[1] = 0;
      found = 0;
      goto life
    }
  }
}
#endif
