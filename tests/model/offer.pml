/* SPDX-License-Identifier: MIT */
/*
 * The producers' side of a kernel ring, in both modes: offers may nest, sleep,
 * or run on several CPUs at once. A position is taken before its record is
 * filled, and each offer takes its own.
 *
 *	reserve(me);
 *	if
 *	:: taken -> fill(me, RECORD(pos)); publish(me)
 *	:: else		(dropped, and counted)
 *	fi
 *
 * Whoever includes it says what a record is, and notes what was taken and
 * published.
 */
#ifdef RELAXED_PUBLISH
#define store_published store_relaxed
#else
#define store_published store_release
#endif
#ifdef RELAXED_TURN_STORE
#define store_turn store_relaxed
#else
#define store_turn store_release
#endif
#ifdef RELAXED_TURN_LOAD
#define load_turn load_relaxed
#else
#define load_turn load_acquire
#endif
#ifdef RELAXED_ROOM
#define load_consumer_pos load_relaxed
#else
#define load_consumer_pos load_acquire
#endif
#ifdef RELAXED_CACHE_STORE
#define store_cache store_relaxed
#else
#define store_cache store_release
#endif
#ifdef RELAXED_CACHE_LOAD
#define load_cache load_relaxed
#else
#define load_cache load_acquire
#endif
#ifdef RELAXED_WORD_STORES
#define store_word store_relaxed
#else
#define store_word store_release
#endif

#define POS PRODUCER_POS

/* A slot's turn is the position that it is free for. It starts as 0, which
 * stands for each position of the first lap. */
#ifdef NO_BUSY_CHECK
#define is_turn(turn, pos) true
#elif defined(ZERO_IS_FREE)
#define is_turn(turn, pos) ((turn) == (pos) || (turn) == 0)
#else
#define is_turn(turn, pos) \
  ((turn) == (pos) || ((turn) == 0 && (pos) < CAPACITY))
#endif

/* As in C, of unsigned words: a position ahead of pos is far behind it. */
#define in_flight(pos, released) (((pos) - (released)) & 255)

/* What the properties are about; no thread reads it. */
byte published, dropped, discarded;
byte holder[SLOTS];	/* who fills the slot: a thread + 1 */
byte is_published;	/* a bit a position */

/* The newest position can be taken, and the thread knows it. What it knows of
 * CONSUMER_POS may be old, as long as that is enough. */
#define newest_pos newest(POS).value
#define known_released(thread) \
  the_write(CONSUMER_POS, seen[thread].at[CONSUMER_POS]).value
#if defined(OVERWRITE) || defined(HOSTILE)
#define knows_released(thread) true
#else
#define knows_released(thread) \
  (newest_pos < known_released(thread) + CAPACITY)
#endif
#define knows_of_room(thread) \
  (knows_all(thread, POS) && knows_all(thread, TURN(newest_pos)) && \
   is_turn(newest(TURN(newest_pos)).value, newest_pos) && \
   knows_released(thread))

#define note_knowledge(me) may_drop = may_drop || !knows_of_room(me)

/* Is the slot free, or still held by the record of the lap before? */
inline look_at_slot(me) {
  atomic {
    /* acquire, pairs with the release in pass_turn: whoever filled the slot a
     * lap ago has stored all of its words, and has published them */
    load_turn(me, TURN(pos), word);
    note_knowledge(me);
    blocked = !is_turn(word, pos);
    seen_held = blocked && word < pos;
    word = 0
  }
}

/* Drop mode: has the consumer released the record of the lap before? */
#ifdef HOSTILE
/* It says anything at any time, and so does the cache of it. */
inline look_at_consumer(me) {
  if
  :: blocked = true
  :: skip
  fi
}
#else
inline look_at_consumer(me) {
  atomic {
    /* acquire, pairs with the release below: the consumer's reads are over */
    load_cache(me, CACHE, word);
    looks_full = in_flight(pos, word) >= CAPACITY;
    word = 0
  }
  if
  :: looks_full ->
     atomic {
       /* acquire, pairs with Consumer::flush: its reads are over */
       load_consumer_pos(me, CONSUMER_POS, word);
       note_knowledge(me);
       looks_full = in_flight(pos, word) >= CAPACITY;
       seen_held = seen_held || (looks_full && word <= pos);
       blocked = blocked || looks_full;
       looks_full = false;
       /* Clamped; what is ahead of pos may be clamped to either end. */
       if
       :: in_flight(pos, word) > CAPACITY -> word = pos - CAPACITY
       :: in_flight(pos, word) > 127 -> word = pos
       :: else
       fi
     }
     /* release, pairs with the acquire above: what it acquired goes with it */
     atomic { store_cache(me, CACHE, word); word = 0 }
  :: else
  fi
}
#endif

inline drop(me) {
#ifdef PLAIN_COUNT
  word = dropped;
  uncounted = true;
#else
  dropped++; /* atomic add */
#endif
#ifndef HOSTILE
  property(no offer is dropped while there is room, may_drop && seen_held);
#endif
  seen_held = false;
  may_drop = false;
  pos = 0
}

#define note_taken(me) \
  seen_held = false; \
  may_drop = false; \
  property(no two producers fill a slot at once, holder[SLOT(pos)] == 0); \
  holder[SLOT(pos)] = me + 1; \
  taken = true

