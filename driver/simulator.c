// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "hft: " fmt

#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "lamport.h"
#include "param.h"
#include "shm.h"
#include "simulator.h"

static struct hft_param simulator_cpu = { 0, 0, U32_MAX };

module_param_cb(simulator_cpu, &hft_param_ops, &simulator_cpu, 0444);
__MODULE_PARM_TYPE(simulator_cpu, "uint");
MODULE_PARM_DESC(simulator_cpu, "CPU of the packet simulator's timer (default 0)");

static struct {
	raw_spinlock_t lock; /* held by a tick from first to last */
	struct hft_ring *rings[HFT_RING_MAX]; /* by channel; under lock */
	u64 sequence; /* under lock */

	struct mutex control; /* start, stop, and the CPU's coming and going */
	struct hrtimer timer;
	bool running;
	u64 period; /* ns */
	u64 ticks;
	u64 missed;
} sim = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(sim.lock),
	.control = __MUTEX_INITIALIZER(sim.control),
	.period = HFT_SIM_PERIOD_DEFAULT,
};

/* A plausible trade, a function of the sequence alone: runs can be compared. */
static void sim_trade(struct hft_market *market, u64 sequence)
{
	u32 noise = hash_64(sequence, 32);

	*market = (struct hft_market){
		.sequence = sequence,
		.instrument = noise & 7,
		.side = (noise >> 3) & 1,
		.quantity = 100 * (1 + ((noise >> 4) & 15)),
		.price = 1000000 * (1 + (s64)(noise & 7)) +
			 100 * (s64)((noise >> 8) & 127),
	};
}

/*
 * Unlike hft_ring_publish() this wakes the reader directly: the timer holds no
 * scheduler lock, and a self-interrupt would be a handicap on the read() path
 * that we compare ourselves with. PREEMPT_RT cannot wake from hard-irq.
 */
static void sim_wake(struct hft_ring *ring)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		irq_work_queue(&ring->wake);
	else
		hft_ring_wake(ring);
}

static u64 sim_late(ktime_t due)
{
	return ktime_to_ns(ktime_sub(ktime_get(), due));
}

static void sim_publish(struct hft_ring *ring, struct hft_market *market,
			ktime_t due)
{
	struct hft_reservation reserved = hft_ring_reserve(ring);
	struct hft_record *record = reserved.record;

	if (!record)
		return;
	record->type = HFT_RECORD_MARKET;
	record->length = sizeof(*market);
	record->flags = 0;
	market->late = sim_late(due);
	memcpy(record->payload, market, sizeof(*market));
	hft_ring_commit(ring, reserved);
	if (hft_ring_wants_wake(ring))
		sim_wake(ring);
}

/* Hard-irq on simulator_cpu. Interrupts are off: an RCU read-side section. */
static enum hrtimer_restart sim_tick(struct hrtimer *timer)
{
	ktime_t due = hrtimer_get_expires(timer);
	struct hft_market market;
	u64 overruns;
	u32 id;

	raw_spin_lock(&sim.lock);
	overruns = hrtimer_forward_now(timer, ns_to_ktime(READ_ONCE(sim.period)));
	/*
	 * Before the rings, with nothing but the timer's re-arming between it and
	 * the interrupt: under emulation that distance decides what a consumer
	 * that pauses sees (docs/measurement.md).
	 */
	hft_lamport_publish(sim.sequence);
	sim_trade(&market, sim.sequence++);
	market.missed = overruns ? overruns - 1 : 0;
	market.late = sim_late(due);
	hft_shm_publish(&market);
	for (id = 0; id < HFT_RING_MAX; id++)
		if (sim.rings[id])
			sim_publish(sim.rings[id], &market, due);
	WRITE_ONCE(sim.ticks, sim.ticks + 1);
	WRITE_ONCE(sim.missed, sim.missed + market.missed);
	raw_spin_unlock(&sim.lock);
	return HRTIMER_RESTART;
}

