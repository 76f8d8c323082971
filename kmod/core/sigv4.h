/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of VIRGO4-HMAC-SHA256: taking an Authorization header apart, dates, the HMAC chain.
 * AWS Signature Version 4 under other names, as libcurl implements it. Knows nothing of connections,
 * keys on disk or answers; never allocates.
 */
#ifndef VG_CORE_SIGV4_H
#define VG_CORE_SIGV4_H

#include "core/host.h"
#include "core/limits.h"
#include "core/str.h"

#define VG_SIG_SCHEME	"VIRGO4-HMAC-SHA256"
#define VG_SIG_TERM	"virgo4_request"

/* an Authorization header, as views of it */
struct vg_sig {
	struct vg_str key_id;
	struct vg_str scope;		/* date/region/service/term, as sent */
	struct vg_str day, region, service, term;
	struct vg_str list;		/* SignedHeaders, as sent */
	struct vg_str name[VG_SIGNED_HEADERS_MAX];
	u32 nr_names;
	u8 signature[VG_SHA256_BYTES];
};

/* -ENOENT: not this scheme; -EINVAL: this scheme, but not its exact form. */
int vg_sig_parse(struct vg_str authorization, struct vg_sig *sig);

/* "YYYYMMDDTHHMMSSZ", a real time, to Unix seconds; -EINVAL */
int vg_sig_date(struct vg_str s, u64 *unix_s);

/* a keyed HMAC-SHA256 waiting for its message */
struct vg_hmac {
	struct vg_sha256 inner, outer;
};

void vg_hmac_key(struct vg_hmac *h, const void *key, size_t n);
void vg_hmac(const struct vg_hmac *h, const void *msg, size_t n, u8 out[VG_SHA256_BYTES]);

/* The signing key of a day and service, ready for use. */
void vg_sig_key(struct vg_hmac *out, struct vg_str secret, struct vg_str day, struct vg_str region,
		struct vg_str service);

/* hash of many small pieces: they are gathered before they are hashed */
struct vg_gather {
	struct vg_sha256 sha;
	u32 n;
	u8 buf[448];
};

void vg_gather_init(struct vg_gather *g);
void vg_gather_put(struct vg_gather *g, const void *p, size_t n);
void vg_gather_str(struct vg_gather *g, struct vg_str s);
/* As canonical requests have them: a path with "%25" for "%"; of a trimmed value a run of blanks as one space */
void vg_gather_path(struct vg_gather *g, struct vg_str path);
void vg_gather_value(struct vg_gather *g, struct vg_str value);
/* Hash what is gathered; g->sha then stands for all that was put. */
void vg_gather_flush(struct vg_gather *g);

void vg_hex(char *out, const u8 *p, size_t n);		/* 2n lower-case digits, no NUL */
int vg_unhex(u8 *out, struct vg_str hex, size_t n);	/* exactly 2n lower-case digits; -EINVAL */

extern const u8 vg_sha256_of_nothing[VG_SHA256_BYTES];
extern const char vg_sha256_of_nothing_hex[2 * VG_SHA256_BYTES + 1];

#endif
