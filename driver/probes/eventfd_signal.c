// SPDX-License-Identifier: GPL-2.0-only
#include <linux/eventfd.h>

void probe(struct eventfd_ctx *eventfd);

void probe(struct eventfd_ctx *eventfd)
{
	eventfd_signal(eventfd);
}
