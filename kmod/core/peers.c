// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view of the other nodes. See peers.h. Must never call with the lock held, nor anybody who is not in the
 * configuration.
 *
 * peers->lock guards which seats are the present ones and all that changes in them. Seats are made for a
 * configuration, kept alive by whoever picked one or looks at one, and replaced when the configuration has
 * been. Figures are asked for on the node's work queue, once for all who wait.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/load.h"
#include "core/node.h"
#include "core/peers_int.h"
#include "core/place.h"

enum {
	LOOK_CONNECT_MS	= 500,
	LOOK_MS		= 2000,		/* a late answer still counts, for those who come then */
	MUTE_MS		= 10000,	/* a node that tells no load is asked again after this */
	CONTROL		= 3,		/* index in vg_service_names[]: a node has that, whatever else */
};

/* --- seats ------------------------------------------------------------------------------------------------ */

static void seats_free(struct kref *refs)
{
	struct vg_seats *s = container_of(refs, struct vg_seats, refs);

	vg_config_put(s->cfg);
	kvfree(s->peer);
	kvfree(s->hash);
	kvfree(s);
}

void vg_seats_put(struct vg_seats *s)
{
	if (s)
		kref_put(&s->refs, seats_free);
}

/* Is @addr where this node listens, as far as an address tells? A port that is given must be one of ours. */
static bool listed_in(const struct vg_addr_list *list, const struct vg_addr *addr)
{
	u32 i;

	for (i = 0; i < list->n; i++) {
		const struct vg_addr *l = &list->addr[i];

		if (addr->port && l->port && addr->port != l->port)
			continue;
		if (vg_addr_same(l, addr) ||
		    (vg_addr_is_any(l) && l->family == addr->family && host_addr_is_local(addr)))
			return true;
	}
	return false;
}

static bool is_own(const struct vg_config *cfg, const struct vg_addr *addr)
{
	u32 i;

	for (i = 0; i < VG_SERVICES_KNOWN; i++)
		if (listed_in(&cfg->listen_svc[i], addr))
			return true;
	return !addr->port && listed_in(&cfg->listen, addr);
}

static void seat_init(struct vg_seats *s, const struct vg_addr *addr, bool own);

/* This node, where nobody has listed it: under the first address it listens on */
static struct vg_addr own_address(const struct vg_config *cfg)
{
	struct vg_addr addr = cfg->listen.addr[0];
	const u8 loopback[16] = { [15] = 1 };

	if (vg_addr_is_any(&addr) && addr.family == 4)
		vg_addr_from_ip4(&addr, (const u8[4]){ 127, 0, 0, 1 }, 0);
	else if (vg_addr_is_any(&addr))
		vg_addr_from_ip6(&addr, loopback, 0);
	addr.port = 0;
	return addr;
}

/* What was known of a node that is in the new configuration too */
static void carry_over(struct vg_seats *s, const struct vg_seats *old)
{
	u32 i, j;

	for (i = 0; old && i < s->n; i++)
		for (j = 0; j < old->n; j++) {
			if (strcmp(s->seat[i].name, old->seat[j].name))
				continue;
			s->peer[i] = old->peer[j];
			/* calls under way are counted where they were picked */
			s->peer[i].in_flight = 0;
			s->peer[i].probing = false;
			if (!s->seat[i].number)
				s->seat[i].number = old->seat[j].number;
		}
}

/* Takes over the reference to @cfg */
static struct vg_seats *seats_new(struct vg_peers *peers, struct vg_config *cfg)
{
	u32 max = cfg->nodes.n + 1, i;
	bool own = false;
	struct vg_seats *s;

	s = kvzalloc(struct_size(s, seat, max), GFP_KERNEL);
	if (!s)
		goto err_cfg;
	s->peer = kvcalloc(max, sizeof(*s->peer), GFP_KERNEL);
	s->hash = kvcalloc(max, sizeof(*s->hash), GFP_KERNEL);
	if (!s->peer || !s->hash)
		goto err_free;
	kref_init(&s->refs);
	s->peers = peers;
	s->cfg = cfg;
	for (i = 0; i < cfg->nodes.n; i++) {
		bool ours = is_own(cfg, &cfg->nodes.addr[i]);

		seat_init(s, &cfg->nodes.addr[i], ours);
		own |= ours;
	}
	if (!own) {
		struct vg_addr addr = own_address(cfg);

		seat_init(s, &addr, true);
	}
	return s;

err_free:
	kvfree(s->peer);
	kvfree(s->hash);
	kvfree(s);
err_cfg:
	vg_config_put(cfg);
	return NULL;
}

struct vg_seats *vg_seats_get(struct vg_peers *peers)
{
	struct vg_config *cfg = vg_node_cfg(peers->node);
	struct vg_seats *s, *old = NULL;

