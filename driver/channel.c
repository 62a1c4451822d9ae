// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/nospec.h>

#include "channel.h"
#include "simulator.h"

static DEFINE_MUTEX(channel_lock);
static struct hft_ring *channels[HFT_RING_MAX];
static struct hft_ring *default_ring;
static atomic_t open_files; /* -1: closed */

static int channel_unused(u32 first)
{
	u32 id;

	for (id = first; id < HFT_RING_MAX; id++)
		if (!channels[id])
			return id;
	return -ENOSPC;
}

struct hft_ring *hft_channel_create(struct hft_ring_params *params, u32 first)
{
	struct hft_ring *ring;
	int id;

	mutex_lock(&channel_lock);
	id = channel_unused(first);
	if (id < 0) {
		ring = ERR_PTR(id);
		goto unlock;
	}
	params->ring_id = id;
	ring = hft_ring_alloc(params);
	if (IS_ERR(ring))
		goto unlock;
	channels[id] = ring;
	if (ring->source == HFT_SOURCE_SIMULATOR)
		hft_sim_add(ring);
unlock:
	mutex_unlock(&channel_lock);
	return ring;
}

struct hft_ring *hft_channel_get(u32 id)
{
	struct hft_ring *ring;

	if (id >= HFT_RING_MAX)
		return NULL;
	/* Any user's number: none is speculated on past the end (Spectre v1). */
	id = array_index_nospec(id, HFT_RING_MAX);
	mutex_lock(&channel_lock);
	ring = channels[id];
	if (ring)
		kref_get(&ring->refs);
	mutex_unlock(&channel_lock);
	return ring;
}

/* Called with channel_lock held, and lets go of it. */
static void channel_release(struct kref *refs)
{
	struct hft_ring *ring = container_of(refs, struct hft_ring, refs);

	channels[ring->id] = NULL;
	if (ring->source == HFT_SOURCE_SIMULATOR)
		hft_sim_remove(ring);
	mutex_unlock(&channel_lock);
	hft_ring_free(ring);
}

void hft_channel_put(struct hft_ring *ring)
{
	kref_put_mutex(&ring->refs, channel_release, &channel_lock);
}

void hft_channel_for_each(void (*show)(struct hft_ring *ring, void *arg),
			  void *arg)
{
	u32 id;

	mutex_lock(&channel_lock);
	for (id = 0; id < HFT_RING_MAX; id++)
		if (channels[id])
			show(channels[id], arg);
	mutex_unlock(&channel_lock);
}

int hft_channels_open(struct hft_ring_params *params)
{
	struct hft_ring *ring;

	ring = hft_channel_create(params, HFT_CHANNEL_DEFAULT);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	default_ring = ring;
	atomic_set(&open_files, 0);
	return 0;
}

int hft_channels_close(void)
{
	/* An open file, and so a mapping, holds a count: none can begin now. */
	return atomic_cmpxchg(&open_files, 0, -1) == 0 ? 0 : -EBUSY;
}

void hft_channels_free(void)
{
	hft_channel_put(default_ring);
	default_ring = NULL;
}

/*
 * No mutex here: open() runs under the lock that unregistering takes. Once the
 * count is -1 every open fails, and unregistering waits for those under way.
 */
int hft_channels_enter(void)
{
	return atomic_inc_unless_negative(&open_files) ? 0 : -ENODEV;
}

void hft_channels_leave(void)
{
	atomic_dec(&open_files);
}

struct hft_ring *hft_channel_default(void)
{
	return default_ring;
}

struct hft_ring *hft_ring_create(struct hft_ring_params *params)
{
	params->source = HFT_SOURCE_KERNEL;
	return hft_channel_create(params, HFT_CHANNEL_DEFAULT + 1);
}
EXPORT_SYMBOL_GPL(hft_ring_create);

void hft_ring_destroy(struct hft_ring *ring)
{
	hft_channel_put(ring);
}
EXPORT_SYMBOL_GPL(hft_ring_destroy);
