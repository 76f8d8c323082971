// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verification of a request, in the order of the protocol's section on signing: what needs the head only
 * comes before the body is read, nothing the request asks for happens before the last step. Answers
 * and logs never hold a signature or a secret.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include <crypto/algapi.h>

#include "core/auth.h"
#include "core/conn.h"
#include "core/node.h"
#include "core/sigkey.h"
#include "core/target.h"

static const struct {
	const char *code;
	u16 status;
} refusal[VG_AUTH_CODES] = {
	[VG_AUTH_MISSING]		= { "auth.missing", 401 },
	[VG_AUTH_MALFORMED]		= { "auth.malformed", 401 },
	[VG_AUTH_NOT_SIGNED]		= { "auth.header_not_signed", 401 },
	[VG_AUTH_SCOPE]			= { "auth.scope", 401 },
	[VG_AUTH_STALE]			= { "auth.stale", 401 },
	[VG_AUTH_HOST]			= { "auth.host", 401 },
	[VG_AUTH_SIGNATURE]		= { "auth.signature", 401 },
	[VG_AUTH_PAYLOAD_REQUIRED]	= { "auth.payload_hash_required", 401 },
	[VG_AUTH_PAYLOAD_MISMATCH]	= { "auth.payload_mismatch", 401 },
	[VG_AUTH_RIGHTS]		= { "auth.rights", 403 },
	[VG_AUTH_REPLAY]		= { "auth.replay", 409 },
	[VG_AUTH_TABLE_FULL]		= { "auth.replay_table_full", 503 },
	[VG_AUTH_STARTING]		= { "auth.starting", 503 },
	[VG_AUTH_PLAINTEXT]		= { "auth.plaintext_off", 403 },
};

/*
 * Who asks where no signature is needed, by the rights given: a node without keys, an address the
 * administrator trusts. OPEN may reach only what a node without keys serves.
 */
/* cpupool (its status: there is no right to exec), eventnet, mempool, control */
#define OPEN_SERVICES	(1u << 0 | 1u << 1 | 1u << 2 | 1u << 3)
static const struct vg_key no_keys = {
	.id = "none", .id_n = 4, .rights = VG_READ | VG_WRITE, .services = OPEN_SERVICES,
};

#define TRUSTED(r) \
	[(r)] = { .id = "trusted", .id_n = 7, .rights = (r) }
static const struct vg_key trusted[] = {
	TRUSTED(0), TRUSTED(1), TRUSTED(2), TRUSTED(3), TRUSTED(4), TRUSTED(5), TRUSTED(6), TRUSTED(7),
	TRUSTED(8), TRUSTED(9), TRUSTED(10), TRUSTED(11), TRUSTED(12), TRUSTED(13), TRUSTED(14),
	TRUSTED(15),
};

enum { NAME_MAX_CHECKED = 1024 };

