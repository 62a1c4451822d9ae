// SPDX-License-Identifier: GPL-2.0-only
/*
 * Example of the in-kernel API: every call of a kernel function, as it happens.
 *
 *	insmod hft_probe.ko symbol=do_sys_openat2
 *	dmesg | tail -n 2		# which channels of /dev/hft
 *
 * A ring has one producer and the function may run on all CPUs at once: so each
 * CPU has a ring, and a consumer merges them by stamp (hft::Merger). A kprobe's
 * handler is not preempted, and a probe that is hit inside one is skipped: the
 * calls for one ring neither meet nor nest.
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

static DEFINE_PER_CPU(struct hft_ring *, rings);

static int on_call(struct kprobe *probe, struct pt_regs *regs)
{
	struct hft_ring *ring = this_cpu_read(rings);
	struct hft_record *record = hft_ring_reserve(ring);
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
	hft_ring_publish_reserved(ring);
	return 0;
}

NOKPROBE_SYMBOL(on_call);

static struct kprobe probe = { .pre_handler = on_call };

static void destroy_rings(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(rings, cpu))
			hft_ring_destroy(per_cpu(rings, cpu));
}

static int create_ring(int cpu)
{
	struct hft_ring_params params = {
		.slot_size = HFT_SLOT_SIZE_MIN,
		.slot_count = 4096,
		.mode = HFT_MODE_OVERWRITE,
	};
	struct hft_ring *ring = hft_ring_create(&params);

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
