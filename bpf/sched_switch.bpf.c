// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Every context switch as a record: the example of "any kernel event". It runs
 * on all CPUs, so it wants a ring for each.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hft_ring.bpf.h"

/* As much of it as is needed; its offsets are those of the running kernel. */
struct task_struct {
	int pid;
	char comm[16];
} __attribute__((preserve_access_index));

HFT_BPF_RING(switches, 64);

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, _Bool preempt, struct task_struct *prev,
	     struct task_struct *next)
{
	struct switches_record *record = hft_bpf_reserve(switches);
	struct hft_switch *event;

	if (!record)
		return 0;
	event = (void *)record->payload;
	event->prev_pid = prev->pid;
	event->next_pid = next->pid;
	BPF_CORE_READ_STR_INTO(&event->prev_comm, prev, comm);
	BPF_CORE_READ_STR_INTO(&event->next_comm, next, comm);
	record->length = sizeof(*event);
	record->type = HFT_RECORD_SWITCH;
	record->flags = 0;
	hft_bpf_publish(switches, record);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
