// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel functions: who offers them, and the work item that runs one. A function cannot be killed: at its
 * deadline whoever waits is told, and the slot stays taken until it returns. A module that goes waits for
 * those who are in its functions.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "core/auth.h"
#include "core/json.h"
#include "core/node.h"
#include "cpupool/pool.h"
#include "kapi/virgo_function.h"

enum { NAME_MAX_BYTES = 63 };

/* of this module, or of virgod: a node's pools share them; inside pool->lock */
static DEFINE_MUTEX(functions_lock);
static LIST_HEAD(functions);
static DECLARE_WAIT_QUEUE_HEAD(functions_left);

struct virgo_call {
	struct cp_run *run;
};

/* --- what a function may ask ------------------------------------------------------------------------- */

unsigned int virgo_call_args(const struct virgo_call *call)
{
	return call->run->spec.nargs;
}
EXPORT_SYMBOL_GPL(virgo_call_args);

const char *virgo_call_arg(const struct virgo_call *call, unsigned int i)
{
	const struct cp_spec *spec = &call->run->spec;
	char *arg = spec->args;

	if (i >= spec->nargs)
		return NULL;
	while (i--)
		arg = cp_next(arg);
	return arg;
}
EXPORT_SYMBOL_GPL(virgo_call_arg);

const u8 *virgo_call_input(const struct virgo_call *call, size_t *n)
{
	*n = call->run->spec.input_n;
	return call->run->spec.input;
}
EXPORT_SYMBOL_GPL(virgo_call_input);

void virgo_call_write(struct virgo_call *call, const void *p, size_t n)
{
	cp_run_output(call->run, CP_STDOUT, p, n);
}
EXPORT_SYMBOL_GPL(virgo_call_write);

void virgo_call_printf(struct virgo_call *call, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vscnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	virgo_call_write(call, text, n);
}
EXPORT_SYMBOL_GPL(virgo_call_printf);

bool virgo_call_should_stop(const struct virgo_call *call)
{
	return READ_ONCE(call->run->stop) || READ_ONCE(call->run->fn->going);
}
EXPORT_SYMBOL_GPL(virgo_call_should_stop);

u32 virgo_call_node(const struct virgo_call *call)
{
	return call->run->pool->node->id;
}
EXPORT_SYMBOL_GPL(virgo_call_node);

int virgo_call_read_key(struct virgo_call *call, const char *key,
			int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx)
{
	struct cp_run *run = call->run;

	if (!vg_key_may(run->key, VG_READ, "mempool", key, strlen(key)))
		return -EACCES;
	return vg_node_read(run->pool->node, "mempool", vg_cstr(key), fn, ctx);
}
EXPORT_SYMBOL_GPL(virgo_call_read_key);

/* --- who offers them ------------------------------------------------------------------------------------ */

static bool is_name(const char *s)
{
	size_t n;

	if (vg_is_digit(*s))
		return false;
	for (n = 0; s[n]; n++)
		if (!vg_is_alpha(s[n]) && !vg_is_digit(s[n]) && s[n] != '_')
			return false;
	return n && n <= NAME_MAX_BYTES;
}

static struct virgo_function *find(const char *name)
{
	struct virgo_function *f;

	list_for_each_entry(f, &functions, link)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

int virgo_function_register(struct virgo_function *f)
{
	int ret = -EEXIST;

	if (!is_name(f->name) || !f->run)
		return -EINVAL;
	mutex_lock(&functions_lock);
	if (!find(f->name)) {
		f->running = 0;
		f->going = false;
		list_add_tail(&f->link, &functions);
		ret = 0;
	}
	mutex_unlock(&functions_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(virgo_function_register);

static bool nobody_in(struct virgo_function *f)
{
	bool none;

	mutex_lock(&functions_lock);
	none = !f->running;
	mutex_unlock(&functions_lock);
	return none;
}

void virgo_function_unregister(struct virgo_function *f)
{
	mutex_lock(&functions_lock);
	list_del_init(&f->link);
	/* those who look at virgo_call_should_stop() see it by this */
	WRITE_ONCE(f->going, true);
	mutex_unlock(&functions_lock);
	wait_event(functions_left, nobody_in(f));
}
EXPORT_SYMBOL_GPL(virgo_function_unregister);

bool cp_function_exists(const char *name)
{
	bool yes;

	mutex_lock(&functions_lock);
	yes = find(name);
	mutex_unlock(&functions_lock);
	return yes;
}

void cp_functions_json(struct vg_jw *w)
{
	struct virgo_function *f;

	mutex_lock(&functions_lock);
	list_for_each_entry(f, &functions, link) {
		vg_jw_obj(w);
		vg_jw_kcstr(w, "name", f->name);
		vg_jw_kcstr(w, "summary", f->summary ?: "");
		vg_jw_obj_end(w);
	}
	mutex_unlock(&functions_lock);
}

/* --- running one ---------------------------------------------------------------------------------------- */

static void leave_function(struct virgo_function *f)
{
	mutex_lock(&functions_lock);
	f->running--;
	wake_up(&functions_left);
	mutex_unlock(&functions_lock);
}

static void function_work(struct work_struct *work)
{
	struct cp_run *run = container_of(work, struct cp_run, work);
	struct virgo_call call = { .run = run };
	struct cp_result res = { .end = CP_EXITED, .has_value = true };
	struct cp_pool *pool = run->pool;

	res.value = run->fn->run(&call);
	leave_function(run->fn);
	res.us = div_u64(ktime_get_ns() - run->begun_ns, NSEC_PER_USEC);
	res.exit = res.value ? (res.value & 0xff ?: 1) : 0;
	cancel_delayed_work_sync(&run->deadline);
	mutex_lock(&pool->lock);
	cp_run_end(run, &res);
	cp_run_worked(run);
	mutex_unlock(&pool->lock);
	cp_run_put(run);
}

static void deadline_work(struct work_struct *work)
{
	struct cp_run *run = container_of(to_delayed_work(work), struct cp_run, deadline);

	cp_run_cancel(run, CP_TIMEOUT);
}

int cp_function_start(struct cp_run *run)
{
	struct virgo_function *f;

	mutex_lock(&functions_lock);
	f = find(run->spec.name);
	if (f)
		f->running++;
	mutex_unlock(&functions_lock);
	if (!f)
		return -ENOENT;
	run->fn = f;
	cp_run_get(run);	/* the work item's */
	INIT_WORK(&run->work, function_work);
	INIT_DELAYED_WORK(&run->deadline, deadline_work);
	queue_delayed_work(run->pool->node->wq, &run->deadline, msecs_to_jiffies(run->timeout_ms) + 1);
	queue_work(run->pool->fn_wq, &run->work);
	return 0;
}

void cp_function_stop(struct cp_run *run)
{
	WRITE_ONCE(run->stop, true);
}
