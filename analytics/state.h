/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run leaves for the next one: how far each log was read, and what was counted so far, as
 * sections of bytes that only their owners understand. One file, replaced as a whole, mode 0600,
 * with a checksum: what is not as it was written is not believed, and the run starts over.
 */
#ifndef VIRGO_AN_STATE_H
#define VIRGO_AN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analytics.h"

#define AN_STATE_MAX	(256u << 20)	/* bytes of the whole file */
#define AN_SECTION_NAME	16		/* with its NUL */

struct an_state;

/*
 * Reads @path. @owner ("top", "train") must be that of the run that wrote it: positions of another
 * command's counts would lose lines, AN_USAGE. An absent or broken file is an empty state, see
 * an_state_why(). an_state_free() in any case.
 */
int an_state_open(struct an_state **state, const char *path, const char *owner,
		  struct an_error *err);

/* Why the run starts over though there was a state file ("its checksum is wrong"), or NULL. */
const char *an_state_why(const struct an_state *state);

/* The bytes of section @name as the last run set them; NULL when it set none. The state's. */
const void *an_state_get(const struct an_state *state, const char *name, size_t *len);

/* Keeps a copy of @len bytes under @name for the next run. */
int an_state_set(struct an_state *state, const char *name, const void *data, size_t len,
		 struct an_error *err);

/* The same for bytes from malloc(), which become the state's or, when this fails, are freed. */
int an_state_give(struct an_state *state, const char *name, void *data, size_t len,
		  struct an_error *err);

/* Drops section @name, when there is one. */
void an_state_drop(struct an_state *state, const char *name);

/* Forgets all, as if there had been no file: who finds his section broken calls this. */
void an_state_forget(struct an_state *state, const char *why);

/* Writes positions and sections together. Call it when the results are safe. */
int an_state_save(struct an_state *state, struct an_error *err);

/* The same in two steps, for who has other files to put in place: an_file_commit() is the second. */
struct an_new_file;
int an_state_prepare(struct an_state *state, struct an_new_file *file, struct an_error *err);
void an_state_free(struct an_state *state);

#endif
