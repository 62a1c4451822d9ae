/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel interfaces that differ between the trees we build in. */
#ifndef HFT_COMPAT_H
#define HFT_COMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>

static inline void hft_vm_flags_mod(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
#ifdef HFT_HAVE_VM_FLAGS_MOD
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

static inline void hft_eventfd_signal(struct eventfd_ctx *eventfd)
{
#ifdef HFT_HAVE_EVENTFD_SIGNAL_ONE
	eventfd_signal(eventfd);
#else
	eventfd_signal(eventfd, 1);
#endif
}

static inline void hft_hrtimer_setup(struct hrtimer *timer,
				     enum hrtimer_restart (*tick)(struct hrtimer *))
{
#ifdef HFT_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = tick;
#endif
}

#endif
