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
 * A ring is three maps:
 *
 *	NAME_slots	frozen, so that no one maps it writable: for each ring
 *			its info page, its producer page and its slots, one
 *			element a slot
 *	NAME_consumer	mapped read-write: one consumer page a ring
 *	NAME_private	not mappable, and read-only to system calls: where the
 *			producer stands
 *
 * One program at a time produces into a ring, and is not interrupted by another
 * that does. What runs on several CPUs at once (tracepoints, XDP) wants one
 * ring a CPU; these functions then take the ring of the CPU they run on.
 *
 * Stamps are bpf_ktime_get_ns(), CLOCK_MONOTONIC.
 */
#ifndef HFT_RING_BPF_H
#define HFT_RING_BPF_H

#include <hft/abi.h>

/* An element of NAME_consumer. */
struct hft_bpf_consumer {
	struct hft_consumer_page page;
	__u8 reserved[HFT_PAGE - sizeof(struct hft_consumer_page)];
};
HFT_ASSERT_SIZE(struct hft_bpf_consumer, HFT_PAGE);

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
		__uint(map_flags, BPF_F_RDONLY);                               \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, struct hft_bpf_private);                         \
	} name##_private SEC(".maps");                                         \
	const volatile struct hft_bpf_shape name##_shape = {                   \
		.slot_size = (slot_bytes),                                     \
	}

/*
 * The record for the next position, or NULL when the ring is full: it is then
 * counted as dropped. Fill it in, but for the stamp, and publish it. Until then
 * the offer is neither published nor dropped.
 */
#define hft_bpf_reserve(name)                                                  \
	((struct name##_record *)hft_bpf_reserve_in(                           \
		&name##_slots, &name##_consumer, &name##_private,              \
		&name##_shape))

/* Stamp and publish what hft_bpf_reserve() gave. */
#define hft_bpf_publish(name, record)                                          \
	hft_bpf_publish_in(&name##_slots, &name##_private, &name##_shape,      \
			   record, NULL)

/* Publish what hft_bpf_reserve() gave, with a stamp taken earlier. */
#define hft_bpf_publish_at(name, record, stamp)                                \
	({                                                                     \
		const __u64 stamp_ = (stamp);                                  \
									       \
		hft_bpf_publish_in(&name##_slots, &name##_private,             \
				   &name##_shape, record, &stamp_);            \
	})

/*
 * Offer a record of `size` bytes of payload, a constant. What the slot has no
 * room for is cut off and flagged. False when the ring was full.
 */
#define hft_bpf_output(name, record_type, data, size)                          \
	({                                                                     \
		struct name##_record *record_ = hft_bpf_reserve(name);         \
									       \
		if (record_) {                                                 \
			hft_bpf_fill(record_, record_->payload,                \
				     sizeof(record_->payload), record_type,    \
				     data, size);                              \
			hft_bpf_publish(name, record_);                        \
		}                                                              \
		!!record_;                                                     \
	})

/* ---- What these are made of -------------------------------------------- */

#ifndef NULL
#define NULL ((void *)0)
#endif

#define hft_bpf_compiler_barrier() asm volatile("" ::: "memory")

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
	__u64 value = *(volatile __u64 *)word;

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
hft_bpf_producer_page(void *slots, const volatile struct hft_bpf_shape *shape,
		      __u32 ring)
{
	__u32 element = ring * shape->elements + shape->producer_page;

	return bpf_map_lookup_elem(slots, &element);
}

/*
 * The consumer page is hostile: it is read once, and what it says is used only
 * as a count of records in flight, clamped to what the ring can hold. The worst
 * that a consumer can do is to lose its own records.
 */
static __always_inline int
hft_bpf_is_full(void *consumers, struct hft_bpf_private *self,
		const volatile struct hft_bpf_shape *shape, __u32 ring)
{
	struct hft_consumer_page *page;
	__u64 used = self->pos - self->consumer_pos;

	if (used < shape->slot_count)
		return 0;
	page = bpf_map_lookup_elem(consumers, &ring);
	if (!page)
		return 1;
	/*
	 * Acquire pairs with the release in hft::Consumer::flush(): it has read
	 * the slot before we write there again.
	 */
	used = self->pos - hft_bpf_load_acquire(&page->consumer_pos);
	if (used > shape->slot_count)
		used = shape->slot_count;
	self->consumer_pos = self->pos - used;
	return used == shape->slot_count;
}

static __always_inline void
hft_bpf_drop(void *slots, struct hft_bpf_private *self,
	     const volatile struct hft_bpf_shape *shape, __u32 ring)
{
	struct hft_producer_page *page =
		hft_bpf_producer_page(slots, shape, ring);

	self->dropped++;
	if (page) {
		hft_bpf_write_once(&page->dropped, self->dropped);
		hft_bpf_write_once(&page->heartbeat, bpf_ktime_get_ns());
	}
}

static __always_inline void *
hft_bpf_reserve_in(void *slots, void *consumers, void *privates,
		   const volatile struct hft_bpf_shape *shape)
{
	__u32 ring = hft_bpf_ring_index(shape);
	struct hft_bpf_private *self = bpf_map_lookup_elem(privates, &ring);
	__u32 element;
	__u64 *slot;

	if (!self)
		return NULL;
	self->offered++;
	if (shape->mode == HFT_MODE_DROP &&
	    hft_bpf_is_full(consumers, self, shape, ring)) {
		hft_bpf_drop(slots, self, shape, ring);
		return NULL;
	}
	element = ring * shape->elements + shape->first_slot +
		  (self->pos & (shape->slot_count - 1));
	slot = bpf_map_lookup_elem(slots, &element);
	if (!slot)
		return NULL;
	/*
	 * The mark is visible before any byte of the new record. Pairs with the
	 * acquire loads by which hft::Reader copies a record before it reads
	 * published again.
	 */
	if (shape->mode == HFT_MODE_OVERWRITE)
		hft_bpf_store_before(slot, 0);
	return slot + 1;
}

/*
 * Between the clock, where no `earlier` stamp is given, and the record's being
 * there are two stores: whatever else is to do comes before or after.
 */
static __always_inline void
hft_bpf_publish_in(void *slots, void *privates,
		   const volatile struct hft_bpf_shape *shape, void *record,
		   const __u64 *earlier)
{
	__u32 ring = hft_bpf_ring_index(shape);
	struct hft_bpf_private *self = bpf_map_lookup_elem(privates, &ring);
	struct hft_producer_page *page;
	__u64 *stamp_of = record;
	__u64 stamp, pos;

	if (!self)
		return;
	pos = self->pos + 1;
	self->pos = pos;
	stamp = earlier ? *earlier : bpf_ktime_get_ns();
	*stamp_of = stamp;
	/* Pairs with the acquire load of published in hft::Consumer::poll(). */
	hft_bpf_store_release(stamp_of - 1, pos);
	page = hft_bpf_producer_page(slots, shape, ring);
	if (page) {
		hft_bpf_write_once(&page->producer_pos, pos);
		hft_bpf_write_once(&page->heartbeat, stamp);
	}
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
