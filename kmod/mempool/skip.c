// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The skip list of skip.h.
 *
 * Why readers need no lock: a node is complete before the bottom link to it is published, its upper
 * links follow bottom up, and it is unlinked top down, so every level is at all times a sorted
 * sub-list of level 0 or of nodes removed less than a grace period ago. A removed node goes on
 * pointing at what followed it; what it points at can be freed only a grace period after that was
 * unlinked in its turn, which a reader who got there through the removed node still holds up.
 */
#include <linux/bitops.h>
#include <linux/bug.h>

#include "mempool/skip.h"

/* the list has one writer, who needs no read side to follow links */
#define mp_link(p) rcu_dereference_protected(p, true)

void mp_skip_init(struct mp_skip *s)
{
	unsigned int i;

	s->levels = 1;
	for (i = 0; i < MP_SKIP_LEVELS; i++)
		RCU_INIT_POINTER(s->head[i], NULL);
}

unsigned int mp_skip_height(u32 bits)
{
	unsigned int h = 1;

	while (!(bits & 3) && h < 16) {
		bits >>= 2;
		h++;
	}
	return h;
}

static bool mp_skip_before(const struct mp_skip_node *n, struct vg_str key, bool after)
{
	int d = vg_str_cmp(mp_skip_key(n), key);

	return d < 0 || (after && !d);
}

struct mp_skip_node *mp_skip_seek(const struct mp_skip *s, struct vg_str key, bool after)
{
	unsigned int level = READ_ONCE(s->levels);
	struct mp_skip_node __rcu *const *links = s->head;
	struct mp_skip_node *n = NULL;

	while (level--) {
		for (;;) {
			n = rcu_dereference_check(links[level], true);
			if (!n || !mp_skip_before(n, key, after))
				break;
			links = n->next;
		}
	}
	return n;
}

struct mp_skip_node *mp_skip_next(const struct mp_skip_node *n)
{
	return rcu_dereference_check(n->next[0], true);
}

/* For each level the link behind which @key belongs */
static void mp_skip_path(struct mp_skip *s, struct vg_str key,
			 struct mp_skip_node __rcu **path[MP_SKIP_LEVELS])
{
	unsigned int level = MP_SKIP_LEVELS;
	struct mp_skip_node __rcu **links = s->head;
	struct mp_skip_node *n;

	while (level--) {
		for (;;) {
			n = mp_link(links[level]);
			if (!n || !mp_skip_before(n, key, false))
				break;
			links = n->next;
		}
		path[level] = &links[level];
	}
}

void mp_skip_insert(struct mp_skip *s, struct mp_skip_node *n)
{
	struct mp_skip_node __rcu **path[MP_SKIP_LEVELS];
	unsigned int i;

	mp_skip_path(s, mp_skip_key(n), path);
	for (i = 0; i < n->height; i++)
		RCU_INIT_POINTER(n->next[i], mp_link(*path[i]));
	for (i = 0; i < n->height; i++)
		rcu_assign_pointer(*path[i], n);
	if (n->height > s->levels)
		WRITE_ONCE(s->levels, n->height);
}

void mp_skip_remove(struct mp_skip *s, struct mp_skip_node *n)
{
	struct mp_skip_node __rcu **path[MP_SKIP_LEVELS];
	unsigned int i = n->height;

	mp_skip_path(s, mp_skip_key(n), path);
	while (i--) {
		if (WARN_ON(mp_link(*path[i]) != n))
			continue;
		rcu_assign_pointer(*path[i], mp_link(n->next[i]));
	}
}
