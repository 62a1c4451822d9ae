// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Offers that meet: in softirqs over a process, in programs that sleep, on all
 * CPUs at once, and of two programs of which one interrupts the other. Each
 * payload is one number, five times, so that a torn one shows.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hft_ring.bpf.h"

HFT_BPF_RING(events, 64);

struct event {
	__u64 number[5];
};

/* Counted here as well, by the program itself: the ring's accounts must agree. */
__u64 offered;
__u64 refused;
__u64 given_up;
/* Offers that began while another was under way on their CPU. */
__u64 nested;

const volatile __u32 process; /* whose system calls count */
const volatile __u32 system_call;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} under_way SEC(".maps");

static __always_inline void set(struct event *event, __u64 number)
{
	event->number[0] = number;
	event->number[1] = number;
	event->number[2] = number;
	event->number[3] = number;
	event->number[4] = number;
}

static __always_inline int offer_in_place(__u64 number)
{
	struct events_record *record = hft_bpf_reserve(events);

	if (!record)
		return 0;
	set((void *)record->payload, number);
	record->length = sizeof(struct event);
	record->type = HFT_RECORD_USER;
	record->flags = 0;
	if (number % 16) {
		hft_bpf_publish(events, record);
	} else {
		hft_bpf_discard(events, record);
		__sync_fetch_and_add(&given_up, 1);
	}
	return 1;
}

static __always_inline int offer_copy(__u64 number)
{
	struct event event;

	set(&event, number);
	return hft_bpf_output(events, HFT_RECORD_USER, &event, sizeof(event));
}

static __always_inline void offer(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 *depth = bpf_map_lookup_elem(&under_way, &cpu);
	__u64 number;

	if (!depth)
		return;
	if (__sync_fetch_and_add(depth, 1) > 0)
		__sync_fetch_and_add(&nested, 1);
	number = __sync_fetch_and_add(&offered, 1);
	if (!(number % 2 ? offer_copy(number) : offer_in_place(number)))
		__sync_fetch_and_add(&refused, 1);
	__sync_fetch_and_add(depth, -1);
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *packet)
{
	offer();
	return 1;
}

SEC("raw_tp/sys_enter")
int on_system_call(struct bpf_raw_tracepoint_args *context)
{
	if (bpf_get_current_pid_tgid() >> 32 == process &&
	    context->args[1] == system_call)
		offer();
	return 0;
}

SEC("perf_event")
int on_overflow(void *context)
{
	offer();
	return 0;
}

/* Sleeps while its caller's page is fetched. */
SEC("uprobe.s")
int on_call(struct pt_regs *registers)
{
	struct events_record *record = hft_bpf_reserve(events);

	__sync_fetch_and_add(&offered, 1);
	if (!record) {
		__sync_fetch_and_add(&refused, 1);
		return 0;
	}
	bpf_copy_from_user(record->payload, sizeof(struct event),
			   (void *)PT_REGS_PARM1(registers));
	record->length = sizeof(struct event);
	record->type = HFT_RECORD_USER;
	record->flags = 0;
	hft_bpf_publish(events, record);
	return 0;
}

/*
 * Meanwhile, on the same CPU. Not by a uprobe: older kernels, 6.1 for one, run
 * one at a time there.
 */
SEC("syscall")
int on_request(__u64 *number)
{
	struct event event;

	set(&event, *number);
	__sync_fetch_and_add(&offered, 1);
	if (!hft_bpf_output(events, HFT_RECORD_USER, &event, sizeof(event)))
		__sync_fetch_and_add(&refused, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
