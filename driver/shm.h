/* SPDX-License-Identifier: GPL-2.0-only */
/* Baseline: one shared word on one line, polled. It has no memory: what the
 * consumer does not see in time is gone.
 */
#ifndef HFT_SHM_H
#define HFT_SHM_H

#include <hft/abi.h>

int hft_shm_create(void);
void hft_shm_destroy(void);
struct hft_shm *hft_shm_page(void);

/* Hard-irq, inside a tick of the simulator. */
void hft_shm_publish(const struct hft_market *market);

#endif
