/* SPDX-License-Identifier: MIT */
/*
 * The consumer's side of drop mode, line by line as in C++.
 *
 *	consumer_try_read(found);
 *	if
 *	:: found -> consumer_pos++	(release, told to the producer later)
 *	:: else
 *	fi;
 *	consumer_flush()
 */
#ifdef RELAXED_READ
#define load_published load_relaxed
#else
#define load_published load_acquire
#endif
#ifdef RELAXED_FLUSH
#define store_consumer_pos store_relaxed
#else
#define store_consumer_pos store_release
#endif

byte consumer_pos; /* the consumer's own, not the one in its page */
byte consumer_word[2];

/* Consumer::try_read, and the use of the view it gives */
inline consumer_try_read(found) {
  /* acquire, pairs with Producer::publish: the words */
  load_published(CONSUMER, PUBLISHED(consumer_pos), found);
  found = found > consumer_pos;
  if
  :: found ->
     mark_read(CONSUMER, MARK(consumer_pos));
     load_relaxed(CONSUMER, WORD(consumer_pos, 0), consumer_word[0]);
     load_relaxed(CONSUMER, WORD(consumer_pos, 1), consumer_word[1])
  :: else
  fi
}

/* Consumer::flush */
inline consumer_flush() {
  /* release, pairs with the acquire in Producer::look_at_consumer: our reads
   * are over */
  store_consumer_pos(CONSUMER, CONSUMER_POS, consumer_pos)
}
