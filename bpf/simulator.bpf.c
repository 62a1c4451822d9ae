// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The simulator without a driver: a market-data packet each period, into our
 * ring, or into the kernel's BPF ring buffer for comparison.
 *
 * It is driven by a bpf_timer, which from 6.7 on can be pinned to its CPU. Where
 * it cannot, a perf event of that CPU's clock drives it: that never moves.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"
#include "schedule.bpf.h"

#define CLOCK_MONOTONIC 1
#define TIMER_ABSOLUTE 1ull /* BPF_F_TIMER_ABS, from 6.4 on */

enum simulator_output {
	OUTPUT_RING,
	OUTPUT_RINGBUF, /* waking who waits in epoll */
	OUTPUT_RINGBUF_SILENT, /* waking no one */
	OUTPUT_NOTHING, /* all that a packet costs but its record */
};

const volatile __u32 output = OUTPUT_RING;
const volatile __u64 period = HFT_SIM_PERIOD_DEFAULT; /* ns */

HFT_BPF_RING(market, 64);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* bytes, unless told otherwise */
} ringbuf SEC(".maps");

/* Apart from the timer: a perf event's program may not use a map with one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hft_schedule);
} schedules SEC(".maps");

struct timer {
	struct bpf_timer timer;
	__u64 flags; /* of bpf_timer_start() */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timer);
} timers SEC(".maps");

/* All but the stamp. */
static __always_inline void fill(struct hft_record *record,
				 struct hft_schedule *schedule, __u64 now)
{
	record->length = sizeof(struct hft_market);
	record->type = HFT_RECORD_MARKET;
	record->flags = 0;
	hft_next_packet(schedule, now, (void *)record->payload);
}

/* A packet for which there is no room is one of the schedule all the same. */
static __always_inline void drop(struct hft_schedule *schedule, __u64 now)
{
	struct hft_market packet;

	hft_next_packet(schedule, now, &packet);
}

/* With the position in a variable: P50 is some 40 ns lower (docs/bpf.md). */
static __always_inline void publish_to_ring(struct hft_schedule *schedule)
{
	__u64 now = bpf_ktime_get_ns();
	__u64 pos;
	struct market_record *record = hft_bpf_reserve_pos(market, pos);

	if (!record) {
		drop(schedule, now);
		return;
	}
	fill((void *)record, schedule, now);
	hft_bpf_publish_pos(market, record, pos);
}

static __always_inline void publish_to_ringbuf(struct hft_schedule *schedule)
{
	__u64 now = bpf_ktime_get_ns();
	struct hft_record *record =
		bpf_ringbuf_reserve(&ringbuf, sizeof(*record), 0);

	if (!record) {
		drop(schedule, now);
		return;
	}
	fill(record, schedule, now);
	record->stamp = bpf_ktime_get_ns();
	bpf_ringbuf_submit(record, output == OUTPUT_RINGBUF_SILENT ?
					   BPF_RB_NO_WAKEUP :
					   0);
}

static __always_inline void publish_nowhere(struct hft_schedule *schedule)
{
	struct hft_market packet;

	hft_next_packet(schedule, bpf_ktime_get_ns(), &packet);
	schedule->unpublished = bpf_ktime_get_ns() + packet.late;
}

static __always_inline struct hft_schedule *the_schedule(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&schedules, &zero);
}

static __always_inline void tick(struct hft_schedule *schedule)
{
	schedule->period = period;
	if (output == OUTPUT_RING)
		publish_to_ring(schedule);
	else if (output == OUTPUT_NOTHING)
		publish_nowhere(schedule);
	else
		publish_to_ringbuf(schedule);
}

static __always_inline int start_timer(struct timer *self, __u64 due)
{
	__u64 now = bpf_ktime_get_ns();

	if (self->flags & TIMER_ABSOLUTE)
		return bpf_timer_start(&self->timer, due, self->flags);
	return bpf_timer_start(&self->timer, due > now ? due - now : 0,
			       self->flags);
}

static int on_timer(void *map, __u32 *key, struct timer *self)
{
	struct hft_schedule *schedule = the_schedule();

	if (!schedule)
		return 0;
	tick(schedule);
	start_timer(self, schedule->due);
	return 0;
}

struct start_arguments {
	__u64 timer_flags;
};

/* To be run once, on the CPU that is to produce. Returns a negative error. */
SEC("syscall")
int start(struct start_arguments *arguments)
{
	__u32 zero = 0;
	struct timer *self = bpf_map_lookup_elem(&timers, &zero);
	struct hft_schedule *schedule = the_schedule();
	int error;

	if (!self || !schedule)
		return -ENOENT;
	self->flags = arguments->timer_flags;
	schedule->due = bpf_ktime_get_ns() + period;
	error = bpf_timer_init(&self->timer, &timers, CLOCK_MONOTONIC);
	if (error && error != -EBUSY) /* tried before with other flags */
		return error;
	error = bpf_timer_set_callback(&self->timer, on_timer);
	return error ? error : start_timer(self, schedule->due);
}

SEC("syscall")
int stop(void *context)
{
	__u32 zero = 0;
	struct timer *self = bpf_map_lookup_elem(&timers, &zero);
	struct hft_schedule *schedule = the_schedule();

	if (!self || !schedule)
		return -ENOENT;
	/* The next to start, timer or event, begins a schedule of its own. */
	schedule->due = 0;
	return bpf_timer_cancel(&self->timer);
}

/* Of a perf event that overflows each period: its clock keeps the time. */
SEC("perf_event")
int on_overflow(void *context)
{
	struct hft_schedule *schedule = the_schedule();

	if (schedule)
		tick(schedule);
	return 0;
}

/*
 * Without a timer: BPF_PROG_TEST_RUN repeats it. Not of XDP, for which that
 * rewrites code of the kernel first, for milliseconds.
 */
SEC("tc")
int publish_once(struct __sk_buff *context)
{
	struct hft_schedule *schedule = the_schedule();

	if (schedule)
		tick(schedule);
	return 0;
}

/* bpf_timer and perf events need a GPL-compatible licence. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
