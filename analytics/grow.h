/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists that double when they are full; never shrinks one, nor loses one that cannot grow. */
#ifndef VIRGO_AN_GROW_H
#define VIRGO_AN_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Room for one more of @size bytes in the list at *v, which is @n long. False when out of memory. */
static inline bool an_grow(void **v, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 256;
	void *bigger;

	if (n < *room)
		return true;
	bigger = realloc(*v, more * size);
	if (!bigger)
		return false;
	*v = bigger;
	*room = more;
	return true;
}

#endif
