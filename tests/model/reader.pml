/* SPDX-License-Identifier: MIT */
/*
 * A reader in overwrite mode, line by line as in C++: a seqlock a slot. It
 * writes nothing that others read, so one stands for any number.
 *
 *	reader_try_read(outcome);
 *	if
 *	:: outcome == accepted -> use(reader_word[0]); reader_pos++
 *	:: else
 *	fi
 */
#ifdef RELAXED_READ
#define load_published load_relaxed
#else
#define load_published load_acquire
#endif
#ifdef RELAXED_WORD_LOADS
#define load_word load_relaxed
#else
#define load_word load_acquire
#endif

mtype = { accepted, nothing, skipped };

byte reader_pos;
byte reader_word[2];
byte lapped;

/* Reader::skip: to the oldest position that may be intact. The slot has shown
 * position shown - 1, so it and all before it in that slot's lap are gone. */
inline reader_skip(shown) {
  d_step {
    if
    :: END_OF_SLOT(shown - 1) > reader_pos + 1 + CAPACITY ->
       oldest = END_OF_SLOT(shown - 1) - CAPACITY
    :: else -> oldest = reader_pos + 1
    fi;
    property(only overwritten records are counted as lapped,
             oldest + CAPACITY <= entered_until);
    lapped = lapped + oldest - reader_pos;
    reader_pos = oldest;
    oldest = 0
  }
}

/* Reader::try_read, one round of its loop */
inline reader_try_read(outcome) {
  /* acquire, pairs with the last store of OverwriteProducer::publish */
  load_published(CONSUMER, PUBLISHED(reader_pos), looked);
  if
  :: looked > reader_pos && looked <= END_OF_SLOT(reader_pos) ->
     /* acquire, pairs with the release of each word: the 0 before it */
     load_word(CONSUMER, WORD(reader_pos, 0), reader_word[0]);
     load_word(CONSUMER, WORD(reader_pos, 1), reader_word[1]);
     load_relaxed(CONSUMER, PUBLISHED(reader_pos), again);
     if
     :: reader_pos < again && again <= END_OF_SLOT(reader_pos) ->
        outcome = accepted
     :: else -> reader_skip(looked); outcome = skipped
     fi
  :: looked > END_OF_SLOT(reader_pos) ->
     reader_skip(looked);
     outcome = skipped
  :: else -> outcome = nothing
  fi;
  again = 0
}
