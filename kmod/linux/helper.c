// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's end of the helper: a process of user space on /dev/virgo, started here by the usermode-helper interface when
 * there is something to say and nobody to say it to. See core/host.h for what a service sees, uapi/virgo.h
 * for the conversation.
 *
 * States, under h->lock:
 *	nobody		-> send() queues the start work
 *	starting	exec went well; until it attaches, ends, or ATTACH_MS are over
 *	attached	a file is its end; the queue is read from there
 * A helper that has ended leaves its queue empty: what was for it would be half a conversation for the next.
 *
 * Callbacks run under h->calls, in the helper's own writes, at its end, and in the start work. After close has taken that
 * mutex once with ->closed set, none runs any more; the file may live on and hears -ENODEV.
 *
 * Locks: the_lock, h->calls -> (the service's own) -> h->lock.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/umh.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core/clock.h"
#include "core/host.h"
#include "core/ledger.h"
#include "core/limits.h"
#include "core/node.h"
#include "uapi/virgo.h"
#include "dev.h"

enum {
	PAUSE_FIRST_MS	= 100,		/* before a helper that has ended is started anew; doubles … */
	PAUSE_MAX_MS	= 5000,		/* … up to this */
	STEADY_MS	= 10000,	/* one that lived so long is started again at once */
	ATTACH_MS	= 10000,	/* from its exec to its ioctl */
	LOOK_MS		= 50,		/* how often a process is looked after that is starting or ending */
	BYE_MS		= 10000,	/* from BYE to its end; then it is killed */
	KILLED_MS	= 3000,		/* from that to its end, which somebody may hold up who has its file too */
	ENDED_MS	= 1000,		/* from there to the end of its process */
};

struct message {
	struct list_head link;
	size_t n;
	char data[];
};

struct host_helper {
	struct kref refs;		/* the service's, and that of the file it is attached to */
	const struct host_helper_ops *ops;
	void *ctx;
	char path[VG_EXEC_PATH_MAX];	/* "": the usual places */
	char functions[VG_EXEC_PATH_MAX];	/* likewise */
	struct workqueue_struct *wq;
	struct delayed_work start;
	struct mutex calls;
	bool closed;			/* under calls */

	spinlock_t lock;		/* what is below */
	struct list_head queue;
	size_t queued;
	wait_queue_head_t readers;	/* something is queued, or it is over */
	wait_queue_head_t ended;
	bool attached, hello, over;	/* over: the file that is attached is not heard any more */
	bool starting, closing;
	struct pid *pid;		/* of the process that is starting or attached */
	u64 started_ms, start_at_ms, pause_ms;
};

/* the one of this kernel, if a service wants one */
static struct host_helper *the_helper;
static DEFINE_MUTEX(the_lock);

static void helper_free(struct kref *refs)
{
	struct host_helper *h = container_of(refs, struct host_helper, refs);

	put_pid(h->pid);
	mutex_destroy(&h->calls);
	kfree(h);
	vg_gone(VG_L_HELPERS);
}

/* --- the queue ----------------------------------------------------------------------------------------- */

static void free_messages(struct list_head *list)
{
	struct message *m, *next;

	list_for_each_entry_safe(m, next, list, link)
		kvfree(m);
}

static void drop_queue(struct host_helper *h)
{
	LIST_HEAD(dropped);

	spin_lock(&h->lock);
	list_splice_init(&h->queue, &dropped);
	h->queued = 0;
	spin_unlock(&h->lock);
	free_messages(&dropped);
}

/* Under the lock: when the start work has something to do next, if it has. */
static void plan_start(struct host_helper *h)
{
	u64 now_ms = vg_now_ms(), wait_ms = LOOK_MS;

	lockdep_assert_held(&h->lock);
	if (h->closing || h->attached || (!h->starting && list_empty(&h->queue)))
		return;
	if (!h->starting)
		wait_ms = h->start_at_ms > now_ms ? h->start_at_ms - now_ms : 0;
	queue_delayed_work(h->wq, &h->start, msecs_to_jiffies(wait_ms));
}

static int queue_message(struct host_helper *h, const void *msg, size_t n, bool last)
{
	struct message *m = kvmalloc(sizeof(*m) + n, GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	memcpy(m->data, msg, n);
	m->n = n;
	spin_lock(&h->lock);
	if ((h->closing && !last) || h->queued + n > VG_HELPER_QUEUE_BYTES) {
		spin_unlock(&h->lock);
		kvfree(m);
		return -ENOBUFS;
	}
	list_add_tail(&m->link, &h->queue);
	h->queued += n;
	plan_start(h);
	spin_unlock(&h->lock);
	wake_up_interruptible(&h->readers);
	return 0;
}

int host_helper_send(struct host_helper *h, const void *msg, size_t n)
{
	return queue_message(h, msg, n, false);
}
EXPORT_SYMBOL_GPL(host_helper_send);

/* --- processes --------------------------------------------------------------------------------------------- */

static void set_pid(struct host_helper *h, struct pid *pid)
{
	struct pid *old;

	spin_lock(&h->lock);
	old = h->pid;
	h->pid = pid;
	spin_unlock(&h->lock);
	put_pid(old);
}

static struct pid *get_helper_pid(struct host_helper *h)
{
	struct pid *pid;

	spin_lock(&h->lock);
	pid = get_pid(h->pid);
	spin_unlock(&h->lock);
	return pid;
}

/* Has it files still? They are closed before a process becomes a zombie. */
static bool is_alive(struct pid *pid)
{
	struct task_struct *task;
	bool alive;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	alive = task && !READ_ONCE(task->exit_state);
	rcu_read_unlock();
	return alive;
}

/* One that has let go of its file goes its own ways and is left alone. */
static void kill_helper(struct host_helper *h)
{
	struct pid *pid;

	spin_lock(&h->lock);
	pid = h->attached || h->starting ? get_pid(h->pid) : NULL;
	spin_unlock(&h->lock);
	if (pid)
		kill_pid(pid, SIGKILL, 1);
	put_pid(pid);
}

/* In the child, before it becomes the program */
static int note_child(struct subprocess_info *info, struct cred *new)
{
	set_pid(info->data, get_task_pid(current, PIDTYPE_TGID));
	return 0;
}

static int start_program(struct host_helper *h, const char *path)
{
	static char *envp[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C.UTF-8",
		NULL,
	};
	char *argv[] = { (char *)path, NULL, h->functions, NULL };
	struct subprocess_info *info;

	if (h->functions[0])
		argv[1] = "--functions";
	info = call_usermodehelper_setup(path, argv, envp, GFP_KERNEL, note_child, NULL, h);
	return info ? call_usermodehelper_exec(info, UMH_WAIT_EXEC) : -ENOMEM;
}

static int start_helper(struct host_helper *h)
{
	static const char *const places[] = {
		"/usr/lib/virgo/virgo_kernelupcall_plugin",
		"/usr/local/lib/virgo/virgo_kernelupcall_plugin",
	};
	int ret = -ENOENT;
	size_t i;

	if (h->path[0])
		return start_program(h, h->path);
	for (i = 0; i < ARRAY_SIZE(places) && ret == -ENOENT; i++)
		ret = start_program(h, places[i]);
	return ret;
}

/* --- callbacks ------------------------------------------------------------------------------------------------ */

static void tell_gone(struct host_helper *h)
{
	mutex_lock(&h->calls);
	if (!h->closed)
		h->ops->gone(h->ctx);
	mutex_unlock(&h->calls);
}

static void tell_failed(struct host_helper *h, int err)
{
	mutex_lock(&h->calls);
	if (!h->closed)
		h->ops->failed(h->ctx, err);
	mutex_unlock(&h->calls);
}

/* Under the lock: it has ended, or never began to talk. When may the next one start? */
static void note_end(struct host_helper *h)
{
	u64 now_ms = vg_now_ms();

	lockdep_assert_held(&h->lock);
	if (now_ms - h->started_ms >= STEADY_MS)
		h->pause_ms = 0;
	h->start_at_ms = now_ms + h->pause_ms;
	h->pause_ms = h->pause_ms ? min_t(u64, 2 * h->pause_ms, PAUSE_MAX_MS) : PAUSE_FIRST_MS;
}

/* The program was started and has not come to its ioctl. False: it is given more time. */
static bool look_after_start(struct host_helper *h)
{
	struct pid *pid = get_helper_pid(h);
	bool late = vg_now_ms() >= READ_ONCE(h->started_ms) + ATTACH_MS, over;

	over = late || !pid || !is_alive(pid);
	if (over && late && pid)
		kill_pid(pid, SIGKILL, 1);
	put_pid(pid);
	spin_lock(&h->lock);
	/* at the last moment, perhaps */
	over = over && h->starting && !h->attached;
	if (over) {
		h->starting = false;
		note_end(h);
	}
	spin_unlock(&h->lock);
	if (!over)
		return false;
	pr_warn_ratelimited("virgo: the helper %s %s\n", h->path[0] ? h->path : "virgo_kernelupcall_plugin",
			    late ? "did not open " VIRGO_DEVICE " in time" : "has ended before it opened " VIRGO_DEVICE);
	drop_queue(h);
	tell_gone(h);
	return true;
}

static void start_now(struct host_helper *h)
{
	bool wanted;
	int ret;

	spin_lock(&h->lock);
	wanted = !h->closing && !h->attached && !list_empty(&h->queue) && vg_now_ms() >= h->start_at_ms;
	if (wanted) {
		h->starting = true;
		h->started_ms = vg_now_ms();
	}
	spin_unlock(&h->lock);
	if (!wanted)
		return;
	ret = start_helper(h);
	if (!ret)
		return;
	spin_lock(&h->lock);
	h->starting = false;
	h->start_at_ms = vg_now_ms() + PAUSE_FIRST_MS;
	spin_unlock(&h->lock);
	drop_queue(h);
	tell_failed(h, ret);
}

static void start_work(struct work_struct *work)
{
	struct host_helper *h = container_of(to_delayed_work(work), struct host_helper, start);

	if (READ_ONCE(h->starting))
		look_after_start(h);
	else
		start_now(h);
	spin_lock(&h->lock);
	plan_start(h);
	spin_unlock(&h->lock);
}

/* --- the helper's file ------------------------------------------------------------------------------------------- */

static int attach(struct host_helper *h)
{
	struct pid *old, *pid = get_task_pid(current, PIDTYPE_TGID);
	int ret = 0;

	spin_lock(&h->lock);
	if (h->closing) {
		ret = -ENODEV;
	} else if (h->attached) {
		ret = -EBUSY;
	} else {
		h->attached = true;
		h->starting = h->hello = h->over = false;
		h->started_ms = vg_now_ms();
		old = h->pid;
		h->pid = pid;
		pid = old;
		kref_get(&h->refs);
	}
	spin_unlock(&h->lock);
	put_pid(pid);
	return ret;
}

int virgo_helper_attach(struct virgo_file *vf, u32 abi)
{
	int ret = -ENODEV;

	if (abi != VIRGO_ABI)
		return -EPROTONOSUPPORT;
	mutex_lock(&the_lock);
	if (the_helper)
		ret = attach(the_helper);
	if (!ret)
		/* whoever sees it may use it: pairs with dev.c's acquire */
		smp_store_release(&vf->helper, the_helper);
	mutex_unlock(&the_lock);
	return ret;
}

void virgo_helper_detach(struct host_helper *h)
{
	bool closing;

	drop_queue(h);
	tell_gone(h);
	spin_lock(&h->lock);
	h->attached = false;
	note_end(h);
	plan_start(h);
	closing = h->closing;
	spin_unlock(&h->lock);
	wake_up(&h->ended);
	kref_put(&h->refs, helper_free);
}

/* Nothing it says counts any more. */
static void cut(struct host_helper *h)
{
	spin_lock(&h->lock);
	h->over = true;
	spin_unlock(&h->lock);
	wake_up_interruptible(&h->readers);
}

/* The helper does not keep to the rules: it is ended, and its release says so to the service. */
static int break_off(struct host_helper *h, const char *why)
{
	pr_err_ratelimited("virgo: the helper %s: it is ended\n", why);
	cut(h);
	kill_helper(h);
	return -EINVAL;
}

static bool has_message(struct host_helper *h)
{
	bool has;

	spin_lock(&h->lock);
	has = h->over || !list_empty(&h->queue);
	spin_unlock(&h->lock);
	return has;
}

/* The next message off the queue, if it is at most @n bytes; or an error */
static struct message *take_message(struct host_helper *h, size_t n)
{
	struct message *m;

	spin_lock(&h->lock);
	m = list_first_entry_or_null(&h->queue, struct message, link);
	if (h->over) {
		m = ERR_PTR(-ENODEV);
	} else if (!m) {
		m = ERR_PTR(-EAGAIN);
	} else if (m->n > n) {
		m = ERR_PTR(-EMSGSIZE);
	} else {
		list_del(&m->link);
		h->queued -= m->n;
	}
	spin_unlock(&h->lock);
	return m;
}

ssize_t virgo_helper_read(struct host_helper *h, char __user *to, size_t n, bool wait)
{
	struct message *m;
	ssize_t ret;

	for (;;) {
		m = take_message(h, n);
		if (!IS_ERR(m))
			break;
		if (PTR_ERR(m) != -EAGAIN || !wait)
			return PTR_ERR(m);
		ret = wait_event_interruptible(h->readers, has_message(h));
		if (ret)
			return ret;
	}
	ret = m->n;
	if (!copy_to_user(to, m->data, m->n)) {
		kvfree(m);
		return ret;
	}
	spin_lock(&h->lock);
	list_add(&m->link, &h->queue);
	h->queued += m->n;
	spin_unlock(&h->lock);
	return -EFAULT;
}

__poll_t virgo_helper_poll(struct host_helper *h, struct file *file, poll_table *wait)
{
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &h->readers, wait);
	if (has_message(h))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(h->over))
		mask |= EPOLLHUP;
	return mask;
}

