// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "publish_cost.h"
#include "ring.h"
#include "simulator.h"

struct timed {
	struct hft_ring *ring;
	struct hft_publish_cost *cost;
};

static void publish_timed(void *arg)
{
	struct timed *timed = arg;
	struct hft_publish_cost *cost = timed->cost;
	struct hft_ring *ring = timed->ring;
	u64 before = hft_ring_taken(ring);
	u32 i;

	cost->cycles = hft_stamp();
	for (i = 0; i < cost->count; i++)
		hft_ring_publish_next(ring);
	cost->cycles = hft_stamp() - cost->cycles;
	cost->published = hft_ring_taken(ring) - before;
}

long hft_publish_cost(struct hft_ring *ring,
		      struct hft_publish_cost __user *arg)
{
	struct hft_publish_cost cost;
	struct timed timed = { .ring = ring, .cost = &cost };
	int err;

	if (copy_from_user(&cost, arg, sizeof(cost)))
		return -EFAULT;
	if (ring->source != HFT_SOURCE_MANUAL || !cost.count ||
	    cost.count > HFT_PUBLISH_COST_MAX)
		return -EINVAL;
	if (mutex_lock_interruptible(&ring->manual))
		return -ERESTARTSYS;
	err = smp_call_function_single(hft_sim_cpu(), publish_timed, &timed, 1);
	mutex_unlock(&ring->manual);
	if (err)
		return err;
	return copy_to_user(arg, &cost, sizeof(cost)) ? -EFAULT : 0;
}
