/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In-kernel API: publish records from any kernel code to a user thread.
 *
 *	struct hft_ring_params params = { .slot_size = 64, .slot_count = 1024 };
 *	struct hft_ring *ring = hft_ring_create(&params);
 *
 *	hft_ring_publish(ring, HFT_RECORD_USER, &event, sizeof(event));
 *	hft_ring_destroy(ring);
 */
#ifndef HFT_H
#define HFT_H

#include <linux/types.h>

#include <hft/abi.h>

struct hft_ring;

/**
 * hft_ring_create() - make a ring and give it a channel of /dev/hft
 * @params: slot_size 64 to 4096 bytes and a power of two; slot_count 2 to
 *	65536 and a power of two; mode; source. ring_id is filled in.
 *
 * Process context.
 *
 * Return: the ring, or ERR_PTR of EINVAL (a parameter out of range), ENOSPC (no
 * channel left) or ENOMEM (no contiguous memory of that size).
 */
struct hft_ring *hft_ring_create(struct hft_ring_params *params);

/**
 * hft_ring_publish() - publish one record
 * @ring: the ring; its caller is its only producer
 * @type: hft_record.type, HFT_RECORD_USER or above
 * @payload: copied into the slot
 * @length: bytes of payload; what the slot cannot hold is cut off and the
 *	record flagged HFT_RECORD_TRUNCATED
 *
 * Any context, NMI included. Calls for one ring must not run at the same time
 * or nest. A sleeping consumer is woken through irq_work.
 *
 * Return: 0, or ENOBUFS when the ring is full and the record was dropped.
 */
int hft_ring_publish(struct hft_ring *ring, u16 type, const void *payload,
		     u32 length);

/**
 * hft_ring_reserve() - the record to fill in for the next position
 * @ring: the ring; its caller is its only producer
 *
 * For publishing in place. Contexts as hft_ring_publish(). A success is followed
 * by hft_ring_publish_reserved(), after @length, @type, @flags and the payload
 * have been written; the stamp is not the caller's.
 *
 * Return: the record, or NULL when the ring is full: one record more is counted
 * as dropped.
 */
struct hft_record *hft_ring_reserve(struct hft_ring *ring);

/**
 * hft_ring_publish_reserved() - stamp and publish the reserved record
 * @ring: the ring
 *
 * Contexts as hft_ring_publish().
 */
void hft_ring_publish_reserved(struct hft_ring *ring);

/**
 * hft_ring_payload_max() - bytes of payload that a slot holds
 * @ring: the ring
 *
 * Return: slot_size - 24.
 */
u32 hft_ring_payload_max(const struct hft_ring *ring);

/**
 * hft_ring_destroy() - drop the creator's reference
 * @ring: no publish may be running or follow
 *
 * Process context. The memory goes when the last file and mapping have gone.
 */
void hft_ring_destroy(struct hft_ring *ring);

#endif
