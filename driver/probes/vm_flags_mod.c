// SPDX-License-Identifier: GPL-2.0-only
/* Compiles where vm_flags is const and changed through vm_flags_mod(). */
#include <linux/mm.h>

void probe(struct vm_area_struct *vma);
void probe(struct vm_area_struct *vma)
{
	vm_flags_mod(vma, VM_DONTCOPY, VM_MAYWRITE);
}
