// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Two rings whose names are one as far as the kernel keeps them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(market_data_feed_a, 64);
HFT_BPF_RING(market_data_feed_b, 64);

SEC("syscall")
int publish(void *context)
{
	__u64 payload = 0;

	hft_bpf_output(market_data_feed_a, HFT_RECORD_USER, &payload,
		       sizeof(payload));
	hft_bpf_output(market_data_feed_b, HFT_RECORD_USER, &payload,
		       sizeof(payload));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
