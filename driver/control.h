/* SPDX-License-Identifier: GPL-2.0-only */
/* The control plane: what syscall 548 and the ioctls both do. */
#ifndef HFT_CONTROL_H
#define HFT_CONTROL_H

/* Allocate the default ring and the baselines, register /dev/hft. */
int hft_control_create(void);
/* Undo it; EBUSY while /dev/hft is open or mapped. */
int hft_control_teardown(void);

#endif
