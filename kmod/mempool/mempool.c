// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory pool as a service: its routes and one-line commands, life, statistics. */
#include <linux/kernel.h>
#include <linux/module.h>

#include "core/json.h"
#include "core/node.h"
#include "mempool/api.h"
#include "mempool/mempool.h"

static const char *const mp_put_query[] = { "ttl_ms", NULL };
static const char *const mp_incr_query[] = { "by", NULL };
static const char *const mp_list_query[] = {
	"after", "after_hex", "limit", "prefix", "prefix_hex", NULL
};
static const char *const mp_block_query[] = { "length", "offset", NULL };

static const struct vg_route mp_routes[] = {
	{
		.method = VG_GET, .path = "/v1/mem/{key}", .rights = VG_READ,
		.flags = VG_ROUTE_PREFIX, .run = mp_key_get,
	}, {
		.method = VG_PUT, .path = "/v1/mem/{key}", .query = mp_put_query,
		.rights = VG_WRITE, .flags = VG_ROUTE_PREFIX,
		.body_max = mp_key_body_max, .room = mp_key_room,
		.run = mp_key_put, .drop = mp_room_drop,
	}, {
		.method = VG_DELETE, .path = "/v1/mem/{key}", .rights = VG_WRITE,
		.flags = VG_ROUTE_PREFIX, .run = mp_key_delete,
	}, {
		.method = VG_POST, .path = "/v1/mem/{key}/incr", .query = mp_incr_query,
		.rights = VG_READ | VG_WRITE, .flags = VG_ROUTE_PREFIX, .run = mp_key_incr,
	}, {
		.method = VG_GET, .path = "/v1/mem", .query = mp_list_query, .rights = VG_READ,
		.run = mp_list,
	}, {
		/* each key is judged by what is done with it */
		.method = VG_POST, .path = "/v1/txn", .body_max = mp_txn_body_max, .run = mp_txn,
	}, {
		.method = VG_POST, .path = "/v1/blocks", .rights = VG_WRITE,
		.body_max = mp_malloc_body_max, .run = mp_malloc,
		.line = "virgo_cloud_malloc", .line_args = 1, .run_line = mp_malloc_line,
	}, {
		.method = VG_PUT, .path = "/v1/blocks/{id}", .query = mp_block_query,
		.rights = VG_WRITE,
		.body_max = mp_block_body_max, .room = mp_block_room, .run = mp_block_put,
		.drop = mp_room_drop,
		.line = "virgo_cloud_set", .line_args = 2, .run_line = mp_block_put_line,
	}, {
		.method = VG_GET, .path = "/v1/blocks/{id}", .query = mp_block_query,
		.rights = VG_READ, .run = mp_block_read,
		.line = "virgo_cloud_get", .line_args = 1, .run_line = mp_block_read_line,
	}, {
		.method = VG_DELETE, .path = "/v1/blocks/{id}", .rights = VG_WRITE,
		.run = mp_block_delete,
		.line = "virgo_cloud_free", .line_args = 1, .run_line = mp_block_delete_line,
	},
};

static int mp_start(struct vg_node *node, void **data)
{
	struct mp_pool *pool;
	int ret = mp_pool_new(node, &pool);

	if (!ret)
		*data = pool;
	return ret;
}

static void mp_stop(void *data)
{
	mp_pool_free(data);
}

static void mp_tick(void *data, u64 now_ms)
{
	mp_pool_tick(data, now_ms);
}

static void mp_config(void *data)
{
	mp_pool_config(data);
}

/* For another service, through core: the value of a key */
static int mp_service_read(void *data, struct vg_str name, int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx)
{
	struct mp_pool *pool = data;
	struct mp_lookup what;
	struct mp_val *v;
	int ret;

	if (!name.n || name.n > MP_KEY_MAX)
		return -ENOENT;
	mp_hash(pool, name, &what);
	rcu_read_lock();
	v = mp_peek(pool, &what, 0);
	if (v && !mp_val_get(v))
		v = NULL;
	rcu_read_unlock();
	if (!v)
		return -ENOENT;
	ret = fn(ctx, v->data, v->size);
	mp_val_put(v);
	return ret;
}

