// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "channel.h"
#include "control.h"
#include "device.h"
#include "lamport.h"
#include "simulator.h"

/* So many records at most by one HFT_IOC_PUBLISH. */
#define HFT_PUBLISH_MAX 1000000u

struct hft_ring *hft_file_ring(struct hft_file *file)
{
	struct hft_ring *ring = READ_ONCE(file->ring);

	if (ring)
		return ring;
	cmpxchg(&file->ring, NULL, hft_control_ring());
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
		file->read_pos = READ_ONCE(ring->pos);
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

	err = hft_control_enter();
	if (err)
		return err;
	file = kzalloc(sizeof(*file), GFP_KERNEL);
	if (!file) {
		hft_control_leave();
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

	if (ring)
		cmpxchg(&ring->owner, file, NULL);
	if (ring && ring != hft_control_ring())
		hft_channel_put(ring);
	if (file->maps_lamport)
		hft_lamport_detach();
	kfree(file->bounce);
	kfree(file);
	hft_control_leave();
	return 0;
}

/* Give the file a ring other than the default one, and the caller's reference. */
static int file_bind(struct hft_file *file, struct hft_ring *ring)
{
	if (!cmpxchg(&file->ring, NULL, ring))
		return 0;
	hft_channel_put(ring);
	return -EBUSY;
}

static long ioctl_create(struct hft_file *file,
			 struct hft_ring_params __user *arg)
{
	struct hft_ring_params params;
	struct hft_ring *ring;

	if (copy_from_user(&params, arg, sizeof(params)))
		return -EFAULT;
	if (params.source == HFT_SOURCE_KERNEL)
		return -EINVAL;
	ring = hft_channel_create(&params, HFT_CHANNEL_DEFAULT + 1);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	if (copy_to_user(arg, &params, sizeof(params))) {
		hft_channel_put(ring);
		return -EFAULT;
	}
	return file_bind(file, ring);
}

static long ioctl_attach(struct hft_file *file, u32 __user *arg)
{
	struct hft_ring *ring;
	u32 id;

	if (get_user(id, arg))
		return -EFAULT;
	ring = hft_channel_get(id);
	if (!ring)
		return -ENOENT;
	/* The default ring lives as long as the device is open. */
	if (ring == hft_control_ring()) {
		hft_channel_put(ring);
		return cmpxchg(&file->ring, NULL, ring) ? -EBUSY : 0;
	}
	return file_bind(file, ring);
}

static long ioctl_stats(struct hft_file *file,
			struct hft_ring_stats __user *arg)
{
	struct hft_ring *ring = hft_file_ring(file);
	struct hft_ring_stats stats = {
		.offered = READ_ONCE(ring->offered),
		.published = READ_ONCE(ring->pos),
		.dropped = READ_ONCE(ring->dropped),
		.wakeups = READ_ONCE(ring->wakeups),
	};

	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long ioctl_publish(struct hft_file *file, u32 __user *arg)
{
	struct hft_ring *ring = hft_file_ring(file);
	struct hft_market market = {};
	u32 count, i;

	if (get_user(count, arg))
		return -EFAULT;
	if (ring->source != HFT_SOURCE_MANUAL || count > HFT_PUBLISH_MAX)
		return -EINVAL;
	if (mutex_lock_interruptible(&ring->manual))
		return -ERESTARTSYS;
	for (i = 0; i < count; i++) {
		market.sequence = READ_ONCE(ring->offered);
		hft_ring_publish(ring, HFT_RECORD_MARKET, &market,
				 sizeof(market));
		cond_resched();
	}
	mutex_unlock(&ring->manual);
	return 0;
}

static long ioctl_sim_start(u64 __user *arg)
{
	u64 period;

	if (copy_from_user(&period, arg, sizeof(period)))
		return -EFAULT;
	return hft_sim_start(period);
}

static long ioctl_sim_stats(struct hft_sim_stats __user *arg)
{
	struct hft_sim_stats stats;

	hft_sim_stats(&stats);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static bool ioctl_is_control(unsigned int cmd)
{
	return cmd == HFT_IOC_RING_CREATE || cmd == HFT_IOC_PUBLISH ||
	       cmd == HFT_IOC_SIM_START || cmd == HFT_IOC_SIM_STOP;
}

/* An unknown command is EINVAL here, as an unknown mode of syscall 548 is. */
static long hft_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct hft_file *file = filp->private_data;
	void __user *user = (void __user *)arg;

	if (ioctl_is_control(cmd) && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	switch (cmd) {
	case HFT_IOC_RING_CREATE:
		return ioctl_create(file, user);
	case HFT_IOC_RING_ATTACH:
		return ioctl_attach(file, user);
	case HFT_IOC_RING_STATS:
		return ioctl_stats(file, user);
	case HFT_IOC_PUBLISH:
		return ioctl_publish(file, user);
	case HFT_IOC_SIM_START:
		return ioctl_sim_start(user);
	case HFT_IOC_SIM_STOP:
		hft_sim_stop();
		return 0;
	case HFT_IOC_SIM_STATS:
		return ioctl_sim_stats(user);
	default:
		return -EINVAL;
	}
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
