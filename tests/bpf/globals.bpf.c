// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Globals that its loader reads and writes while it runs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(ticks, 64);

__u64 total; /* in .bss */
__u64 step = 3; /* in .data */

SEC("syscall")
int add(void *context)
{
	total += step;
	hft_bpf_output(ticks, HFT_RECORD_USER, &total, sizeof(total));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
