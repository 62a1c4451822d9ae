// SPDX-License-Identifier: GPL-2.0-only
/* syscall(548, mode): the original control plane of the sandbox. */
#include <linux/capability.h>
#include <linux/syscalls.h>

#include "control.h"
#include "simulator.h"

SYSCALL_DEFINE1(hft, int, mode)
{
	switch (mode) {
	case HFT_SYS_CYCLES:
		return hft_stamp();
	case HFT_SYS_CREATE:
	case HFT_SYS_TEARDOWN:
	case HFT_SYS_SIM_START:
	case HFT_SYS_SIM_STOP:
		break;
	default:
		return -EINVAL;
	}
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	switch (mode) {
	case HFT_SYS_CREATE:
		return hft_control_create();
	case HFT_SYS_TEARDOWN:
		return hft_control_teardown();
	case HFT_SYS_SIM_START:
		return hft_sim_running() ? 0 : hft_sim_start(HFT_SIM_PERIOD_DEFAULT);
	default:
		hft_sim_stop();
		return 0;
	}
}
