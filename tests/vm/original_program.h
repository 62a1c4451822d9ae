/* SPDX-License-Identifier: MIT */
/*
 * Consumers as one wrote them for the original sandbox: plain C, no header of
 * ours, every number by heart. Both return how many samples they took, or -1.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

int original_ring(unsigned long long* latency, int samples);
int original_read(unsigned long long* latency, int samples);

#ifdef __cplusplus
}
#endif
