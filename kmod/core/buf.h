/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded builder of bytes. It starts in storage the caller lends (or in none), grows by
 * kvmalloc up to a limit, and never beyond it. Errors stick: a sequence of puts is checked once,
 * at its end.
 *
 * Growing sleeps (GFP_KERNEL). A buffer whose limit is not above its lent storage never allocates
 * and may be filled anywhere. No lock inside: one owner at a time.
 */
#ifndef VG_CORE_BUF_H
#define VG_CORE_BUF_H

#include "core/str.h"

struct vg_buf {
	char *p;	/* len bytes, not NUL-terminated; NULL while cap is 0 */
	size_t len;
	size_t cap;
	size_t max;
	char *lent;	/* the caller's storage: never freed here */
	size_t lent_n;
	int err;	/* 0, -ENOMEM, -E2BIG (over max) or vg_buf_fail's; then no put has effect */
};

/*
 * @lent may be NULL with @lent_n 0; it must outlive the buffer's use. @max counts bytes of
 * content.
 */
void vg_buf_init(struct vg_buf *b, char *lent, size_t lent_n, size_t max);

/* Each returns b->err. On an error nothing of that call is in the buffer. */
int vg_buf_put(struct vg_buf *b, const void *p, size_t n);
int vg_buf_putc(struct vg_buf *b, char c);
int vg_buf_puts(struct vg_buf *b, const char *s);
int vg_buf_str(struct vg_buf *b, struct vg_str s);
int vg_buf_u64(struct vg_buf *b, u64 v);
int vg_buf_s64(struct vg_buf *b, s64 v);
/* Lower-case hexadecimal: of a number without leading zeros; of @n bytes, two digits each */
int vg_buf_hex64(struct vg_buf *b, u64 v);
int vg_buf_hex(struct vg_buf *b, const void *p, size_t n);
/*
 * Formatted text needs one byte more than it leaves behind, within @max too: for the NUL in
 * between
 */
int __printf(2, 3) vg_buf_printf(struct vg_buf *b, const char *fmt, ...);
int __printf(2, 0) vg_buf_vprintf(struct vg_buf *b, const char *fmt, va_list ap);

/* A number for Prometheus, virgo_<group>_<name>, "_total" behind a counter's; returns b->err */
int vg_buf_metric(struct vg_buf *b, const char *group, const char *name, const char *help, bool counter,
		  u64 v);

/*
 * Room for @n more bytes, to be written at the returned address and then counted with vg_buf_add
 * (at most @n). NULL and b->err set when there is none.
 */
char *vg_buf_reserve(struct vg_buf *b, size_t n);
void vg_buf_add(struct vg_buf *b, size_t n);

/* Set the sticky error unless there is one already; returns the error in force */
int vg_buf_fail(struct vg_buf *b, int err);

/* Forget what is beyond @len; the error stays. For taking back a half-written part. */
void vg_buf_cut(struct vg_buf *b, size_t len);

/*
 * The content as memory of its own, to be freed with kvfree (copied if it lay in lent storage); the
 * buffer is then as after vg_buf_init. *@n is its length. Never NULL on success, even if empty.
 * NULL: an error stuck or memory is short, *@n is 0, and b->err says which.
 */
void *vg_buf_take(struct vg_buf *b, size_t *n);

/* Empty, without error; memory is kept for the next use */
void vg_buf_reset(struct vg_buf *b);

/*
 * Gives back what was allocated; the buffer is then as after vg_buf_init. All bytes zero is fine
 * too.
 */
void vg_buf_free(struct vg_buf *b);

static inline struct vg_str vg_buf_view(const struct vg_buf *b)
{
	return vg_str(b->p, b->len);
}

/* Enough for any u64 in decimal */
#define VG_U64_DIGITS 20

/* Writes @v in decimal to @out, returns the number of digits; no NUL */
size_t vg_u64_to_dec(u64 v, char out[VG_U64_DIGITS]);

#endif
