/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor pool: runs and jobs, the line they wait in, their output, the helper and the kernel functions
 * that do the work. Must never start a process itself.
 *
 * Life of a run. cp_run_new() makes it with two references, its maker's and the pool's; cp_run_submit() puts it
 * in line; it runs when there is a slot: in the helper (program, function) or on a work item (kernel function).
 * cp_run_end() is its one way to end, whoever is first: the helper's word, a deadline, a cancellation, the
 * helper's death, the node's stop. Then who waits is told; a run that somebody waited for leaves the pool, a
 * job stays until job_keep is over. The pool's reference goes when it leaves the pool.
 *
 * Locks, outermost first: pool->lock (table, line, slots, states) -> run->lock (output, who waits). Both are
 * mutexes: everything here is process context.
 */
#ifndef VG_CPUPOOL_POOL_H
#define VG_CPUPOOL_POOL_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/req.h"
#include "cpupool/heap.h"
#include "cpupool/spec.h"
#include "uapi/virgo.h"

struct host_helper;
struct vg_jw;
struct vg_key;
struct vg_keyset;
struct virgo_function;

enum cp_state { CP_QUEUED, CP_RUNNING, CP_ENDED };

/* how it ended; the order of cp_end_names[] */
enum cp_end { CP_EXITED, CP_KILLED, CP_TIMEOUT, CP_CANCELLED, CP_LOST, CP_FAILED, CP_ENDS };

extern const char *const cp_end_names[CP_ENDS + 1];

/* why a run could not be started, for the answer to who waits */
enum cp_refusal { CP_R_NONE, CP_R_NOT_FOUND, CP_R_NOT_ALLOWED, CP_R_NO_HELPER, CP_R_OTHER };

struct cp_result {
	enum cp_end end;
	enum cp_refusal refusal;	/* end is CP_FAILED */
	s32 exit, signal;		/* exit: -1 unless exited */
	bool has_value;
	s64 value;
	u64 us;
	char why[160];			/* failed: a sentence */
};

enum { CP_STDOUT, CP_STDERR, CP_STREAMS };

struct cp_run {
	refcount_t refs;
	struct cp_pool *pool;
	u64 id;
	bool job;
	struct cp_spec spec;
	u64 timeout_ms;
	struct vg_config *cfg;		/* what it runs under, whatever is reloaded */
	struct vg_keyset *keys;		/* who asked, and what that key may read */
	const struct vg_key *key;
	char owner[VG_KEY_ID_MAX + 1];

	/* under pool->lock */
	enum cp_state state;
	bool slot;			/* holds one of the slots of its kind */
	struct list_head link;		/* pool->runs, oldest first; empty: not in the pool */
	struct hlist_node hash;
	struct cp_item item;		/* in the line */
	struct cp_result result;	/* once ended */
	u64 queued_ms, started_ms, ended_ms;	/* Unix */
	u64 begun_ns, forget_ms;	/* monotonic */
	u64 overdue_ms;			/* monotonic: the helper has forgotten it then */

	/* of a kernel function */
	struct work_struct work;
	struct delayed_work deadline;
	struct virgo_function *fn;
	bool stop;			/* asked to return */

	struct mutex lock;
	bool ended;			/* state as who holds only run->lock sees it */
	struct vg_buf out[CP_STREAMS];
	u64 total[CP_STREAMS];		/* all that came, kept or not */
	size_t told[CP_STREAMS];	/* of a streamed answer: what of out is in it */
	struct vg_req *req;		/* who waits for its end, or NULL */
	bool live;			/* req takes output as it comes, not at the end only */
	int (*wake)(struct vg_req *req);	/* what goes on with req */
	struct list_head waits;		/* struct cp_wait: who looks at a job */
};

/* A request that waits for a job's end or output. */
struct cp_wait {
	struct list_head link;		/* run->waits, under run->lock; empty: no more */
	struct cp_run *run;
	struct vg_req *req;
	u64 until_ms;			/* monotonic */
	bool output;			/* for output behind offset; else for the end */
	int stream;
	u64 offset;
	int (*answer)(struct vg_req *req);
};

/*
 * A run's id: the second its pool began, then a count, then the node's number as far as it goes; so that
 * nodes begun together have different ones, and JavaScript can say them.
 */
enum { CP_HASH = 1024, CP_ID_STEP = 256, CP_ID_SECOND = 20, CP_ID_BITS = 53 };

struct cp_counters {
	atomic64_t runs, jobs, ended[CP_ENDS], refused_full, output_bytes, output_dropped;
	atomic64_t made, gone;		/* the ledger */
};

struct cp_pool {
	struct vg_node *node;
	struct host_helper *helper;
	struct workqueue_struct *fn_wq;

	struct mutex lock;
	struct vg_config *cfg;
	bool stopping;
	u64 next_id, seq;
	struct cp_heap line[2];		/* [0]: runs somebody waits for, [1]: jobs */
	/* changed under the lock, by cp_step() only; the statistics look without it */
	u32 running[2];			/* slots taken */
	u32 queued;
	u32 kept;			/* jobs that have ended */
	struct list_head runs;
	struct hlist_head table[CP_HASH];

