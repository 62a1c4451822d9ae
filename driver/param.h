/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parameters: numbers that are refused when they are out of range.
 *
 *	static struct hft_param slots = { 1024, 2, 65536, true };
 *
 *	module_param_cb(slots, &hft_param_ops, &slots, 0444);
 */
#ifndef HFT_PARAM_H
#define HFT_PARAM_H

#include <linux/moduleparam.h>
#include <linux/types.h>

struct hft_param {
	u32 value;
	u32 min;
	u32 max;
	bool power_of_2;
};

extern const struct kernel_param_ops hft_param_ops;

#endif
