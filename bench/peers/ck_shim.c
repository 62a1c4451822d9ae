/* SPDX-License-Identifier: MIT */
/* ck_ring.h is C: it converts from void pointers, which C++ does not. */
#include "ck_shim.h"

#include <ck_ring.h>
#include <stdlib.h>

struct ck_ring *peer_ck_new(unsigned int capacity)
{
	struct ck_ring *ring = aligned_alloc(CK_MD_CACHELINE,
					     (sizeof(*ring) + CK_MD_CACHELINE - 1) /
						     CK_MD_CACHELINE *
						     CK_MD_CACHELINE);

	if (ring)
		ck_ring_init(ring, capacity);
	return ring;
}

void peer_ck_delete(struct ck_ring *ring)
{
	free(ring);
}

/* ck_ring's own way to carry records by value. */
#define PEER_CK_DEFINE(bytes)                                                \
	struct record_##bytes {                                                  \
		unsigned char bytes_[bytes];                                         \
	};                                                                       \
	CK_RING_PROTOTYPE(r##bytes, record_##bytes)                              \
	bool peer_ck_try_publish_##bytes(struct ck_ring *ring, void *records,    \
					 const void *record)                                     \
	{                                                                        \
		/* It only reads the record. */                                      \
		return ck_ring_enqueue_spsc_r##bytes(                                \
			ring, records, (struct record_##bytes *)(size_t)record);         \
	}                                                                        \
	bool peer_ck_try_read_##bytes(struct ck_ring *ring, void *records,       \
				      void *out)                                             \
	{                                                                        \
		return ck_ring_dequeue_spsc_r##bytes(ring, records, out);            \
	}
PEER_CK_DEFINE(8)
PEER_CK_DEFINE(16)
PEER_CK_DEFINE(64)
PEER_CK_DEFINE(256)
