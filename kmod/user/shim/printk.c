// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shim: messages and the end of a process that misused the API. Must never print a control
 * character.
 */
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/shim.h>
#include <linux/string.h>
#include <errno.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 1024,			/* as printk's own */
	LEVEL_DEFAULT = 4,
	OUT_BYTES = 4 * LINE_MAX_BYTES + 8,	/* every byte escaped, mark and newline */
};

void (*shim_printk)(int level, const char *text, size_t len) = shim_printk_stderr;
int shim_printk_level = 6;
bool shim_printk_marks;

static void write_all(const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;		/* nobody listens: nothing better to do */
		buf += n;
		len -= (size_t)n;
	}
}

bool shim_printk_wants(int level)
{
	return level <= READ_ONCE(shim_printk_level);
}

/* Text may come from the network: a forged second line must not look like one of ours. */
void shim_printk_stderr(int level, const char *text, size_t len)
{
	char out[OUT_BYTES];
	size_t i, n = 0;

	if (!shim_printk_wants(level))
		return;
	if (READ_ONCE(shim_printk_marks))
		n += (size_t)scnprintf(out, sizeof(out), "<%d>", level);
	for (i = 0; i < len && i < LINE_MAX_BYTES; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			n += (size_t)scnprintf(out + n, sizeof(out) - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '\n';
	write_all(out, n);
}

int vprintk(const char *fmt, va_list args)
{
	char buf[LINE_MAX_BYTES];
	const char *text = buf;
	int level = LEVEL_DEFAULT;
	int saved = errno;
	size_t len = (size_t)vscnprintf(buf, sizeof(buf), fmt, args);

	if (len >= 2 && buf[0] == '\001' && buf[1] >= '0' && buf[1] <= '7') {
		level = buf[1] - '0';
		text += 2;
		len -= 2;
	}
	if (len && text[len - 1] == '\n')
		len--;
	shim_printk(level, text, len);
	errno = saved;
	return (int)len;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

void shim_bug(const char *file, int line, const char *func, const char *fmt, ...)
{
	char buf[LINE_MAX_BYTES];
	va_list args;
	size_t n;

	n = (size_t)scnprintf(buf, sizeof(buf), "%s:%d: %s: ", file, line, func);
	va_start(args, fmt);
	n += (size_t)vscnprintf(buf + n, sizeof(buf) - n, fmt, args);
	va_end(args);
	shim_printk_stderr(0, buf, n);
	abort();
}

void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst)
{
	memset(rs, 0, sizeof(*rs));
	spin_lock_init(&rs->lock);
	rs->interval = interval;
	rs->burst = burst;
}

int shim_ratelimit(struct ratelimit_state *rs, const char *func)
{
	u64 now = get_jiffies_64();
	int missed = 0;
	int ok;

	if (!rs->interval)
		return 1;
	spin_lock(&rs->lock);
	if (!rs->begin)
		rs->begin = now;
	if (time_after64(now, rs->begin + (u64)rs->interval)) {
		missed = rs->missed;
		rs->begin = now;
		rs->printed = 0;
		rs->missed = 0;
	}
	ok = rs->printed < rs->burst;
	if (ok)
		rs->printed++;
	else
		rs->missed++;
	spin_unlock(&rs->lock);
	if (missed)
		printk(KERN_WARNING "%s: %d callbacks suppressed", func, missed);
	return ok;
}
