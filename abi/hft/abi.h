/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The shared-memory and system-call contract between producers and consumers,
 * compiled by the kernel, by clang for BPF and by C++.
 *
 *	int fd = open("/dev/hft", O_RDWR);
 *	const struct hft_slot *slots = mmap(NULL, info->slots_bytes, PROT_READ,
 *					    MAP_SHARED, fd, HFT_MMAP_SLOTS);
 *	while (load_acquire(&slots[pos & mask].published) <= pos)
 *		;
 *	use(&slots[pos & mask].record);
 *
 * A ring is four regions, each mapped on its own with its own rights:
 *
 *	info      1 page   r    what the ring is; never changes once created
 *	producer  1 page   r    counters for monitors and late joiners
 *	consumer  1 page   rw   how far the one consumer of drop mode has read
 *	slots     n pages  r    the records
 *
 *	slot  0        8                                           slot_size
 *	      +--------+------------------------------------------+
 *	      | publi- | record 0 | record 1 | ... | record K-1   |
 *	      | shed   |          |          |     |              |
 *	      +--------+------------------------------------------+
 *
 * A slot publishes itself: position p is readable if and only if the slot of p
 * has published > p. Positions are free-running 64-bit counts of records: at
 * 10^9 records a second they wrap after 584 years, and nothing guards that.
 */
#ifndef HFT_ABI_H
#define HFT_ABI_H

