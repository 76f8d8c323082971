/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/virgo: what its files share. An open file is nobody's at first; VIRGO_IOC_HELPER makes it the
 * helper's (helper.c); calls of programs need it for themselves only as long as an answer is read
 * from it (calls.c).
 */
#ifndef VIRGO_LINUX_DEV_H
#define VIRGO_LINUX_DEV_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/poll.h>

struct host_helper;
struct virgo_stream;

struct virgo_file {
	struct mutex lock;		/* of what the file is, and of the stream */
	struct host_helper *helper;	/* with a reference; set once */
	struct virgo_stream *stream;	/* a call whose answer is read from here; NULL: none */
	bool cancelled;			/* calls end */
};

int virgo_dev_init(void);
void virgo_dev_exit(void);

/* helper.c: the conversation with the helper, on its file */
int virgo_helper_attach(struct virgo_file *vf, u32 abi);
void virgo_helper_detach(struct host_helper *h);
ssize_t virgo_helper_read(struct host_helper *h, char __user *to, size_t n, bool wait);
ssize_t virgo_helper_write(struct host_helper *h, const char __user *from, size_t n);
__poll_t virgo_helper_poll(struct host_helper *h, struct file *file, poll_table *wait);


/* calls.c: the answer of a call, on the file it was made on */
ssize_t virgo_stream_read(struct virgo_file *vf, char __user *to, size_t n);
void virgo_stream_drop(struct virgo_file *vf);

#endif
