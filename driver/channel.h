/* SPDX-License-Identifier: GPL-2.0-only */
/* Channels: the rings of /dev/hft by number, and how long they live. */
#ifndef HFT_CHANNEL_H
#define HFT_CHANNEL_H

#include "ring.h"

/* The default ring's number; no other ring gets it. */
#define HFT_CHANNEL_DEFAULT 0

/* Make the default ring, and let files of /dev/hft in. */
int hft_channels_open(struct hft_ring_params *params);
/* No file gets in any more; EBUSY while one is. */
int hft_channels_close(void);
/* Free the default ring, after hft_channels_close(). */
void hft_channels_free(void);

/* A file gets in, and keeps all that away; ENODEV when they are closed. */
int hft_channels_enter(void);
void hft_channels_leave(void);
/* The default ring; only between enter and leave, or between open and free. */
struct hft_ring *hft_channel_default(void);

/* Make a ring, list it from @first on, and feed it from its source. */
struct hft_ring *hft_channel_create(struct hft_ring_params *params, u32 first);
/* Take a reference to a listed ring; NULL when there is none of that number. */
struct hft_ring *hft_channel_get(u32 id);
/* Drop a reference; the last unlists and frees the ring. */
void hft_channel_put(struct hft_ring *ring);
/* Call @show for each listed ring, none of which goes meanwhile. */
void hft_channel_for_each(void (*show)(struct hft_ring *ring, void *arg),
			  void *arg);

#endif