#if defined(__VMLINUX_H__)
/* BPF: vmlinux.h has the types, and BPF programs make no ioctls. */
#define HFT_ABI_NO_IOCTL
#else
#include <linux/ioctl.h>
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define HFT_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define HFT_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define HFT_ASSERT_OFFSET(type, field, offset)                                 \
	HFT_STATIC_ASSERT(__builtin_offsetof(type, field) == (offset),         \
			  #type "." #field " is not at byte " #offset)
#define HFT_ASSERT_SIZE(type, size)                                            \
	HFT_STATIC_ASSERT(sizeof(type) == (size),                              \
			  "sizeof(" #type ") is not " #size)

#define HFT_ABI_VERSION 1u
#define HFT_CACHE_LINE 64u
#define HFT_PAGE 4096u

/* ---- Records and slots ------------------------------------------------- */

/* hft_record.type */
enum hft_record_type {
	HFT_RECORD_EMPTY = 0,
	HFT_RECORD_MARKET = 1, /* payload is struct hft_market */
	HFT_RECORD_UDP = 2, /* payload is a datagram's */
	HFT_RECORD_FRAME = 3, /* payload is an Ethernet frame, FCS excluded */
	HFT_RECORD_SWITCH = 4, /* payload is struct hft_switch */
	HFT_RECORD_USER = 0x8000, /* and above: for users of the in-kernel API */
};

/* hft_record.flags */
#define HFT_RECORD_TRUNCATED 1u /* length is the true one, the payload is not */
#define HFT_RECORD_DISCARDED 2u /* given up by its producer: skip it */

#define HFT_RECORD_HEADER 16u
#define HFT_SLOT_HEADER 8u
#define HFT_SLOT_SIZE_MIN 64u
#define HFT_SLOT_SIZE_MAX 4096u

/* A record as it stands in a 64-byte slot; larger slots have more payload. */
struct hft_record {
	__u64 stamp; /* the producer's clock right before it publishes */
	__u32 length; /* bytes of payload that the producer was given */
	__u16 type;
	__u16 flags;
	__u8 payload[40];
};
HFT_ASSERT_SIZE(struct hft_record, 56);
HFT_ASSERT_OFFSET(struct hft_record, length, 8);
HFT_ASSERT_OFFSET(struct hft_record, type, 12);
HFT_ASSERT_OFFSET(struct hft_record, flags, 14);
HFT_ASSERT_OFFSET(struct hft_record, payload, HFT_RECORD_HEADER);

struct hft_slot {
	/*
	 * Last position published in this slot + 1. While the record of
	 * position p is written over an older one: p, or, by a process, 0.
	 */
	__u64 published;
	struct hft_record record;
} __attribute__((aligned(64)));
HFT_ASSERT_SIZE(struct hft_slot, HFT_SLOT_SIZE_MIN);
HFT_ASSERT_OFFSET(struct hft_slot, record, HFT_SLOT_HEADER);

enum hft_side {
	HFT_SIDE_BUY = 0,
	HFT_SIDE_SELL = 1,
};

/* The simulator's payload: a trade, and how well its schedule was kept. */
struct hft_market {
	__u64 sequence; /* counts ticks since the simulator started, from 0 */
	__s64 price; /* 1e-4 currency units */
	__u32 quantity;
	__u32 instrument;
	__u64 late; /* ns from the scheduled time of this tick to its stamp */
	__u32 missed; /* further ticks that were due and never published */
	__u8 side; /* enum hft_side */
	__u8 reserved[3];
};
HFT_ASSERT_SIZE(struct hft_market, 40);
HFT_ASSERT_OFFSET(struct hft_market, price, 8);
HFT_ASSERT_OFFSET(struct hft_market, quantity, 16);
HFT_ASSERT_OFFSET(struct hft_market, instrument, 20);
HFT_ASSERT_OFFSET(struct hft_market, late, 24);
HFT_ASSERT_OFFSET(struct hft_market, missed, 32);
HFT_ASSERT_OFFSET(struct hft_market, side, 36);
HFT_ASSERT_OFFSET(struct hft_market, reserved, 37);

/* What a CPU switched from, and to. */
struct hft_switch {
	__s32 prev_pid;
	__s32 next_pid;
	char prev_comm[16]; /* ends with a NUL */
	char next_comm[16];
};
HFT_ASSERT_SIZE(struct hft_switch, 40);
HFT_ASSERT_OFFSET(struct hft_switch, next_pid, 4);
HFT_ASSERT_OFFSET(struct hft_switch, prev_comm, 8);
HFT_ASSERT_OFFSET(struct hft_switch, next_comm, 24);

/* ---- Regions ----------------------------------------------------------- */

#define HFT_INFO_MAGIC 0x31474e4952544648ull /* "HFTRING1" in memory order */

enum hft_mode {
	HFT_MODE_DROP = 0, /* a full ring drops the new record; one consumer */
	HFT_MODE_OVERWRITE = 1, /* the oldest is overwritten; any consumers */
};

enum hft_clock {
	HFT_CLOCK_TSC = 0, /* cycles; clock_hz is its frequency */
	HFT_CLOCK_MONOTONIC = 1, /* ns */
};

enum hft_producer_kind {
	HFT_PRODUCER_DRIVER = 1,
	HFT_PRODUCER_BPF = 2,
	HFT_PRODUCER_PROCESS = 3,
};

/* hft_info.features */
#define HFT_FEATURE_SLOTS_WRITABLE 1ull /* consumers may map slots writable */

/* The info region: written before the ring can be attached to, then frozen. */
struct hft_info {
	__u64 magic;
	__u32 abi_version;
	__u32 info_size; /* sizeof(struct hft_info) of the creator */
	__u32 slot_size; /* bytes, 64 * 2^k */
	__u32 slot_count; /* a power of two */
	__u32 record_size; /* bytes */
	__u32 records_per_slot; /* K: 1, or floor((slot_size - 8) / record_size) */
	__u64 slots_bytes; /* length of the slots region, whole pages */
	__u32 mode; /* enum hft_mode */
	__u32 clock; /* enum hft_clock */
	__u64 clock_hz; /* ticks of record stamps a second */
	__u32 producer_kind; /* enum hft_producer_kind */
	__u32 ring_id; /* channel of /dev/hft; CPU, where BPF has a ring for each */
	__u64 features; /* HFT_FEATURE_* */
	__u64 schema; /* of the records, as their users number it; 0: any */
};
HFT_ASSERT_SIZE(struct hft_info, 80);
HFT_ASSERT_OFFSET(struct hft_info, abi_version, 8);
HFT_ASSERT_OFFSET(struct hft_info, info_size, 12);
HFT_ASSERT_OFFSET(struct hft_info, slot_size, 16);
HFT_ASSERT_OFFSET(struct hft_info, slot_count, 20);
HFT_ASSERT_OFFSET(struct hft_info, record_size, 24);
HFT_ASSERT_OFFSET(struct hft_info, records_per_slot, 28);
HFT_ASSERT_OFFSET(struct hft_info, slots_bytes, 32);
HFT_ASSERT_OFFSET(struct hft_info, mode, 40);
HFT_ASSERT_OFFSET(struct hft_info, clock, 44);
HFT_ASSERT_OFFSET(struct hft_info, clock_hz, 48);
HFT_ASSERT_OFFSET(struct hft_info, producer_kind, 56);
HFT_ASSERT_OFFSET(struct hft_info, ring_id, 60);
HFT_ASSERT_OFFSET(struct hft_info, features, 64);
HFT_ASSERT_OFFSET(struct hft_info, schema, 72);

/*
 * The producer region. A process keeps its position to itself and leaves a copy
 * here for monitors. Kernel producers, of which there may be many, count here:
 * consumers cannot write it.
 */
struct hft_producer_page {
	/* Positions taken; of a process, which has one at a time: published. */
	__u64 producer_pos;
	__u64 dropped; /* records offered that took no position */
	__u64 wakeups; /* times a sleeping consumer was woken */
	__u64 heartbeat; /* kernel rings: stamp of a record offered lately */
	__u64 owner; /* process rings: who produces, 0 for no one */
	__u64 discarded; /* kernel rings: positions given up, not published */
	__u64 consumer_pos; /* kernel rings: as a producer saw it last, clamped */
	__u8 reserved[8];
} __attribute__((aligned(64)));
HFT_ASSERT_SIZE(struct hft_producer_page, 64);
HFT_ASSERT_OFFSET(struct hft_producer_page, dropped, 8);
HFT_ASSERT_OFFSET(struct hft_producer_page, wakeups, 16);
HFT_ASSERT_OFFSET(struct hft_producer_page, heartbeat, 24);
HFT_ASSERT_OFFSET(struct hft_producer_page, owner, 32);
HFT_ASSERT_OFFSET(struct hft_producer_page, discarded, 40);
HFT_ASSERT_OFFSET(struct hft_producer_page, consumer_pos, 48);
HFT_ASSERT_OFFSET(struct hft_producer_page, reserved, 56);

/* hft_consumer_page.waiting. The producer takes a request back, and grants it. */
enum hft_waiting {
	HFT_WAITING_FOR_NOTHING = 0,
	HFT_WAITING_ASLEEP = 1, /* wake me, once; of a process: by futex */
	HFT_WAITING_FOR_FD = 2, /* make my descriptor readable, once */
};

/* The consumer region: the only one a consumer of a kernel ring can write. */
struct hft_consumer_page {
	__u64 consumer_pos; /* records released */
	__u8 reserved[56];
	__u32 waiting; /* enum hft_waiting; on a line that only sleepers write */
	__u32 reserved2;
	__u64 owner; /* all but the driver's: who consumes, 0 for no one */
	__u8 reserved3[48];
} __attribute__((aligned(64)));
HFT_ASSERT_SIZE(struct hft_consumer_page, 128);
HFT_ASSERT_OFFSET(struct hft_consumer_page, consumer_pos, 0);
HFT_ASSERT_OFFSET(struct hft_consumer_page, waiting, 64);
HFT_ASSERT_OFFSET(struct hft_consumer_page, reserved2, 68);
HFT_ASSERT_OFFSET(struct hft_consumer_page, owner, 72);
HFT_ASSERT_OFFSET(struct hft_consumer_page, reserved3, 80);

/* Offsets to mmap() of /dev/hft, and the length each wants, in whole pages. */
#define HFT_MMAP_LAMPORT 0x0ul /* HFT_LAMPORT_BYTES, rw */
#define HFT_MMAP_SHM 0x00100000ul /* one page, r */
#define HFT_MMAP_INFO 0x10000000ul /* one page, r */
#define HFT_MMAP_PRODUCER 0x10001000ul /* one page, r */
#define HFT_MMAP_CONSUMER 0x10002000ul /* one page, rw; drop mode only */
#define HFT_MMAP_SLOTS 0x20000000ul /* hft_info.slots_bytes, r */

/* ---- BPF --------------------------------------------------------------- */

/*
 * What the rings of a name are, for the programs that produce into them. User
 * space fills it in before it loads these; the verifier then takes it for
 * constant and drops the code that is not needed.
 */
struct hft_bpf_shape {
	__u32 slot_size;
	__u32 slot_count; /* a power of two */
	__u32 mode; /* enum hft_mode */
	__u32 rings; /* 1, or one a possible CPU */
	__u32 elements; /* of the map of slots, a ring */
	__u32 producer_page; /* element of a ring at which it begins */
	__u32 first_slot; /* element of a ring */
	__u32 has_bells; /* 0 or 1 */
};
HFT_ASSERT_SIZE(struct hft_bpf_shape, 32);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, slot_count, 4);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, mode, 8);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, rings, 12);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, elements, 16);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, producer_page, 20);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, first_slot, 24);
HFT_ASSERT_OFFSET(struct hft_bpf_shape, has_bells, 28);

