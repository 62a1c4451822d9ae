// SPDX-License-Identifier: GPL-2.0-only
/* ioctl() of /dev/hft: what syscall 548 does, and more. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "channel.h"
#include "device.h"
#include "publish_cost.h"
#include "simulator.h"

/* So many records at most by one HFT_IOC_PUBLISH. */
#define HFT_PUBLISH_MAX 1000000u

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
	if (ring == hft_channel_default()) {
		hft_channel_put(ring);
		return cmpxchg(&file->ring, NULL, ring) ? -EBUSY : 0;
	}
	return file_bind(file, ring);
}

static long ioctl_stats(struct hft_file *file,
			struct hft_ring_stats __user *arg)
{
	struct hft_ring_stats stats;

	hft_ring_stats(hft_file_ring(file), &stats);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static long ioctl_publish(struct hft_file *file, u32 __user *arg)
{
	struct hft_ring *ring = hft_file_ring(file);
	u32 count, i;

	if (get_user(count, arg))
		return -EFAULT;
	if (ring->source != HFT_SOURCE_MANUAL || count > HFT_PUBLISH_MAX)
		return -EINVAL;
	if (mutex_lock_interruptible(&ring->manual))
		return -ERESTARTSYS;
	for (i = 0; i < count && !fatal_signal_pending(current); i++) {
		hft_ring_publish_next(ring);
		cond_resched();
	}
	mutex_unlock(&ring->manual);
	return 0;
}

static long ioctl_eventfd(struct hft_file *file, s32 __user *arg)
{
	struct hft_ring *ring = hft_file_ring(file);
	struct eventfd_ctx *eventfd = NULL;
	s32 fd;
	int err;

	if (get_user(fd, arg))
		return -EFAULT;
	if (ring->mode != HFT_MODE_DROP)
		return -EINVAL;
	if (fd >= 0)
		eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	err = hft_file_start(file);
	if (!err)
		hft_ring_set_eventfd(ring, eventfd);
	else if (eventfd)
		eventfd_ctx_put(eventfd);
	return err;
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
	       cmd == HFT_IOC_PUBLISH_COST || cmd == HFT_IOC_SIM_START ||
	       cmd == HFT_IOC_SIM_STOP;
}

/* An unknown command is EINVAL here, as an unknown mode of syscall 548 is. */
long hft_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
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
	case HFT_IOC_CYCLES:
		return put_user(hft_stamp(), (u64 __user *)user);
	case HFT_IOC_EVENTFD:
		return ioctl_eventfd(file, user);
	case HFT_IOC_PUBLISH_COST:
		return hft_publish_cost(hft_file_ring(file), user);
	default:
		return -EINVAL;
	}
}
