/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The producer's side of a ring, for any BPF program on a kernel from 5.15 on.
 *
 *	HFT_BPF_RING(switches, 64);	// its slots have 64 bytes
 *
 *	SEC("tp_btf/sched_switch")
 *	int BPF_PROG(on_switch, bool preempt, struct task_struct *prev)
 *	{
 *		struct my_event event = { .pid = prev->pid };
 *
 *		hft_bpf_output(switches, HFT_RECORD_USER, &event, sizeof(event));
 *		return 0;
 *	}
 *
 * Include vmlinux.h or linux/bpf.h before it, and bpf/bpf_helpers.h. User space
 * decides before it loads the object how many slots there are, in which mode,
 * and whether there is one ring or one a CPU: hft::bpf::shape() in hft/bpf.hpp.
 * Until it has, every record is dropped.
 *
 * A ring is four maps:
 *
 *	NAME_slots	frozen, so that no one maps it writable or updates it
 *			by a system call, while programs go on writing
 *	NAME_consumer	mapped read-write: one consumer page a ring
 *	NAME_turns	frozen and not mappable: of each slot the position that it
 *			is free for
 *	NAME_bells	frozen: a BPF ring buffer of one page a ring. Its consumer
 *			sleeps on it, and publishing puts an empty record there if
 *			asked
 *
 *	NAME_slots, ring after ring, one element a slot:
 *	      +-----------+---------------+--------+--------+-- --+--------+
 *	      | info page | producer page | slot 0 | slot 1 | ... | slot N |
 *	      +-----------+---------------+--------+--------+-- --+--------+
 *	      |<- 4096 -->|<--- 4096 ---->|
 *
 * Any number of programs may produce into a ring, on any CPU: an offer may
 * interrupt another one, overtake one that sleeps, or run beside it. Reserving
 * takes a position by compare-and-exchange on producer_pos, publishing writes
 * the slot of that position and of no other (D. Vyukov's bounded MPMC queue, of
 * which this is the producers' half). Records come in the order in which their
 * positions were taken. A ring for each CPU spares CPUs the line that they would
 * otherwise pass between them.
 *
 * Stamps are bpf_ktime_get_ns(), CLOCK_MONOTONIC.
 */
#ifndef HFT_RING_BPF_H
#define HFT_RING_BPF_H

#include <hft/abi.h>

/* Older compilers do not say what they compile for, and crash. */
#if defined(__BPF_CPU_VERSION__) && __BPF_CPU_VERSION__ < 3
#error "expected atomic operations on 32 and 64 bits: compile with -mcpu=v3"
#endif

/* An element of NAME_consumer. */
struct hft_bpf_consumer {
	struct hft_consumer_page page;
	__u8 reserved[HFT_PAGE - sizeof(struct hft_consumer_page)];
};
HFT_ASSERT_SIZE(struct hft_bpf_consumer, HFT_PAGE);

/* An element of NAME_bells. */
struct hft_bpf_bell {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, HFT_PAGE);
};

/*
 * A ring whose slots have slot_bytes (64 * 2^k, to 4096). Its records are
 * struct NAME_record: an hft_record with slot_bytes - 24 bytes of payload.
 */
#define HFT_BPF_RING(name, slot_bytes)                                         \
	struct name##_record {                                                 \
		__u64 stamp;                                                   \
		__u32 length;                                                  \
		__u16 type;                                                    \
		__u16 flags;                                                   \
		__u8 payload[(slot_bytes) - HFT_SLOT_HEADER -                  \
			     HFT_RECORD_HEADER];                               \
	};                                                                     \
	struct name##_slot {                                                   \
		__u64 published;                                               \
		struct name##_record record;                                   \
	};                                                                     \
	HFT_ASSERT_SIZE(struct name##_slot, slot_bytes);                       \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, struct name##_slot);                             \
	} name##_slots SEC(".maps");                                           \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, struct hft_bpf_consumer);                        \
	} name##_consumer SEC(".maps");                                        \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, __u64);                                          \
	} name##_turns SEC(".maps");                                           \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                      \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__array(values, struct hft_bpf_bell);                          \
	} name##_bells SEC(".maps");                                           \
	const volatile struct hft_bpf_shape name##_shape = {                   \
		.slot_size = (slot_bytes),                                     \
	}

