/* SPDX-License-Identifier: MIT */
/*
 * hrtimer_setup() of Linux 6.13 where it is not, so that the probe of the driver
 * sees both answers: make KCFLAGS="-include tests/probes/hrtimer_setup.h"
 */
#define hrtimer_setup(timer, tick, clock, mode)    \
	do {                                       \
		hrtimer_init(timer, clock, mode);  \
		(timer)->function = (tick);        \
	} while (0)
