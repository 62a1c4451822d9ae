// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A record goes back to the ring that gave it: this must not compile. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(first, 64);
HFT_BPF_RING(second, 64);

SEC("syscall")
int cross(void *context)
{
	struct first_record *record = hft_bpf_reserve(first);

	if (record)
		GIVE_BACK(second, record);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