/* An offer begins. */
inline begin(me) {
  load_relaxed(me, POS, pos);
  note_knowledge(me)
}

inline reserve(me) {
  do
  ::
#ifndef LATE_ROOM
     look_at_slot(me);
#ifndef OVERWRITE
     look_at_consumer(me);
#endif
#endif
     if
     :: blocked ->
        atomic {
          blocked = false;
#ifdef NO_SECOND_LOOK
          now = pos;
#else
          load_relaxed(me, POS, now);
#endif
          note_knowledge(me);
          if
          :: now == pos -> now = 0; drop(me); break
          :: else -> pos = now; now = 0
          fi;
          seen_held = false
        }
     :: else ->
#if defined(TAKEN_AT_PUBLISH)
        /* As it was; all of it in one step, so it is not this that breaks. */
        atomic { pos = newest_pos; note_taken(me); break }
#elif defined(PLAIN_INCREMENT)
        atomic {
          store_relaxed(me, POS, pos + 1);
          note_taken(me);
          break
        }
#else
        atomic {
#ifndef HOSTILE
          /* The producers are alike: whoever takes position 0 is
           * called First. */
          newest_pos > 0 || me == PRODUCER;
#endif
          compare_exchange(me, POS, pos, pos + 1, now);
          note_knowledge(me);
          if
          :: now == pos ->
             now = 0;
#ifndef LATE_ROOM
             note_taken(me);
#endif
             break
          :: else -> pos = now; now = 0
          fi
        }
#endif
     fi
  od;
#ifdef PLAIN_COUNT
  if
  :: uncounted -> dropped = word + 1; word = 0; uncounted = false
  :: else
  fi;
#endif
#ifdef LATE_ROOM
  look_at_slot(me);
#ifndef OVERWRITE
  look_at_consumer(me);
#endif
  atomic {
    if
    :: blocked -> blocked = false; seen_held = false; pos = 0; dropped++
    :: else -> note_taken(me)
    fi
  }
#endif
#ifndef NO_MARK
  /* Taken, not readable. */
  if
  :: atomic {
       taken ->
         property(no two producers fill a slot at once,
                  knows_all(me, PUBLISHED(pos)));
         store_relaxed(me, PUBLISHED(pos), pos)
     }
  :: else
  fi
#endif
}

/* The slot is free for the position a lap later. */
inline pass_turn(me) {
  property(a slot never goes back to an older record,
           is_turn(newest(TURN(pos)).value, pos));
  /* release, pairs with the acquire in look_at_slot: the words, and that they
   * are published */
  store_turn(me, TURN(pos), pos + CAPACITY)
}

inline fill_word(me, word_filled, value_stored) {
  atomic {
    property(no two producers fill a slot at once,
             knows_all(me, WORD(pos, word_filled)));
#if defined(OVERWRITE)
    /* release, pairs with the acquire of the words in Reader::try_read: who
     * sees one of them sees the mark before it */
    store_word(me, WORD(pos, word_filled), value_stored)
#else
#ifndef HOSTILE
    property(no record is overwritten while it is read,
             reads_are_over(me, MARK(pos)));
#endif
    store_relaxed(me, WORD(pos, word_filled), value_stored)
#endif
  }
}

inline fill(me, record) {
#ifdef TURN_BEFORE_WORDS
  atomic { pass_turn(me) };
#endif
#ifdef OVERWRITE
  fill_word(me, 0, record);
  fill_word(me, 1, record)
#else
  atomic {
    fill_word(me, 0, record);
    fill_word(me, 1, record)
  }
#endif
}

/* Whether the offer holds its slot: not once it has been given back. */
inline look_whether_held(me) {
#ifdef NO_LOOK_BEFORE_PUBLISHING
  held = true
#else
  atomic {
    /* acquire, as in look_at_slot; the offer has seen its turn there already */
    load_turn(me, TURN(pos), word);
    held = is_turn(word, pos);
    word = 0
  }
#endif
}

inline publish_slot(me) {
#ifdef TURN_BEFORE_PUBLISHED
  atomic { pass_turn(me) };
#endif
  atomic {
    /* release, pairs with the acquire in Consumer::try_read and in the first
     * look of Reader::try_read: the words */
    property(each position is published once, !(is_published & (1 << pos)));
    property(a slot never goes back to an older record,
             newest(PUBLISHED(pos)).value <= pos);
    store_published(me, PUBLISHED(pos), pos + 1);
    is_published = is_published | (1 << pos);
    published++;
    holder[SLOT(pos)] = 0;
    taken = false;
#ifdef TAKEN_AT_PUBLISH
    store_relaxed(me, POS, pos + 1);
#endif
  };
#if !defined(TURN_BEFORE_PUBLISHED) && !defined(TURN_BEFORE_WORDS)
  atomic { pass_turn(me) }
#endif
}

inline publish(me) {
#ifndef TURN_BEFORE_WORDS
  look_whether_held(me);
  property(an offer holds its slot until it is given back, held);
#endif
  publish_slot(me);
#ifdef GIVEN_BACK_TWICE
  look_whether_held(me);
  if
  :: held -> publish_slot(me)
  :: else
  fi;
#endif
  atomic { held = false; pos = 0 }
}
