// SPDX-License-Identifier: GPL-2.0-only
/* Compiles where hrtimer_setup() has replaced hrtimer_init(). */
#include <linux/hrtimer.h>

void probe(struct hrtimer *timer, enum hrtimer_restart (*tick)(struct hrtimer *));
void probe(struct hrtimer *timer, enum hrtimer_restart (*tick)(struct hrtimer *))
{
	hrtimer_setup(timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
}
