// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel functions every node has: the original's sample, facts about the node, a checksum of a key of the
 * memory pool. They are examples too: use nothing but kapi/virgo_function.h and core's facts.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "core/host.h"
#include "cpupool/pool.h"
#include "kapi/virgo_function.h"

/* What the original's virgo_clone() was tried out with: says where it ran, and with what. */
static s64 cloud_test(struct virgo_call *call)
{
	const char *arg;
	unsigned int i;

	virgo_call_printf(call, "virgo_cloud_test_kernelspace() on node %u\n", virgo_call_node(call));
	for (i = 0; (arg = virgo_call_arg(call, i)); i++) {
		virgo_call_printf(call, "argument %u: ", i + 1);
		virgo_call_write(call, arg, strlen(arg));
		virgo_call_write(call, "\n", 1);
	}
	return 0;
}

static s64 node_facts(struct virgo_call *call)
{
	struct host_facts f;

	host_facts(&f);
	virgo_call_printf(call, "node=%u\nkind=%s\nrelease=%s\ncpus=%u\n", virgo_call_node(call), f.kind,
			  f.release, f.cpus);
	virgo_call_printf(call, "load1=%u.%02u\nmem_total=%llu\nmem_free=%llu\n", f.load1_milli / 1000,
			  f.load1_milli % 1000 / 10, (unsigned long long)f.mem_total,
			  (unsigned long long)f.mem_free);
	return 0;
}

static int crc_of(void *ctx, const u8 *p, size_t n)
{
	u32 *crc = ctx;

	/* as zlib, cksum -a crc32b and Ethernet have it */
	*crc = ~crc32_le(~0, p, n);
	return 0;
}

static s64 mem_crc(struct virgo_call *call)
{
	const char *key = virgo_call_arg(call, 0);
	u32 crc = 0;
	int ret;

	if (!key || virgo_call_args(call) > 1) {
		virgo_call_printf(call, "usage: virgo_mem_crc KEY\n");
		return -EINVAL;
	}
	ret = virgo_call_read_key(call, key, crc_of, &crc);
	if (ret) {
		virgo_call_printf(call, "%s\n", ret == -ENOENT ? "no such key" :
				  ret == -EACCES ? "this key may not be read with the key that signed" :
				  ret == -EOPNOTSUPP ? "no memory pool on this node" : "unable to read it");
		return ret;
	}
	virgo_call_printf(call, "%08x\n", crc);
	return 0;
}

static struct virgo_function builtins[] = {
	{ .name = "virgo_cloud_test_kernelspace", .summary = "say where this runs, and with which arguments",
	  .run = cloud_test },
	{ .name = "virgo_node_facts", .summary = "kernel, processors, load and memory of the node", .run = node_facts },
	{ .name = "virgo_mem_crc", .summary = "CRC-32 of the value of a key of the node's memory pool", .run = mem_crc },
};

int cp_builtins_register(void)
{
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(builtins); i++) {
		ret = virgo_function_register(&builtins[i]);
		if (ret)
			goto err;
	}
	return 0;
err:
	while (i--)
		virgo_function_unregister(&builtins[i]);
	return ret;
}

void cp_builtins_unregister(void)
{
	size_t i = ARRAY_SIZE(builtins);

	while (i--)
		virgo_function_unregister(&builtins[i]);
}
