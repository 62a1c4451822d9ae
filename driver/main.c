// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coming and going. Built in, the driver waits for syscall 548 to make its
 * device; a module makes it at once, and keeps it as long as it is loaded.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "control.h"
#include "simulator.h"
#include "version.h"

static int __init hft_init(void)
{
	int err = hft_sim_init();

	if (err || !IS_MODULE(CONFIG_HFT))
		return err;
	err = hft_control_create();
	if (err)
		hft_sim_exit();
	return err;
}
module_init(hft_init);

/* Nothing is open: an open file holds the module. */
static void __exit hft_exit(void)
{
	hft_control_teardown();
	hft_sim_exit();
}
module_exit(hft_exit);

MODULE_DESCRIPTION("Lock-free rings from the kernel to a polling user thread");
MODULE_AUTHOR("HFT Kernel Sandbox maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(HFT_VERSION);
MODULE_ALIAS_MISCDEV(HFT_MISC_MINOR);
MODULE_ALIAS("devname:hft");
