// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * UDP datagrams from the driver's receive path straight into a ring: what goes
 * there, the rest of the kernel does not see, unless it is told to pass it on.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "hft_ring.bpf.h"

/* What is matched: network byte order, 0 for any. */
const volatile __be16 port;
const volatile __be32 address; /* of the destination: a multicast group, say */
const volatile __u32 frames; /* records hold frames instead of payloads */
const volatile __u32 pass; /* the stack gets a copy */

HFT_BPF_RING(packets, 4096);

struct vlan_header {
	__be16 tag;
	__be16 protocol;
};

#define IP_FRAGMENT 0x3fff /* more to come, or an offset */
#define WORD sizeof(__u64)
#define FIRST_LINE (HFT_CACHE_LINE - HFT_SLOT_HEADER - HFT_RECORD_HEADER)

/* The payload of a datagram that is matched, or NULL. */
static __always_inline void *match(void *data, void *end, __u32 *length)
{
	struct ethhdr *ethernet = data;
	struct vlan_header *vlan;
	struct iphdr *ip;
	struct udphdr *udp;
	__be16 protocol;
	__u32 bytes;

	if ((void *)(ethernet + 1) > end)
		return NULL;
	protocol = ethernet->h_proto;
	ip = (void *)(ethernet + 1);
	if (protocol == bpf_htons(ETH_P_8021Q)) {
		vlan = (void *)ip;
		if ((void *)(vlan + 1) > end)
			return NULL;
		protocol = vlan->protocol;
		ip = (void *)(vlan + 1);
	}
	if (protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end)
		return NULL;
	if (ip->protocol != IPPROTO_UDP || ip->ihl < 5 ||
	    (ip->frag_off & bpf_htons(IP_FRAGMENT)))
		return NULL;
	if (address && ip->daddr != address)
		return NULL;
	udp = (void *)ip + ip->ihl * 4;
	if ((void *)(udp + 1) > end)
		return NULL;
	if (port && udp->dest != port)
		return NULL;
	bytes = bpf_ntohs(udp->len);
	if (bytes < sizeof(*udp))
		return NULL;
	*length = bytes - sizeof(*udp);
	return udp + 1;
}

/*
 * Copy from byte `at` on, up to `bytes`: whole lines as long as there are, then
 * words, then bytes. `bytes` is no more than the room that the record has,
 * which is how the verifier knows that the copy ends inside the slot.
 */
static __always_inline void copy(__u8 *to, void *from, void *end, __u32 at,
				 __u32 bytes, __u32 room)
{
	__u32 i;

	for (i = 0; i < HFT_SLOT_SIZE_MAX / HFT_CACHE_LINE; i++) {
		__u64 *line = from + at;

		if (at + HFT_CACHE_LINE > bytes || at + HFT_CACHE_LINE > room ||
		    (void *)line + HFT_CACHE_LINE > end)
			break;
		__builtin_memcpy(to + at, line, HFT_CACHE_LINE);
		at += HFT_CACHE_LINE;
	}
	for (i = 0; i < HFT_CACHE_LINE / WORD; i++) {
		__u64 *word = from + at;

		if (at + WORD > bytes || at + WORD > room ||
		    (void *)(word + 1) > end)
			break;
		*(__u64 *)(to + at) = *word;
		at += WORD;
	}
	for (i = 0; i < WORD; i++) {
		__u8 *byte = from + at;

		if (at + 1 > bytes || at + 1 > room || (void *)(byte + 1) > end)
			break;
		to[at] = *byte;
		at++;
	}
}

/* The line that the consumer polls last: see hft_bpf_fill(). */
static __always_inline void fill(struct packets_record *record, void *from,
				 void *end, __u32 length)
{
	const __u32 room =
		packets_shape.slot_size - HFT_SLOT_HEADER - HFT_RECORD_HEADER;
	__u32 bytes = length < room ? length : room;
	__u64 *words = from;
	__u64 *to = (void *)record->payload;

	if (bytes > FIRST_LINE)
		copy(record->payload, from, end, FIRST_LINE, bytes, room);
	hft_bpf_compiler_barrier();
	if (bytes >= FIRST_LINE && from + FIRST_LINE <= end) {
		to[0] = words[0];
		to[1] = words[1];
		to[2] = words[2];
		to[3] = words[3];
		to[4] = words[4];
	} else {
		copy(record->payload, from, end, 0, bytes, FIRST_LINE);
	}
	record->length = length;
	record->type = frames ? HFT_RECORD_FRAME : HFT_RECORD_UDP;
	record->flags = length > room ? HFT_RECORD_TRUNCATED : 0;
}

SEC("xdp")
int on_packet(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	struct packets_record *record;
	__u32 length;
	__u64 stamp;
	void *from = match(data, end, &length);

	if (!from)
		return XDP_PASS;
	stamp = bpf_ktime_get_ns();
	if (frames) {
		from = data;
		length = end - data;
	} else if (from + length > end) {
		/* Cut off on its way: not what its sender sent. */
		return XDP_PASS;
	}
	record = hft_bpf_reserve(packets);
	if (record) {
		fill(record, from, end, length);
		hft_bpf_publish_at(packets, record, stamp);
	}
	return pass ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
