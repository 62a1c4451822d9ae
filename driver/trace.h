/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: hft:publish, hft:drop, hft:wakeup. Off, each is a no-op that is
 * patched in place.
 *
 *	echo 'ring == 3' >/sys/kernel/tracing/events/hft/drop/filter
 *	echo 1 >/sys/kernel/tracing/events/hft/enable
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hft

#if !defined(HFT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HFT_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(publish,
	TP_PROTO(u32 ring, u64 pos, u64 stamp),
	TP_ARGS(ring, pos, stamp),
	TP_STRUCT__entry(
		__field(u32, ring)
		__field(u64, pos)
		__field(u64, stamp)
	),
	TP_fast_assign(
		__entry->ring = ring;
		__entry->pos = pos;
		__entry->stamp = stamp;
	),
	TP_printk("ring=%u pos=%llu stamp=%llu", __entry->ring, __entry->pos,
		  __entry->stamp)
);

DECLARE_EVENT_CLASS(hft_count,
	TP_PROTO(u32 ring, u64 count),
	TP_ARGS(ring, count),
	TP_STRUCT__entry(
		__field(u32, ring)
		__field(u64, count)
	),
	TP_fast_assign(
		__entry->ring = ring;
		__entry->count = count;
	),
	TP_printk("ring=%u count=%llu", __entry->ring, __entry->count)
);

/* count: so many records of this ring have been dropped now. */
DEFINE_EVENT(hft_count, drop, TP_PROTO(u32 ring, u64 count), TP_ARGS(ring, count));

/* count: so many times its consumers have been woken now. */
DEFINE_EVENT(hft_count, wakeup, TP_PROTO(u32 ring, u64 count), TP_ARGS(ring, count));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
