// SPDX-License-Identifier: GPL-2.0-only
/* The ring itself: allocation, publication and exact loss accounting. */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "ring.h"
#include "trace.h"

static bool ring_params_valid(const struct hft_ring_params *params)
{
	return is_power_of_2(params->slot_size) &&
	       params->slot_size >= HFT_SLOT_SIZE_MIN &&
	       params->slot_size <= HFT_SLOT_SIZE_MAX &&
	       is_power_of_2(params->slot_count) && params->slot_count >= 2 &&
	       params->slot_count <= HFT_SLOT_COUNT_MAX &&
	       params->mode <= HFT_MODE_OVERWRITE &&
	       params->source <= HFT_SOURCE_KERNEL && !params->reserved;
}

static void ring_wake(struct irq_work *work)
{
	hft_ring_wake(container_of(work, struct hft_ring, wake));
}

static void ring_describe(struct hft_ring *ring)
{
	*ring->info = (struct hft_info){
		.magic = HFT_INFO_MAGIC,
		.abi_version = HFT_ABI_VERSION,
		.info_size = sizeof(struct hft_info),
		.slot_size = ring->slot_size,
		.slot_count = ring->slot_count,
		.record_size = ring->slot_size - HFT_SLOT_HEADER,
		.records_per_slot = 1,
		.slots_bytes = ring->slots_bytes,
		.mode = ring->mode,
		.clock = HFT_CLOCK_TSC,
		.clock_hz = (u64)tsc_khz * 1000,
		.producer_kind = HFT_PRODUCER_DRIVER,
		.ring_id = ring->id,
	};
}

/*
 * Every region is whole pages with a reference count, so that what is still
 * mapped outlives hft_ring_free(). The slots are one compound page: split into
 * single ones, they would stay charged to their cgroup for ever on kernels
 * before 5.12 (split_page_memcg()).
 */
struct hft_ring *hft_ring_alloc(const struct hft_ring_params *params)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
			  __GFP_COMP;
	struct hft_ring *ring;

	if (!ring_params_valid(params))
		return ERR_PTR(-EINVAL);

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->slot_size = params->slot_size;
	ring->slot_count = params->slot_count;
	ring->payload_max = params->slot_size - HFT_SLOT_HEADER -
			    HFT_RECORD_HEADER;
	ring->mode = params->mode;
	ring->source = params->source;
	ring->id = params->ring_id;
	ring->slots_bytes = PAGE_ALIGN((size_t)params->slot_size *
				       params->slot_count);
	init_waitqueue_head(&ring->wait);
	init_irq_work(&ring->wake, ring_wake);
	kref_init(&ring->refs);
	mutex_init(&ring->manual);

	/* A power of two of them, as slots and their size are. */
	ring->slots = (char *)__get_free_pages(gfp,
					       get_order(ring->slots_bytes));
	ring->info = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	ring->producer = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	ring->consumer = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!ring->slots || !ring->info || !ring->producer || !ring->consumer) {
		hft_ring_free(ring);
		return ERR_PTR(-ENOMEM);
	}
	ring_describe(ring);
	return ring;
}

void hft_ring_free(struct hft_ring *ring)
{
	irq_work_sync(&ring->wake);
	hft_ring_set_eventfd(ring, NULL);
	free_pages((unsigned long)ring->slots, get_order(ring->slots_bytes));
	free_page((unsigned long)ring->info);
	free_page((unsigned long)ring->producer);
	free_page((unsigned long)ring->consumer);
	kfree(ring);
}

#ifdef HFT_BROKEN_INDEX
/*
 * The mistake that the hostile suite has to catch: the index of the next slot
 * lives in the consumer page, where any consumer writes what it likes.
 */
static struct hft_slot *ring_next(struct hft_ring *ring)
{
	u64 *index = (u64 *)ring->consumer->reserved;

	return (struct hft_slot *)(ring->slots + *index * ring->slot_size);
}

static void ring_advance(struct hft_ring *ring)
{
	u64 *index = (u64 *)ring->consumer->reserved;

	WRITE_ONCE(ring->pos, ring->pos + 1);
	*index = (*index + 1) & (ring->slot_count - 1);
}
#else
static struct hft_slot *ring_next(struct hft_ring *ring)
{
	return hft_ring_slot(ring, ring->pos);
}