/* On simulator_cpu, where a pinned timer then stays. */
static void sim_arm(void *unused)
{
	hrtimer_start(&sim.timer, ns_to_ktime(sim.period),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

int hft_sim_start(u64 period)
{
	int err = 0;

	if (period < HFT_SIM_PERIOD_MIN || period > HFT_SIM_PERIOD_MAX)
		return -EINVAL;

	mutex_lock(&sim.control);
	WRITE_ONCE(sim.period, period);
	if (!sim.running) {
		sim.sequence = 0;
		WRITE_ONCE(sim.ticks, 0);
		WRITE_ONCE(sim.missed, 0);
		hft_hrtimer_setup(&sim.timer, sim_tick);
		err = smp_call_function_single(simulator_cpu.value, sim_arm, NULL,
					       1);
		WRITE_ONCE(sim.running, !err);
		if (!err)
			pr_info("simulator: a packet every %llu ns on CPU %u\n",
				period, simulator_cpu.value);
		else
			pr_err("simulator: CPU %u is not online\n",
			       simulator_cpu.value);
	}
	mutex_unlock(&sim.control);
	return err;
}

void hft_sim_stop(void)
{
	mutex_lock(&sim.control);
	if (sim.running) {
		hrtimer_cancel(&sim.timer);
		WRITE_ONCE(sim.running, false);
		pr_info("simulator: stopped after %llu ticks\n", sim.ticks);
	}
	mutex_unlock(&sim.control);
}

/*
 * A CPU that goes takes its ticks along: the timer stops, and a schedule that
 * nothing kept is not made up for. It starts again when the CPU is back.
 */
static int sim_cpu_online(unsigned int cpu)
{
	mutex_lock(&sim.control);
	if (sim.running && cpu == simulator_cpu.value)
		sim_arm(NULL);
	mutex_unlock(&sim.control);
	return 0;
}

static int sim_cpu_offline(unsigned int cpu)
{
	mutex_lock(&sim.control);
	if (sim.running && cpu == simulator_cpu.value)
		hrtimer_cancel(&sim.timer);
	mutex_unlock(&sim.control);
	return 0;
}

static enum cpuhp_state sim_hotplug;

int hft_sim_init(void)
{
	int state;

	if (simulator_cpu.value >= nr_cpu_ids ||
	    !cpu_possible(simulator_cpu.value)) {
		pr_err("simulator_cpu=%u: there is no such CPU\n",
		       simulator_cpu.value);
		return -EINVAL;
	}
	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "hft:simulator",
					  sim_cpu_online, sim_cpu_offline);
	if (state < 0)
		return state;
	sim_hotplug = state;
	return 0;
}

void hft_sim_exit(void)
{
	cpuhp_remove_state_nocalls(sim_hotplug);
}

bool hft_sim_running(void)
{
	return READ_ONCE(sim.running);
}

unsigned int hft_sim_cpu(void)
{
	return simulator_cpu.value;
}

void hft_sim_stats(struct hft_sim_stats *stats)
{
	*stats = (struct hft_sim_stats){
		.running = hft_sim_running(),
		.period = READ_ONCE(sim.period),
		.ticks = READ_ONCE(sim.ticks),
		.missed = READ_ONCE(sim.missed),
	};
}

void hft_sim_between_ticks(void (*change)(void *arg), void *arg)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&sim.lock, flags);
	change(arg);
	raw_spin_unlock_irqrestore(&sim.lock, flags);
}

static void sim_list(void *ring)
{
	struct hft_ring *added = ring;

	sim.rings[added->id] = added;
}

static void sim_unlist(void *ring)
{
	struct hft_ring *removed = ring;

	sim.rings[removed->id] = NULL;
}

void hft_sim_add(struct hft_ring *ring)
{
	hft_sim_between_ticks(sim_list, ring);
}

void hft_sim_remove(struct hft_ring *ring)
{
	hft_sim_between_ticks(sim_unlist, ring);
}