/*
 * The record of the position that this offer takes, or NULL when the ring is
 * full: the offer is then counted as dropped. Set its length and type (its flags
 * are 0, its stamp is not yours), fill the payload, and give it to
 * hft_bpf_publish() or hft_bpf_discard(): one of the two must follow on every
 * path, and once. Consumers wait at a position that is neither published nor
 * discarded, and once the ring has come round to it every further offer is
 * dropped. The verifier cannot see to that; `hft tap` shows it.
 *
 * Giving a record back sets the variable to NULL, so the verifier refuses a
 * program that then gives it back again or writes to it. Through a copy of the
 * pointer it cannot see that. A second time has no effect then, unless another
 * offer has taken the slot meanwhile, a lap later: that one would be published
 * half filled, and if its own program gives it back at the same moment the slot
 * may be lost for good. Copy no pointer, or use the calls with a position, with
 * which a second time never has an effect.
 *
 * A program may hold several records at once, and may sleep while it does.
 */
#define hft_bpf_reserve(name)                                                  \
	((struct name##_record *)hft_bpf_reserve_in(&HFT_BPF_MAPS(name)))

/* Stamp and publish what hft_bpf_reserve() gave, a variable. */
#define hft_bpf_publish(name, record)                                          \
	({                                                                     \
		hft_bpf_expect_record_of(name, record);                        \
		(void)hft_bpf_publish_in(&HFT_BPF_MAPS(name), record, NULL);   \
		hft_bpf_forget(record);                                        \
	})

/* Publish what hft_bpf_reserve() gave, with a stamp taken earlier. */
#define hft_bpf_publish_at(name, record, stamp)                                \
	({                                                                     \
		const __u64 hft_stamp_ = (stamp);                              \
									       \
		hft_bpf_expect_record_of(name, record);                        \
		(void)hft_bpf_publish_in(&HFT_BPF_MAPS(name), record,          \
					 &hft_stamp_);                         \
		hft_bpf_forget(record);                                        \
	})

/*
 * Give up what hft_bpf_reserve() gave: counted as discarded. Its position is
 * published as an empty record that consumers skip.
 */
#define hft_bpf_discard(name, record)                                          \
	({                                                                     \
		hft_bpf_expect_record_of(name, record);                        \
		hft_bpf_discard_in(&HFT_BPF_MAPS(name), record);               \
		hft_bpf_forget(record);                                        \
	})

/*
 * The same with the position in a variable of the caller's, a __u64, instead of
 * in the slot: publishing need not read there what the consumer polls, and the
 * position says for ever which offer it was. For programs that count every
 * nanosecond, or hand records on.
 */
#define hft_bpf_reserve_pos(name, position)                                    \
	({                                                                     \
		_Static_assert(sizeof(position) == sizeof(__u64),              \
			       "expected a __u64 for the position");           \
		(struct name##_record *)hft_bpf_reserve_pos_in(                \
			&HFT_BPF_MAPS(name), &(position));                     \
	})
#define hft_bpf_publish_pos(name, record, position)                            \
	({                                                                     \
		hft_bpf_expect_record_of(name, record);                        \
		(void)hft_bpf_publish_slot(&HFT_BPF_MAPS(name),                \
					   (__u64 *)(record) - 1, position,    \
					   NULL);                              \
		hft_bpf_forget(record);                                        \
	})
#define hft_bpf_discard_pos(name, record, position)                            \
	({                                                                     \
		hft_bpf_expect_record_of(name, record);                        \
		hft_bpf_discard_slot(&HFT_BPF_MAPS(name),                      \
				     (__u64 *)(record) - 1, position);         \
		hft_bpf_forget(record);                                        \
	})

/*
 * Offer a record of `size` bytes of payload, a constant. What the slot has no
 * room for is cut off and flagged. False when the record was dropped. clang
 * copies up to 1,064 bytes this way, and less from some sources: "BPF stack limit
 * exceeded" was seen from 600 bytes of a global array of __u64 on. Fill longer
 * records in place.
 */
#define hft_bpf_output(name, record_type, data, size)                          \
	({                                                                     \
		__u64 hft_pos_;                                                \
		struct name##_record *hft_record_ =                            \
			hft_bpf_reserve_pos(name, hft_pos_);                   \
									       \
		if (hft_record_) {                                             \
			hft_bpf_fill(hft_record_, hft_record_->payload,        \
				     sizeof(hft_record_->payload),             \
				     record_type, data, size);                 \
			(void)hft_bpf_publish_slot(&HFT_BPF_MAPS(name),        \
						   (__u64 *)hft_record_ - 1,   \
						   hft_pos_, NULL);            \
		}                                                              \
		!!hft_record_;                                                 \
	})

/* ---- What these are made of -------------------------------------------- */

/* What a ring of a name is made of, for the functions below. */
struct hft_bpf_maps {
	void *slots;
	void *consumers;
	void *turns;
	void *bells;
	const volatile struct hft_bpf_shape *shape;
};

#define HFT_BPF_MAPS(name)                                                     \
	((struct hft_bpf_maps){ &name##_slots, &name##_consumer,               \
				&name##_turns, &name##_bells, &name##_shape })

/* A record of another ring would be published nowhere. */
#define hft_bpf_expect_record_of(name, record)                                 \
	_Static_assert(__builtin_types_compatible_p(__typeof__(*(record)),     \
						    struct name##_record),     \
		       "expected a record that hft_bpf_reserve(" #name         \
		       ") gave")

/*
 * NULL, which the compiler must not know: it would take what follows for
 * undefined, and leave it out before the verifier sees it.
 */
#define hft_bpf_forget(record) asm("%0 = 0" : "=r"(record))

#ifndef NULL
#define NULL ((void *)0)
#endif

#define hft_bpf_compiler_barrier() asm volatile("" ::: "memory")

/* How often an offer tries to take a position before it is dropped. */
#ifndef HFT_BPF_TRIES
#define HFT_BPF_TRIES 32
#endif

static __always_inline __u64 hft_bpf_read_once(__u64 *word)
{
	return *(volatile __u64 *)word;
}

static __always_inline void hft_bpf_write_once(__u64 *word, __u64 value)
{
	*(volatile __u64 *)word = value;
}

/*
 * clang 14 knows no acquire and release for BPF, and atomic exchanges cost
 * what a full fence does. x86 orders stores among themselves and after earlier
 * loads (TSO; Intel SDM vol. 3A, 9.2), and BPF's JIT keeps program order: there
 * a plain store and load behind a compiler barrier are enough. Elsewhere the
 * atomic operations, all of which are full fences (Documentation/bpf/standard-
 * ization/instruction-set.rst, "Atomic operations").
 */
static __always_inline void hft_bpf_store_release(__u64 *word, __u64 value)
{
#ifdef __TARGET_ARCH_x86
	hft_bpf_compiler_barrier();
	hft_bpf_write_once(word, value);
#else
	__sync_lock_test_and_set(word, value);
#endif
}

static __always_inline __u64 hft_bpf_load_acquire(__u64 *word)
{
#ifdef __TARGET_ARCH_x86
	__u64 value = hft_bpf_read_once(word);

	hft_bpf_compiler_barrier();
	return value;
#else
	return __sync_fetch_and_add(word, 0);
#endif
}

/* Stores that come later become visible later. */
static __always_inline void hft_bpf_store_before(__u64 *word, __u64 value)
{
#ifdef __TARGET_ARCH_x86
	hft_bpf_write_once(word, value);
	hft_bpf_compiler_barrier();
#else
	__sync_lock_test_and_set(word, value);
#endif
}

static __always_inline __u32
hft_bpf_ring_index(const volatile struct hft_bpf_shape *shape)
{
	return shape->rings > 1 ? bpf_get_smp_processor_id() : 0;
}

static __always_inline struct hft_producer_page *
hft_bpf_producer_page(const struct hft_bpf_maps *maps, __u32 ring)
{
	__u32 element =
		ring * maps->shape->elements + maps->shape->producer_page;

	return bpf_map_lookup_elem(maps->slots, &element);
}

static __always_inline __u64 *hft_bpf_slot(const struct hft_bpf_maps *maps,
					   __u32 ring, __u64 pos)
{
	__u32 element = ring * maps->shape->elements + maps->shape->first_slot +
			(pos & (maps->shape->slot_count - 1));

	return bpf_map_lookup_elem(maps->slots, &element);
}

/*
 * Whether the ring has no room for `pos` as far as the consumer says. The
 * consumer page is hostile: it is read once, and what it says is used only as a
 * count of records in flight, clamped to what the ring can hold. The worst that
 * a consumer can do is to lose its own records.
 *
 * Several producers may be here at once. Each stores what it has read; an older
 * value over a newer one only has the page read again.
 */
static __always_inline int hft_bpf_is_full(const struct hft_bpf_maps *maps,
					   struct hft_producer_page *page,
					   __u32 ring, __u64 pos)
{
	const __u32 slot_count = maps->shape->slot_count;
	struct hft_bpf_consumer *consumer;
	/*
	 * Acquire pairs with the release below: who goes by what another
	 * producer has read of the consumer knows what that producer knew
	 * (model, nested.pml: "no record is overwritten while it is read").
	 */
	__u64 used = pos - hft_bpf_load_acquire(&page->consumer_pos);

	if (used < slot_count)
		return 0;
	consumer = bpf_map_lookup_elem(maps->consumers, &ring);
	if (!consumer)
		return 1;
	/*
	 * Acquire pairs with the release in hft::Consumer::flush(): it has read
	 * the slot before we write there again.
	 */
	used = pos - hft_bpf_load_acquire(&consumer->page.consumer_pos);
	if (used > slot_count)
		used = slot_count;
	/* Pairs with the first acquire above. */
	hft_bpf_store_release(&page->consumer_pos, pos - used);
	return used == slot_count;
}

/* Where it is kept which position the slot of `pos` is free for. */
static __always_inline __u64 *hft_bpf_turn(const struct hft_bpf_maps *maps,
					   __u32 ring, __u64 pos)
{
	const __u32 slot_count = maps->shape->slot_count;
	__u32 element = ring * slot_count + (pos & (slot_count - 1));

	return bpf_map_lookup_elem(maps->turns, &element);
}

/*
 * Whether the slot still belongs to the lap before: its record is not published
 * yet, or `pos` is a position that somebody else has taken. The slot itself says
 * so as well, but its line is with the consumer, and waiting for it would cost
 * a record what the transfer of a line does. In the first lap all are free.
 *
 * Acquire pairs with the release in hft_bpf_publish_slot(): the producer of the
 * lap before has written its last byte there (model, nested.pml: "no two
 * producers fill a slot at once").
 */
static __always_inline int
hft_bpf_is_held(__u64 *turn, const volatile struct hft_bpf_shape *shape,
		__u64 pos)
{
	const __u64 free_for = hft_bpf_load_acquire(turn);

	return free_for != pos && !(pos < shape->slot_count && !free_for);
}

static __always_inline void hft_bpf_drop(struct hft_producer_page *page)
{
	__sync_fetch_and_add(&page->dropped, 1);
	hft_bpf_write_once(&page->heartbeat, bpf_ktime_get_ns());
}

/*
 * Take a position. Returns its slot, which belongs to this offer alone until it
 * is published; or NULL, and counts the offer as dropped, when the ring is full
 * or its next slot is held. Either is believed only if producer_pos has not
 * moved meanwhile: a position that somebody else has taken always looks full
 * and held (model, nested.pml: "no offer is dropped while there is room").
 *
 * The compare-and-exchange is a full barrier (model: "each position is published
 * once") and fails only if another offer has taken a position meanwhile. The
 * verifier wants a bound for that: after HFT_BPF_TRIES the offer is dropped.
 */
static __always_inline __u64 *hft_bpf_take(const struct hft_bpf_maps *maps,
					   __u64 *position)
{
	const volatile struct hft_bpf_shape *shape = maps->shape;
	__u32 ring = hft_bpf_ring_index(shape);
	struct hft_producer_page *page = hft_bpf_producer_page(maps, ring);
	__u64 pos, now;
	__u64 *turn;
	__u32 try;

	if (!page)
		return NULL;
	pos = hft_bpf_read_once(&page->producer_pos);
	for (try = 0; try < HFT_BPF_TRIES; try++) {
		turn = hft_bpf_turn(maps, ring, pos);
		if (!turn)
			return NULL;
		if (hft_bpf_is_held(turn, shape, pos) ||
		    (shape->mode == HFT_MODE_DROP &&
		     hft_bpf_is_full(maps, page, ring, pos))) {
			now = hft_bpf_read_once(&page->producer_pos);
			if (now == pos)
				break;
		} else {
			now = __sync_val_compare_and_swap(&page->producer_pos,
							  pos, pos + 1);
			if (now == pos) {
				*position = pos;
				return hft_bpf_slot(maps, ring, pos);
			}
		}
		pos = now;
	}
	hft_bpf_drop(page);
	return NULL;
}

/*
 * `pos` in its slot says that it is taken and cannot be read. Visible before any
 * byte of the new record: pairs with the acquire loads by which hft::Reader
 * copies a record before it reads published again.
 */
static __always_inline void hft_bpf_mark(__u64 *slot, __u64 pos)
{
	hft_bpf_store_before(slot, pos);
}

static __always_inline void *
hft_bpf_reserve_pos_in(const struct hft_bpf_maps *maps, __u64 *pos)
{
	__u64 *slot = hft_bpf_take(maps, pos);

	if (!slot)
		return NULL;
	hft_bpf_mark(slot, *pos);
	/* Length, type and flags: those of a record that was discarded here. */
	slot[2] = 0;
	return slot + 1;
}

static __always_inline void *hft_bpf_reserve_in(const struct hft_bpf_maps *maps)
{
	__u64 pos;

	return hft_bpf_reserve_pos_in(maps, &pos);
}

/*
 * Wake the consumer if it asks for it, once. Otherwise this costs the look at a
 * line that changes only when someone goes to sleep.
 *
 * The fence that comes before the look is that of taking the position: a
 * consumer sleeps at once only if it sees, behind a fence of its own, that no
 * position is taken which it has not read. If one is, it first has every CPU
 * pass a fence: Sleeper::ask() and Consumer::ask_and_look() (model, bell.pml:
 * "no consumer sleeps while a record is published").
 *
 * The page is hostile: what it says costs a wake-up, and no more.
 */
static __always_inline void
hft_bpf_wake_if_asked(const struct hft_bpf_maps *maps,
		      struct hft_producer_page *page, __u32 ring)
{
	struct hft_bpf_consumer *consumer;
	__u64 nothing = 0;
	void *bell;

	if (!maps->shape->has_bells)
		return;
	consumer = bpf_map_lookup_elem(maps->consumers, &ring);
	/*
	 * A request is taken back before it is granted. So two programs that
	 * publish at the same time grant it once (model: "only a consumer that
	 * asked is woken").
	 */
	if (!consumer || !*(volatile __u32 *)&consumer->page.waiting ||
	    !__sync_lock_test_and_set(&consumer->page.waiting, 0))
		return;
	bell = bpf_map_lookup_elem(maps->bells, &ring);
	if (!bell)
		return;
	/*
	 * It fails where the buffer is full, and then its descriptor is readable
	 * already; or in an NMI over another program that rings this very bell,
	 * whose record wakes as well.
	 */
	bpf_ringbuf_output(bell, &nothing, sizeof(nothing),
			   BPF_RB_FORCE_WAKEUP);
	__sync_fetch_and_add(&page->wakeups, 1);
}

/*
 * Publish the record of `pos`; whether it was. Not if this has been done before:
 * while an offer holds a position, the turn of its slot is that position.
 * Between the reading of the clock, where no `earlier` stamp is given, and the
 * publication there are two stores and nothing else.
 */
static __always_inline int hft_bpf_publish_slot(const struct hft_bpf_maps *maps,
						__u64 *slot, __u64 pos,
						const __u64 *earlier)
{
	__u32 ring = hft_bpf_ring_index(maps->shape);
	__u64 *turn = hft_bpf_turn(maps, ring, pos);
	struct hft_producer_page *page;
	__u64 stamp;

	if (!turn || hft_bpf_is_held(turn, maps->shape, pos))
		return 0;
	stamp = earlier ? *earlier : bpf_ktime_get_ns();
	slot[1] = stamp;
	/* Pairs with the acquire load of published in hft::Consumer::poll(). */
	hft_bpf_store_release(slot, pos + 1);
	/* Pairs with the acquire load in hft_bpf_is_held(). */
	hft_bpf_store_release(turn, pos + maps->shape->slot_count);
	page = hft_bpf_producer_page(maps, ring);
	if (!page)
		return 1;
	hft_bpf_write_once(&page->heartbeat, stamp);
	/*
	 * The look comes after the publication. A CPU may have it the other way
	 * round, which the consumer allows for.
	 */
	hft_bpf_compiler_barrier();
	hft_bpf_wake_if_asked(maps, page, ring);
	return 1;
}

/*
 * The slot carries the position from reserve to publish. Once it is published
 * it carries the next position, which is another slot's.
 */
static __always_inline int hft_bpf_publish_in(const struct hft_bpf_maps *maps,
					      void *record,
					      const __u64 *earlier)
{
	__u64 *slot = (__u64 *)record - 1;
	__u64 pos = hft_bpf_read_once(slot);

	if (hft_bpf_slot(maps, hft_bpf_ring_index(maps->shape), pos) != slot)
		return 0;
	return hft_bpf_publish_slot(maps, slot, pos, earlier);
}

/* Publish the record of `pos` as one that consumers skip, and count it. */
static __always_inline void hft_bpf_discard_slot(const struct hft_bpf_maps *maps,
						 __u64 *slot, __u64 pos)
{
	struct hft_record *header = (struct hft_record *)(slot + 1);
	__u32 ring = hft_bpf_ring_index(maps->shape);
	__u64 *turn = hft_bpf_turn(maps, ring, pos);
	struct hft_producer_page *page;

	/* Not what is published already: a consumer may be reading it. */
	if (!turn || hft_bpf_is_held(turn, maps->shape, pos))
		return;
	header->length = 0;
	header->type = HFT_RECORD_EMPTY;
	header->flags = HFT_RECORD_DISCARDED;
	if (!hft_bpf_publish_slot(maps, slot, pos, NULL))
		return;
	page = hft_bpf_producer_page(maps, ring);
	if (page)
		__sync_fetch_and_add(&page->discarded, 1);
}

static __always_inline void hft_bpf_discard_in(const struct hft_bpf_maps *maps,
					       void *record)
{
	__u64 *slot = (__u64 *)record - 1;
	/* Once: another program may publish it meanwhile. */
	__u64 pos = hft_bpf_read_once(slot);

	if (hft_bpf_slot(maps, hft_bpf_ring_index(maps->shape), pos) != slot)
		return;
	hft_bpf_discard_slot(maps, slot, pos);
}

/*
 * The line that the consumer polls is written last, or it is fetched back and
 * forth while the rest is copied.
 */
static __always_inline void hft_bpf_fill(void *record, __u8 *payload,
					 __u32 room, __u16 type,
					 const void *data, __u32 size)
{
	const __u32 in_first_line =
		HFT_CACHE_LINE - HFT_SLOT_HEADER - HFT_RECORD_HEADER;
	struct hft_record *header = record;
	__u32 bytes = size < room ? size : room;
	__u32 first = bytes < in_first_line ? bytes : in_first_line;

	__builtin_memcpy(payload + first, data + first, bytes - first);
	hft_bpf_compiler_barrier();
	__builtin_memcpy(payload, data, first);
	header->length = size;
	header->type = type;
	header->flags = size > room ? HFT_RECORD_TRUNCATED : 0;
}

#endif /* HFT_RING_BPF_H */
