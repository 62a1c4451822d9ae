/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters: numbers that are refused when they are out of range. */
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

/* @name: of a struct hft_param. Read-only once loaded. */
#define hft_param(name, text)                                                  \
	module_param_cb(name, &hft_param_ops, &(name), 0444);                  \
	__MODULE_PARM_TYPE(name, "uint");                                      \
	MODULE_PARM_DESC(name, text)

#endif
