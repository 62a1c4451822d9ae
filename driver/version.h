/* SPDX-License-Identifier: GPL-2.0-only */
/* The project's version: CMake and DKMS read it from here. */
#ifndef HFT_VERSION_H
#define HFT_VERSION_H

#define HFT_VERSION "0.1.0"

#endif
