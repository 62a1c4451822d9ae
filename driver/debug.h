/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/debug/hft: every ring's counters, and the simulator's. */
#ifndef HFT_DEBUG_H
#define HFT_DEBUG_H

/* Nothing depends on their success. */
void hft_debug_create(void);
void hft_debug_remove(void);

#endif
