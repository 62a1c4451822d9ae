/* SPDX-License-Identifier: MIT */
/* ck_ring for one producer and one consumer, as C++ can call it. */
#ifndef HFT_PEERS_CK_SHIM_H
#define HFT_PEERS_CK_SHIM_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ck_ring;

struct ck_ring *peer_ck_new(unsigned int capacity);
void peer_ck_delete(struct ck_ring *ring);

/* records: capacity records of so many bytes each, the ring's own. */
#define PEER_CK_DECLARE(bytes)                                               \
	bool peer_ck_try_publish_##bytes(struct ck_ring *ring, void *records,    \
	                                 const void *record);                    \
	bool peer_ck_try_read_##bytes(struct ck_ring *ring, void *records,       \
	                              void *out);
PEER_CK_DECLARE(8)
PEER_CK_DECLARE(16)
PEER_CK_DECLARE(64)
PEER_CK_DECLARE(256)

#ifdef __cplusplus
}
#endif

#endif