	spin_lock(&peers->lock);
	s = peers->now;
	if (s && s->cfg == cfg) {
		kref_get(&s->refs);
		spin_unlock(&peers->lock);
		vg_config_put(cfg);
		return s;
	}
	spin_unlock(&peers->lock);
	s = seats_new(peers, cfg);
	if (!s)
		return NULL;
	spin_lock(&peers->lock);
	old = peers->now;
	carry_over(s, old);
	peers->now = s;
	kref_get(&s->refs);
	spin_unlock(&peers->lock);
	vg_seats_put(old);
	return s;
}

/* --- whom to call -------------------------------------------------------------------------------------------- */

struct vg_addr vg_seat_addr(const struct vg_seats *s, u32 i, u32 service)
{
	struct vg_addr addr = s->seat[i].addr, listen[VG_LISTENERS_MAX];
	u16 port = 10000 * (service + 1);
	u32 n, k;

	if (!s->seat[i].own || addr.port)
		return addr;
	n = vg_config_listen(s->cfg, vg_service_names[service], port, listen, VG_LISTENERS_MAX);
	for (k = 0; k < n; k++)
		if (vg_addr_same(&listen[k], &addr) ||
		    (vg_addr_is_any(&listen[k]) && listen[k].family == addr.family)) {
			addr.port = listen[k].port;
			return addr;
		}
	/* it listens elsewhere for this one */
	if (n && !vg_addr_is_any(&listen[0]))
		addr = listen[0];
	else if (n)
		addr.port = listen[0].port;
	return addr;
}

/* --- looking ----------------------------------------------------------------------------------------------------- */

/* What the answer says of load, if it does */
static bool read_load(const struct vg_buf *body, struct vg_load *load)
{
	struct vg_jtok *tok = kvmalloc_array(VG_LOAD_TOKENS, sizeof(*tok), GFP_KERNEL);
	struct vg_json doc;
	bool good;

	if (!tok)
		return false;
	good = !vg_json_parse(&doc, body->p, body->len, tok, VG_LOAD_TOKENS) &&
	       !vg_load_read(&doc, vg_json_root(&doc), load, NULL);
	kvfree(tok);
	return good;
}

/* Refused is not dead: a node may well be without a pool of processors. */
static enum vg_outcome look_outcome(const struct vg_call *call, int ret)
{
	if (!ret || ret == -ECONNREFUSED)
		return VG_ANSWERED;
	if (ret == -EINTR || ret == -ESHUTDOWN || ret == -EBUSY || ret == -ENOMEM || ret == -ENOKEY)
		return VG_NO_MATTER;
	return call->connected ? VG_LOST : VG_NOT_CONNECTED;
}

static void note_look(struct vg_seat *seat, const struct vg_call *call, int ret, const struct vg_load *load)
{
	struct vg_seats *s = seat->seats;
	struct vg_peers *peers = s->peers;
	struct vg_peer *p = &s->peer[seat - s->seat];
	enum vg_outcome what = look_outcome(call, ret);
	u64 now_ms = vg_now_ms();

	spin_lock(&peers->lock);
	if (!ret && call->node)
		seat->number = call->node;
	if (seat->what == VG_LOOK_LOAD && load)
		vg_peer_saw(p, load, p->in_flight, 0, now_ms);
	else if (seat->what == VG_LOOK_LOAD && what == VG_ANSWERED)
		seat->mute_until_ms = now_ms + MUTE_MS;
	if (what == VG_NOT_CONNECTED)
		seat->dead_ms = now_ms;
	vg_peer_end(p, what, false, now_ms, &peers->rng);
	seat->looking = false;
	spin_unlock(&peers->lock);
}

static void look_work(struct work_struct *work)
{
	struct vg_seat *seat = container_of(work, struct vg_seat, work);
	struct vg_seats *s = seat->seats;
	struct vg_peers *peers = s->peers;
	struct vg_call call = {
		.service = seat->what == VG_LOOK_LOAD ? 0 : CONTROL, .method = VG_GET,
		.target = seat->what == VG_LOOK_LOAD ? VG_STR("/v1/load") : VG_STR("/healthz"),
		.unsigned_ok = seat->what == VG_LOOK_NUMBER,
		.connect_ms = LOOK_CONNECT_MS, .timeout_ms = LOOK_MS,
	};
	struct vg_load load;
	struct vg_buf body;
	bool good = false;
	int ret;

	call.peer = vg_seat_addr(s, seat - s->seat, call.service);
	vg_buf_init(&body, NULL, 0, VG_LOAD_BYTES);
	call.out = &body;
	ret = vg_call(peers->node->client, &call);
	if (!ret && call.status == 200 && seat->what == VG_LOOK_LOAD)
		good = read_load(&body, &load);
	note_look(seat, &call, ret, good ? &load : NULL);
	vg_buf_free(&body);
	wake_up(&peers->looked);
	vg_seats_put(s);
}

