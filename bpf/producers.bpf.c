// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A file that says which BPF programs fill rings, pinned beside them. Each time
 * somebody reads it the kernel goes through all loaded programs and prints the
 * ids of those that use the rings, a line each; it is empty once no program
 * does. Reading needs no privilege.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* As much of them as is needed; the offsets are those of the running kernel. */
struct bpf_map {
	__u32 id;
} __attribute__((preserve_access_index));

struct bpf_prog_aux {
	__u32 id;
	__u32 used_map_cnt;
	struct bpf_map **used_maps;
} __attribute__((preserve_access_index));

struct bpf_prog {
	struct bpf_prog_aux *aux;
} __attribute__((preserve_access_index));

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
} __attribute__((preserve_access_index));

/* The id of the map of slots: what uses it is taken for a producer. */
const volatile __u32 slots;

#define MAPS_MAX 64 /* MAX_USED_MAPS of the kernel: a program has no more */

SEC("iter/bpf_prog")
int list_producers(struct bpf_iter__bpf_prog *context)
{
	struct bpf_prog *program = context->prog;
	struct bpf_map *map;
	__u32 i;

	if (!program) /* after the last one */
		return 0;
	for (i = 0; i < MAPS_MAX && i < program->aux->used_map_cnt; i++) {
		if (bpf_probe_read_kernel(&map, sizeof(map),
					  program->aux->used_maps + i))
			break;
		if (BPF_CORE_READ(map, id) == slots) {
			BPF_SEQ_PRINTF(context->meta->seq, "%u\n",
				       program->aux->id);
			break;
		}
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
