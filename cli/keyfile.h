/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key files of nodes and clients: making keys, reading the lines, replacing a file as a whole.
 * A secret never leaves here but into a file of mode 0600.
 */
#ifndef CLI_KEYFILE_H
#define CLI_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <virgo/key.h>

enum { KEYFILE_MAX = 65536, KEYFILE_KEYS_MAX = 64 };

/* a new key: 32 random bytes as base64url; id "" invents one. 0, or -1 with errno */
int keyfile_make(struct virgo_key *key, const char *id);
/* 4 to 32 of A-Z a-z 0-9 _ - */
bool keyfile_id_ok(const char *id);

/* One line of a node's key file, without its secret. Lists as written, "" where not given. */
struct keyfile_line {
	char id[VIRGO_KEY_ID_MAX + 1];
	char rights[64], services[128], prefixes[512];
	int64_t not_before, not_after;	/* Unix seconds, 0: not given */
	bool cut;		/* a list is longer than what is here */
};

/* A file's text. End with keyfile_free(), which wipes it. */
struct keyfile {
	char *text;
	size_t len;
};

/*
 * Read a node's key file: 0, or -1 with errno (ENOENT: none there, EPERM: open to others, EFBIG,
 * EINVAL: not a regular file)
 */
int keyfile_read(const char *path, struct keyfile *file);
void keyfile_free(struct keyfile *file);
/* the i-th key: 0, or -1: no more */
int keyfile_line_at(const struct keyfile *file, size_t i, struct keyfile_line *line);
/* 0 and the line of id, or -1 */
int keyfile_find(const struct keyfile *file, const char *id, struct keyfile_line *line);

/* add a line for key with these settings: 0, or -1 with errno */
int keyfile_add(struct keyfile *file, const struct virgo_key *key, const struct keyfile_line *with);
/* let id end at that time, unless it ends sooner: 0, or -1 (no such id: ENOENT) */
int keyfile_retire(struct keyfile *file, const char *id, int64_t not_after);

/*
 * Keep other changes of this file out, from reading it to replacing it: a descriptor to close, or
 * -1 with errno
 */
int keyfile_lock(const char *path);
/* write a file as a whole (temporary file, fsync, rename), mode 0600, owner kept: 0 or -1 */
int keyfile_replace(const char *path, const char *text, size_t len);
/* the client's file, in curl's -K syntax */
int keyfile_write_client(const char *path, const struct virgo_key *key);

#endif
