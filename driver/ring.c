// SPDX-License-Identifier: GPL-2.0-only
/* The ring itself: allocation, publication and exact loss accounting. */
#define pr_fmt(fmt) "hft: " fmt
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/printk.h>
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
	u32 i;

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
	ring->turns = kvmalloc_array(params->slot_count, sizeof(*ring->turns),
				     GFP_KERNEL_ACCOUNT);
	if (!ring->slots || !ring->info || !ring->producer || !ring->consumer ||
	    !ring->turns) {
		hft_ring_free(ring);
		return ERR_PTR(-ENOMEM);
	}
	for (i = 0; i < params->slot_count; i++)
		ring->turns[i] = i;
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
	kvfree(ring->turns);
	kfree(ring);
}

/* The counters lie on a page that users read, as plain words. */
static void ring_count(u64 *counter)
{
	atomic64_inc((atomic64_t *)counter);
}

/*
 * Whether the ring has no room for @pos as far as the consumer says. The
 * consumer page is hostile: it is read once, and what it says is used only as a
 * count of records in flight, clamped to what the ring can hold. The worst that
 * a consumer can do is to lose its own records.
 *
 * Several producers may be here at once. Each stores what it has read; an older
 * value over a newer one only has the page read again.
 */
static bool ring_is_full(struct hft_ring *ring, u64 pos)
{
	/*
	 * Acquire pairs with the release below: who goes by what another
	 * producer has read of the consumer knows what that producer knew
	 * (model, nested.pml: "no record is overwritten while it is read").
	 */
	u64 used = pos - smp_load_acquire(&ring->producer->consumer_pos);

	if (likely(used < ring->slot_count))
		return false;
	/*
	 * Acquire pairs with the consumer's release of consumer_pos: it has
	 * read the slot before we write there again.
	 */
	used = pos - smp_load_acquire(&ring->consumer->consumer_pos);
	used = min_t(u64, used, ring->slot_count);
	/* Pairs with the first acquire above. */
	smp_store_release(&ring->producer->consumer_pos, pos - used);
	return used == ring->slot_count;
}

static u64 *ring_turn(struct hft_ring *ring, u64 pos)
{
	return &ring->turns[pos & (ring->slot_count - 1)];
}

/*
 * Whether the slot still belongs to the lap before: its record is not published
 * yet, or @pos is a position that somebody else has taken. The slot itself says
 * so as well, but its line is with the consumer, and waiting for it would cost
 * a record what the transfer of a line does.
 */
static bool ring_is_held(struct hft_ring *ring, u64 pos)
{
	/*
	 * Acquire pairs with the release in hft_ring_commit(): the producer of
	 * the lap before has written its last byte there (model, nested.pml: "no
	 * two producers fill a slot at once").
	 */
	return smp_load_acquire(ring_turn(ring, pos)) != pos;
}

static void ring_drop(struct hft_ring *ring)
{
	ring_count(&ring->producer->dropped);
	WRITE_ONCE(ring->producer->heartbeat, hft_stamp());
	trace_drop(ring->id, READ_ONCE(ring->producer->dropped));
}

/*
 * That there is no position to be had is believed only while producer_pos stands
 * still: an old position always looks taken, and full. The compare-and-exchange
 * is a full barrier, and fails only when another offer has taken a position
 * meanwhile.
 */
struct hft_reservation hft_ring_reserve(struct hft_ring *ring)
{
	u64 *taken = &ring->producer->producer_pos;
	struct hft_slot *slot;
	u64 pos = READ_ONCE(*taken);
	u64 now;

	for (;;) {
		if (unlikely(ring_is_held(ring, pos) ||
			     (ring->mode == HFT_MODE_DROP &&
			      ring_is_full(ring, pos)))) {
			now = READ_ONCE(*taken);
			if (now == pos) {
				ring_drop(ring);
				return (struct hft_reservation){};
			}
		} else {
			now = cmpxchg(taken, pos, pos + 1);
			if (likely(now == pos))
				break;
		}
		pos = now;
	}
	slot = hft_ring_slot(ring, pos);
	WRITE_ONCE(slot->published, pos);
	/*
	 * That the slot is taken and cannot be read is visible before any byte
	 * of the new record. Pairs with the reader's load fence between copying
	 * the record and reading published again.
	 */
	smp_wmb();
	/* What a record that was discarded here has left. */
	slot->record.flags = 0;
	return (struct hft_reservation){ .record = &slot->record, .pos = pos };
}
EXPORT_SYMBOL_GPL(hft_ring_reserve);

/**
 * hft_ring_commit() - stamp and publish a reserved record
 * @ring: the ring
 * @reserved: what hft_ring_reserve() gave
 *
 * Any context.
 */
