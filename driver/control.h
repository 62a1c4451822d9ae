/* SPDX-License-Identifier: GPL-2.0-only */
/* The control plane: what syscall 548 and the ioctls both do. */
#ifndef HFT_CONTROL_H
#define HFT_CONTROL_H

#include "ring.h"

/* Allocate the default ring and the baselines, register /dev/hft. */
int hft_control_create(void);
/* Undo it; EBUSY while /dev/hft is open or mapped. */
int hft_control_teardown(void);

/* An open file keeps teardown away; ENODEV when that has begun. */
int hft_control_enter(void);
void hft_control_leave(void);

/* The default ring; only between enter and leave. */
struct hft_ring *hft_control_ring(void);

#endif
