// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signing keys of the day. See sigkey.h.
 */
#include <linux/bug.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/ledger.h"
#include "core/sigkey.h"

struct vg_sigkey {
	struct rcu_head rcu;
	char day[8];
	char region[64];
	u8 region_n;
	struct vg_hmac hmac;
};

static void free_rcu_cb(struct rcu_head *head)
{
	kfree_sensitive(container_of(head, struct vg_sigkey, rcu));
	vg_gone(VG_L_SIGKEYS);
}

void vg_sigkey_drop(struct vg_sigkey *s)
{
	if (s)
		call_rcu(&s->rcu, free_rcu_cb);
}

static bool fits(const struct vg_sigkey *s, struct vg_str day, struct vg_str region)
{
	return s && !memcmp(s->day, day.p, sizeof(s->day)) && s->region_n == region.n &&
	       !memcmp(s->region, region.p, region.n);
}

static struct vg_sigkey *make(const struct vg_key *key, struct vg_str day, struct vg_str region,
			      u32 service)
{
	struct vg_sigkey *s;

	if (day.n != sizeof(s->day) || region.n > sizeof(s->region))
		return NULL;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return NULL;
	vg_made(VG_L_SIGKEYS);
	memcpy(s->day, day.p, sizeof(s->day));
	memcpy(s->region, region.p, region.n);
	s->region_n = region.n;
	vg_sig_key(&s->hmac, vg_str(key->secret, key->secret_n), day, region,
		   vg_cstr(vg_service_names[service]));
	return s;
}

void vg_sigkey_sign(const struct vg_key *key, struct vg_str day, struct vg_str region, u32 service,
		    const void *msg, size_t n, u8 out[VG_SHA256_BYTES])
{
	/* the cache is the one part of a key that changes once it is published */
	struct vg_sigkey __rcu **slot = (struct vg_sigkey __rcu **)
		&key->cache[2 * service + (day.n ? day.p[day.n - 1] & 1 : 0)];
	struct vg_sigkey *s, *old;
	struct vg_hmac h;

	rcu_read_lock();
	s = rcu_dereference(*slot);
	if (fits(s, day, region)) {
		vg_hmac(&s->hmac, msg, n, out);
		rcu_read_unlock();
		return;
	}
	rcu_read_unlock();

	s = make(key, day, region, service);
	if (!s) {
		vg_sig_key(&h, vg_str(key->secret, key->secret_n), day, region,
			   vg_cstr(vg_service_names[service]));
		vg_hmac(&h, msg, n, out);
		memzero_explicit(&h, sizeof(h));
		return;
	}
	vg_hmac(&s->hmac, msg, n, out);
	old = xchg((__force struct vg_sigkey **)slot, s);
	vg_sigkey_drop(old);
}

void vg_sigkey_request(const struct vg_key *key, struct vg_str date, struct vg_str region, u32 service,
		       const u8 canon_hash[VG_SHA256_BYTES], u8 out[VG_SHA256_BYTES])
{
	char lent[256], hex[2 * VG_SHA256_BYTES];
	struct vg_str day = vg_str_sub(date, 0, 8);
	struct vg_buf text;

	/* piece by piece: a format costs as much as hashing the result */
	vg_buf_init(&text, lent, sizeof(lent), sizeof(lent));
	vg_buf_puts(&text, VG_SIG_SCHEME "\n");
	vg_buf_str(&text, date);
	vg_buf_puts(&text, "\n");
	vg_buf_str(&text, day);
	vg_buf_puts(&text, "/");
	vg_buf_str(&text, region);
	vg_buf_puts(&text, "/");
	vg_buf_puts(&text, vg_service_names[service]);
	vg_buf_puts(&text, "/" VG_SIG_TERM "\n");
	vg_hex(hex, canon_hash, VG_SHA256_BYTES);
	vg_buf_put(&text, hex, sizeof(hex));
	/* not to be: every part of it is short. Nobody can guess what then counts as the signature. */
	if (WARN_ON_ONCE(text.err))
		host_random(out, VG_SHA256_BYTES);
	else
		vg_sigkey_sign(key, day, region, service, text.p, text.len, out);
}
