// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: publication, loss accounting, hostile consumers, every context. */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "channel.h"

#define SLOTS 8

static struct hft_ring *make_ring(struct kunit *test, u32 slot_size, u32 mode)
{
	struct hft_ring_params params = {
		.slot_size = slot_size, .slot_count = SLOTS, .mode = mode,
	};
	struct hft_ring *ring = hft_ring_alloc(&params);

	KUNIT_ASSERT_FALSE(test, IS_ERR(ring));
	return ring;
}

static u32 publish(struct hft_ring *ring, u32 count)
{
	u32 published = 0;

	for (u64 value = 0; value < count; value++)
		published += !hft_ring_publish(ring, HFT_RECORD_USER, &value,
					       sizeof(value));
	return published;
}

static struct hft_ring_stats stats_of(const struct hft_ring *ring)
{
	struct hft_ring_stats stats;

	hft_ring_stats(ring, &stats);
	return stats;
}

/* @offered is the test's own count; no offer is pending. */
static void expect_accounted(struct kunit *test, struct hft_ring *ring,
			     u64 offered)
{
	struct hft_ring_stats stats = stats_of(ring);

	KUNIT_EXPECT_EQ(test, stats.offered, offered);
	KUNIT_EXPECT_EQ(test,
			stats.published + stats.dropped + stats.discarded,
			offered);
	KUNIT_EXPECT_EQ(test, stats.pending, 0ULL);
	KUNIT_EXPECT_EQ(test, ring->producer->dropped, stats.dropped);
}

static void publishes_in_place(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_slot *slot = hft_ring_slot(ring, 0);
	u64 value = 42;

	KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_EQ(test, 0, hft_ring_publish(ring, HFT_RECORD_USER, &value,
						  sizeof(value)));
	KUNIT_EXPECT_TRUE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, 1));
	KUNIT_EXPECT_EQ(test, slot->published, 1ULL);
	KUNIT_EXPECT_EQ(test, slot->record.length, 8U);
	KUNIT_EXPECT_EQ(test, (u32)slot->record.type, (u32)HFT_RECORD_USER);
	KUNIT_EXPECT_EQ(test, 0, memcmp(slot->record.payload, &value, 8));
	KUNIT_EXPECT_NE(test, slot->record.stamp, 0ULL);
	hft_ring_free(ring);
}

static void describes_itself(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 128, HFT_MODE_OVERWRITE);

	KUNIT_EXPECT_EQ(test, ring->info->magic, HFT_INFO_MAGIC);
	KUNIT_EXPECT_EQ(test, ring->info->record_size, 120U);
	KUNIT_EXPECT_EQ(test, ring->info->slots_bytes, 4096ULL);
	KUNIT_EXPECT_EQ(test, ring->info->mode, (u32)HFT_MODE_OVERWRITE);
	hft_ring_free(ring);
}

static void stalled_consumer_loses_exactly(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);

	KUNIT_EXPECT_EQ(test, publish(ring, SLOTS + 5), (u32)SLOTS);
	KUNIT_EXPECT_EQ(test, ring->producer->dropped, 5ULL);
	expect_accounted(test, ring, SLOTS + 5);

	ring->consumer->consumer_pos = 3;
	KUNIT_EXPECT_EQ(test, publish(ring, 4), 3U);
	KUNIT_EXPECT_EQ(test, ring->producer->dropped, 6ULL);
	expect_accounted(test, ring, SLOTS + 9);
	hft_ring_free(ring);
}

/* Whatever it claims, no record it has not been given is overwritten by more
 * than its own claim allows, and the count stays exact.
 */
static void hostile_positions_are_clamped(struct kunit *test)
{
	static const u64 claims[] = { ~0ULL, 1ULL << 63, 1ULL << 32, 1000, 17 };
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);

	publish(ring, SLOTS);
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		ring->consumer->consumer_pos = claims[i];
		KUNIT_EXPECT_EQ(test, publish(ring, 1), 0U);
		KUNIT_EXPECT_EQ(test, hft_ring_taken(ring) -
				ring->producer->consumer_pos, (u64)SLOTS);
		expect_accounted(test, ring, SLOTS + i + 1);
	}
	ring->consumer->consumer_pos = SLOTS;
	KUNIT_EXPECT_EQ(test, publish(ring, 1), 1U);
	hft_ring_free(ring);
}

