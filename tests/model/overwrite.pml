/* SPDX-License-Identifier: MIT */
/*
 * Overwrite mode: no torn record is ever accepted, and every position is either
 * read or counted as lapped.
 *
 *	spin -a -DK=2 overwrite.pml
 */
#define OVERWRITE
#ifndef POSITIONS
#define POSITIONS 6
#endif
#define WRITES (2 * (POSITIONS / SLOTS) + 2)
#include "ring.pml"

#define RECORD(pos) ((pos) + 1)
#define note_published() published++
#define note_entered() entered_until = END_OF_SLOT(producer_pos)

byte entered_until; /* the positions before it are written, or being written */

#include "producer.pml"
#include "reader.pml"

bool producer_finished;

active proctype Producer() {
  do
  :: producer_pos < POSITIONS -> producer_publish(RECORD(producer_pos))
  :: else -> break
  od;
  producer_finished = true
}

active proctype Reader() {
  byte looked, again, oldest, read;
  mtype outcome;

  do
  :: reader_pos >= POSITIONS -> break
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
                   !(producer_finished &&
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
