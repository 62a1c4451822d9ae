/* SPDX-License-Identifier: MIT */
/* What the ABI header expects of a vmlinux.h that bpftool generated. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef int __s32;
typedef long long __s64;

#endif