static void overwrite_never_drops(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_OVERWRITE);

	ring->consumer->consumer_pos = ~0ULL;
	KUNIT_EXPECT_EQ(test, publish(ring, 3 * SLOTS + 1), 3U * SLOTS + 1);
	KUNIT_EXPECT_EQ(test, ring->producer->dropped, 0ULL);
	KUNIT_EXPECT_EQ(test, hft_ring_slot(ring, 0)->published,
			3ULL * SLOTS + 1);
	expect_accounted(test, ring, 3 * SLOTS + 1);
	hft_ring_free(ring);
}

static void a_taken_slot_is_marked(struct kunit *test)
{
	static const u32 modes[] = { HFT_MODE_DROP, HFT_MODE_OVERWRITE };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct hft_ring *ring = make_ring(test, 64, modes[i]);
		struct hft_reservation reserved;

		publish(ring, SLOTS);
		ring->consumer->consumer_pos = SLOTS;
		reserved = hft_ring_reserve(ring);
		KUNIT_ASSERT_PTR_NE(test, reserved.record, NULL);
		KUNIT_EXPECT_EQ(test, reserved.pos, (u64)SLOTS);
		KUNIT_EXPECT_EQ(test, hft_ring_slot(ring, 0)->published,
				(u64)SLOTS);
		KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, SLOTS));
		hft_ring_commit(ring, reserved);
		KUNIT_EXPECT_EQ(test, hft_ring_slot(ring, 0)->published,
				(u64)SLOTS + 1);
		hft_ring_free(ring);
	}
}

static void long_payload_is_truncated(struct kunit *test)
{
	static const u32 sizes[] = { 64, 128, 4096 };
	u8 *payload = kunit_kzalloc(test, 5000, GFP_KERNEL);

	KUNIT_ASSERT_PTR_NE(test, payload, NULL);
	for (u32 i = 0; i < 5000; i++)
		payload[i] = i * 7;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct hft_ring *ring = make_ring(test, sizes[i],
						  HFT_MODE_DROP);
		struct hft_record *record = &hft_ring_slot(ring, 0)->record;

		hft_ring_publish(ring, HFT_RECORD_USER, payload, 5000);
		KUNIT_EXPECT_EQ(test, record->length, 5000U);
		KUNIT_EXPECT_EQ(test, record->flags & HFT_RECORD_TRUNCATED, 1);
		KUNIT_EXPECT_EQ(test, 0, memcmp((u8 *)record + HFT_RECORD_HEADER,
						payload, sizes[i] - 24));
		KUNIT_EXPECT_EQ(test, hft_ring_slot(ring, 1)->published, 0ULL);
		hft_ring_free(ring);
	}
}

static void bad_parameters_are_refused(struct kunit *test)
{
	static const struct hft_ring_params bad[] = {
		{ .slot_size = 0, .slot_count = 8 },
		{ .slot_size = 32, .slot_count = 8 },
		{ .slot_size = 96, .slot_count = 8 },
		{ .slot_size = 8192, .slot_count = 8 },
		{ .slot_size = 64, .slot_count = 0 },
		{ .slot_size = 64, .slot_count = 1 },
		{ .slot_size = 64, .slot_count = 7 },
		{ .slot_size = 64, .slot_count = 2 * HFT_SLOT_COUNT_MAX },
		{ .slot_size = 64, .slot_count = 8, .mode = 2 },
		{ .slot_size = 64, .slot_count = 8, .source = 3 },
		{ .slot_size = 64, .slot_count = 8, .reserved = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, PTR_ERR(hft_ring_alloc(&bad[i])),
				(long)-EINVAL);
}

static void a_late_consumer_starts_at_the_newest(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);

	publish(ring, SLOTS + 2);
	KUNIT_EXPECT_EQ(test, hft_ring_start(ring), (u64)SLOTS);
	KUNIT_EXPECT_EQ(test, publish(ring, SLOTS), (u32)SLOTS);
	expect_accounted(test, ring, 2 * SLOTS + 2);
	hft_ring_free(ring);
}