static void ring_advance(struct hft_ring *ring)
{
	WRITE_ONCE(ring->pos, ring->pos + 1);
}
#endif

/*
 * The consumer page is hostile: it is read once, and what it says is used only
 * as a count of records in flight, clamped to what the ring can hold. The worst
 * that a consumer can do is to lose its own records.
 */
static bool ring_is_full(struct hft_ring *ring)
{
	u64 used = ring->pos - ring->consumer_pos;

	if (likely(used < ring->slot_count))
		return false;
	/*
	 * Acquire pairs with the consumer's release of consumer_pos: it has
	 * read the slot before we write there again.
	 */
	used = ring->pos - smp_load_acquire(&ring->consumer->consumer_pos);
	used = min_t(u64, used, ring->slot_count);
	ring->consumer_pos = ring->pos - used;
	return used == ring->slot_count;
}

struct hft_record *hft_ring_reserve(struct hft_ring *ring)
{
	struct hft_slot *slot;

	WRITE_ONCE(ring->offered, ring->offered + 1);
	if (ring->mode == HFT_MODE_DROP && unlikely(ring_is_full(ring))) {
		WRITE_ONCE(ring->dropped, ring->dropped + 1);
		WRITE_ONCE(ring->producer->dropped, ring->dropped);
		WRITE_ONCE(ring->producer->heartbeat, hft_stamp());
		trace_drop(ring->id, ring->dropped);
		return NULL;
	}
	slot = ring_next(ring);
	if (ring->mode == HFT_MODE_OVERWRITE) {
		WRITE_ONCE(slot->published, 0);
		/*
		 * The mark is visible before any byte of the new record. Pairs
		 * with the reader's load fence between copying the record and
		 * reading published again.
		 */
		smp_wmb();
	}
	return &slot->record;
}
EXPORT_SYMBOL_GPL(hft_ring_reserve);

/**
 * hft_ring_commit() - stamp and publish the reserved record
 * @ring: the ring
 *
 * Any context.
 */
void hft_ring_commit(struct hft_ring *ring)
{
	struct hft_slot *slot = ring_next(ring);
	u64 stamp = hft_stamp();

	slot->record.stamp = stamp;
	/* Pairs with the consumer's acquire load of published. */
	smp_store_release(&slot->published, ring->pos + 1);
	ring_advance(ring);
	WRITE_ONCE(ring->producer->producer_pos, ring->pos);
	WRITE_ONCE(ring->producer->heartbeat, stamp);
	trace_publish(ring->id, ring->pos - 1, stamp);
}

/*
 * A request is taken back before it is granted: one request, one wake-up. The
 * word is hostile, but says no more than that.
 */
static bool ring_takes_request(struct hft_ring *ring)
{
	if (!rcu_access_pointer(ring->eventfd) ||
	    !READ_ONCE(ring->consumer->waiting) ||
	    !xchg(&ring->consumer->waiting, 0))
		return false;
	WRITE_ONCE(ring->requested, 1);
	return true;
}

/**
 * hft_ring_wants_wake() - whether a consumer sleeps that a commit must wake
 * @ring: the ring
 *
 * Called after hft_ring_commit() inside an RCU read-side section, which is what
 * hft_ring_declare_sleeper() waits for. A ring whose consumer only spins pays
 * one load of a private word.
 */
bool hft_ring_wants_wake(struct hft_ring *ring)
{
	bool sleeper;

	if (likely(!READ_ONCE(ring->may_sleep)))
		return false;
	/*
	 * wq_has_sleeper() has the full fence between publishing and looking
	 * for a sleeper. Pairs with the one in prepare_to_wait() or poll_wait():
	 * the sleeper queues itself, then looks for a record. And with that of
	 * a consumer between setting waiting and its look, Consumer::sleep
	 * (tests/model/wake.pml: "no consumer sleeps while a record is
	 * published").
	 */
	sleeper = wq_has_sleeper(&ring->wait);
	if (ring_takes_request(ring))
		sleeper = true;
	if (!sleeper)
		return false;
	WRITE_ONCE(ring->wakeups, ring->wakeups + 1);
	WRITE_ONCE(ring->producer->wakeups, ring->wakeups);
	trace_wakeup(ring->id, ring->wakeups);
	return true;
}

