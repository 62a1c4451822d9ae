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
const volatile __u32 pass_when_full; /* or what the ring has no room for */

HFT_BPF_RING(packets, 4096);

/* Published records that did not fit into their slots, of all CPUs. */
__u64 truncated;

struct vlan_header {
	__be16 tag;
	__be16 protocol;
};

#define IP_FRAGMENT 0x3fff /* more to come, or an offset */
#define FIRST_LINE (HFT_CACHE_LINE - HFT_SLOT_HEADER - HFT_RECORD_HEADER)

/* The payload of a datagram that is matched, or NULL. */
static __always_inline void *match(void *data, void *end, __u64 *length)
{
	struct ethhdr *ethernet = data;
	struct vlan_header *vlan;
	struct iphdr *ip;
	struct udphdr *udp;
	__be16 protocol;
	__u64 bytes;

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

/* For copies: of whole words, wherever they begin. */
struct words {
	__u64 word[HFT_CACHE_LINE / sizeof(__u64)];
};

/*
 * Copy `count` bytes, a constant, at an offset that may vary. The verifier
 * wants to see that they are inside the packet; that they are inside the slot
 * it knows from the range of the offset. False when they are not.
 */
static __always_inline int copy(__u8 *to, void *from, void *end, __u64 at,
				__u32 count)
{
	void *block = from + at;

	/* The pointer that is compared has to be the one that is used. */
	asm volatile("" : "+r"(block));
	if (block + count > end)
		return 0;
	switch (count) {
	case 64:
		*(struct words *)(to + at) = *(struct words *)block;
		break;
	case 32:
		__builtin_memcpy(__builtin_assume_aligned(to + at, 8),
				 __builtin_assume_aligned(block, 8), 32);
		break;
	case 16:
		__builtin_memcpy(__builtin_assume_aligned(to + at, 8),
				 __builtin_assume_aligned(block, 8), 16);
		break;
	case 8:
		*(__u64 *)(to + at) = *(__u64 *)block;
		break;
	case 4:
		*(__u32 *)(to + at) = *(__u32 *)block;
		break;
	case 2:
		*(__u16 *)(to + at) = *(__u16 *)block;
		break;
	case 1:
		*(__u8 *)(to + at) = *(__u8 *)block;
		break;
	}
	return 1;
}

/* The first and the last of `bytes`, count to 2 * count of them. */
static __always_inline void copy_both(__u8 *to, void *from, void *end,
				      __u64 bytes, __u32 count)
{
	if (copy(to, from, end, bytes - count, count))
		copy(to, from, end, 0, count);
}

/*
 * The last 64 bytes, whole lines from the second on, then the first: with a
 * loop over the rest the verifier would have too much to look at. The line that
 * the consumer polls goes last: see hft_bpf_fill().
 */
static __always_inline void copy_lines(__u8 *to, void *from, void *end,
				       __u64 bytes)
{
	__u64 at = FIRST_LINE;
	__u64 left = bytes - FIRST_LINE;
	__u32 i;

	if (!copy(to, from, end, bytes - HFT_CACHE_LINE, HFT_CACHE_LINE))
		return;
	for (i = 0; i < HFT_SLOT_SIZE_MAX / HFT_CACHE_LINE; i++) {
		/*
		 * Until 6.7 the verifier sees that a range is below a constant,
		 * but not that a constant, `at`, is above a range, `bytes`:
		 * clang is not to compare these instead.
		 */
		asm volatile("" : "+r"(left));
		if (left < HFT_CACHE_LINE ||
		    !copy(to, from, end, at, HFT_CACHE_LINE))
			break;
		at += HFT_CACHE_LINE;
		left -= HFT_CACHE_LINE;
	}
	hft_bpf_compiler_barrier();
	copy(to, from, end, 0, HFT_CACHE_LINE);
}

static __always_inline void copy_payload(__u8 *to, void *from, void *end,
					 __u64 bytes)
{
	if (bytes >= 64)
		copy_lines(to, from, end, bytes);
	else if (bytes >= 32)
		copy_both(to, from, end, bytes, 32);
	else if (bytes >= 16)
		copy_both(to, from, end, bytes, 16);
	else if (bytes >= 8)
		copy_both(to, from, end, bytes, 8);
	else if (bytes >= 4)
		copy_both(to, from, end, bytes, 4);
	else if (bytes >= 2)
		copy_both(to, from, end, bytes, 2);
	else if (bytes == 1)
		copy(to, from, end, 0, 1);
}

static __always_inline __u64 room_of_slot(void)
{
	return packets_shape.slot_size - HFT_SLOT_HEADER - HFT_RECORD_HEADER;
}

static __always_inline void fill(struct packets_record *record, void *from,
				 void *end, __u64 length)
{
	const __u64 room = room_of_slot();
	__u64 bytes = length < room ? length : room;

	/* What clang knows by now, the verifier does not. */
	asm volatile("" : "+r"(bytes));
	if (bytes <= room)
		copy_payload(record->payload, from, end, bytes);
	record->length = length;
	record->flags = length > room ? HFT_RECORD_TRUNCATED : 0;
}

SEC("xdp")
int on_packet(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	struct packets_record *record;
	__u64 length;
	__u64 stamp;
	void *from = match(data, end, &length);

	if (!from)
		return XDP_PASS;
	if (frames) {
		from = data;
		length = end - data;
	} else if (from + length > end) {
		/* Cut off on its way: not what its sender sent. */
		return XDP_PASS;
	}
	record = hft_bpf_reserve(packets);
	if (record) {
		/*
		 * A first store, so that the consumer's CPU gives the line up
		 * while this one reads the clock.
		 */
		record->type = frames ? HFT_RECORD_FRAME : HFT_RECORD_UDP;
		hft_bpf_compiler_barrier();
		stamp = bpf_ktime_get_ns();
		fill(record, from, end, length);
		hft_bpf_publish_at(packets, record, stamp);
		/* Between the stamp and the record there is no time for this. */
		if (length > room_of_slot())
			__sync_fetch_and_add(&truncated, 1);
	} else if (pass_when_full) {
		return XDP_PASS;
	}
	return pass ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
