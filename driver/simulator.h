/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet simulator: a pinned hard-irq timer that feeds rings. */
#ifndef HFT_SIMULATOR_H
#define HFT_SIMULATOR_H

#include "ring.h"

/* Once, before and after all else: follow the CPU that the timer is pinned to. */
int hft_sim_init(void);
void hft_sim_exit(void);

/* @period: ns. A running simulator takes the new period at its next tick. */
int hft_sim_start(u64 period);
void hft_sim_stop(void);
bool hft_sim_running(void);
unsigned int hft_sim_cpu(void);
void hft_sim_stats(struct hft_sim_stats *stats);

void hft_sim_add(struct hft_ring *ring);
void hft_sim_remove(struct hft_ring *ring);

/*
 * Run @change(@arg) while no tick runs: for state that ticks use and that
 * process context resets. @change must not sleep.
 */
void hft_sim_between_ticks(void (*change)(void *arg), void *arg);

#endif