static void reserved_record_is_published_in_place(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 128, HFT_MODE_DROP);
	struct hft_reservation reserved = hft_ring_reserve(ring);
	struct hft_record *record = reserved.record;

	KUNIT_EXPECT_EQ(test, hft_ring_payload_max(ring), 104U);
	KUNIT_EXPECT_PTR_EQ(test, record, &hft_ring_slot(ring, 0)->record);
	record->type = HFT_RECORD_USER;
	record->length = 3;
	record->flags = 0;
	memcpy(record->payload, "abc", 3);
	KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, 0));
	hft_ring_publish_reserved(ring, reserved);
	KUNIT_EXPECT_TRUE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_NE(test, record->stamp, 0ULL);
	publish(ring, SLOTS - 1);
	KUNIT_EXPECT_PTR_EQ(test, hft_ring_reserve(ring).record, NULL);
	expect_accounted(test, ring, SLOTS + 1);
	hft_ring_free(ring);
}

/* Fill a reserved record with @value in each word, so that a torn one shows. */
static void fill(struct hft_reservation reserved, u64 value)
{
	u64 words[5] = { value, value, value, value, value };

	reserved.record->type = HFT_RECORD_USER;
	reserved.record->length = sizeof(words);
	reserved.record->flags = 0;
	memcpy(reserved.record->payload, words, sizeof(words));
}

static bool holds(const struct hft_ring *ring, u64 pos, u64 value)
{
	const struct hft_record *record = &hft_ring_slot(ring, pos)->record;
	u64 words[5];

	memcpy(words, record->payload, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i] != value)
			return false;
	return hft_ring_readable(ring, pos);
}

static void reservations_are_published_in_any_order(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_reservation first = hft_ring_reserve(ring);
	struct hft_reservation second = hft_ring_reserve(ring);

	KUNIT_EXPECT_EQ(test, first.pos, 0ULL);
	KUNIT_EXPECT_EQ(test, second.pos, 1ULL);
	fill(second, 2);
	hft_ring_publish_reserved(ring, second);
	KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_TRUE(test, hft_ring_readable(ring, 1));
	KUNIT_EXPECT_EQ(test, stats_of(ring).pending, 1ULL);
	KUNIT_EXPECT_EQ(test, stats_of(ring).oldest_pending, 0ULL);
	KUNIT_EXPECT_EQ(test, stats_of(ring).published, 1ULL);
	fill(first, 1);
	hft_ring_publish_reserved(ring, first);
	KUNIT_EXPECT_TRUE(test, holds(ring, 0, 1));
	KUNIT_EXPECT_TRUE(test, holds(ring, 1, 2));
	expect_accounted(test, ring, 2);
	hft_ring_free(ring);
}

static void what_is_given_up_is_skipped_and_counted(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_reservation reserved = hft_ring_reserve(ring);

	publish(ring, 1);
	fill(reserved, 1);
	hft_ring_discard(ring, reserved);
	KUNIT_EXPECT_TRUE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_EQ(test, (u32)reserved.record->flags,
			HFT_RECORD_DISCARDED);
	KUNIT_EXPECT_EQ(test, reserved.record->length, 0U);
	KUNIT_EXPECT_EQ(test, stats_of(ring).discarded, 1ULL);
	KUNIT_EXPECT_EQ(test, stats_of(ring).published, 1ULL);
	expect_accounted(test, ring, 2);
	hft_ring_free(ring);
}

typedef void give_back_fn(struct hft_ring *ring, struct hft_reservation reserved);

/*
 * Before and after an offer of the next lap has taken the slot. A second time
 * that had an effect would publish that offer's slot, and let one of the lap
 * after it into the slot as well.
 */
static void expect_first_counts(struct kunit *test, u32 mode,
				give_back_fn *first, give_back_fn *second)
{
	struct hft_ring *ring = make_ring(test, 64, mode);
	struct hft_reservation reserved = hft_ring_reserve(ring);
	struct hft_reservation later;
	struct hft_ring_stats once, twice;

	fill(reserved, 1);
	first(ring, reserved);
	once = stats_of(ring);
	second(ring, reserved);
	twice = stats_of(ring);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&once, &twice, sizeof(once)));
	KUNIT_EXPECT_EQ(test, publish(ring, SLOTS - 1), SLOTS - 1U);

	ring->consumer->consumer_pos = SLOTS;
	later = hft_ring_reserve(ring);
	KUNIT_EXPECT_PTR_EQ(test, later.record, reserved.record);
	fill(later, 2);
	second(ring, reserved);
	KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, SLOTS));
	KUNIT_EXPECT_EQ(test, stats_of(ring).pending, 1ULL);
	hft_ring_publish_reserved(ring, later);
	KUNIT_EXPECT_TRUE(test, holds(ring, SLOTS, 2));
	expect_accounted(test, ring, SLOTS + 1);
	hft_ring_free(ring);
}

