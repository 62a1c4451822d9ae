// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "lamport.h"
#include "ring.h"
#include "simulator.h"

static struct {
	struct hft_lamport *page; /* a user writes anything anywhere in it */
	u32 index; /* the producer's own, in [0, HFT_LAMPORT_MASK] */
	u32 files; /* that map it; changed between ticks */
} lamport;

int hft_lamport_create(void)
{
	lamport.page = alloc_pages_exact(PAGE_ALIGN(HFT_LAMPORT_BYTES),
					 GFP_KERNEL | __GFP_ZERO);
	return lamport.page ? 0 : -ENOMEM;
}

void hft_lamport_destroy(void)
{
	if (lamport.page)
		free_pages_exact(lamport.page, PAGE_ALIGN(HFT_LAMPORT_BYTES));
	lamport.page = NULL;
}

struct hft_lamport *hft_lamport_page(void)
{
	return lamport.page;
}

static void lamport_attach(void *unused)
{
	if (lamport.files++)
		return;
	memset(lamport.page, 0, HFT_LAMPORT_BYTES);
	lamport.index = 0;
}

static void lamport_detach(void *unused)
{
	lamport.files--;
}

void hft_lamport_attach(void)
{
	hft_sim_between_ticks(lamport_attach, NULL);
}

void hft_lamport_detach(void)
{
	hft_sim_between_ticks(lamport_detach, NULL);
}

void hft_lamport_publish(u64 sequence)
{
	u32 next = (lamport.index + 1) & HFT_LAMPORT_MASK;
	struct hft_lamport *page = lamport.page;
	struct hft_lamport_slot *slot;

	if (!lamport.files)
		return;
	/*
	 * Full. The control dependency orders this load before the stores below
	 * and pairs with the consumer's: read the slot, then store its index.
	 */
	if (next == (READ_ONCE(page->consumer_index) & HFT_LAMPORT_MASK))
		return;
	slot = &page->slots[lamport.index];
	WRITE_ONCE(slot->data, sequence);
	WRITE_ONCE(slot->stamp, hft_stamp());
	/* Pairs with the consumer's read barrier after it sees the index. */
	smp_wmb();
	WRITE_ONCE(page->producer_index, next);
	lamport.index = next;
}
