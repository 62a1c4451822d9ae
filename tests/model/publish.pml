/* SPDX-License-Identifier: MIT */
/*
 * Publication and release in drop mode: every record arrives whole, once and in
 * order, and each one offered is published or counted as dropped.
 *
 *	spin -a -DK=2 publish.pml
 */
#ifndef OFFERED
#define OFFERED 6
#endif
#define WRITES (CAPACITY + 3)
#include "ring.pml"

#define RECORD(pos) ((pos) + 1)
#define note_published() published++

#include "producer.pml"
#include "consumer.pml"

byte offered, dropped;
bool producer_finished;

active proctype Producer() {
  bool has_room;

  do
  :: offered < OFFERED ->
     offered++;
     producer_room(has_room);
     if
     :: !has_room -> dropped++
     :: else ->
        property(a slot is reused only after its release,
                 producer_pos < newest(CONSUMER_POS).value + CAPACITY);
        producer_publish(RECORD(producer_pos))
     fi
  :: else -> break
  od;
  producer_finished = true
}

active proctype Consumer() {
  byte found, flushed;

  do
  :: producer_finished && consumer_pos == published -> break
  :: else ->
     consumer_try_read(found);
     atomic {
       if
       :: found ->
          property(each record arrives whole and in its place,
                   consumer_word[0] == RECORD(consumer_pos) &&
                   consumer_word[1] == RECORD(consumer_pos));
          consumer_word[0] = 0;
          consumer_word[1] = 0;
          found = 0;
          consumer_pos++
       :: else ->
          property(no published record is missed,
                   !(producer_finished && consumer_pos < published &&
                     knows_all(CONSUMER, PUBLISHED(consumer_pos))))
       fi
     }
     /* Lazily: now, or together with later ones. */
     if
     :: flushed != consumer_pos -> consumer_flush(); flushed = consumer_pos
     :: skip
     fi
  od;
  property(published and dropped make offered,
           published + dropped == OFFERED && published == producer_pos)
}
