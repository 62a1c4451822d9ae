// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "hft: " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "channel.h"
#include "control.h"
#include "debug.h"
#include "device.h"
#include "lamport.h"
#include "param.h"
#include "shm.h"
#include "simulator.h"

static struct hft_param slot_size = {
	HFT_DEFAULT_SLOT_SIZE, HFT_SLOT_SIZE_MIN, HFT_SLOT_SIZE_MAX, true
};

static struct hft_param slot_count = {
	HFT_DEFAULT_SLOT_COUNT, 2, HFT_SLOT_COUNT_MAX, true
};

module_param_cb(slot_size, &hft_param_ops, &slot_size, 0444);
__MODULE_PARM_TYPE(slot_size, "uint");
MODULE_PARM_DESC(slot_size, "bytes a slot of the default ring, 64 to 4096 (default 64)");
module_param_cb(slot_count, &hft_param_ops, &slot_count, 0444);
__MODULE_PARM_TYPE(slot_count, "uint");
MODULE_PARM_DESC(slot_count, "slots of the default ring, 2 to 65536 (default 1024)");

static DEFINE_MUTEX(control_lock); /* create against teardown */
static struct hft_ring *default_ring;
static atomic_t open_files; /* -1: torn down or being torn down */

static int control_allocate(void)
{
	struct hft_ring_params params = {
		.slot_size = slot_size.value,
		.slot_count = slot_count.value,
		.mode = HFT_MODE_DROP,
		.source = HFT_SOURCE_SIMULATOR,
	};
	int err;

	err = hft_lamport_create();
	if (err)
		return err;
	err = hft_shm_create();
	if (err)
		goto lamport;
	default_ring = hft_channel_create(&params, HFT_CHANNEL_DEFAULT);
	if (!IS_ERR(default_ring))
		return 0;
	err = PTR_ERR(default_ring);
	default_ring = NULL;
	hft_shm_destroy();
lamport:
	hft_lamport_destroy();
	return err;
}

static void control_free(void)
{
	hft_channel_put(default_ring);
	default_ring = NULL;
	hft_shm_destroy();
	hft_lamport_destroy();
}

int hft_control_create(void)
{
	int err = 0;

	mutex_lock(&control_lock);
	if (default_ring)
		goto unlock;
	err = control_allocate();
	if (err)
		goto unlock;
	atomic_set(&open_files, 0);
	err = hft_device_register();
	if (err) {
		control_free();
		goto unlock;
	}
	hft_debug_create();
	pr_info("ring %u: %u slots of %u bytes, /dev/hft is %u:%u\n",
		default_ring->id, default_ring->slot_count,
		default_ring->slot_size, HFT_MISC_MAJOR, HFT_MISC_MINOR);
unlock:
	mutex_unlock(&control_lock);
	return err;
}

int hft_control_teardown(void)
{
	int err = 0;

	mutex_lock(&control_lock);
	if (!default_ring)
		goto unlock;
	/* An open file, and so a mapping, holds a count: none can begin now. */
	if (atomic_cmpxchg(&open_files, 0, -1) != 0) {
		err = -EBUSY;
		goto unlock;
	}
	hft_sim_stop();
	hft_debug_remove();
	hft_device_unregister();
	control_free();
	pr_info("torn down\n");
unlock:
	mutex_unlock(&control_lock);
	return err;
}

/*
 * No mutex here: open() runs under the lock that unregistering takes. Once the
 * count is -1 every open fails, and unregistering waits for those under way.
 */
int hft_control_enter(void)
{
	return atomic_inc_unless_negative(&open_files) ? 0 : -ENODEV;
}

void hft_control_leave(void)
{
	atomic_dec(&open_files);
}

struct hft_ring *hft_control_ring(void)
{
	return default_ring;
}
