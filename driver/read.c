// SPDX-License-Identifier: GPL-2.0-only
/* read() and poll(): the blocking path, and the standard to beat. */
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device.h"

static size_t record_size(const struct hft_ring *ring)
{
	return ring->slot_size - HFT_SLOT_HEADER;
}

/*
 * Drop mode: the slot cannot change before this reader releases it. Returns 0
 * when its producer has given the record up.
 */
static int take(struct hft_file *file, struct hft_ring *ring, char __user *buf,
		size_t bytes)
{
	u64 pos = file->read_pos;
	struct hft_record *record = &hft_ring_slot(ring, pos)->record;
	bool given = !(record->flags & HFT_RECORD_DISCARDED);

	if (given && copy_to_user(buf, record, bytes))
		return -EFAULT;
	file->read_pos = pos + 1;
	/* Pairs with the acquire in ring_is_full(): read, then give back. */
	smp_store_release(&ring->consumer->consumer_pos, pos + 1);
	return given;
}

/*
 * Overwrite mode: copy, then check that the slot still held this position.
 * Returns 0 when the position was lapped, read_pos is then the oldest left, or
 * when its producer has given it up.
 */
static int take_copy(struct hft_file *file, struct hft_ring *ring,
		     char __user *buf, size_t bytes)
{
	struct hft_slot *slot = hft_ring_slot(ring, file->read_pos);
	/* Acquire pairs with the release in hft_ring_commit(). */
	u64 published = smp_load_acquire(&slot->published);
	struct hft_record *copy = file->bounce;
	u64 pos;

	memcpy(copy, &slot->record, max_t(size_t, bytes, HFT_RECORD_HEADER));
	/* Pairs with smp_wmb() in hft_ring_reserve(): copy, then look again. */
	smp_rmb();
	if (published == file->read_pos + 1 &&
	    READ_ONCE(slot->published) == published) {
		bool given = !(copy->flags & HFT_RECORD_DISCARDED);

		if (given && copy_to_user(buf, copy, bytes))
			return -EFAULT;
		file->read_pos++;
		return given;
	}
	pos = hft_ring_taken(ring);
	if (pos - file->read_pos > ring->slot_count)
		file->read_pos = pos - ring->slot_count;
	else
		file->read_pos++;
	return 0;
}

static int read_start(struct hft_file *file, struct hft_ring *ring)
{
	int err;

	if (READ_ONCE(file->maps_consumer))
		return -EBUSY;
	/* First, or the records of a grace period would be waiting already. */
	hft_ring_declare_sleeper(ring);
	err = hft_file_start(file);
	if (err)
		return err;
	if (ring->mode == HFT_MODE_OVERWRITE && !file->bounce)
		file->bounce = kmalloc(record_size(ring),
				       GFP_KERNEL_ACCOUNT);
	if (ring->mode == HFT_MODE_OVERWRITE && !file->bounce)
		return -ENOMEM;
	return 0;
}

/* As many records as are there and fit, or the start of one. */
static ssize_t read_ready(struct hft_file *file, struct hft_ring *ring,
			  char __user *buf, size_t len)
{
	size_t bytes = min(len, record_size(ring));
	size_t done = 0;

	while (done + bytes <= len && hft_ring_readable(ring, file->read_pos)) {
		int taken = ring->mode == HFT_MODE_DROP ?
				    take(file, ring, buf + done, bytes) :
				    take_copy(file, ring, buf + done, bytes);

		if (taken < 0)
			return done ? done : taken;
		done += taken * bytes;
		if (bytes < record_size(ring) && done)
			break;
	}
	return done;
}

static int read_wait(struct file *filp, struct hft_ring *ring, u64 pos)
{
	if (filp->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(ring->wait, hft_ring_readable(ring, pos));
}

ssize_t hft_read(struct file *filp, char __user *buf, size_t len, loff_t *ppos)
{
	struct hft_file *file = filp->private_data;
	struct hft_ring *ring = hft_file_ring(file);
	ssize_t done = 0;
	int err;

	if (!len)
		return 0;
	if (mutex_lock_interruptible(&file->reading))
		return -ERESTARTSYS;
	err = read_start(file, ring);
	while (!err) {
		done = read_ready(file, ring, buf, len);
		if (done)
			break;
		err = read_wait(filp, ring, file->read_pos);
	}
	mutex_unlock(&file->reading);
	return err ? err : done;
}

/*
 * Readable for the file's next record: by read_pos, or for a consumer that maps
 * its page by what it says there, which can deceive nobody else.
 */
static bool poll_readable(struct hft_file *file, struct hft_ring *ring)
{
	u64 pos = READ_ONCE(file->maps_consumer) ?
			  READ_ONCE(ring->consumer->consumer_pos) :
			  READ_ONCE(file->read_pos);

	return hft_ring_readable(ring, pos);
}

__poll_t hft_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct hft_file *file = filp->private_data;
	struct hft_ring *ring = hft_file_ring(file);

	hft_ring_declare_sleeper(ring);
	if (hft_file_start(file))
		return EPOLLERR;
	poll_wait(filp, &ring->wait, wait);
	/* Queue, then look. Pairs with the fence in hft_ring_wants_wake(). */
	smp_mb();
	return poll_readable(file, ring) ? EPOLLIN | EPOLLRDNORM : 0;
}
