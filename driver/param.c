// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "hft: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "param.h"

static int param_set(const char *text, const struct kernel_param *param)
{
	struct hft_param *to = param->arg;
	u32 value;
	int err;

	err = kstrtou32(text, 0, &value);
	if (err || value < to->min || value > to->max ||
	    (to->power_of_2 && !is_power_of_2(value))) {
		pr_err("%s=%s: expected %s from %u to %u\n", param->name, text,
		       to->power_of_2 ? "a power of two" : "a number", to->min,
		       to->max);
		return err ? err : -EINVAL;
	}
	to->value = value;
	return 0;
}

static int param_get(char *text, const struct kernel_param *param)
{
	const struct hft_param *from = param->arg;

	return scnprintf(text, PAGE_SIZE, "%u\n", from->value);
}

const struct kernel_param_ops hft_param_ops = {
	.set = param_set,
	.get = param_get,
};