static void a_reservation_is_given_back_once(struct kunit *test)
{
	static give_back_fn *const ways[] = { hft_ring_publish_reserved,
					      hft_ring_discard };
	static const u32 modes[] = { HFT_MODE_DROP, HFT_MODE_OVERWRITE };

	for (size_t i = 0; i < 8; i++)
		expect_first_counts(test, modes[i >> 2], ways[i >> 1 & 1],
				    ways[i & 1]);
}

static void a_reservation_of_another_ring_is_refused(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_ring *other = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_reservation reserved = hft_ring_reserve(ring);

	fill(reserved, 1);
	hft_ring_publish_reserved(other, reserved);
	hft_ring_discard(other, reserved);
	hft_ring_publish_reserved(other, (struct hft_reservation){});
	expect_accounted(test, other, 0);
	KUNIT_EXPECT_EQ(test, stats_of(ring).pending, 1ULL);
	hft_ring_publish_reserved(ring, reserved);
	KUNIT_EXPECT_TRUE(test, holds(ring, 0, 1));
	expect_accounted(test, ring, 1);
	KUNIT_EXPECT_EQ(test, publish(other, SLOTS), (u32)SLOTS);
	hft_ring_free(other);
	hft_ring_free(ring);
}

static void a_successor_waits_for_what_is_pending(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_reservation slow;

	publish(ring, SLOTS - 1);
	ring->consumer->consumer_pos = SLOTS - 1;
	slow = hft_ring_reserve(ring);
	publish(ring, 2);
	KUNIT_EXPECT_EQ(test, hft_ring_start(ring), SLOTS - 1ULL);
	fill(slow, 1);
	hft_ring_publish_reserved(ring, slow);
	KUNIT_EXPECT_EQ(test, hft_ring_start(ring), SLOTS + 2ULL);
	expect_accounted(test, ring, SLOTS + 2);
	hft_ring_free(ring);
}

/* The last consumer claims to have read more, then takes it back and goes. */
static void a_successor_begins_behind_what_was_claimed(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct hft_reservation slow = hft_ring_reserve(ring);

	publish(ring, SLOTS - 1);
	fill(slow, 1);
	hft_ring_publish_reserved(ring, slow);
	ring->consumer->consumer_pos = SLOTS;
	KUNIT_EXPECT_EQ(test, publish(ring, 1), 1U);
	slow = hft_ring_reserve(ring);
	ring->consumer->consumer_pos = 1;
	KUNIT_EXPECT_EQ(test, hft_ring_start(ring), SLOTS + 1ULL);
	ring->producer->consumer_pos = SLOTS + 2;
	KUNIT_EXPECT_EQ(test, hft_ring_start(ring), SLOTS + 2ULL);
	hft_ring_discard(ring, slow);
	hft_ring_free(ring);
}

static void what_was_discarded_is_not_what_comes_there_next(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_OVERWRITE);
	struct hft_reservation reserved;

	for (u32 i = 0; i < SLOTS; i++)
		hft_ring_discard(ring, hft_ring_reserve(ring));
	reserved = hft_ring_reserve(ring);
	hft_ring_publish_reserved(ring, reserved);
	KUNIT_EXPECT_EQ(test, (u32)reserved.record->flags, 0U);
	expect_accounted(test, ring, SLOTS + 1);
	hft_ring_free(ring);
}

