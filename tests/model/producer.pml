/* SPDX-License-Identifier: MIT */
/*
 * The producer's side of the ring, line by line as in C++, in both modes.
 *
 *	producer_room(has_room);
 *	if
 *	:: !has_room -> dropped++
 *	:: else -> producer_publish(RECORD(pos))
 *	fi
 */
#ifdef RELAXED_PUBLISH
#define store_published store_relaxed
#else
#define store_published store_release
#endif
#ifdef RELAXED_ROOM
#define load_consumer_pos load_relaxed
#else
#define load_consumer_pos load_acquire
#endif
#ifdef RELAXED_WORD_STORES
#define store_word store_relaxed
#else
#define store_word store_release
#endif

byte producer_pos; /* the producer's own, not the copy in its page */
byte producer_consumer_pos; /* cached consumer_pos */

/* What the properties are about; no thread reads it. */
byte published;

#ifndef OVERWRITE
/* Producer::has_room */
inline producer_room(has_room) {
  if
  :: producer_pos - producer_consumer_pos == CAPACITY ->
     /* acquire, pairs with Consumer::flush: its reads are over */
     load_consumer_pos(PRODUCER, CONSUMER_POS, producer_consumer_pos)
  :: else
  fi;
  has_room = producer_pos - producer_consumer_pos < CAPACITY
}

inline plain_store(word, value_stored) {
  atomic {
    property(no record is overwritten while it is read,
             reads_are_over(PRODUCER, MARK(producer_pos)));
    store_relaxed(PRODUCER, WORD(producer_pos, word), value_stored)
  }
}

/* Producer::publish */
inline producer_publish(record) {
  plain_store(0, record);
  plain_store(1, record);
  /* release, pairs with the acquire in Consumer::try_read: the words */
  atomic {
    store_published(PRODUCER, PUBLISHED(producer_pos), producer_pos + 1);
    note_published()
  }
  producer_pos++
}
#else
#define producer_room(has_room) has_room = true

/* OverwriteProducer::publish */
inline producer_publish(record) {
#ifndef NO_ZERO_MARK
  if
  :: ENTERS_SLOT(producer_pos) ->
     atomic {
       store_relaxed(PRODUCER, PUBLISHED(producer_pos), 0);
       note_entered()
     }
  :: else
  fi;
#else
  note_entered();
#endif
  /* release, pairs with the acquire of the words in Reader::try_read: who sees
   * one of them sees the 0 before it */
  store_word(PRODUCER, WORD(producer_pos, 0), record);
  store_word(PRODUCER, WORD(producer_pos, 1), record);
  /* release, pairs with the first look of Reader::try_read: the words */
  atomic {
    store_published(PRODUCER, PUBLISHED(producer_pos), producer_pos + 1);
    note_published()
  }
  producer_pos++
}
#endif
