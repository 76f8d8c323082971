// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which jobs have begun and not ended, in a file of the state directory, so that a node that is started anew can
 * say of them that they are lost. A line each way:
 *
 *	+<id> <kind> <key> <name>
 *	-<id>
 *
 * Written as it happens, not synced: what a crash of the machine takes with it was lost with the machine. The
 * reader takes what is whole.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/host.h"
#include "core/node.h"
#include "cpupool/pool.h"

enum {
	FILE_MAX	= 4 << 20,
	REWRITE_AT	= 1 << 20,	/* bytes of file; of those that count there are fewer */
	LINE_BYTES	= CP_NAME_MAX + VG_KEY_ID_MAX + 48,
};

static bool path_of(struct cp_pool *pool, char *path, size_t n)
{
	int len = snprintf(path, n, "%s/jobs-%u", pool->cfg->state_dir, pool->node->id);

	return len > 0 && (size_t)len < n;
}

static int begin_line(const struct cp_run *run, char *line)
{
	return scnprintf(line, LINE_BYTES, "+%llu %s %s %s\n", (unsigned long long)run->id,
			 cp_kind_names[run->spec.kind], run->owner, run->spec.name);
}

/* What has not ended, as a new file */
static void rewrite(struct cp_pool *pool, const char *path)
{
	struct cp_run *run;
	struct vg_buf b;
	char line[LINE_BYTES];

	vg_buf_init(&b, NULL, 0, FILE_MAX);
	list_for_each_entry(run, &pool->runs, link)
		if (run->job && run->state != CP_ENDED)
			vg_buf_put(&b, line, begin_line(run, line));
	if (!b.err && !host_write_file(path, b.p, b.len))
		pool->journal_n = b.len;
	vg_buf_free(&b);
}

static void append(struct cp_pool *pool, const char *line, size_t n)
{
	char path[300];
	int ret;

	if (!path_of(pool, path, sizeof(path)))
		return;
	ret = host_append_file(path, line, n);
	if (ret)
		pr_warn_ratelimited("virgo: %s cannot be written (error %d): a restart will not know of lost jobs\n", path,
				    ret);
	pool->journal_n += n;
	if (pool->journal_n > REWRITE_AT)
		rewrite(pool, path);
}

void cp_journal_begin(const struct cp_run *run)
{
	char line[LINE_BYTES];

	append(run->pool, line, begin_line(run, line));
}

void cp_journal_end(const struct cp_run *run)
{
	char line[32];

	append(run->pool, line, scnprintf(line, sizeof(line), "-%llu\n", (unsigned long long)run->id));
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* Cut the word up to @sep off @rest */
static struct vg_str word(struct vg_str *rest, char sep)
{
	const char *end = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	struct vg_str w = vg_str(rest->p, end ? (size_t)(end - rest->p) : rest->n);

	*rest = vg_str_sub(*rest, w.n + 1, rest->n);
	return w;
}

static void take_begin(struct cp_pool *pool, struct vg_str line)
{
	struct vg_str id = word(&line, ' '), kind = word(&line, ' '), owner = word(&line, ' ');
	struct cp_run *run;
	u64 n;
	int i;

	if (vg_str_u64(id, &n) || !line.n || line.n > CP_NAME_MAX)
		return;
	run = cp_find(pool, n);
	for (i = 0; i < CP_KINDS && !run; i++)
		if (vg_str_is(kind, cp_kind_names[i]))
			cp_run_lost(pool, n, i, owner, line);
	cp_run_put(run);
}

static void take_end(struct cp_pool *pool, struct vg_str line)
{
	struct cp_run *run;
	u64 n;

	if (vg_str_u64(line, &n))
		return;
	run = cp_find(pool, n);
	if (!run)
		return;
	cp_forget(run);
	cp_run_put(run);
}

void cp_journal_read(struct cp_pool *pool)
{
	struct vg_str rest;
	char path[300];
	u8 *text = NULL;
	size_t n = 0;

	lockdep_assert_held(&pool->lock);
	if (!path_of(pool, path, sizeof(path)) || host_read_file(path, FILE_MAX, false, &text, &n))
		return;
	rest = vg_str((const char *)text, n);
	while (rest.n && memchr(rest.p, '\n', rest.n)) {
		struct vg_str line = word(&rest, '\n');

		if (line.n && line.p[0] == '+')
			take_begin(pool, vg_str_sub(line, 1, line.n));
		else if (line.n && line.p[0] == '-')
			take_end(pool, vg_str_sub(line, 1, line.n));
	}
	kvfree(text);
	if (pool->kept)
		pr_warn("virgo: %u job(s) of an earlier life are lost\n", pool->kept);
	/* they are told from memory from now on */
	rewrite(pool, path);
}
