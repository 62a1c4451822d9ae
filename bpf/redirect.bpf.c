// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* XDP: the datagrams of one UDP port go to AF_XDP sockets, the rest its way. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

__u16 port; /* as in the packet: big-endian */

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps"); /* by receive queue */

SEC("xdp")
int redirect(struct xdp_md *context)
{
	const void *end = (void *)(long)context->data_end;
	const struct ethhdr *ethernet = (void *)(long)context->data;
	const struct iphdr *ip = (const void *)(ethernet + 1);
	/* Options and fragments are not for us: what follows is UDP's. */
	const struct udphdr *udp = (const void *)(ip + 1);

	if ((const void *)(udp + 1) > end)
		return XDP_PASS;
	if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->frag_off & bpf_htons(0x3fff) || ip->protocol != IPPROTO_UDP ||
	    udp->dest != port)
		return XDP_PASS;
	return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

/* The words for it that the kernel knows. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