/* Whatever the consumer says, and in overwrite mode, where no one is asked. */
static void no_lap_overtakes_a_reservation(struct kunit *test)
{
	static const u32 modes[] = { HFT_MODE_DROP, HFT_MODE_OVERWRITE };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct hft_ring *ring = make_ring(test, 64, modes[i]);
		struct hft_reservation slow = hft_ring_reserve(ring);

		KUNIT_EXPECT_EQ(test, publish(ring, SLOTS - 1), SLOTS - 1U);
		ring->consumer->consumer_pos = hft_ring_taken(ring);
		KUNIT_EXPECT_EQ(test, publish(ring, 3), 0U);
		KUNIT_EXPECT_EQ(test, stats_of(ring).pending, 1ULL);
		KUNIT_EXPECT_EQ(test, stats_of(ring).dropped, 3ULL);

		/* Who attaches now waits for it, and frees nothing of it. */
		KUNIT_EXPECT_EQ(test, hft_ring_start(ring), 0ULL);
		KUNIT_EXPECT_EQ(test, publish(ring, 1), 0U);

		fill(slow, 7);
		hft_ring_publish_reserved(ring, slow);
		KUNIT_EXPECT_TRUE(test, holds(ring, 0, 7));
		KUNIT_EXPECT_EQ(test, hft_ring_start(ring), (u64)SLOTS);
		KUNIT_EXPECT_EQ(test, publish(ring, SLOTS), (u32)SLOTS);
		expect_accounted(test, ring, 2 * SLOTS + 4);
		hft_ring_free(ring);
	}
}

/* What publishes in another context, and a sleeper that sees itself woken. */
static struct {
	struct hft_ring *ring;
	int result;
	bool in_nmi;
	bool done;
	bool woken;
} elsewhere;

static int note_wake_up(struct wait_queue_entry *entry, unsigned int mode,
			int flags, void *key)
{
	WRITE_ONCE(elsewhere.woken, true);
	return 0;
}

static void publish_elsewhere(void *unused)
{
	u64 value = 1;

	elsewhere.in_nmi = in_nmi();
	elsewhere.result = hft_ring_publish(elsewhere.ring, HFT_RECORD_USER,
					    &value, sizeof(value));
	WRITE_ONCE(elsewhere.done, true);
}

static int publish_in_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!elsewhere.ring || READ_ONCE(elsewhere.done))
		return NMI_DONE;
	publish_elsewhere(NULL);
	return NMI_HANDLED;
}

static void publish_in_softirq(struct tasklet_struct *tasklet)
{
	publish_elsewhere(NULL);
}

/* @raise has publish_elsewhere() called somewhere; its sleeper is woken. */
static void expect_publish(struct kunit *test, void (*raise)(void))
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	DEFINE_WAIT_FUNC(sleeper, note_wake_up);
	unsigned long end = jiffies + 10 * HZ;

	elsewhere.ring = ring;
	elsewhere.done = false;
	elsewhere.woken = false;
	hft_ring_declare_sleeper(ring);
	add_wait_queue(&ring->wait, &sleeper);
	raise();
	while (!READ_ONCE(elsewhere.woken) && time_before(jiffies, end))
		cond_resched();
	KUNIT_EXPECT_TRUE(test, elsewhere.done);
	KUNIT_EXPECT_TRUE(test, elsewhere.woken);
	KUNIT_EXPECT_EQ(test, elsewhere.result, 0);
	KUNIT_EXPECT_TRUE(test, hft_ring_readable(ring, 0));
	KUNIT_EXPECT_EQ(test, ring->producer->wakeups, 1ULL);
	elsewhere.ring = NULL;
	remove_wait_queue(&ring->wait, &sleeper);
	hft_ring_free(ring);
}

static void raise_nmi(void)
{
	apic->send_IPI(get_cpu(), NMI_VECTOR);
	put_cpu();
}

static void publishes_from_nmi(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, register_nmi_handler(NMI_LOCAL, publish_in_nmi,
						      0, "hft_test"));
	expect_publish(test, raise_nmi);
	KUNIT_EXPECT_TRUE(test, elsewhere.in_nmi);
	unregister_nmi_handler(NMI_LOCAL, "hft_test");
}

static void raise_hard_irq(void)
{
	smp_call_function_single(cpumask_any_but(cpu_online_mask,
						 raw_smp_processor_id()),
				 publish_elsewhere, NULL, 1);
}

static void publishes_from_hard_irq(struct kunit *test)
{
	expect_publish(test, raise_hard_irq);
}

static DECLARE_TASKLET(tasklet, publish_in_softirq);

static void raise_softirq_tasklet(void)
{
	tasklet_schedule(&tasklet);
}

static void publishes_from_softirq(struct kunit *test)
{
	expect_publish(test, raise_softirq_tasklet);
	tasklet_kill(&tasklet);
}

/* An offer in an NMI, inside one in a hard interrupt, inside one of a thread. */
static struct {
	struct hft_ring *ring;
	struct hft_reservation interrupted;
	bool in_hard_irq;
	bool done;
} nested;