/**
 * hft_ring_wake() - wake whoever sleeps
 * @ring: the ring
 *
 * Any context but NMI that may wake, which on PREEMPT_RT hard-irq is not.
 */
void hft_ring_wake(struct hft_ring *ring)
{
	struct eventfd_ctx *eventfd;

	wake_up_interruptible_poll(&ring->wait, EPOLLIN | EPOLLRDNORM);
	/*
	 * Before the signal: a request that comes after it has queued us again.
	 * Taken after it, that one would be lost (model: as above).
	 */
	if (!xchg(&ring->requested, 0))
		return;
	rcu_read_lock();
	eventfd = rcu_dereference(ring->eventfd);
	if (eventfd)
		hft_eventfd_signal(eventfd);
	rcu_read_unlock();
}

/**
 * hft_ring_set_eventfd() - what to signal when the consumer asks for it
 * @ring: the ring
 * @eventfd: gives its reference away; NULL for none
 *
 * Process context; waits for an RCU grace period when there was one before.
 */
void hft_ring_set_eventfd(struct hft_ring *ring, struct eventfd_ctx *eventfd)
{
	struct eventfd_ctx *old;

	if (eventfd)
		hft_ring_declare_sleeper(ring);
	old = xchg((__force struct eventfd_ctx **)&ring->eventfd, eventfd);
	if (old) {
		/* A wake-up that is under way may still signal it. */
		synchronize_rcu();
		eventfd_ctx_put(old);
	}
}

/**
 * hft_ring_declare_sleeper() - from now on the producer looks for sleepers
 * @ring: the ring
 *
 * Process context; waits for an RCU grace period the first time, so that no
 * producer which missed the flag can also miss the sleeper (model: as above).
 */
void hft_ring_declare_sleeper(struct hft_ring *ring)
{
	/* Pairs with the release below. */
	if (smp_load_acquire(&ring->sleep_safe))
		return;
	WRITE_ONCE(ring->may_sleep, true);
	synchronize_rcu();
	/*
	 * Only now: a second sleeper that came meanwhile waits as well. Pairs
	 * with the acquire above.
	 */
	smp_store_release(&ring->sleep_safe, true);
}

/* Whether the record of @pos, or a later one in its slot, is published. */
bool hft_ring_readable(const struct hft_ring *ring, u64 pos)
{
	/* Acquire pairs with the release in hft_ring_commit(). */
	return smp_load_acquire(&hft_ring_slot(ring, pos)->published) > pos;
}

/* Where a consumer that attaches now begins: it sees what is published next. */
u64 hft_ring_start(struct hft_ring *ring)
{
	u64 pos = READ_ONCE(ring->pos);

	WRITE_ONCE(ring->consumer->consumer_pos, pos);
	WRITE_ONCE(ring->consumer->waiting, 0);
	return pos;
}

void hft_ring_publish_reserved(struct hft_ring *ring)
{
	rcu_read_lock();
	hft_ring_commit(ring);
	if (hft_ring_wants_wake(ring))
		irq_work_queue(&ring->wake);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(hft_ring_publish_reserved);

u32 hft_ring_payload_max(const struct hft_ring *ring)
{
	return ring->payload_max;
}
EXPORT_SYMBOL_GPL(hft_ring_payload_max);

int hft_ring_publish(struct hft_ring *ring, u16 type, const void *payload,
		     u32 length)
{
	const u32 first_line = HFT_CACHE_LINE - HFT_SLOT_HEADER -
			       HFT_RECORD_HEADER;
	u32 bytes = min(length, ring->payload_max);
	u32 first = min(bytes, first_line);
	struct hft_record *record;
	u8 *into;

	record = hft_ring_reserve(ring);
	if (!record)
		return -ENOBUFS;
	into = (u8 *)record + HFT_RECORD_HEADER;
	/*
	 * The line that the consumer polls is written last, or it is fetched
	 * back and forth while the rest is copied.
	 */
	memcpy(into + first, payload + first, bytes - first);
	memcpy(into, payload, first);
	record->length = length;
	record->type = type;
	record->flags = length > bytes ? HFT_RECORD_TRUNCATED : 0;
	hft_ring_publish_reserved(ring);
	return 0;
}
EXPORT_SYMBOL_GPL(hft_ring_publish);
