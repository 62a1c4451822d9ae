/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/hft: an open file, its channel and its right to consume. */
#ifndef HFT_DEVICE_H
#define HFT_DEVICE_H

#include <linux/fs.h>
#include <linux/mutex.h>

#include "ring.h"

struct hft_file {
	struct hft_ring *ring; /* set once: by an ioctl, or by the first use */
	struct mutex reading; /* one read() at a time; it may sleep, and fault */
	struct mutex claim; /* taken under mmap_lock: no sleep, no fault inside */
	bool started; /* read_pos is valid */
	bool maps_consumer; /* it reads through its mapping, not read() */
	bool maps_lamport;
	u64 read_pos; /* the next record for read() */
	void *bounce; /* a slot's worth, for overwrite mode */
};

int hft_device_register(void);
void hft_device_unregister(void);

/* The file's ring: the default one unless an ioctl chose another before. */
struct hft_ring *hft_file_ring(struct hft_file *file);
/*
 * Begin to consume the file's ring. EBUSY when another file is the one consumer
 * of a ring in drop mode. hft_file_claim() is called with the claim held.
 */
int hft_file_start(struct hft_file *file);
int hft_file_claim(struct hft_file *file);

ssize_t hft_read(struct file *filp, char __user *buf, size_t len, loff_t *ppos);
__poll_t hft_poll(struct file *filp, struct poll_table_struct *wait);
int hft_mmap(struct file *filp, struct vm_area_struct *vma);
long hft_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

#endif
