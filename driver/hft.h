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
 * @ring: the ring
 * @type: hft_record.type, HFT_RECORD_USER or above
 * @payload: copied into the slot
 * @length: bytes of payload; what the slot cannot hold is cut off and the
 *	record flagged HFT_RECORD_TRUNCATED
 *
 * Any context, NMI included. Calls for one ring may interrupt each other and run
 * at the same time: records come in the order in which their positions were
 * taken. A sleeping consumer is woken through irq_work.
 *
 * Return: 0, or ENOBUFS when the record was dropped: the ring is full, or its
 * next slot is still held by a reservation of a lap ago.
 */
int hft_ring_publish(struct hft_ring *ring, u16 type, const void *payload,
		     u32 length);

/**
 * struct hft_reservation - a position of a ring, and the record to fill in there
 * @record: write @length, @type, @flags and the payload; the stamp is not the
 *	caller's. NULL when the offer was dropped.
 * @pos: the position
 */
struct hft_reservation {
	struct hft_record *record;
	u64 pos;
};

/**
 * hft_ring_reserve() - take the next position, to fill its record in place
 * @ring: the ring
 *
 * Contexts and concurrency as hft_ring_publish(). A caller may hold several, and
 * may sleep or be interrupted while it does. Each one whose record is not NULL
 * is given to hft_ring_publish_reserved() or hft_ring_discard(), in any order,
 * by whom it may be: until then consumers wait at its position, and once the
 * ring has come round to it further records are dropped.
 *
 * Return: the reservation; its record is NULL, and one record more is counted as
 * dropped, where hft_ring_publish() would return ENOBUFS.
 */
struct hft_reservation hft_ring_reserve(struct hft_ring *ring);

/**
 * hft_ring_publish_reserved() - stamp and publish a reserved record
 * @ring: the ring
 * @reserved: what hft_ring_reserve() gave for this ring
 *
 * A reservation is given back once. Giving it back again, or to another ring,
 * has no effect but a line in the kernel's log; two calls at the same time for
 * one reservation are not told apart. Contexts as hft_ring_publish().
 */
void hft_ring_publish_reserved(struct hft_ring *ring,
			       struct hft_reservation reserved);

/**
 * hft_ring_discard() - give a reservation up
 * @ring: the ring
 * @reserved: what hft_ring_reserve() gave for this ring
 *
 * The position is published as an empty record that consumers skip, and counted
 * as discarded: published + dropped + discarded = offered. Once, and in the
 * contexts of, hft_ring_publish_reserved().
 */
void hft_ring_discard(struct hft_ring *ring, struct hft_reservation reserved);

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
