// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What no verifier lets pass: a record that is used after it was given back. It
 * knows both constants, and looks at no other way.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(ring, 64);

enum {
	PUBLISH,
	PUBLISH_AT,
	PUBLISH_POS,
	DISCARD,
	DISCARD_POS,
	WAYS_BACK,
	WRITE = WAYS_BACK,
	READ,
	NOTHING,
	USES,
};

const volatile __u32 way_back;
const volatile __u32 use_after;
/* For the test, which tries all of them. */
const volatile __u32 ways_back = WAYS_BACK;
const volatile __u32 uses = USES;
const volatile __u32 nothing = NOTHING;

__u32 length_read;

#define USE(record, pos, how)                                                  \
	do {                                                                   \
		if ((how) == PUBLISH)                                          \
			hft_bpf_publish(ring, record);                         \
		else if ((how) == PUBLISH_AT)                                  \
			hft_bpf_publish_at(ring, record, 1);                   \
		else if ((how) == PUBLISH_POS)                                 \
			hft_bpf_publish_pos(ring, record, pos);                \
		else if ((how) == DISCARD)                                     \
			hft_bpf_discard(ring, record);                         \
		else if ((how) == DISCARD_POS)                                 \
			hft_bpf_discard_pos(ring, record, pos);                \
		else if ((how) == WRITE)                                       \
			(record)->length = 1;                                  \
		else if ((how) == READ)                                        \
			length_read = (record)->length;                        \
	} while (0)

SEC("syscall")
int give_back(void *context)
{
	__u64 pos;
	struct ring_record *record = hft_bpf_reserve_pos(ring, pos);

	if (!record)
		return 0;
	USE(record, pos, way_back);
	USE(record, pos, use_after);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