/* ---- Baselines --------------------------------------------------------- */

#define HFT_LAMPORT_SLOTS 1024u
#define HFT_LAMPORT_MASK (HFT_LAMPORT_SLOTS - 1u)
#define HFT_LAMPORT_BYTES 16512u

struct hft_lamport_slot {
	__u64 stamp;
	__u64 data; /* sequence */
};
HFT_ASSERT_SIZE(struct hft_lamport_slot, 16);
HFT_ASSERT_OFFSET(struct hft_lamport_slot, data, 8);

/*
 * The original sandbox's ring: indices in [0, 1023], empty when they are equal,
 * full when producer_index + 1 would be consumer_index. producer_index is a
 * copy: the driver never reads it back. The first file to map it finds it empty
 * with both indices 0.
 */
struct hft_lamport {
	__u64 producer_index;
	__u8 reserved[56];
	__u64 consumer_index;
	__u8 reserved2[56];
	struct hft_lamport_slot slots[HFT_LAMPORT_SLOTS];
};
HFT_ASSERT_SIZE(struct hft_lamport, HFT_LAMPORT_BYTES);
HFT_ASSERT_OFFSET(struct hft_lamport, producer_index, 0);
HFT_ASSERT_OFFSET(struct hft_lamport, consumer_index, 64);
HFT_ASSERT_OFFSET(struct hft_lamport, slots, 128);

