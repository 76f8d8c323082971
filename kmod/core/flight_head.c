// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The head of a request of our own: its lines, and its signature by the rules that the nodes check. Must never
 * send a line that the caller could have broken in two, or an Authorization for anything but these bytes.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "core/client_int.h"
#include "core/clock.h"
#include "core/node.h"
#include "core/sigkey.h"
#include "core/target.h"

enum { CALL_HASH_PIECE = 64 << 10 };

/* Ours to say, or of no use on a connection of ours */
static const char *const reserved[] = {
	"authorization", "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer",
	"transfer-encoding", "upgrade", "x-virgo-content-sha256", "x-virgo-date", "x-virgo-nonce",
};

static int refuse_call(struct vg_flight *f, const char *why)
{
	f->call->why = why;
	return -EINVAL;
}

/* What may be a signed header's name: the list in Authorization knows no other */
static bool name_fits(struct vg_str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!vg_is_lower(name.p[i]) && !vg_is_digit(name.p[i]) && name.p[i] != '-')
			return false;
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (vg_str_is(name, reserved[i]))
			return false;
	return name.n;
}

static bool value_fits(struct vg_str value)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if (vg_is_ctrl(value.p[i]) && value.p[i] != '\t')
			return false;
	return true;
}

static const struct vg_call_field *find_field(const struct vg_call *call, u32 n, struct vg_str name)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (vg_str_eq(call->field[i].name, name))
			return &call->field[i];
	return NULL;
}

static void hash_call_body(struct vg_flight *f)
{
	const struct vg_call *call = f->call;
	u8 hash[VG_SHA256_BYTES];
	size_t at, now;

	host_sha256_init(&f->canon.sha);
	for (at = 0; at < call->body_n; at += now) {
		now = min_t(size_t, call->body_n - at, CALL_HASH_PIECE);
		host_sha256_update(&f->canon.sha, call->body + at, now);
		cond_resched();
	}
	host_sha256_final(&f->canon.sha, hash);
	vg_hex(f->body_hash, hash, sizeof(hash));
}

int vg_flight_check(struct vg_flight *f)
{
	const struct vg_call *call = f->call;
	struct vg_target target;
	u32 i;

	if (call->service >= VG_SERVICE_NAMES || call->method >= VG_METHODS)
		return refuse_call(f, "no such service or method");
	if (call->peer.family != 4 && call->peer.family != 6)
		return refuse_call(f, "no address");
	if (vg_target_check(call->target, &target, NULL))
		return refuse_call(f, "the target is not canonical");
	if (call->nr_fields > VG_CALL_FIELDS)
		return refuse_call(f, "too many header fields");
	if (call->body_n && !vg_call_changes(call))
		return refuse_call(f, "GET and HEAD have no body");
	for (i = 0; i < call->nr_fields; i++) {
		if (!name_fits(call->field[i].name) || find_field(call, i, call->field[i].name))
			return refuse_call(f, "a header field that cannot be sent, or twice");
		if (!value_fits(call->field[i].value))
			return refuse_call(f, "a header field with a control byte");
	}
	if (f->key && call->body_n)
		hash_call_body(f);
	return 0;
}

/* A field into the head, the canonical form and the list of signed names */
static void put_signed(struct vg_flight *f, struct vg_buf *list, struct vg_str name, struct vg_str value)
{
	value = vg_str_trim(value);
	if (list->len)
		vg_buf_putc(list, ';');
	vg_buf_str(list, name);
	vg_buf_str(&f->out, name);
	vg_buf_puts(&f->out, ": ");
	vg_buf_str(&f->out, value);
	vg_buf_puts(&f->out, "\r\n");
	vg_gather_str(&f->canon, name);
	vg_gather_put(&f->canon, ":", 1);
	vg_gather_value(&f->canon, value);
	vg_gather_put(&f->canon, "\n", 1);
}

static void put_nonce(struct vg_flight *f, struct vg_buf *list)
{
	char text[VG_NONCE_STREAM + 1 + VG_U64_DIGITS];
	size_t n = VG_NONCE_STREAM;

	memcpy(text, f->kept->stream, n);
	text[n++] = '.';
	n += vg_u64_to_dec(++f->kept->counter, text + n);
	put_signed(f, list, VG_STR("x-virgo-nonce"), vg_str(text, n));
}

