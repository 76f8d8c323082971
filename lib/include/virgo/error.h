/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirgo's errors: a code a program can act on, and a sentence a person can. Never holds a
 * secret.
 */
#ifndef VIRGO_ERROR_H
#define VIRGO_ERROR_H

/*
 * The numbers are the command's exit statuses and never change. Absent, refused and unreachable are
 * three different things.
 */
enum virgo_code {
	VIRGO_OK = 0,
	VIRGO_FAILED = 1,	/* the node, or this machine, could not do it */
	VIRGO_USAGE = 2,	/* the caller's argument, configuration or key file is wrong */
	VIRGO_NOT_FOUND = 3,	/* 404: no such key, block or route */
	VIRGO_NOT_ALLOWED = 4,	/* 401, 403 */
	VIRGO_UNREACHABLE = 5,	/* no connection, connection lost, or time-out */
	VIRGO_PRECONDITION = 6,	/* 409, 412; auth.replay: an earlier copy arrived */
	VIRGO_INTERRUPTED = 130, /* virgo_cancel(), or a callback asked to stop */
};

/*
 * Flat, so that it can be copied and needs no freeing. Strings are "" where there is nothing to
 * say, cut at a character's border where they are too long.
 */
struct virgo_error {
	enum virgo_code code;
	int status;		/* HTTP status, 0 without an answer */
	int timed_out;		/* unreachable by time-out, not by refusal or loss */
	int maybe_done;		/* no answer came, yet it may have taken effect */
	int unsent;		/* no connection came about: not a byte of the request has left */
	char problem[64];	/* the problem document's code, e.g. mem.not_found */
	char node[288];		/* host:port of the node that failed */
	char node_id[24];	/* its Virgo-Node, if it said so */
	char message[768];	/* one line, no full stop; names the node to blame */
	char hint[384];		/* the remedy */
};

/*
 * "ok", "failed", "usage", "not_found", "not_allowed", "unreachable", "precondition",
 * "interrupted": for JSON
 */
const char *virgo_code_name(enum virgo_code code);

/* fill *err (may be NULL) with code and a formatted message, everything else empty; returns code */
enum virgo_code virgo_error_set(struct virgo_error *err, enum virgo_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* add the remedy to *err (may be NULL) */
void virgo_error_hint(struct virgo_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* *err as new; err may be NULL */
void virgo_error_clear(struct virgo_error *err);

#endif
