// SPDX-License-Identifier: GPL-2.0-only
/*
 * Example of the in-kernel API: every call of a kernel function, as it happens.
 *
 *	insmod hft_probe.ko symbol=do_sys_openat2
 *	dmesg | tail -n 2		# which channels of /dev/hft
 *	insmod hft_probe.ko one_ring=1	# one channel for all CPUs
 *
 * The function may run on all CPUs at once, and in an interrupt of itself; one
 * ring would take that. A ring for each CPU spares the CPUs the line that they
 * would pass between them, and a consumer merges these by stamp (hft::Merger).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "hft.h"

/* The payload of a record of type HFT_RECORD_USER. */
struct hft_call {
	__u32 pid;
	__u32 cpu;
	char comm[TASK_COMM_LEN];
};

static char *symbol = "do_sys_openat2";

module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "the function whose calls are published (default do_sys_openat2)");

static bool one_ring;

module_param(one_ring, bool, 0444);
MODULE_PARM_DESC(one_ring, "one ring for all CPUs instead of one for each (default N)");

static bool drop;

module_param(drop, bool, 0444);
MODULE_PARM_DESC(drop, "drop the newest record when a ring is full instead of overwriting the oldest (default N)");

static DEFINE_PER_CPU(struct hft_ring *, rings);

static int on_call(struct kprobe *probe, struct pt_regs *regs)
{
	struct hft_ring *ring = this_cpu_read(rings);
	struct hft_reservation reserved = hft_ring_reserve(ring);
	struct hft_record *record = reserved.record;
	struct hft_call *call;

	if (!record)
		return 0;
	call = (struct hft_call *)record->payload;
	call->pid = task_tgid_nr(current);
	call->cpu = smp_processor_id();
	memcpy(call->comm, current->comm, sizeof(call->comm));
	record->type = HFT_RECORD_USER;
	record->length = sizeof(*call);
	record->flags = 0;
	hft_ring_publish_reserved(ring, reserved);
	return 0;
}

NOKPROBE_SYMBOL(on_call);

static struct kprobe probe = { .pre_handler = on_call };

/* The ring that the CPU shares, or NULL. */
static struct hft_ring *shared_ring(int cpu)
{
	int first = cpumask_first(cpu_possible_mask);

	return one_ring && cpu != first ? per_cpu(rings, first) : NULL;
}

static void destroy_rings(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(rings, cpu) && !shared_ring(cpu))
			hft_ring_destroy(per_cpu(rings, cpu));
}

static int create_ring(int cpu)
{
	struct hft_ring_params params = {
		.slot_size = HFT_SLOT_SIZE_MIN,
		.slot_count = 4096,
		.mode = drop ? HFT_MODE_DROP : HFT_MODE_OVERWRITE,
	};
	struct hft_ring *ring = shared_ring(cpu);

	if (ring) {
		per_cpu(rings, cpu) = ring;
		return 0;
	}
	ring = hft_ring_create(&params);

	if (IS_ERR(ring))
		return PTR_ERR(ring);
	per_cpu(rings, cpu) = ring;
	pr_info("calls of %s on CPU %d: channel %u\n", symbol, cpu,
		params.ring_id);
	return 0;
}

static int __init probe_init(void)
{
	int cpu, err = 0;

	for_each_possible_cpu(cpu) {
		err = create_ring(cpu);
		if (err)
			goto destroy;
	}
	probe.symbol_name = symbol;
	err = register_kprobe(&probe);
	if (!err)
		return 0;
	pr_err("%s cannot be probed\n", symbol);
destroy:
	destroy_rings();
	return err;
}
module_init(probe_init);

static void __exit probe_exit(void)
{
	/* Waits for handlers that run. */
	unregister_kprobe(&probe);
	destroy_rings();
}
module_exit(probe_exit);

MODULE_DESCRIPTION("Example: the calls of a kernel function through HFT rings");
MODULE_AUTHOR("HFT Kernel Sandbox maintainers");
MODULE_LICENSE("GPL");