static int offer_in_nmi(unsigned int type, struct pt_regs *regs)
{
	struct hft_reservation reserved;

	if (!nested.ring || READ_ONCE(nested.done))
		return NMI_DONE;
	reserved = hft_ring_reserve(nested.ring);
	fill(reserved, 2);
	hft_ring_publish_reserved(nested.ring, reserved);
	WRITE_ONCE(nested.done, true);
	return NMI_HANDLED;
}

static void offer_in_hard_irq(struct irq_work *work)
{
	nested.in_hard_irq = in_irq();
	nested.interrupted = hft_ring_reserve(nested.ring);
	fill(nested.interrupted, 1);
	apic->send_IPI(smp_processor_id(), NMI_VECTOR);
	while (!READ_ONCE(nested.done))
		cpu_relax();
	hft_ring_publish_reserved(nested.ring, nested.interrupted);
}

static void offers_nest_in_every_context(struct kunit *test)
{
	static const u32 modes[] = { HFT_MODE_DROP, HFT_MODE_OVERWRITE };

	KUNIT_ASSERT_EQ(test, 0, register_nmi_handler(NMI_LOCAL, offer_in_nmi,
						      0, "hft_nested"));
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct hft_ring *ring = make_ring(test, 64, modes[i]);
		struct hft_reservation outer = hft_ring_reserve(ring);
		struct irq_work work;

		nested.done = false;
		nested.ring = ring;
		init_irq_work(&work, offer_in_hard_irq);
		irq_work_queue(&work);
		irq_work_sync(&work);
		KUNIT_EXPECT_TRUE(test, nested.in_hard_irq);
		KUNIT_EXPECT_EQ(test, nested.interrupted.pos, 1ULL);
		KUNIT_EXPECT_FALSE(test, hft_ring_readable(ring, 0));
		fill(outer, 0);
		hft_ring_publish_reserved(ring, outer);
		for (u64 pos = 0; pos < 3; pos++)
			KUNIT_EXPECT_TRUE(test, holds(ring, pos, pos));
		expect_accounted(test, ring, 3);
		nested.ring = NULL;
		hft_ring_free(ring);
	}
	unregister_nmi_handler(NMI_LOCAL, "hft_nested");
}

/* Two CPUs into one ring, each interrupted by hard interrupts that offer, too. */
#define OFFERS 100000U
#define INTERRUPT_EVERY 64U

struct crowd_member {
	struct hft_ring *ring;
	struct task_struct *thread;
	struct completion ended;
	struct irq_work work;
	u64 offered;
	u64 dropped;
	u64 irq_offered;
	u64 irq_dropped;
};

static u64 offer_filled(struct hft_ring *ring, u64 value)
{
	struct hft_reservation reserved = hft_ring_reserve(ring);

	if (!reserved.record)
		return 1;
	fill(reserved, value);
	if (value % 16)
		hft_ring_publish_reserved(ring, reserved);
	else
		hft_ring_discard(ring, reserved);
	return 0;
}

static void crowd_irq(struct irq_work *work)
{
	struct crowd_member *member = container_of(work, struct crowd_member,
						   work);

	member->irq_dropped += offer_filled(member->ring, ++member->irq_offered);
}

static int crowd_thread(void *arg)
{
	struct crowd_member *member = arg;

	while (member->offered < OFFERS) {
		member->dropped += offer_filled(member->ring,
						++member->offered);
		if (!(member->offered % INTERRUPT_EVERY))
			irq_work_queue(&member->work);
		cond_resched();
	}
	irq_work_sync(&member->work);
	complete(&member->ended);
	return 0;
}

static void crowd_start(struct kunit *test, struct crowd_member *member,
			struct hft_ring *ring, unsigned int cpu)
{
	*member = (struct crowd_member){ .ring = ring };
	init_completion(&member->ended);
	init_irq_work(&member->work, crowd_irq);
	member->thread = kthread_create(crowd_thread, member, "hft_crowd/%u",
					cpu);
	KUNIT_ASSERT_FALSE(test, IS_ERR(member->thread));
	kthread_bind(member->thread, cpu);
	wake_up_process(member->thread);
}

static bool crowd_ended(struct crowd_member *crowd)
{
	return completion_done(&crowd[0].ended) &&
	       completion_done(&crowd[1].ended);
}

