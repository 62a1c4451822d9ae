// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A tracepoint that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(unknowns, 64);

SEC("tp_btf/hft_unknown")
int on_unknown(void *context)
{
	__u64 nothing = 0;

	hft_bpf_output(unknowns, HFT_RECORD_USER, &nothing, sizeof(nothing));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
