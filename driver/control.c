// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "hft: " fmt

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
	err = hft_channels_open(&params);
	if (!err)
		return 0;
	hft_shm_destroy();
lamport:
	hft_lamport_destroy();
	return err;
}

static void control_free(void)
{
	hft_channels_free();
	hft_shm_destroy();
	hft_lamport_destroy();
}

int hft_control_create(void)
{
	struct hft_ring *ring;
	int err = 0;

	mutex_lock(&control_lock);
	if (hft_channel_default())
		goto unlock;
	err = control_allocate();
	if (err)
		goto unlock;
	err = hft_device_register();
	if (err) {
		control_free();
		goto unlock;
	}
	hft_debug_create();
	ring = hft_channel_default();
	pr_info("ring %u: %u slots of %u bytes, /dev/hft is %u:%u\n", ring->id,
		ring->slot_count, ring->slot_size, HFT_MISC_MAJOR,
		HFT_MISC_MINOR);
unlock:
	mutex_unlock(&control_lock);
	return err;
}

int hft_control_teardown(void)
{
	int err = 0;

	mutex_lock(&control_lock);
	if (!hft_channel_default())
		goto unlock;
	err = hft_channels_close();
	if (err)
		goto unlock;
	hft_sim_stop();
	hft_debug_remove();
	hft_device_unregister();
	control_free();
	pr_info("torn down\n");
unlock:
	mutex_unlock(&control_lock);
	return err;
}
