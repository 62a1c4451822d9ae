// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of /dev/hft. A region is mapped whole, shared, at its own offset:
 *
 *	offset                 rights  what
 *	HFT_MMAP_LAMPORT       rw      the original sandbox's ring
 *	HFT_MMAP_SHM           r       one shared word
 *	HFT_MMAP_INFO          r  \
 *	HFT_MMAP_PRODUCER      r   |   the file's ring
 *	HFT_MMAP_CONSUMER      rw  |
 *	HFT_MMAP_SLOTS         r  /
 *
 * Pages are mapped by reference, so none is freed under a mapping.
 */
#include <linux/mm.h>

#include "compat.h"
#include "device.h"
#include "lamport.h"
#include "shm.h"

struct region {
	void *start;
	size_t bytes;
	bool writable;
};

static int region_find(struct hft_ring *ring, unsigned long offset,
		       struct region *region)
{
	*region = (struct region){ .bytes = PAGE_SIZE };
	switch (offset) {
	case HFT_MMAP_LAMPORT:
		region->start = hft_lamport_page();
		region->bytes = PAGE_ALIGN(HFT_LAMPORT_BYTES);
		region->writable = true;
		return 0;
	case HFT_MMAP_SHM:
		region->start = hft_shm_page();
		return 0;
	case HFT_MMAP_INFO:
		region->start = ring->info;
		return 0;
	case HFT_MMAP_PRODUCER:
		region->start = ring->producer;
		return 0;
	case HFT_MMAP_CONSUMER:
		region->start = ring->consumer;
		region->writable = ring->mode == HFT_MODE_DROP;
		return 0;
	case HFT_MMAP_SLOTS:
		region->start = ring->slots;
		region->bytes = ring->slots_bytes;
		return 0;
	default:
		return -EINVAL;
	}
}

static int region_check(const struct region *region,
			const struct vm_area_struct *vma)
{
	/* VM_SHARED is not set for a file that was opened read-only. */
	if (!(vma->vm_flags & VM_MAYSHARE) ||
	    vma->vm_end - vma->vm_start != region->bytes)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (!region->writable && vma->vm_flags & VM_WRITE)
		return -EACCES;
	return 0;
}

/*
 * What a mapping entitles to. Only a writable mapping of the consumer page makes
 * the file its ring's consumer; a read-only one is an observer's, for good.
 */
static int region_claim(struct hft_file *file, unsigned long offset,
			const struct vm_area_struct *vma)
{
	int err = 0;

	mutex_lock(&file->claim);
	if (offset == HFT_MMAP_LAMPORT && !file->maps_lamport) {
		hft_lamport_attach();
		file->maps_lamport = true;
	}
	if (offset == HFT_MMAP_CONSUMER && vma->vm_flags & VM_WRITE) {
		err = hft_file_claim(file);
		if (!err)
			WRITE_ONCE(file->maps_consumer, true);
	}
	mutex_unlock(&file->claim);
	return err;
}

int hft_mmap(struct file *filp, struct vm_area_struct *vma)
{
	unsigned long offset = vma->vm_pgoff << PAGE_SHIFT;
	struct hft_file *file = filp->private_data;
	unsigned long clear = VM_MAYEXEC;
	struct region region;
	size_t done;
	int err;

	err = region_find(hft_file_ring(file), offset, &region);
	if (!err)
		err = region_check(&region, vma);
	if (!err)
		err = region_claim(file, offset, vma);
	if (err)
		return err;

	if (!(vma->vm_flags & VM_WRITE))
		clear |= VM_MAYWRITE; /* mprotect() cannot add the right */
	/*
	 * VM_IO: MADV_DOFORK cannot undo VM_DONTCOPY, and nothing takes a
	 * reference that is longer than the mapping.
	 */
	hft_vm_flags_mod(vma, VM_IO | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP,
			 clear);

	for (done = 0; done < region.bytes && !err; done += PAGE_SIZE)
		err = vm_insert_page(vma, vma->vm_start + done,
				     virt_to_page(region.start + done));
	return err;
}
