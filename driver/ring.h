/* SPDX-License-Identifier: GPL-2.0-only */
/* The slot-published ring: memory, positions and accounting. */
#ifndef HFT_RING_H
#define HFT_RING_H

#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "hft.h"

struct eventfd_ctx;

/* Private to the kernel: nothing here is ever mapped. */
struct hft_ring {
	bool may_sleep; /* some consumer has declared that it may sleep */
	bool sleep_safe; /* and every producer that runs has seen it */

	u64 *turns; /* for each slot the position that it is free for */

	/* Constant once created. */
	char *slots;
	u32 slot_size;
	u32 slot_count;
	u32 payload_max;
	u32 mode; /* enum hft_mode */
	u32 source; /* enum hft_source */
	u32 id;
	size_t slots_bytes;
	struct hft_info *info;
	struct hft_producer_page *producer; /* users map it read-only */
	struct hft_consumer_page *consumer; /* hostile */

	struct wait_queue_head wait; /* of read() and poll() */
	struct eventfd_ctx __rcu *eventfd; /* of a consumer that sets waiting */
	u32 requested; /* it did, and has not been signalled yet */
	struct irq_work wake;

	struct kref refs;
	struct mutex manual; /* serialises hft_ring_publish_next() */
	void *owner; /* the file that is the one consumer of drop mode */
};

/* The producer's clock: hft_record.stamp of every ring here. */
static inline u64 hft_stamp(void)
{
	return rdtsc_ordered();
}

/* Positions taken: the position of the next record. */
static inline u64 hft_ring_taken(const struct hft_ring *ring)
{
	return READ_ONCE(ring->producer->producer_pos);
}

static inline struct hft_slot *hft_ring_slot(const struct hft_ring *ring,
					     u64 pos)
{
	return (struct hft_slot *)(ring->slots +
		(size_t)(pos & (ring->slot_count - 1)) * ring->slot_size);
}

struct hft_ring *hft_ring_alloc(const struct hft_ring_params *params);
void hft_ring_free(struct hft_ring *ring);

void hft_ring_commit(struct hft_ring *ring, struct hft_reservation reserved);
bool hft_ring_wants_wake(struct hft_ring *ring);
void hft_ring_wake(struct hft_ring *ring);

void hft_ring_declare_sleeper(struct hft_ring *ring);
void hft_ring_set_eventfd(struct hft_ring *ring, struct eventfd_ctx *eventfd);
bool hft_ring_readable(const struct hft_ring *ring, u64 pos);
u64 hft_ring_first_unpublished(const struct hft_ring *ring);
u64 hft_ring_start(struct hft_ring *ring);
u64 hft_ring_offered(const struct hft_ring *ring);
/* Publish a trade whose sequence is the count of offers before it. */
void hft_ring_publish_next(struct hft_ring *ring);
void hft_ring_stats(const struct hft_ring *ring, struct hft_ring_stats *stats);

#endif