static void offers_of_two_cpus_are_all_accounted(struct kunit *test)
{
	struct hft_ring *ring = make_ring(test, 64, HFT_MODE_DROP);
	struct crowd_member *crowd = kunit_kcalloc(test, 2, sizeof(*crowd),
						   GFP_KERNEL);
	u64 pos = 0, published = 0, given_up = 0, torn = 0;
	struct hft_ring_stats stats;

	KUNIT_ASSERT_PTR_NE(test, crowd, NULL);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		crowd_start(test, &crowd[cpu], ring, cpu);
	for (;;) {
		bool ended = crowd_ended(crowd);

		while (hft_ring_readable(ring, pos)) {
			const struct hft_record *record =
				&hft_ring_slot(ring, pos)->record;
			u64 value;

			if (record->flags & HFT_RECORD_DISCARDED) {
				given_up++;
			} else {
				memcpy(&value, record->payload, sizeof(value));
				torn += !holds(ring, pos, value);
				published++;
			}
			/* Pairs with the acquire in ring_is_full(). */
			smp_store_release(&ring->consumer->consumer_pos, ++pos);
		}
		if (ended && pos == hft_ring_taken(ring))
			break;
		cond_resched();
	}
	stats = stats_of(ring);
	KUNIT_EXPECT_EQ(test, torn, 0ULL);
	KUNIT_EXPECT_EQ(test, stats.published, published);
	KUNIT_EXPECT_EQ(test, stats.discarded, given_up);
	KUNIT_EXPECT_EQ(test, stats.dropped,
			crowd[0].dropped + crowd[1].dropped +
			crowd[0].irq_dropped + crowd[1].irq_dropped);
	expect_accounted(test, ring, 2ULL * OFFERS + crowd[0].irq_offered +
			 crowd[1].irq_offered);
	KUNIT_EXPECT_GT(test, crowd[0].irq_offered, 0ULL);
	hft_ring_free(ring);
}

static void another_driver_has_a_channel(struct kunit *test)
{
	struct hft_ring_params params = { .slot_size = 64, .slot_count = SLOTS };
	struct hft_ring *ring = hft_ring_create(&params);
	u32 id = params.ring_id;

	KUNIT_ASSERT_FALSE(test, IS_ERR(ring));
	KUNIT_EXPECT_NE(test, id, (u32)HFT_CHANNEL_DEFAULT);
	KUNIT_EXPECT_EQ(test, ring->source, (u32)HFT_SOURCE_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, hft_channel_get(id), ring);
	hft_ring_destroy(ring);
	/* A file that uses it keeps it. */
	KUNIT_EXPECT_EQ(test, publish(ring, 3), 3U);
	hft_channel_put(ring);
	KUNIT_EXPECT_PTR_EQ(test, hft_channel_get(id), NULL);

	params.slot_count = 3;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hft_ring_create(&params)), (long)-EINVAL);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(publishes_in_place),
	KUNIT_CASE(describes_itself),
	KUNIT_CASE(stalled_consumer_loses_exactly),
	KUNIT_CASE(hostile_positions_are_clamped),
	KUNIT_CASE(overwrite_never_drops),
	KUNIT_CASE(a_taken_slot_is_marked),
	KUNIT_CASE(long_payload_is_truncated),
	KUNIT_CASE(bad_parameters_are_refused),
	KUNIT_CASE(a_late_consumer_starts_at_the_newest),
	KUNIT_CASE(reserved_record_is_published_in_place),
	KUNIT_CASE(reservations_are_published_in_any_order),
	KUNIT_CASE(what_is_given_up_is_skipped_and_counted),
	KUNIT_CASE(a_reservation_is_given_back_once),
	KUNIT_CASE(a_reservation_of_another_ring_is_refused),
	KUNIT_CASE(a_successor_waits_for_what_is_pending),
	KUNIT_CASE(a_successor_begins_behind_what_was_claimed),
	KUNIT_CASE(what_was_discarded_is_not_what_comes_there_next),
	KUNIT_CASE(no_lap_overtakes_a_reservation),
	KUNIT_CASE(offers_nest_in_every_context),
	KUNIT_CASE(offers_of_two_cpus_are_all_accounted),
	KUNIT_CASE(publishes_from_nmi),
	KUNIT_CASE(publishes_from_hard_irq),
	KUNIT_CASE(publishes_from_softirq),
	KUNIT_CASE(another_driver_has_a_channel),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "hft_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