	atomic64_t held;		/* bytes of output buffers */
	u64 journal_n;			/* bytes of the journal's file */
	u64 mean_us;			/* of runs, exponentially fading */
	u64 load_told_ms;
	u64 ran_since;			/* runs that ended since */

	/* GET /v1/functions: what the helper listed */
	struct mutex list_lock;
	struct vg_buf list;		/* the strings of LISTED, as they came */
	bool listing;			/* asked, not all here */
	u64 listed_ms;			/* 0: never; monotonic */
	u64 list_by_ms;
	struct list_head list_waits;	/* struct cp_list_wait */

	struct cp_counters count;
};

static inline void cp_step(u32 *count, int by)
{
	WRITE_ONCE(*count, *count + by);
}

/* --- pool.c ------------------------------------------------------------------------------------------ */
int cp_pool_new(struct vg_node *node, struct cp_pool **pool);
void cp_pool_free(struct cp_pool *pool);
void cp_pool_tick(struct cp_pool *pool, u64 now_ms);
void cp_pool_config(struct cp_pool *pool);
/* Start what has its turn. pool->lock is held. */
void cp_schedule(struct cp_pool *pool);
/* The run of that id with a reference, or NULL; pool->lock is held. */
struct cp_run *cp_find(struct cp_pool *pool, u64 id);
/* Out of the table; pool->lock is held. */
void cp_forget(struct cp_run *run);
/* Microseconds until a run begun now would be over, as far as one can tell; pool->lock is held. */
u64 cp_predicted_us(const struct cp_pool *pool, u32 cpus);

/* --- run.c ------------------------------------------------------------------------------------------- */
/* Takes @spec over (also on failure). The request gives key and configuration. NULL: no memory. */
struct cp_run *cp_run_new(struct cp_pool *pool, struct cp_spec *spec, const struct vg_req *req, bool job);
void cp_run_get(struct cp_run *run);
void cp_run_put(struct cp_run *run);
/* In line. -EBUSY: the line is full; -ESHUTDOWN. The run's first reference stays the caller's. */
int cp_run_submit(struct cp_run *run);
/* End it, unless it has ended: true if this was its end. pool->lock is held; @result is copied. */
bool cp_run_end(struct cp_run *run, const struct cp_result *result);
/* Cancel it: at once if it waits in line, else the helper or the function is asked. */
void cp_run_cancel(struct cp_run *run, enum cp_end why);
/* A piece of output. */
void cp_run_output(struct cp_run *run, int stream, const void *p, size_t n);
/* Whoever worked on it is through with it: its slot goes to the next one. pool->lock is held. */
void cp_run_worked(struct cp_run *run);
/* A job that an earlier life of the node did not end, put into the pool. pool->lock is held. */
void cp_run_lost(struct cp_pool *pool, u64 id, enum cp_kind kind, struct vg_str owner, struct vg_str name);

/* --- helper.c: the messages ---------------------------------------------------------------------------- */
int cp_helper_open(struct cp_pool *pool);
void cp_helper_close(struct cp_pool *pool);
/* Hand @run to the helper: 0 or -errno. pool->lock is held. */
int cp_helper_start(struct cp_run *run);
void cp_helper_kill(struct cp_run *run, bool timeout, bool now);
int cp_helper_list(struct cp_pool *pool);

/* --- list.c: GET /v1/functions ---------------------------------------------------------------------------- */
enum { CP_LIST_MAX = 256 << 10 };
int cp_get_functions(struct vg_req *req);
int cp_functions_event(struct vg_req *req, enum vg_event event);
void cp_functions_drop(struct vg_req *req);
/* A message of the helper's list; @last: it is whole. */
void cp_listed(struct cp_pool *pool, const char *p, size_t n, bool last);
void cp_list_failed(struct cp_pool *pool);
void cp_list_tick(struct cp_pool *pool, u64 now_ms);
void cp_list_expire(struct cp_pool *pool);

/* --- function.c ------------------------------------------------------------------------------------------ */
/* Start the kernel function of @run: 0, -ENOENT. pool->lock is held. */
int cp_function_start(struct cp_run *run);
void cp_function_stop(struct cp_run *run);
/* Is there a function of that name? */
bool cp_function_exists(const char *name);
void cp_functions_json(struct vg_jw *w);
int cp_builtins_register(void);
void cp_builtins_unregister(void);

/* --- load.c ------------------------------------------------------------------------------------------------ */
/* What this node has to do now */
struct vg_load;
void cp_load(struct cp_pool *pool, struct vg_load *load);

/* --- result.c ---------------------------------------------------------------------------------------------- */
/* The members of a result; @output: with stdout and stderr. run->lock is held, the run has ended. */
void cp_result_json(struct cp_run *run, struct vg_jw *w, bool output);
/* A member "data", or "data_b64" where the bytes are not UTF-8 */
void cp_bytes_json(struct vg_jw *w, const char *name, const char *name_b64, const char *p, size_t n);
/* Answer that the run could not be started */
int cp_refused(struct vg_req *req, const struct cp_run *run);

/* --- journal.c: which jobs a restart loses ------------------------------------------------------------------- */
void cp_journal_begin(const struct cp_run *run);
void cp_journal_end(const struct cp_run *run);
/* Read what an earlier life left: its unended jobs become lost ones. pool->lock is held. */
void cp_journal_read(struct cp_pool *pool);

#endif
