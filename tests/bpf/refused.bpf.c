// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What no verifier lets pass: a write beyond the slot. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(short_ones, 64);

SEC("syscall")
int write_beyond(void *context)
{
	struct short_ones_record *record = hft_bpf_reserve(short_ones);

	if (!record)
		return 0;
	*(volatile __u64 *)(record->payload + sizeof(record->payload)) = 1;
	hft_bpf_publish(short_ones, record);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
