/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's messages in systemd's journal, as the lines of a log: RFC 3339 stamp, host, "kernel:",
 * message. Only entries that came from the kernel itself (_TRANSPORT=kernel, which no program can
 * set). libsystemd is looked for when it is needed; without it only this source is missing.
 */
#ifndef VIRGO_AN_JOURNAL_H
#define VIRGO_AN_JOURNAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "analytics.h"

#define AN_JOURNAL	"journal:"	/* a source's name: the system's journal, or journal:DIR */
#define AN_CURSOR_MAX	512		/* bytes of a cursor and its NUL */

struct an_journal;

/* @dir: where journal files are; "" for the system's. Returns an an_status. */
int an_journal_open(struct an_journal **journal, const char *dir, struct an_error *err);
void an_journal_close(struct an_journal *journal);

/*
 * Goes on after the entry @cursor is of. Where that entry is gone, with what came after it; false
 * when nothing can be made of the cursor: reading begins with the first entry.
 */
bool an_journal_seek(struct an_journal *journal, const char *cursor);

/* Up to @len bytes of lines; 0 at the journal's end, -1 on error. */
ssize_t an_journal_read(struct an_journal *journal, void *buf, size_t len, struct an_error *err);

/* The cursor of the last entry read, once all are read; before that "". */
const char *an_journal_cursor(const struct an_journal *journal);

#endif
