// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What no verifier lets pass: a record that is used after it was given back. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(ring, 64);

#define GIVEN_BACK(program, once, twice)                                       \
	SEC("syscall")                                                         \
	int program(void *context)                                             \
	{                                                                      \
		__u64 pos;                                                     \
		struct ring_record *record = hft_bpf_reserve_pos(ring, pos);   \
									       \
		if (!record)                                                   \
			return 0;                                              \
		once;                                                          \
		twice;                                                         \
		return 0;                                                      \
	}

#define PUBLISH hft_bpf_publish(ring, record)
#define PUBLISH_AT hft_bpf_publish_at(ring, record, 1)
#define PUBLISH_POS hft_bpf_publish_pos(ring, record, pos)
#define DISCARD hft_bpf_discard(ring, record)
#define DISCARD_POS hft_bpf_discard_pos(ring, record, pos)

GIVEN_BACK(published_twice, PUBLISH, PUBLISH)
GIVEN_BACK(published_and_discarded, PUBLISH, DISCARD)
GIVEN_BACK(published_at_and_discarded, PUBLISH_AT, DISCARD)
GIVEN_BACK(discarded_and_published_at, DISCARD, PUBLISH_AT)
GIVEN_BACK(discarded_twice, DISCARD, DISCARD)
GIVEN_BACK(published_twice_by_position, PUBLISH_POS, PUBLISH_POS)
GIVEN_BACK(discarded_twice_by_position, DISCARD_POS, DISCARD_POS)
GIVEN_BACK(published_and_written, PUBLISH, record->length = 1)
GIVEN_BACK(discarded_and_read, DISCARD, return record->length)
/* The only one that is right. */
GIVEN_BACK(published, PUBLISH, (void)0)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