/* All that is signed, where anything is */
static void put_fields(struct vg_flight *f, struct vg_buf *list, struct vg_str date)
{
	const struct vg_call *call = f->call;
	char text[VG_ADDR_TEXT], clock[VG_CLOCK_TEXT];
	u32 i;

	put_signed(f, list, VG_STR("host"), vg_str(text, vg_addr_print(&call->to, text)));
	if (!find_field(call, call->nr_fields, VG_STR("virgo-clock")))
		put_signed(f, list, VG_STR("virgo-clock"),
			   vg_str(clock, vg_clock_print(vg_clock_now(f->node), clock)));
	if (f->key) {
		if (call->body_n)
			put_signed(f, list, VG_STR("x-virgo-content-sha256"),
				   vg_str(f->body_hash, sizeof(f->body_hash)));
		put_signed(f, list, VG_STR("x-virgo-date"), date);
		if (vg_call_changes(call))
			put_nonce(f, list);
	}
	for (i = 0; i < call->nr_fields; i++)
		put_signed(f, list, call->field[i].name, call->field[i].value);
}

static void put_authorization(struct vg_flight *f, struct vg_str list, struct vg_str date)
{
	const struct vg_call *call = f->call;
	struct vg_str region = vg_cstr(f->cfg->cluster);
	u8 hash[VG_SHA256_BYTES], signature[VG_SHA256_BYTES];
	char hex[2 * VG_SHA256_BYTES];

	vg_gather_put(&f->canon, "\n", 1);
	vg_gather_str(&f->canon, list);
	vg_gather_put(&f->canon, "\n", 1);
	vg_gather_put(&f->canon, call->body_n ? f->body_hash : vg_sha256_of_nothing_hex, sizeof(hex));
	vg_gather_flush(&f->canon);
	host_sha256_final(&f->canon.sha, hash);
	vg_sigkey_request(f->key, date, region, call->service, hash, signature);
	vg_hex(hex, signature, sizeof(signature));
	vg_buf_puts(&f->out, "Authorization: " VG_SIG_SCHEME " Credential=");
	vg_buf_put(&f->out, f->key->id, f->key->id_n);
	vg_buf_putc(&f->out, '/');
	vg_buf_put(&f->out, date.p, 8);
	vg_buf_putc(&f->out, '/');
	vg_buf_str(&f->out, region);
	vg_buf_putc(&f->out, '/');
	vg_buf_puts(&f->out, vg_service_names[call->service]);
	vg_buf_puts(&f->out, "/" VG_SIG_TERM ", SignedHeaders=");
	vg_buf_str(&f->out, list);
	vg_buf_puts(&f->out, ", Signature=");
	vg_buf_put(&f->out, hex, sizeof(hex));
	vg_buf_puts(&f->out, "\r\n");
}

int vg_flight_head(struct vg_flight *f)
{
	const struct vg_call *call = f->call;
	char date_text[VG_DATE_BASIC];
	struct vg_str date = vg_str(date_text, vg_date_basic(ktime_get_real_seconds(), date_text));
	struct vg_target target;
	struct vg_buf list;

	vg_target_check(call->target, &target, NULL);
	vg_buf_init(&list, NULL, 0, VG_REQUEST_LINE_MAX);
	vg_buf_reset(&f->out);
	vg_gather_init(&f->canon);
	vg_gather_put(&f->canon, vg_method_names[call->method], strlen(vg_method_names[call->method]));
	vg_gather_put(&f->canon, "\n", 1);
	vg_gather_path(&f->canon, target.path);
	vg_gather_put(&f->canon, "\n", 1);
	vg_gather_str(&f->canon, target.query);
	vg_gather_put(&f->canon, "\n", 1);
	vg_buf_puts(&f->out, vg_method_names[call->method]);
	vg_buf_putc(&f->out, ' ');
	vg_buf_str(&f->out, call->target);
	vg_buf_puts(&f->out, " HTTP/1.1\r\n");
	put_fields(f, &list, date);
	if (call->method == VG_PUT || call->method == VG_POST || call->body_n) {
		vg_buf_puts(&f->out, "Content-Length: ");
		vg_buf_u64(&f->out, call->body_n);
		vg_buf_puts(&f->out, "\r\n");
	}
	if (f->key)
		put_authorization(f, vg_buf_view(&list), date);
	vg_buf_puts(&f->out, "\r\n");
	vg_buf_fail(&f->out, list.err);
	vg_buf_free(&list);
	if (f->out.err != -E2BIG)
		return f->out.err;
	return refuse_call(f, "the header fields are too long");
}
