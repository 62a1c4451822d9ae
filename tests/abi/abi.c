/* SPDX-License-Identifier: MIT */
/* The ABI header on its own: its static assertions are the test. */
#include <hft/abi.h>
