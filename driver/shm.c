// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>

#include "ring.h"
#include "shm.h"
#include "simulator.h"

static struct hft_shm *shm; /* changed between ticks */

static void shm_set(void *page)
{
	shm = page;
}

int hft_shm_create(void)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	hft_sim_between_ticks(shm_set, page);
	return 0;
}

void hft_shm_destroy(void)
{
	void *page = shm;

	hft_sim_between_ticks(shm_set, NULL);
	free_page((unsigned long)page);
}

struct hft_shm *hft_shm_page(void)
{
	return shm;
}

void hft_shm_publish(const struct hft_market *market)
{
	if (!shm)
		return;
	WRITE_ONCE(shm->sequence, market->sequence);
	WRITE_ONCE(shm->late, market->late);
	WRITE_ONCE(shm->missed, market->missed);
	/* Pairs with the consumer's acquire load of the stamp. */
	smp_store_release(&shm->stamp, hft_stamp());
}
