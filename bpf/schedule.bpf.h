/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The simulator's schedule: which packet is due, and how late it comes.
 *
 *	struct hft_market packet = hft_next_packet(&schedule, now);
 */
#ifndef HFT_SCHEDULE_BPF_H
#define HFT_SCHEDULE_BPF_H

#include <hft/abi.h>

struct hft_schedule {
	__u64 period; /* ns */
	__u64 due; /* of the next packet; 0 before the first */
	__u64 sequence; /* counts packets */
	__u64 unpublished; /* stamp of a packet that is none but for its cost */
};

/*
 * A packet that falls due while an earlier one is late is missed: it never
 * comes. The first one is on time by definition.
 */
static __always_inline void hft_next_packet(struct hft_schedule *schedule,
					    __u64 now,
					    struct hft_market *packet)
{
	__u64 late = 0;
	__u64 missed = 0;

	if (!schedule->due)
		schedule->due = now;
	if (now > schedule->due)
		late = now - schedule->due;
	if (late >= schedule->period && schedule->period)
		missed = late / schedule->period;
	schedule->due += (1 + missed) * schedule->period;

	packet->sequence = schedule->sequence++;
	packet->price = 1000000 + (__s64)(packet->sequence % 1000);
	packet->quantity = 100;
	packet->instrument = (__u32)packet->sequence % 8;
	packet->late = late;
	packet->missed = (__u32)missed;
	packet->side = packet->sequence & 1 ? HFT_SIDE_SELL : HFT_SIDE_BUY;
	__builtin_memset(packet->reserved, 0, sizeof(packet->reserved));
}

#endif /* HFT_SCHEDULE_BPF_H */
