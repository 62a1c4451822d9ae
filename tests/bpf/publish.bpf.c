// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Publishes on request, into two rings of one program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(first, 64);
HFT_BPF_RING(second, 256);

/* The verifier walks every turn of a loop, in emulated guests for seconds. */
#define BURST_MAX 8

struct request {
	__u64 from; /* sequence of the first record */
	__u32 count; /* BURST_MAX at most */
	__u32 published; /* out */
};

/* Longer than a line, so that a torn one would show. */
struct event {
	__u64 sequence;
	__u64 inverse;
	__u64 words[14];
};

SEC("syscall")
int publish_first(struct request *request)
{
	__u64 payload[2];
	__u32 i;

	for (i = 0; i < BURST_MAX; i++) {
		if (i >= request->count)
			break;
		payload[0] = request->from + i;
		payload[1] = ~payload[0];
		if (hft_bpf_output(first, HFT_RECORD_USER, payload,
				   sizeof(payload)))
			request->published++;
	}
	return 0;
}

SEC("syscall")
int publish_second(struct request *request)
{
	struct second_record *record;
	struct event *event;
	__u32 i;

	for (i = 0; i < BURST_MAX; i++) {
		if (i >= request->count)
			break;
		record = hft_bpf_reserve(second);
		if (!record)
			continue;
		event = (void *)record->payload;
		event->sequence = request->from + i;
		event->inverse = ~event->sequence;
		event->words[0] = event->sequence;
		event->words[13] = event->sequence;
		record->length = sizeof(*event);
		record->type = HFT_RECORD_USER;
		record->flags = 0;
		hft_bpf_publish(second, record);
		request->published++;
	}
	return 0;
}

/* Gives one record up. */
SEC("syscall")
int discard_first(struct request *request)
{
	struct first_record *record = hft_bpf_reserve(first);

	if (record)
		hft_bpf_discard(first, record);
	return 0;
}

/* Gives one record back twice: from is how, first in its high four bits. */
#define PUBLISH 0
#define PUBLISH_POS 1
#define DISCARD 2

static __always_inline void give_back(struct first_record *record, __u64 how,
				      __u64 pos)
{
	if (how == PUBLISH)
		hft_bpf_publish(first, record);
	else if (how == PUBLISH_POS)
		hft_bpf_publish_pos(first, record, pos);
	else
		hft_bpf_discard(first, record);
}

SEC("syscall")
int give_back_twice(struct request *request)
{
	struct first_record *record;
	__u64 payload[2] = { 1, ~1ULL };
	__u64 pos;

	record = hft_bpf_reserve_pos(first, pos);
	if (!record)
		return 0;
	__builtin_memcpy(record->payload, payload, sizeof(payload));
	record->length = sizeof(payload);
	record->type = HFT_RECORD_USER;
	give_back(record, request->from >> 4, pos);
	give_back(record, request->from & 15, pos);
	return 0;
}

/* Reserves what is neither published nor discarded: the verifier allows it. */
SEC("syscall")
int abandon_first(struct request *request)
{
	struct first_record *record = hft_bpf_reserve(first);

	if (record)
		record->length = 0;
	return 0;
}

/* Sets what a record must have, and nothing else. */
SEC("syscall")
int publish_bare(struct request *request)
{
	struct first_record *record = hft_bpf_reserve(first);
	__u64 *payload;

	if (!record)
		return 0;
	payload = (void *)record->payload;
	payload[0] = request->from;
	payload[1] = ~request->from;
	record->length = 16;
	record->type = HFT_RECORD_USER;
	hft_bpf_publish(first, record);
	request->published = 1;
	return 0;
}

/* Longer than the slot: cut off, and flagged. */
SEC("syscall")
int publish_too_long(struct request *request)
{
	struct event event = {};

	event.sequence = request->from;
	request->published = hft_bpf_output(first, HFT_RECORD_USER + 1, &event,
					    sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
