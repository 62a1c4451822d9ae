// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "channel.h"
#include "debug.h"
#include "simulator.h"

static struct dentry *folder;

static void rings_line(struct hft_ring *ring, void *to)
{
	static const char * const sources[] = {
		[HFT_SOURCE_MANUAL] = "manual",
		[HFT_SOURCE_SIMULATOR] = "simulator",
		[HFT_SOURCE_KERNEL] = "kernel",
	};

	struct hft_ring_stats stats;

	hft_ring_stats(ring, &stats);
	seq_printf(to, "%4u %-9s %-9s %9u %10u %8s %20llu %20llu %20llu %20llu %7llu %20llu %10llu\n",
		   ring->id, sources[ring->source],
		   ring->mode == HFT_MODE_DROP ? "drop" : "overwrite",
		   ring->slot_size, ring->slot_count,
		   READ_ONCE(ring->owner) ? "yes" : "no",
		   stats.offered, stats.published, stats.dropped,
		   stats.discarded, stats.pending, stats.oldest_pending,
		   stats.wakeups);
}

static int rings_show(struct seq_file *to, void *unused)
{
	seq_printf(to, "%4s %-9s %-9s %9s %10s %8s %20s %20s %20s %20s %7s %20s %10s\n",
		   "ring", "source", "mode", "slot_size", "slot_count",
		   "consumer", "offered", "published", "dropped", "discarded",
		   "pending", "oldest_pending", "wakeups");
	hft_channel_for_each(rings_line, to);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rings);

static int simulator_show(struct seq_file *to, void *unused)
{
	struct hft_sim_stats stats;

	hft_sim_stats(&stats);
	seq_printf(to, "running %llu\ncpu     %u\nperiod  %llu ns\n",
		   stats.running, hft_sim_cpu(), stats.period);
	seq_printf(to, "ticks   %llu\nmissed  %llu\n", stats.ticks, stats.missed);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(simulator);

void hft_debug_create(void)
{
	folder = debugfs_create_dir("hft", NULL);
	debugfs_create_file("rings", 0400, folder, NULL, &rings_fops);
	debugfs_create_file("simulator", 0400, folder, NULL, &simulator_fops);
}

void hft_debug_remove(void)
{
	debugfs_remove_recursive(folder);
}
