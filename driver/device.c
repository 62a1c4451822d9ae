// SPDX-License-Identifier: GPL-2.0-only
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "channel.h"
#include "device.h"
#include "lamport.h"

struct hft_ring *hft_file_ring(struct hft_file *file)
{
	struct hft_ring *ring = READ_ONCE(file->ring);

	if (ring)
		return ring;
	cmpxchg(&file->ring, NULL, hft_channel_default());
	return READ_ONCE(file->ring);
}

int hft_file_claim(struct hft_file *file)
{
	struct hft_ring *ring = hft_file_ring(file);

	if (file->started)
		return 0;
	if (ring->mode == HFT_MODE_DROP) {
		if (cmpxchg(&ring->owner, NULL, file))
			return -EBUSY;
		file->read_pos = hft_ring_start(ring);
	} else {
		file->read_pos = hft_ring_first_unpublished(ring);
	}
	/* Pairs with the acquire in hft_file_start(): read_pos is valid. */
	smp_store_release(&file->started, true);
	return 0;
}

int hft_file_start(struct hft_file *file)
{
	int err;

	/* Pairs with the release in hft_file_claim(). */
	if (smp_load_acquire(&file->started))
		return 0;
	mutex_lock(&file->claim);
	err = hft_file_claim(file);
	mutex_unlock(&file->claim);
	return err;
}

static int hft_open(struct inode *inode, struct file *filp)
{
	struct hft_file *file;
	int err;

	err = hft_channels_enter();
	if (err)
		return err;
	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file) {
		hft_channels_leave();
		return -ENOMEM;
	}
	mutex_init(&file->reading);
	mutex_init(&file->claim);
	filp->private_data = file;
	return stream_open(inode, filp);
}

static int hft_release(struct inode *inode, struct file *filp)
{
	struct hft_file *file = filp->private_data;
	struct hft_ring *ring = file->ring;

	if (ring && READ_ONCE(ring->owner) == file) {
		hft_ring_set_eventfd(ring, NULL);
		/* After it, or it would take the next owner's. */
		smp_store_release(&ring->owner, NULL);
	}
	if (ring && ring != hft_channel_default())
		hft_channel_put(ring);
	if (file->maps_lamport)
		hft_lamport_detach();
	kfree(file->bounce);
	kfree(file);
	hft_channels_leave();
	return 0;
}

static const struct file_operations hft_fops = {
	.owner = THIS_MODULE,
	.open = hft_open,
	.release = hft_release,
	.read = hft_read,
	.poll = hft_poll,
	.mmap = hft_mmap,
	.unlocked_ioctl = hft_ioctl,
};

static struct miscdevice hft_misc = {
	.minor = HFT_MISC_MINOR,
	.name = "hft",
	.fops = &hft_fops,
	.mode = 0600,
};

int hft_device_register(void)
{
	return misc_register(&hft_misc);
}

void hft_device_unregister(void)
{
	misc_deregister(&hft_misc);
}