void hft_ring_commit(struct hft_ring *ring, struct hft_reservation reserved)
{
	struct hft_slot *slot = container_of(reserved.record, struct hft_slot,
					     record);
	u64 stamp = hft_stamp();

	slot->record.stamp = stamp;
	/* Pairs with the consumer's acquire load of published. */
	smp_store_release(&slot->published, reserved.pos + 1);
	/* Pairs with the acquire in ring_is_held(). */
	smp_store_release(ring_turn(ring, reserved.pos),
			  reserved.pos + ring->slot_count);
	WRITE_ONCE(ring->producer->heartbeat, stamp);
	trace_publish(ring->id, reserved.pos, stamp);
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
	ring_count(&ring->producer->wakeups);
	trace_wakeup(ring->id, READ_ONCE(ring->producer->wakeups));
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

static u64 ring_oldest(const struct hft_ring *ring, u64 taken)
{
	return taken > ring->slot_count ? taken - ring->slot_count : 0;
}

/* The first position that is not published yet, by the slots of the last lap. */
u64 hft_ring_first_unpublished(const struct hft_ring *ring)
{
	u64 taken = hft_ring_taken(ring);
	u64 pos = ring_oldest(ring, taken);

	while (pos < taken && hft_ring_readable(ring, pos))
		pos++;
	return pos;
}

/*
 * Where a consumer that attaches now begins: it sees what is published next, and
 * frees no slot that a producer still fills. If the last consumer claimed to
 * have read further, producers go by that and may write there: then it begins
 * with what is taken next, which no claim can have been ahead of.
 */
u64 hft_ring_start(struct hft_ring *ring)
{
	u64 pos = hft_ring_first_unpublished(ring);

	WRITE_ONCE(ring->consumer->consumer_pos, pos);
	/*
	 * Whoever reads the page from here on does not see the last consumer's
	 * word. Pairs with the compare-and-exchange in hft_ring_reserve().
	 */
	smp_mb();
	if ((s64)(READ_ONCE(ring->producer->consumer_pos) - pos) > 0) {
		pos = hft_ring_taken(ring);
		WRITE_ONCE(ring->consumer->consumer_pos, pos);
	}
	WRITE_ONCE(ring->consumer->waiting, 0);
	return pos;
}

/* Records ever offered. */
u64 hft_ring_offered(const struct hft_ring *ring)
{
	return hft_ring_taken(ring) + READ_ONCE(ring->producer->dropped);
}

void hft_ring_publish_next(struct hft_ring *ring)
{
	struct hft_market market = { .sequence = hft_ring_offered(ring) };

	hft_ring_publish(ring, HFT_RECORD_MARKET, &market, sizeof(market));
}

/* What became of every offer. */
void hft_ring_stats(const struct hft_ring *ring, struct hft_ring_stats *stats)
{
	u64 dropped = READ_ONCE(ring->producer->dropped);
	u64 discarded = READ_ONCE(ring->producer->discarded);
	u64 taken, pos, pending = 0, oldest;

	/*
	 * Positions after discards: what is counted as given up was published
	 * before. Pairs with the barrier in hft_ring_discard().
	 */
	smp_rmb();
	taken = hft_ring_taken(ring);
	oldest = taken;
	for (pos = taken; pos > ring_oldest(ring, taken); pos--) {
		if (!hft_ring_readable(ring, pos - 1)) {
			oldest = pos - 1;
			pending++;
		}
	}
	*stats = (struct hft_ring_stats){
		.offered = taken + dropped,
		.published = taken - pending - discarded,
		.dropped = dropped,
		.discarded = discarded,
		.pending = pending,
		.oldest_pending = oldest,
		.wakeups = READ_ONCE(ring->producer->wakeups),
	};
}

/* Publishes what is known to hold its slot. */
static void ring_publish_held(struct hft_ring *ring,
			      struct hft_reservation reserved)
{
	rcu_read_lock();
	hft_ring_commit(ring, reserved);
	if (hft_ring_wants_wake(ring))
		irq_work_queue(&ring->wake);
	rcu_read_unlock();
}

/*
 * Whether @reserved holds a slot of @ring. The slot's turn is its position until
 * it is given back, and never again. Publishing once more would pass the turn of
 * an offer that came since, and two producers would fill one slot (model,
 * nested.pml: "no two producers fill a slot at once").
 */
static bool ring_holds(struct hft_ring *ring, struct hft_reservation reserved)
{
	if (likely(reserved.record == &hft_ring_slot(ring, reserved.pos)->record &&
		   !ring_is_held(ring, reserved.pos)))
		return true;
	pr_warn_ratelimited("ring %u: position %llu is not held by the reservation that was given back (a second time, or to another ring): nothing was done\n",
			    ring->id, reserved.pos);
	return false;
}

void hft_ring_publish_reserved(struct hft_ring *ring,
			       struct hft_reservation reserved)
{
	if (ring_holds(ring, reserved))
		ring_publish_held(ring, reserved);
}
EXPORT_SYMBOL_GPL(hft_ring_publish_reserved);

void hft_ring_discard(struct hft_ring *ring, struct hft_reservation reserved)
{
	if (!ring_holds(ring, reserved))
		return;
	reserved.record->length = 0;
	reserved.record->type = HFT_RECORD_EMPTY;
	reserved.record->flags = HFT_RECORD_DISCARDED;
	ring_publish_held(ring, reserved);
	/* Published, then counted. Pairs with smp_rmb() in hft_ring_stats(). */
	smp_mb__before_atomic();
	ring_count(&ring->producer->discarded);
}
EXPORT_SYMBOL_GPL(hft_ring_discard);

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
	struct hft_reservation reserved = hft_ring_reserve(ring);
	struct hft_record *record = reserved.record;
	u8 *into;

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
	ring_publish_held(ring, reserved);
	return 0;
}
EXPORT_SYMBOL_GPL(hft_ring_publish);