/* HELLO comes first and once; it is between us and the helper, the service does not hear of it. */
static int hello(struct host_helper *h, const struct virgo_msg *m, size_t n)
{
	const struct virgo_hello *said = (const struct virgo_hello *)(m + 1);

	if (h->hello)
		return break_off(h, "said hello twice");
	if (n < sizeof(*m) + sizeof(*said) || said->abi != VIRGO_ABI)
		return break_off(h, "is of another version of virgo");
	h->hello = true;
	return 0;
}

/* Under calls: one whole message that the length says is one */
static int take_in(struct host_helper *h, const struct virgo_msg *m, size_t n)
{
	if (h->closed || READ_ONCE(h->over))
		return -ENODEV;
	if (m->len != n)
		return break_off(h, "sent a message whose length is not its own");
	if (m->type == VIRGO_MSG_HELLO)
		return hello(h, m, n);
	if (!h->hello)
		return break_off(h, "did not say hello first");
	h->ops->message(h->ctx, m, n);
	return 0;
}

ssize_t virgo_helper_write(struct host_helper *h, const char __user *from, size_t n)
{
	struct virgo_msg *m;
	ssize_t ret;

	if (n < sizeof(*m) || n > VIRGO_MSG_MAX)
		return break_off(h, "sent too short or too long a message");
	m = kvmalloc(n, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	ret = -EFAULT;
	if (copy_from_user(m, from, n))
		goto out;
	ret = mutex_lock_killable(&h->calls);
	if (ret)
		goto out;
	ret = take_in(h, m, n) ?: n;
	mutex_unlock(&h->calls);
out:
	kvfree(m);
	return ret;
}

/* --- what a service asks for ---------------------------------------------------------------------------------------- */

int host_helper_open(struct vg_node *node, const char *path, const char *functions,
		     const struct host_helper_ops *ops, void *ctx, struct host_helper **out)
{
	struct host_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int ret = 0;

	if (!h)
		return -ENOMEM;
	vg_made(VG_L_HELPERS);
	kref_init(&h->refs);
	h->ops = ops;
	h->ctx = ctx;
	h->wq = node->wq;
	if (path)
		strscpy(h->path, path, sizeof(h->path));
	if (functions)
		strscpy(h->functions, functions, sizeof(h->functions));
	INIT_DELAYED_WORK(&h->start, start_work);
	mutex_init(&h->calls);
	spin_lock_init(&h->lock);
	INIT_LIST_HEAD(&h->queue);
	init_waitqueue_head(&h->readers);
	init_waitqueue_head(&h->ended);
	mutex_lock(&the_lock);
	if (the_helper)
		ret = -EBUSY;
	else
		the_helper = h;
	mutex_unlock(&the_lock);
	if (ret)
		kref_put(&h->refs, helper_free);
	else
		*out = h;
	return ret;
}
EXPORT_SYMBOL_GPL(host_helper_open);

static bool is_attached(struct host_helper *h)
{
	return READ_ONCE(h->attached);
}

/*
 * Its release is not quite the end: the module is let go behind that. So wait for the process to end, too, which
 * closes its files before; but not for long, for somebody's program may have other things to do.
 */
static void wait_for_end(struct host_helper *h)
{
	struct pid *pid = get_helper_pid(h);
	int i;

	for (i = 0; pid && i < ENDED_MS / LOOK_MS && is_alive(pid); i++)
		wait_event_timeout(h->ended, !is_alive(pid), msecs_to_jiffies(LOOK_MS));
	put_pid(pid);
}

/* Ask it to go, then make it. */
static void end_attached(struct host_helper *h)
{
	const struct virgo_msg bye = { .len = sizeof(bye), .type = VIRGO_MSG_BYE };

	spin_lock(&h->lock);
	h->closing = true;
	spin_unlock(&h->lock);
	/* what waits would begin what is to end */
	drop_queue(h);
	queue_message(h, &bye, sizeof(bye), true);
	if (is_attached(h) && wait_event_timeout(h->ended, !is_attached(h), msecs_to_jiffies(BYE_MS)))
		return;
	if (is_attached(h))
		pr_warn("virgo: the helper does not end: it is killed\n");
	/* one that has been started and was not here yet has nothing to end */
	kill_helper(h);
	if (is_attached(h) && !wait_event_timeout(h->ended, !is_attached(h), msecs_to_jiffies(KILLED_MS)))
		pr_warn("virgo: somebody keeps the helper's file open\n");
}

void host_helper_close(struct host_helper *h)
{
	if (!h)
		return;
	mutex_lock(&the_lock);
	the_helper = NULL;
	mutex_unlock(&the_lock);
	end_attached(h);
	cancel_delayed_work_sync(&h->start);
	cut(h);
	/* the start work may have been at it just then */
	kill_helper(h);
	wait_for_end(h);
	mutex_lock(&h->calls);
	h->closed = true;
	mutex_unlock(&h->calls);
	drop_queue(h);
	kref_put(&h->refs, helper_free);
}
EXPORT_SYMBOL_GPL(host_helper_close);
