/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client's key: one line of curl's -K syntax in a file of its own,
 *
 *	user = "ID:SECRET"
 *
 * so that stock curl signs with the same file. Comments (#) and blank lines may stand around it.
 * The file must be regular, not a symbolic link, owned by the caller or root, and closed to group
 * and others.
 */
#ifndef VIRGO_KEY_H
#define VIRGO_KEY_H

#include <stddef.h>
#include <virgo/error.h>

enum { VIRGO_KEY_ID_MAX = 32, VIRGO_SECRET_MIN = 32, VIRGO_SECRET_MAX = 128 };

/* Keep it short-lived, and end with virgo_key_wipe(). */
struct virgo_key {
	char id[VIRGO_KEY_ID_MAX + 1];
	char secret[VIRGO_SECRET_MAX + 1];
};

/*
 * Read path. VIRGO_USAGE for a missing or malformed file, VIRGO_NOT_ALLOWED for one with wrong
 * owner, kind or mode; the hint is the command that mends it. The message never shows the file's
 * content.
 */
enum virgo_code virgo_key_read(const char *path, struct virgo_key *key, struct virgo_error *err);
void virgo_key_wipe(struct virgo_key *key);

/*
 * The first default key file that exists ($XDG_CONFIG_HOME/virgo/key, /etc/virgo_client_key) into
 * path. 0, or -1: none exists.
 */
int virgo_key_default_path(char *path, size_t size);

#endif
