// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo.ko: the one node of this kernel, from load to unload. A list of parts and its mirror image.
 *
 * Unload order: the device goes, which nobody has open, the tick ends, listeners close, connections end,
 * services stop (core/node.c), then the work queue is emptied, RCU callbacks run, the last memory goes, and
 * the ledger is closed.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "core/host.h"
#include "core/ledger.h"
#include "core/limits.h"
#include "core/node.h"
#include "core/service.h"
#include "uapi/virgo.h"
#include "dev.h"
#include "host.h"

/* the one thing /etc cannot say: where it is */
static char *config = "/etc/virgo_cloud.conf";
module_param(config, charp, 0444);
MODULE_PARM_DESC(config, "configuration file");

struct vg_node *virgo_node;

static struct delayed_work tick;

static void tick_work(struct work_struct *work)
{
	virgo_conns_tick();
	vg_node_tick(virgo_node);
	queue_delayed_work(virgo_node->wq, &tick, msecs_to_jiffies(VG_TICK_MS));
}

int vg_service_register(const struct vg_service *svc)
{
	char msg[256] = "out of memory";
	int ret = vg_node_add_service(virgo_node, svc, msg, sizeof(msg));

	if (ret) {
		pr_err("virgo: %s\n", msg);
		/* what a service that got half-way handed to RCU runs its code, which is about to go */
		rcu_barrier();
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vg_service_register);

void vg_service_unregister(const struct vg_service *svc)
{
	vg_node_del_service(virgo_node, svc);
	/* what the service handed to RCU runs its code */
	rcu_barrier();
}
EXPORT_SYMBOL_GPL(vg_service_unregister);

static int make_node(char *msg, size_t msg_n)
{
	u8 *text = NULL;
	size_t n = 0;
	int ret;

	ret = host_read_file(config, VG_CONF_FILE_MAX, false, &text, &n);
	if (ret && ret != -ENOENT) {
		scnprintf(msg, msg_n, "%s: cannot be read (error %d)", config, ret);
		return ret;
	}
	ret = vg_node_new(config, (char *)text, n, NULL, &virgo_node, msg, msg_n);
	kvfree(text);
	return ret;
}

static int __init virgo_init(void)
{
	static const struct vg_service *const services[] = { &vg_control_service };
	char *msg;
	int ret;

	msg = kzalloc(512, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	strscpy(msg, "its sha256 cannot be used", 512);
	ret = virgo_sha256_init();
	if (ret)
		goto err_msg;
	strscpy(msg, "out of memory", 512);
	ret = virgo_conns_init();
	if (ret)
		goto err_sha256;
	ret = make_node(msg, 512);
	if (ret)
		goto err_conns;
	INIT_DELAYED_WORK(&tick, tick_work);
	ret = vg_node_start(virgo_node, services, ARRAY_SIZE(services), msg, 512);
	if (ret)
		goto err_node;
	/* last: whoever opens it finds a node that works */
	strscpy(msg, VIRGO_DEVICE " cannot be made", 512);
	ret = virgo_dev_init();
	if (ret)
		goto err_started;
	queue_delayed_work(virgo_node->wq, &tick, 0);
	kfree(msg);
	return 0;

err_started:
	vg_node_stop(virgo_node);
err_node:
	vg_node_free(virgo_node);
err_conns:
	virgo_conns_exit();
	rcu_barrier();
	vg_ledger_close();
err_sha256:
	virgo_sha256_exit();
err_msg:
	pr_err("virgo: not loaded: %s\n", msg);
	kfree(msg);
	return ret;
}

static void __exit virgo_exit(void)
{
	virgo_dev_exit();
	cancel_delayed_work_sync(&tick);
	vg_node_stop(virgo_node);
	virgo_conns_exit();
	vg_node_free(virgo_node);
	rcu_barrier();
	vg_ledger_close();
	virgo_sha256_exit();
}

module_init(virgo_init);
module_exit(virgo_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the VIRGO authors");
MODULE_DESCRIPTION("VIRGO node: core and control service");
MODULE_VERSION(VIRGO_VERSION);
MODULE_SOFTDEP("pre: sha256");
