/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * What a record costs the producer in a hard interrupt: for our laboratory
 * alone. It is no part of the ABI, and may change at any time.
 */
#ifndef HFT_PUBLISH_COST_H
#define HFT_PUBLISH_COST_H

#include <hft/abi.h>

struct hft_publish_cost {
	__u32 count; /* in: records to publish, 1 to HFT_PUBLISH_COST_MAX */
	__u32 published; /* out: of these; the rest were dropped */
	__u64 cycles; /* out: from before the first to after the last */
};

#define HFT_PUBLISH_COST_MAX 1000u

/* As HFT_IOC_PUBLISH, in a hard interrupt of the simulator's CPU, and timed. */
#define HFT_IOC_PUBLISH_COST _IOWR(HFT_IOC_TYPE, 10, struct hft_publish_cost)

#ifdef __KERNEL__
struct hft_ring;
/* EINVAL unless the ring is HFT_SOURCE_MANUAL. May sleep. */
long hft_publish_cost(struct hft_ring *ring,
		      struct hft_publish_cost __user *arg);
#endif

#endif