/* As every client writes it: IPv6 always in brackets */
static size_t print_name(const struct vg_addr *addr, char name[VG_ADDR_TEXT])
{
	char text[VG_ADDR_TEXT];

	if (addr->family == 4 || addr->port)
		return vg_addr_print(addr, name);
	vg_addr_print_ip(addr, text);
	return scnprintf(name, VG_ADDR_TEXT, "[%s]", text);
}

static void seat_init(struct vg_seats *s, const struct vg_addr *addr, bool own)
{
	u32 i = s->n++;
	struct vg_seat *seat = &s->seat[i];

	seat->seats = s;
	INIT_WORK(&seat->work, look_work);
	seat->addr = *addr;
	seat->own = own;
	seat->number = own ? s->peers->node->id : 0;
	s->hash[i] = vg_place_hash(seat->name, print_name(addr, seat->name));
	s->peer[i].hash = s->hash[i];
}

static bool wants_look(const struct vg_seats *s, u32 i, enum vg_look what, u64 now_ms)
{
	const struct vg_seat *seat = &s->seat[i];
	const struct vg_peer *p = &s->peer[i];

	if (what == VG_LOOK_NUMBER)
		return !seat->number && vg_peer_usable(p, now_ms);
	return now_ms >= seat->mute_until_ms && vg_peer_usable(p, now_ms) &&
	       (!p->seen_ms || now_ms > p->seen_ms + VG_VIEW_FRESH_MS);
}

/* Under the lock: set those of @which[@n] (NULL: all) to work that want it. */
static u32 begin_looks(struct vg_seats *s, const u32 *which, u32 n, enum vg_look what)
{
	u64 now_ms = vg_now_ms();
	u32 k, i, begun = 0;

	for (k = 0; k < n; k++) {
		i = which ? which[k] : k;
		if (!wants_look(s, i, what, now_ms))
			continue;
		begun++;
		if (s->seat[i].looking)
			continue;
		s->seat[i].looking = true;
		s->seat[i].what = what;
		kref_get(&s->refs);
		queue_work(s->peers->node->wq, &s->seat[i].work);
	}
	return begun;
}

static bool all_looked(struct vg_seats *s, const u32 *which, u32 n)
{
	bool all = true;
	u32 k;

	spin_lock(&s->peers->lock);
	for (k = 0; k < n && all; k++)
		all = !s->seat[which ? which[k] : k].looking;
	spin_unlock(&s->peers->lock);
	return all;
}

int vg_seats_look(struct vg_seats *s, const u32 *which, u32 n, enum vg_look what)
{
	struct vg_peers *peers = s->peers;
	u32 begun;
	long ret;

	spin_lock(&peers->lock);
	begun = begin_looks(s, which, n, what);
	spin_unlock(&peers->lock);
	if (!begun)
		return 0;
	ret = wait_event_interruptible_timeout(peers->looked, all_looked(s, which, n),
					       msecs_to_jiffies(VG_LOOK_WAIT_MS));
	return ret < 0 ? -EINTR : 0;
}

/* --- telling -------------------------------------------------------------------------------------------------------------- */

bool vg_peers_info(struct vg_node *node, u32 i, struct vg_peer_info *info)
{
	struct vg_seats *s = vg_seats_get(node->peers);
	bool there = s && i < s->n;
	const struct vg_peer *p;

	if (there) {
		p = &s->peer[i];
		spin_lock(&node->peers->lock);
		*info = (struct vg_peer_info){
			.addr = s->seat[i].addr, .number = s->seat[i].number, .own = s->seat[i].own,
			.down = p->fails, .known = p->seen_ms, .degraded = p->seen_ms && p->load.degraded,
		};
		spin_unlock(&node->peers->lock);
		strscpy(info->name, s->seat[i].name, sizeof(info->name));
	}
	vg_seats_put(s);
	return there;
}

int vg_peers_new(struct vg_node *node, struct vg_peers **out)
{
	struct vg_peers *peers = kzalloc(sizeof(*peers), GFP_KERNEL);

	if (!peers)
		return -ENOMEM;
	peers->node = node;
	spin_lock_init(&peers->lock);
	init_waitqueue_head(&peers->looked);
	host_random(&peers->rng.state, sizeof(peers->rng.state));
	*out = peers;
	return 0;
}

void vg_peers_free(struct vg_peers *peers)
{
	if (!peers)
		return;
	vg_seats_put(peers->now);
	kfree(peers);
}