/* One shared word, and what else is known of the record that it stamps. */
struct hft_shm {
	__u64 stamp; /* of the newest record, 0 before the first; stored last */
	__u64 sequence; /* hft_market.sequence, .late and .missed */
	__u64 late;
	__u64 missed;
} __attribute__((aligned(64)));
HFT_ASSERT_SIZE(struct hft_shm, 64);
HFT_ASSERT_OFFSET(struct hft_shm, sequence, 8);
HFT_ASSERT_OFFSET(struct hft_shm, late, 16);
HFT_ASSERT_OFFSET(struct hft_shm, missed, 24);

/* ---- Control plane ----------------------------------------------------- */

#define HFT_SYSCALL 548
#define HFT_MISC_MAJOR 10
#define HFT_MISC_MINOR 60

/*
 * syscall(HFT_SYSCALL, mode). All but CYCLES need CAP_SYS_ADMIN (EPERM).
 * An unknown mode is EINVAL. Repeating a mode is a success without effect.
 */
enum hft_syscall_mode {
	HFT_SYS_CREATE = 555, /* allocate the default ring, register /dev/hft */
	HFT_SYS_SIM_START = 123, /* start the simulator, one packet a ms */
	HFT_SYS_SIM_STOP = 124,
	HFT_SYS_TEARDOWN = 556, /* undo CREATE; EBUSY while open or mapped */
	HFT_SYS_CYCLES = 777, /* the cycle counter, at once */
};

#define HFT_RING_MAX 64u /* channels; 0 is the default ring */
#define HFT_SLOT_COUNT_MAX 65536u
#define HFT_DEFAULT_SLOT_SIZE 64u
#define HFT_DEFAULT_SLOT_COUNT 1024u
#define HFT_SIM_PERIOD_MIN 10000ull /* ns */
#define HFT_SIM_PERIOD_MAX 1000000000ull
#define HFT_SIM_PERIOD_DEFAULT 1000000ull

