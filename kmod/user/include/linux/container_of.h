/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: from a member to its struct. */
#ifndef SHIM_LINUX_CONTAINER_OF_H
#define SHIM_LINUX_CONTAINER_OF_H

#include <linux/build_bug.h>
#include <stddef.h>

#define container_of(ptr, type, member) ({				\
	void *__shim_mptr = (void *)(ptr);				\
									\
	_Static_assert(__builtin_types_compatible_p(__typeof__(*(ptr)),	\
			__typeof__(((type *)0)->member)) ||		\
		__builtin_types_compatible_p(__typeof__(*(ptr)), void),	\
		"container_of: the pointer has another type than the member"); \
	(type *)((char *)__shim_mptr - offsetof(type, member));		\
})

#endif /* SHIM_LINUX_CONTAINER_OF_H */