/* a number of /v1/stats and, as virgo_mempool_<name>, of /metrics */
struct mp_number {
	const char *name;
	const char *help;
	bool counter;		/* only grows; else a gauge */
	bool atomic;		/* at @at is an atomic64_t, else a u64 */
	size_t at;		/* in struct mp_pool */
	u64 (*get)(const struct mp_pool *pool);	/* instead of @at */
};

static u64 mp_hits(const struct mp_pool *pool)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < MP_STAT_SHARDS; i++)
		sum += atomic64_read(&pool->shard[i].hits);
	return sum;
}

static u64 mp_misses(const struct mp_pool *pool)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < MP_STAT_SHARDS; i++)
		sum += atomic64_read(&pool->shard[i].misses);
	return sum;
}

#define MP_FIELD(n, f, h)	{ .name = n, .help = h, .at = offsetof(struct mp_pool, f) }
#define MP_GAUGE(n, f, h)	{ .name = n, .help = h, .atomic = true, \
				  .at = offsetof(struct mp_pool, f) }
#define MP_COUNT(n, f, h)	{ .name = n, .help = h, .atomic = true, .counter = true, \
				  .at = offsetof(struct mp_pool, stats.f) }

static const struct mp_number mp_numbers[] = {
	MP_FIELD("keys", keys, "keys held"),
	MP_FIELD("blocks", blocks, "blocks held"),
	MP_GAUGE("bytes_used", used, "memory really allocated"),
	{ .name = "bytes_max", .help = "limit of bytes_used in force", .get = mp_pool_max },
	MP_GAUGE("bytes_dying", dying, "part of bytes_used that is about to be freed"),
	{ .name = "hits", .help = "reads that found a key", .counter = true, .get = mp_hits },
	{ .name = "misses", .help = "reads that found none", .counter = true, .get = mp_misses },
	MP_COUNT("sets", sets, "keys set"),
	MP_COUNT("deletes", deletes, "keys deleted"),
	MP_COUNT("incrs", incrs, "increments"),
	MP_COUNT("lists", lists, "pages of listings"),
	MP_COUNT("txns", txns, "transactions run"),
	MP_COUNT("txns_else", txns_else, "transactions whose conditions did not hold"),
	MP_COUNT("block_ops", block_ops, "blocks made, read, written and freed"),
	MP_COUNT("evicted", evicted, "keys evicted for want of room"),
	MP_COUNT("expired", expired, "keys removed at the end of their time"),
	MP_COUNT("refused_full", refused_full, "allocations refused"),
};

static u64 mp_number_read(const struct mp_pool *pool, const struct mp_number *n)
{
	const void *at = (const char *)pool + n->at;

	if (n->get)
		return n->get(pool);
	return n->atomic ? atomic64_read((const atomic64_t *)at) : READ_ONCE(*(const u64 *)at);
}

static void mp_stats(void *data, struct vg_jw *json)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(mp_numbers); i++)
		vg_jw_ku64(json, mp_numbers[i].name, mp_number_read(data, &mp_numbers[i]));
}

static void mp_metrics(void *data, struct vg_buf *out)
{
	const struct mp_number *n;

	for (n = mp_numbers; n < mp_numbers + ARRAY_SIZE(mp_numbers); n++)
		vg_buf_metric(out, "mempool", n->name, n->help, n->counter, mp_number_read(data, n));
}

const struct vg_service mp_service = {
	.name = "mempool",
	.port = 30000,
	.routes = mp_routes,
	.nr_routes = ARRAY_SIZE(mp_routes),
	.owner = THIS_MODULE,
	.start = mp_start,
	.stop = mp_stop,
	.tick = mp_tick,
	.stats = mp_stats,
	.metrics = mp_metrics,
	.config = mp_config,
	.read = mp_service_read,
};