enum hft_source {
	HFT_SOURCE_MANUAL = 0, /* HFT_IOC_PUBLISH */
	HFT_SOURCE_SIMULATOR = 1,
	HFT_SOURCE_KERNEL = 2, /* the in-kernel API; EINVAL in an ioctl */
};

struct hft_ring_params {
	__u32 slot_size;
	__u32 slot_count;
	__u32 mode; /* enum hft_mode */
	__u32 source; /* enum hft_source */
	__u32 ring_id; /* out: the channel it got */
	__u32 reserved; /* 0 */
};
HFT_ASSERT_SIZE(struct hft_ring_params, 24);
HFT_ASSERT_OFFSET(struct hft_ring_params, slot_count, 4);
HFT_ASSERT_OFFSET(struct hft_ring_params, mode, 8);
HFT_ASSERT_OFFSET(struct hft_ring_params, source, 12);
HFT_ASSERT_OFFSET(struct hft_ring_params, ring_id, 16);
HFT_ASSERT_OFFSET(struct hft_ring_params, reserved, 20);

/* offered = published + dropped + discarded + pending */
struct hft_ring_stats {
	__u64 offered;
	__u64 published;
	__u64 dropped; /* the ring was full, or its next slot held */
	__u64 discarded; /* given up by their producers */
	__u64 pending; /* positions taken, and neither published nor given up */
	__u64 oldest_pending; /* the first of them; meaningless when none is */
	__u64 wakeups;
};
HFT_ASSERT_SIZE(struct hft_ring_stats, 56);
HFT_ASSERT_OFFSET(struct hft_ring_stats, published, 8);
HFT_ASSERT_OFFSET(struct hft_ring_stats, dropped, 16);
HFT_ASSERT_OFFSET(struct hft_ring_stats, discarded, 24);
HFT_ASSERT_OFFSET(struct hft_ring_stats, pending, 32);
HFT_ASSERT_OFFSET(struct hft_ring_stats, oldest_pending, 40);
HFT_ASSERT_OFFSET(struct hft_ring_stats, wakeups, 48);

struct hft_sim_stats {
	__u64 running; /* 0 or 1 */
	__u64 period; /* ns */
	__u64 ticks; /* ticks that ran */
	__u64 missed; /* ticks that were due while one ran or none could */
};
HFT_ASSERT_SIZE(struct hft_sim_stats, 32);
HFT_ASSERT_OFFSET(struct hft_sim_stats, period, 8);
HFT_ASSERT_OFFSET(struct hft_sim_stats, ticks, 16);
HFT_ASSERT_OFFSET(struct hft_sim_stats, missed, 24);

#ifndef HFT_ABI_NO_IOCTL
#define HFT_IOC_TYPE 0xB7
/* Create a ring and make it this file's channel; gone with its last file. */
#define HFT_IOC_RING_CREATE _IOWR(HFT_IOC_TYPE, 1, struct hft_ring_params)
/* Make an existing ring this file's channel. */
#define HFT_IOC_RING_ATTACH _IOW(HFT_IOC_TYPE, 2, __u32)
#define HFT_IOC_RING_STATS _IOR(HFT_IOC_TYPE, 3, struct hft_ring_stats)
/* Publish n records to this file's ring, which must be HFT_SOURCE_MANUAL. */
#define HFT_IOC_PUBLISH _IOW(HFT_IOC_TYPE, 4, __u32)
/* Start the simulator, or change its period: ns, 10 us to 1 s. */
#define HFT_IOC_SIM_START _IOW(HFT_IOC_TYPE, 5, __u64)
#define HFT_IOC_SIM_STOP _IO(HFT_IOC_TYPE, 6)
#define HFT_IOC_SIM_STATS _IOR(HFT_IOC_TYPE, 7, struct hft_sim_stats)
/* The cycle counter, at once: what HFT_SYS_CYCLES is, for a module. */
#define HFT_IOC_CYCLES _IOR(HFT_IOC_TYPE, 8, __u64)
/*
 * Signal this eventfd when a record is published while the consumer page's
 * waiting is not 0, which becomes 0; -1 takes it back. For the one consumer of
 * drop mode; any other may poll().
 */
#define HFT_IOC_EVENTFD _IOW(HFT_IOC_TYPE, 9, __s32)
#endif

#endif /* HFT_ABI_H */