__printf(3, 4)
static noinline int refuse(struct vg_req *req, enum vg_auth_code why, const char *fmt, ...)
{
	char detail[256], peer[VG_ADDR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	atomic64_inc(&req->node->auth_refused[why]);
	vg_addr_print(&req->conn->peer, peer);
	pr_info_ratelimited("virgo: %s refused %s: %s: %s\n", req->conn->svc->def->name, peer,
			    refusal[why].code, detail);
	vg_problem(req, refusal[why].status, refusal[why].code, "%s", detail);
	return -EACCES;
}

static u32 own_service(const struct vg_req *req)
{
	int i = vg_service_index(vg_cstr(req->conn->svc->def->name));

	return i < 0 ? 0 : i;
}

/* --- step 5: what must be signed ----------------------------------------------------------------- */

static struct vg_str field_name(const struct vg_req *req, u32 i)
{
	return vg_str(req->head + req->field[i].name, req->field[i].name_n);
}

static struct vg_str field_value(const struct vg_req *req, u32 i)
{
	return vg_str(req->head + req->field[i].value, req->field[i].value_n);
}

static bool starts_nocase(struct vg_str s, struct vg_str prefix)
{
	return s.n >= prefix.n && vg_str_eq_nocase(vg_str_sub(s, 0, prefix.n), prefix);
}

/* A header that may change what a request does. */
static bool has_meaning(struct vg_str name)
{
	static const struct vg_str meaning[] = {
		VG_STR_INIT("range"), VG_STR_INIT("if-match"), VG_STR_INIT("if-none-match"),
		VG_STR_INIT("if-modified-since"), VG_STR_INIT("if-unmodified-since"),
		VG_STR_INIT("if-range"), VG_STR_INIT("content-encoding"), VG_STR_INIT("cookie"),
	};
	size_t i;

	switch (name.n ? vg_to_lower(name.p[0]) : 0) {
	case 'x':
		return starts_nocase(name, VG_STR("x-virgo-"));
	case 'v':
		return starts_nocase(name, VG_STR("virgo-"));
	case 'r':
	case 'i':
	case 'c':
		for (i = 0; i < ARRAY_SIZE(meaning); i++)
			if (vg_str_eq_nocase(name, meaning[i]))
				return true;
		return false;
	default:
		return false;
	}
}

static bool listed(const struct vg_sig *sig, struct vg_str name)
{
	u32 i;

	for (i = 0; i < sig->nr_names; i++)
		if (vg_str_eq_nocase(sig->name[i], name))
			return true;
	return false;
}

static int check_coverage(struct vg_req *req, const struct vg_sig *sig)
{
	char shown[48];
	u32 i;

	if (!listed(sig, VG_STR("host")) || !listed(sig, VG_STR("x-virgo-date")))
		return refuse(req, VG_AUTH_NOT_SIGNED, "SignedHeaders lacks host or x-virgo-date");
	if (listed(sig, VG_STR("x-virgo-content-sha256")) != !!req->known[VG_H_SHA256])
		return refuse(req, VG_AUTH_NOT_SIGNED,
			      "x-virgo-content-sha256 is either sent and signed, or neither");
	for (i = 0; i < req->nr_fields; i++) {
		struct vg_str name = field_name(req, i);

		if (has_meaning(name) && !listed(sig, name))
			return refuse(req, VG_AUTH_NOT_SIGNED,
				      "header %s is not signed: give it with curl's -H",
				      vg_printable(name.p, name.n, shown, sizeof(shown)));
	}
	return 0;
}

/* --- steps 6 to 8: scope, time, host ---------------------------------------------------------------- */

static int check_scope(struct vg_req *req, const struct vg_sig *sig, struct vg_str date)
{
	const struct vg_config *cfg = req->conn->cfg;
	const char *service = req->conn->svc->def->name;
	char shown[96];

	if (date.n >= 8 && vg_str_eq(sig->day, vg_str(date.p, 8)) &&
	    vg_str_is(sig->region, cfg->cluster) && vg_str_is(sig->service, service) &&
	    vg_str_is(sig->term, VG_SIG_TERM))
		return 0;
	return refuse(req, VG_AUTH_SCOPE,
		      "scope %s is not <day of X-Virgo-Date>/%s/%s/" VG_SIG_TERM,
		      vg_printable(sig->scope.p, sig->scope.n, shown, sizeof(shown)), cfg->cluster,
		      service);
}

static int check_time(struct vg_req *req, u64 date_s)
{
	const struct vg_config *cfg = req->conn->cfg;
	u64 now_s = ktime_get_real_seconds();
	u64 floor_s = vg_replay_floor(req->node->replay, now_s, cfg->auth_window_past_s);

	if (date_s < floor_s)
		return refuse(req, VG_AUTH_STALE,
			      "the request's clock is %llu s behind this node's: at most %u s are allowed, set the clock",
			      (unsigned long long)(now_s > date_s ? now_s - date_s : 0),
			      cfg->auth_window_past_s);
	if (date_s > now_s + cfg->auth_window_future_s)
		return refuse(req, VG_AUTH_STALE,
			      "the request's clock is %llu s ahead of this node's: at most %u s are allowed, set the clock",
			      (unsigned long long)(date_s - now_s), cfg->auth_window_future_s);
	return 0;
}

static bool host_is(struct vg_str host, struct vg_str name, u16 port)
{
	char text[80];
	int n;

	if (vg_str_eq_nocase(host, name))
		return port == 80 || memchr(name.p, ':', name.n);
	n = scnprintf(text, sizeof(text), "%.*s:%u", VG_STR_ARG(name), port);
	return vg_str_eq_nocase(host, vg_str(text, n));
}

/* Not the address itself: another of this node's names? */
static noinline int check_host_name(struct vg_req *req, struct vg_str host)
{
	const struct vg_config *cfg = req->conn->cfg;
	const struct vg_addr *local = &req->conn->local;
	char text[VG_ADDR_TEXT], shown[80];
	u32 i;

	if (local->port == 80 && vg_str_eq_nocase(host, vg_str(text, vg_addr_print_ip(local, text))))
		return 0;
	if (vg_addr_is_loopback(local) && host_is(host, VG_STR("localhost"), local->port))
		return 0;
	for (i = 0; i < cfg->nr_names; i++)
		if (host_is(host, vg_cstr(cfg->names[i]), local->port))
			return 0;
	return refuse(req, VG_AUTH_HOST,
		      "Host %s is not this node (%s): add it to names in virgo_cloud.conf",
		      vg_printable(host.p, host.n, shown, sizeof(shown)), req->conn->local_text);
}

/* The Host a request names is an address or a name of this node. */
static int check_host(struct vg_req *req)
{
	const struct vg_conn *c = req->conn;
	struct vg_str host = vg_req_header(req, VG_H_HOST);

	if (!c->cfg->host_check || !host.p ||
	    vg_str_eq_nocase(host, vg_str(c->local_text, c->local_text_n)))
		return 0;
	return check_host_name(req, host);
}

/*
 * A web page anywhere may have its reader's browser send a POST here, under this node's own name and from an
 * address that needs no signature. Browsers say so, and nobody else does.
 */
static int check_origin(struct vg_req *req)
{
	struct vg_str origin = vg_req_header(req, VG_H_ORIGIN);
	char shown[80];

	if (likely(!origin.p) || !req->conn->cfg->host_check)
		return 0;
	/* what only reads tells it nothing: no answer gives a page leave to look at it */
	if (req->method != VG_POST && req->method != VG_PUT && req->method != VG_DELETE)
		return 0;
	return refuse(req, VG_AUTH_HOST, "what a web page changes must be signed, that of %s too",
		      vg_printable(origin.p, origin.n, shown, sizeof(shown)));
}

/* --- step 9: the signature --------------------------------------------------------------------------- */

/* One listed header; -EEXIST if the request has it twice. */
static int put_header(struct vg_gather *g, const struct vg_req *req, struct vg_str name)
{
	struct vg_str value = vg_str(NULL, 0);
	bool seen = false;
	u32 i;

	for (i = 0; i < req->nr_fields; i++) {
		if (req->field[i].name_n != name.n || !vg_str_eq_nocase(field_name(req, i), name))
			continue;
		if (seen)
			return -EEXIST;
		seen = true;
		value = field_value(req, i);
	}
	vg_gather_str(g, name);
	vg_gather_put(g, ":", 1);
	if (value.n)
		vg_gather_value(g, value);
	vg_gather_put(g, "\n", 1);
	return 0;
}

/* Hash the canonical request up to the payload hash into @g. */
static int canonical(struct vg_gather *g, const struct vg_req *req, const struct vg_sig *sig)
{
	u32 i;
	int ret;

	vg_gather_init(g);
	vg_gather_str(g, req->method_name);
	vg_gather_put(g, "\n", 1);
	vg_gather_path(g, req->path);
	vg_gather_put(g, "\n", 1);
	vg_gather_str(g, req->query);
	vg_gather_put(g, "\n", 1);
	for (i = 0; i < sig->nr_names; i++) {
		ret = put_header(g, req, sig->name[i]);
		if (ret)
			return ret;
	}
	vg_gather_put(g, "\n", 1);
	vg_gather_str(g, sig->list);
	vg_gather_put(g, "\n", 1);
	return 0;
}

/* The signature over @canon_hash, compared in constant time. */
static bool signature_fits(const struct vg_req *req, const struct vg_key *key,
			   const u8 canon_hash[VG_SHA256_BYTES])
{
	u8 want[VG_SHA256_BYTES];

	vg_sigkey_request(key ?: &req->conn->keys->dummy, req->auth.date,
			  vg_cstr(req->conn->cfg->cluster), own_service(req), canon_hash, want);
	return !crypto_memneq(want, req->auth.signature, sizeof(want)) && key;
}

static bool key_is_active(const struct vg_key *key)
{
	u64 now_s = ktime_get_real_seconds();

	return key && now_s >= key->not_before && (!key->not_after || now_s <= key->not_after);
}

/* Would the signature be right for an empty body? Then say what is missing. */
static noinline int refuse_signature(struct vg_req *req, const struct vg_sha256 *canon, bool body)
{
	u8 hash[VG_SHA256_BYTES];
	struct vg_sha256 s;

	/* of an unknown key too: what it costs must not tell which keys there are */
	if (body) {
		host_sha256_copy(&s, canon);
		host_sha256_update(&s, vg_sha256_of_nothing_hex, 2 * VG_SHA256_BYTES);
		host_sha256_final(&s, hash);
		if (signature_fits(req, req->key, hash))
			return refuse(req, VG_AUTH_SIGNATURE,
				      "the body was not signed: add x-virgo-content-sha256");
	}
	return refuse(req, VG_AUTH_SIGNATURE,
		      "the signature does not match: check key id, secret, target and signed headers");
}

/* Finish the canonical request with @payload (64 hex digits) and compare. */
static int check_signature(struct vg_req *req, const struct vg_sha256 *canon, const char *payload,
			   bool body)
{
	struct vg_sha256 s;
	u8 hash[VG_SHA256_BYTES];

	host_sha256_copy(&s, canon);
	host_sha256_update(&s, payload, 2 * VG_SHA256_BYTES);
	host_sha256_final(&s, hash);
	if (signature_fits(req, req->key, hash))
		return 0;
	return refuse_signature(req, canon, body);
}

/* --- step 10: rights ---------------------------------------------------------------------------------- */

/* Rights on the first path parameter, where it falls under prefixes. */
static noinline bool may_prefixed(const struct vg_req *req, const char *service)
{
	char name[NAME_MAX_CHECKED];
	ssize_t n = vg_pct_decode(req->param[0], name, sizeof(name));

	/* longer than any name: no prefix can make it one */
	return n >= 0 && vg_key_may(req->key, req->route->rights, service, name, n);
}

static int check_rights(struct vg_req *req)
{
	const struct vg_route *route = req->route;
	const char *service = req->conn->svc->def->name;
	bool may;

	if (!req->is_line && route->flags & VG_ROUTE_PREFIX && req->key->nr_prefixes)
		may = may_prefixed(req, service);
	else
		may = vg_key_may(req->key, route->rights, service, NULL, 0);
	if (may)
		return 0;
	if (req->key == &no_keys)
		return refuse(req, VG_AUTH_RIGHTS,
			      "a node without keys serves memory, events and status only: make a key with virgo key new");
	return refuse(req, VG_AUTH_RIGHTS, "key \"%s\" has not the right for this on %s", req->key->id,
		      service);
}

bool vg_req_may(const struct vg_req *req, u32 need, const char *name, size_t n)
{
	return vg_key_may(req->key, need, req->conn->svc->def->name, name, n);
}
EXPORT_SYMBOL_GPL(vg_req_may);

/* --- the two halves -------------------------------------------------------------------------------------- */

/* Nobody needs to sign here? Then req->key says as whom. */
static const struct vg_key *unsigned_key(const struct vg_req *req)
{
	const struct vg_conn *c = req->conn;

	if (!c->keys || !c->keys->n)
		return &no_keys;
	if (vg_addr_list_has(&c->cfg->trusted, &c->peer))
		return &trusted[c->cfg->trusted_rights & 15];
	return NULL;
}

/* Steps 3 to 8 on a request that claims to be signed. */
static int check_head(struct vg_req *req, struct vg_sig *sig)
{
	struct vg_str date = vg_req_header(req, VG_H_DATE);
	int ret;

	if (!req->known[VG_H_AUTHORIZATION] || !date.p || !req->known[VG_H_HOST])
		return refuse(req, VG_AUTH_MISSING,
			      "this node wants signed requests: Authorization, X-Virgo-Date and Host (curl --aws-sigv4)");
	ret = vg_sig_parse(vg_req_header(req, VG_H_AUTHORIZATION), sig);
	if (ret == -ENOENT)
		return refuse(req, VG_AUTH_MISSING, "Authorization is not " VG_SIG_SCHEME);
	if (ret)
		return refuse(req, VG_AUTH_MALFORMED,
			      "Authorization is not \"" VG_SIG_SCHEME " Credential=<id>/<day>/<cluster>/<service>/"
			      VG_SIG_TERM ", SignedHeaders=<list>, Signature=<64 hex>\"");
	if (vg_sig_date(date, &req->auth.date_s))
		return refuse(req, VG_AUTH_MALFORMED, "X-Virgo-Date is not a time of the form YYYYMMDDTHHMMSSZ");
	req->auth.date = date;
	return check_coverage(req, sig) ?: check_scope(req, sig, date) ?:
	       check_time(req, req->auth.date_s) ?: check_host(req);
}

static bool has_body(const struct vg_req *req)
{
	return req->chunked || req->content_length;
}

/* Step 9, as far as the head goes. */
static noinline int check_head_signature(struct vg_req *req, const struct vg_sig *sig)
{
	struct vg_str payload = vg_req_header(req, VG_H_SHA256);
	u64 limit = req->conn->cfg->unhashed_body_max;
	u8 hash[VG_SHA256_BYTES];
	struct vg_gather g;

	if (payload.p && vg_unhex(hash, payload, VG_SHA256_BYTES))
		return refuse(req, VG_AUTH_PAYLOAD_REQUIRED,
			      "x-virgo-content-sha256 is not 64 lower-case hexadecimal digits");
	if (!payload.p && (req->chunked || req->content_length > limit))
		return refuse(req, VG_AUTH_PAYLOAD_REQUIRED,
			      "a chunked body, or one over %llu bytes, needs x-virgo-content-sha256",
			      (unsigned long long)limit);
	if (canonical(&g, req, sig)) {
		vg_problem(req, 400, "http.malformed", "a signed header stands twice");
		return -EINVAL;
	}
	vg_gather_flush(&g);
	memcpy(req->auth.signature, sig->signature, sizeof(req->auth.signature));
	req->auth.signed_by_key = true;
	if (payload.p)
		return check_signature(req, &g.sha, payload.p, false);
	if (!has_body(req))
		return check_signature(req, &g.sha, vg_sha256_of_nothing_hex, false);
	req->auth.deferred = true;
	host_sha256_copy(&req->auth.canon, &g.sha);
	return 0;
}

static int refuse_replay(struct vg_req *req)
{
	return refuse(req, VG_AUTH_REPLAY,
		      "this request was accepted before: send another x-virgo-nonce for another one");
}

/*
 * Step 12 as far as it can be told before the body is there: who has but seen a request pass and sends its head
 * again is to get no memory for a body that never comes.
 */
static int check_seen(struct vg_req *req)
{
	if (!has_body(req) || !vg_replay_seen(req->node->replay, req->key, own_service(req), req->auth.signature,
					      vg_req_header(req, VG_H_NONCE)))
		return 0;
	return refuse_replay(req);
}

/* Steps 3 to 10 on a request that claims to be signed; apart, for the room that its parts take */
static noinline int check_signed(struct vg_req *req)
{
	const struct vg_key *key;
	struct vg_sig sig;
	int ret;

	ret = check_head(req, &sig);
	if (ret)
		return ret;
	key = vg_keyset_find(req->conn->keys, sig.key_id);
	req->key = key_is_active(key) ? key : NULL;
	ret = check_head_signature(req, &sig);
	if (ret)
		return ret;
	req->hash_body = has_body(req);
	return req->auth.deferred ? 0 : check_rights(req) ?: check_seen(req);
}

int vg_auth_head(struct vg_req *req)
{
	const struct vg_key *key;

	req->hash_body = false;
	req->auth.signed_by_key = false;
	req->auth.deferred = false;
	key = unsigned_key(req);
	if (req->route->flags & VG_ROUTE_OPEN) {
		req->key = key ?: &trusted[0];
		return 0;
	}
	/* where a trusted peer signs, its key counts */
	if (key && (key == &no_keys || !req->known[VG_H_AUTHORIZATION])) {
		req->key = key;
		return check_origin(req) ?: check_host(req) ?: check_rights(req);
	}
	return check_signed(req);
}

/* Step 9 for a body without hash header, and step 11. */
static noinline int check_body(struct vg_req *req)
{
	char hex[2 * VG_SHA256_BYTES];
	u8 hash[VG_SHA256_BYTES];
	int ret;

	if (req->hash_body)
		host_sha256_final(&req->body_hash, hash);
	else
		memcpy(hash, vg_sha256_of_nothing, sizeof(hash));
	vg_hex(hex, hash, sizeof(hash));
	if (req->auth.deferred) {
		ret = check_signature(req, &req->auth.canon, hex, true);
		return ret ?: check_rights(req);
	}
	if (!req->known[VG_H_SHA256] ||
	    !crypto_memneq(hex, vg_req_header(req, VG_H_SHA256).p, sizeof(hex)))
		return 0;
	return refuse(req, VG_AUTH_PAYLOAD_MISMATCH,
		      "the body is not the one that x-virgo-content-sha256 names");
}

static int check_replay(struct vg_req *req)
{
	u64 now_s = ktime_get_real_seconds();
	u32 retry_s = 0;
	int ret;

	if (req->method == VG_GET || req->method == VG_HEAD)
		return 0;
	ret = vg_replay_check(req->node->replay, req->key, own_service(req), req->auth.signature,
			      vg_req_header(req, VG_H_NONCE), req->auth.date_s, now_s, &retry_s);
	switch (ret) {
	case 0:
		return 0;
	case -EEXIST:
		return refuse_replay(req);
	case -ESTALE:
		return refuse(req, VG_AUTH_STALE,
			      "the request came with its last byte when its signature was too old");
	case -EAGAIN:
		vg_reply_header(req, "Retry-After", "%u", retry_s);
		return refuse(req, VG_AUTH_STARTING,
			      "the node has just started and cannot tell this request from an old one for %u s",
			      retry_s);
	default:
		vg_reply_header(req, "Retry-After", "%u", 10);
		return refuse(req, VG_AUTH_TABLE_FULL,
			      "too many requests with random nonces: use ordered ones (<stream>.<counter>)");
	}
}

static void note_use(const struct vg_key *key)
{
	/* counters are the part of a key that moves */
	struct vg_key *k = (struct vg_key *)key;
	s64 now_s = ktime_get_real_seconds();

	atomic64_inc(&k->uses);
	if (atomic64_read(&k->last_used) != now_s)
		atomic64_set(&k->last_used, now_s);
}

int vg_auth_body(struct vg_req *req)
{
	int ret;

	if (!req->auth.signed_by_key)
		return 0;
	ret = check_body(req) ?: check_replay(req);
	if (!ret)
		note_use(req->key);
	return ret;
}

/* --- one-line commands ---------------------------------------------------------------------------------------- */

int vg_auth_line(struct vg_req *req)
{
	const struct vg_conn *c = req->conn;
	const struct vg_config *cfg = c->cfg;

	if (!c->keys || !c->keys->n) {
		req->key = &no_keys;
		return check_rights(req);
	}
	if (cfg->plaintext == VG_PLAIN_OFF)
		return refuse(req, VG_AUTH_PLAINTEXT, "use HTTP with a signature");
	if (!vg_addr_list_has(&cfg->plaintext_allow, &c->peer))
		return refuse(req, VG_AUTH_PLAINTEXT,
			      "one-line commands are not allowed from this address: see plaintext_allow");
	if (cfg->plaintext == VG_PLAIN_READONLY) {
		req->key = &trusted[VG_READ];
		return check_rights(req);
	}
	req->key = vg_keyset_find(c->keys, vg_cstr(cfg->plaintext_key));
	if (!key_is_active(req->key))
		return refuse(req, VG_AUTH_PLAINTEXT, "plaintext_key names no active key");
	note_use(req->key);
	return check_rights(req);
}

void vg_auth_metrics(struct vg_node *node, struct vg_buf *out)
{
	int i;

	vg_buf_puts(out, "# HELP virgo_auth_refused_total Requests refused by verification, by code.\n"
		    "# TYPE virgo_auth_refused_total counter\n");
	for (i = 0; i < VG_AUTH_CODES; i++)
		vg_buf_printf(out, "virgo_auth_refused_total{code=\"%s\"} %lld\n", refusal[i].code,
			      (long long)atomic64_read(&node->auth_refused[i]));
}
