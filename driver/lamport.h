/* SPDX-License-Identifier: GPL-2.0-only */
/* Baseline: the original sandbox's ring, indices on two lines (Lamport 1977). */
#ifndef HFT_LAMPORT_H
#define HFT_LAMPORT_H

#include <linux/types.h>

#include <hft/abi.h>

int hft_lamport_create(void);
void hft_lamport_destroy(void);

/* The shared region, HFT_LAMPORT_BYTES in whole pages. */
struct hft_lamport *hft_lamport_page(void);
/* A file maps it: the first finds an empty ring with both indices 0. */
void hft_lamport_attach(void);
void hft_lamport_detach(void);

/* Hard-irq, inside a tick of the simulator. */
void hft_lamport_publish(u64 sequence);

#endif
