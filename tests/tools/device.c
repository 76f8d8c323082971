// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Calls by way of /dev/virgo as no library makes them: wrong structures, hostile pointers and sizes, signals in the middle.
 * Speaks the ioctls of uapi/virgo.h itself. Every mode prints what it saw, one line each; a check that fails
 * makes the exit status 1.
 *
 *	device call SERVICE METHOD TARGET [BODY [ROOM]]	the answer's status, node and body
 *	device stream SERVICE METHOD TARGET [BODY [BYTES]]	the same by read(), in pieces of BYTES
 *	device clone KIND NAME [ARG...]			what became of it
 *	device nodes					whom the kernel may ask
 *	device wrong					a table of what must be refused, and how
 *	device hostile ROUNDS SEED			random structures and pointers
 *	device signal SERVICE METHOD TARGET [BODY]	a signal after 300 ms must end the call with EINTR
 *	device hold					open it and wait for the end of standard input
 *	device helper MODE				attach as the helper; see helper_modes
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "uapi/virgo.h"

enum { ROOM = 64 << 10 };

/* the same for programs of 32 bits, whose 64-bit members need no more than 4 bytes' alignment */
#define AT(type, member, at) _Static_assert(offsetof(struct virgo_ioc_##type, member) == (at), #type "." #member)
AT(to, ip, 16);
AT(reply, address, 24);
AT(call, to, 32);
AT(call, body, 104);
AT(call, head_len, 168);
AT(call, reply, 184);
AT(malloc, id, 72);
AT(malloc, reply, 168);
AT(block, id, 48);
AT(block, done, 160);
AT(clone, strings, 48);
AT(clone, id, 152);
AT(clone, value, 232);
AT(clone, reply, 280);
AT(nodes, cluster, 48);
_Static_assert(sizeof(struct virgo_ioc_call) == 848 && sizeof(struct virgo_ioc_malloc) == 832 &&
	       sizeof(struct virgo_ioc_block) == 832 && sizeof(struct virgo_ioc_clone) == 944 &&
	       sizeof(struct virgo_ioc_node) == 96 && sizeof(struct virgo_ioc_nodes) == 176, "sizes");

static int failures;
static char big[VIRGO_IOC_BODY + 4096];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int dev_open(void)
{
	int fd = open(VIRGO_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(VIRGO_DEVICE);
	return fd;
}

static uint64_t ptr(const void *p)
{
	return (uintptr_t)p;
}

static uint32_t service_of(const char *name)
{
	static const char *const names[] = { "cpupool", "eventnet", "mempool", "control", "cloudfs", "queue" };

	for (uint32_t i = 0; i < 6; i++)
		if (!strcmp(name, names[i]))
			return i;
	return atoi(name);
}

static uint32_t method_of(const char *name)
{
	static const char *const names[] = { "GET", "HEAD", "PUT", "POST", "DELETE" };

	for (uint32_t i = 0; i < 5; i++)
		if (!strcmp(name, names[i]))
			return i;
	return atoi(name);
}

static const char *error_name(int err)
{
	return err ? strerrorname_np(err) : "0";
}

/* --- calls that are right ------------------------------------------------------------------------------ */

static struct virgo_ioc_call call_for(char **argv, int argc, char *out, size_t room)
{
	struct virgo_ioc_call c = {
		.size = sizeof(c), .abi = VIRGO_ABI, .service = service_of(argv[0]), .method = method_of(argv[1]),
		.target = ptr(argv[2]), .target_len = strlen(argv[2]), .out = ptr(out), .out_room = room,
		.timeout_ms = 60000, .connect_ms = 10000,
	};

	if (argc > 3) {
		c.body = ptr(argv[3]);
		c.body_len = strlen(argv[3]);
	}
	return c;
}

static void print_reply(int ret, const struct virgo_ioc_reply *r)
{
	printf("%s status %u node %u at %s flags %u", ret ? error_name(errno) : "ok", r->status, r->node,
	       r->address[0] ? r->address : "-", r->flags);
	if (r->problem[0])
		printf(" problem %s", r->problem);
	if (r->detail[0])
		printf(" detail %s", r->detail);
	putchar('\n');
}

static int mode_call(int argc, char **argv)
{
	size_t room = argc > 4 ? strtoul(argv[4], NULL, 0) : ROOM;
	char *out = calloc(1, room + 1), head[8192];
	struct virgo_ioc_call c = call_for(argv, argc, out, room);
	int fd = dev_open(), ret;

	c.head = ptr(head);
	c.head_room = sizeof(head);
	ret = ioctl(fd, VIRGO_IOC_CALL, &c);
	print_reply(ret, &c.reply);
	printf("head %u bytes, body %llu bytes\n", c.head_len, (unsigned long long)c.out_len);
	fwrite(out, 1, c.out_len, stdout);
	return 0;
}

static int mode_stream(int argc, char **argv)
{
	size_t step = argc > 4 ? strtoul(argv[4], NULL, 0) : ROOM, all = 0, reads = 0;
	struct virgo_ioc_call c = call_for(argv, argc, NULL, 0);
	static const char lines[] = "Accept: application/x-ndjson\r\n";
	int fd = dev_open(), ret;
	ssize_t n;

	c.flags = VIRGO_CALL_STREAM;
	c.headers = ptr(lines);
	c.headers_len = sizeof(lines) - 1;
	ret = ioctl(fd, VIRGO_IOC_CALL, &c);
	print_reply(ret, &c.reply);
	while (!ret && c.more && (n = read(fd, big, step)) > 0) {
		fwrite(big, 1, n, stdout);
		fflush(stdout);
		all += n;
		reads++;
	}
	if (!ret && c.more && n < 0)
		printf("read: %s\n", error_name(errno));
	printf("\nbody %zu bytes in %zu reads, more %u\n", all, reads, c.more);
	return 0;
}

static int mode_clone(int argc, char **argv)
{
	static char strings[65536], out[65536], err[65536];
	struct virgo_ioc_clone c = {
		.size = sizeof(c), .abi = VIRGO_ABI, .kind = atoi(argv[0]), .strings = ptr(strings),
		.nargs = argc - 2, .out = ptr(out), .out_room = sizeof(out), .err = ptr(err),
		.err_room = sizeof(err), .timeout_ms = 120000, .connect_ms = 10000,
	};
	int fd = dev_open(), ret;

	for (int i = 1; i < argc; i++) {
		strcpy(strings + c.strings_len, argv[i]);
		c.strings_len += strlen(argv[i]) + 1;
	}
	ret = ioctl(fd, VIRGO_IOC_CLONE, &c);
	print_reply(ret, &c.reply);
	printf("end %u exit %d signal %d value %lld flags %u out %llu/%llu err %llu/%llu\n", c.end, c.exit, c.signal,
	       (long long)c.value, c.flags, (unsigned long long)c.out_len, (unsigned long long)c.out_bytes,
	       (unsigned long long)c.err_len, (unsigned long long)c.err_bytes);
	fwrite(out, 1, c.out_len, stdout);
	fwrite(err, 1, c.err_len, stdout);
	return 0;
}

static int mode_nodes(int argc, char **argv)
{
	static struct virgo_ioc_node list[VIRGO_IOC_NODES_MAX];
	struct virgo_ioc_nodes n = {
		.size = sizeof(n), .abi = VIRGO_ABI, .list = ptr(list), .room = VIRGO_IOC_NODES_MAX,
	};

	if (ioctl(dev_open(), VIRGO_IOC_NODES, &n))
		die("VIRGO_IOC_NODES");
	printf("%u nodes, own %u, cluster %s, key %s\n", n.count, n.own, n.cluster, n.key);
	for (uint32_t i = 0; i < n.count; i++)
		printf("%s number %u flags %u\n", list[i].name, list[i].number, list[i].flags);
	return 0;
}

static int mode_hold(int argc, char **argv)
{
	int fd = dev_open();
	char byte;

	printf("open\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	close(fd);
	return 0;
}

static void on_signal(int sig)
{
}

static int mode_signal(int argc, char **argv)
{
	struct virgo_ioc_call c = call_for(argv, argc, big, ROOM);
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval in_300_ms = { .it_value.tv_usec = 300000 };
	struct timespec from, to;
	int fd = dev_open(), ret;

	/* even one that asks for system calls to go on: a call is never begun anew by itself */
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &in_300_ms, NULL);
	clock_gettime(CLOCK_MONOTONIC, &from);
	ret = ioctl(fd, VIRGO_IOC_CALL, &c);
	clock_gettime(CLOCK_MONOTONIC, &to);
	print_reply(ret, &c.reply);
	if (to.tv_sec - from.tv_sec > 15)
		printf("late: %ld s\n", (long)(to.tv_sec - from.tv_sec));
	return 0;
}

/* --- what must be refused ---------------------------------------------------------------------------------- */

static void expect(const char *what, int ret, int want)
{
	int got = ret ? errno : 0;

	if (got == want)
		return;
	failures++;
	printf("FAIL %s: %s instead of %s\n", what, error_name(got), error_name(want));
}

/* The page behind it cannot be read or written: @n bytes that end where it begins */
static void *at_edge(size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE), all = (n + page - 1) / page * page;
	char *p = mmap(NULL, all + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + all, page, PROT_NONE))
		die("mmap");
	return p + all - n;
}

static const char target[] = "/v1/mem/a";

static struct virgo_ioc_call good_call(void)
{
	return (struct virgo_ioc_call){
		.size = sizeof(struct virgo_ioc_call), .abi = VIRGO_ABI, .service = 2, .method = VIRGO_GET,
		.target = ptr(target), .target_len = sizeof(target) - 1, .out = ptr(big), .out_room = ROOM,
	};
}

static void try_call(int fd, const char *what, struct virgo_ioc_call c, int want)
{
	expect(what, ioctl(fd, VIRGO_IOC_CALL, &c), want);
}

#define CALL(what, want, change) do { struct virgo_ioc_call c = good_call(); change; try_call(fd, what, c, want); } while (0)

static void wrong_calls(int fd)
{
	static char headers[VIRGO_IOC_HEADERS + 1], many[] = "a: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\nf: 1\r\ng: 1\r\nh: 1\r\ni: 1\r\nj: 1\r\nk: 1\r\n";
	static const char *const bad[] = {
		"x", "x: y", "x: y\n", "x: y\r\n\r\n", ": y\r\n", "x y: z\r\n", "x: y\r\nx: z\r\n", "host: x\r\n", "X-Virgo-Date: x\r\n",
		"content-length: 5\r\n", "transfer-encoding: chunked\r\n", "x: y\r\n z\r\n", "authorization: x\r\n",
	};

	CALL("a good one", 0, (void)0);
	CALL("size", EINVAL, c.size++);
	CALL("size 0", EINVAL, c.size = 0);
	CALL("abi", EPROTONOSUPPORT, c.abi++);
	CALL("service", EINVAL, c.service = 6);
	CALL("method", EINVAL, c.method = 5);
	CALL("flags", EINVAL, c.flags = 8);
	CALL("flags of a stream", EINVAL, c.flags = 10);
	CALL("nothing that waits", EINVAL, c.flags = VIRGO_CALL_STREAM | VIRGO_CALL_RESUME);
	CALL("waiting for no stream", EINVAL, c.flags = VIRGO_CALL_RESUME);
	CALL("reserved0", EINVAL, c.reserved0 = 1);
	CALL("reserved", EINVAL, c.reserved[1] = 1);
	CALL("pick", EINVAL, c.to.pick = 4);
	CALL("balance", EINVAL, c.to.balance = 5);
	CALL("an address nobody asked for", EINVAL, c.to.ip[0] = 1);
	CALL("a port nobody asked for", EINVAL, c.to.port = 1);
	CALL("a number nobody asked for", EINVAL, c.to.number = 7);
	CALL("a family", EINVAL, (c.to.pick = VIRGO_PICK_NODE, c.to.family = 5));
	CALL("IPv4 and more", EINVAL, (c.to.pick = VIRGO_PICK_NODE, c.to.family = 4, c.to.ip[4] = 1));
	CALL("a node of others", ENOENT, (c.to.pick = VIRGO_PICK_NODE, c.to.family = 4, memcpy(c.to.ip, "\300\0\2\1", 4)));
	CALL("a number of others", ENOENT, (c.to.pick = VIRGO_PICK_NUMBER, c.to.number = 9999));
	CALL("no key to place", EINVAL, c.to.pick = VIRGO_PICK_KEY);
	CALL("no target", EINVAL, c.target_len = 0);
	CALL("a target that is not canonical", EINVAL, (c.target = ptr("/v1/mem/%2f"), c.target_len = 11));
	CALL("a target in two lines", EINVAL, (c.target = ptr("/v1\r\nX: y"), c.target_len = 9));
	CALL("too long a target", EMSGSIZE, (c.target = ptr(big), c.target_len = VIRGO_IOC_TARGET + 1));
	CALL("a target nowhere", EFAULT, c.target = 8);
	CALL("a target in the kernel", EFAULT, c.target = 0xffff888000000000ull);
	CALL("a target at the top", EFAULT, c.target = (uint64_t)-8);
	CALL("a target at an edge", EFAULT, (c.target = ptr(at_edge(4)), c.target_len = 5));
	CALL("too long a body", EMSGSIZE, (c.method = VIRGO_PUT, c.body = ptr(big), c.body_len = VIRGO_IOC_BODY + 1));
	CALL("a body longer than everything", EMSGSIZE, (c.method = VIRGO_PUT, c.body = ptr(big), c.body_len = (uint64_t)-1));
	CALL("a body nowhere", EFAULT, (c.method = VIRGO_PUT, c.body = 4096, c.body_len = 1));
	CALL("GET with a body", EINVAL, (c.body = ptr(big), c.body_len = 1));
	CALL("too long a key", EMSGSIZE, (c.key = ptr(big), c.key_len = VIRGO_IOC_KEY + 1));
	CALL("too many bytes of headers", EMSGSIZE, (c.headers = ptr(headers), c.headers_len = sizeof(headers)));
	CALL("too many headers", EINVAL, (c.headers = ptr(many), c.headers_len = sizeof(many) - 1));
	CALL("ten headers", 0, (c.headers = ptr(many), c.headers_len = 60));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CALL(bad[i], EINVAL, (c.headers = ptr(bad[i]), c.headers_len = strlen(bad[i])));
	CALL("no room for the head", EMSGSIZE, (c.head = ptr(big), c.head_room = 8));
	CALL("a head nowhere", EFAULT, (c.head = 4096, c.head_room = 4096));
	CALL("no room for the body", EMSGSIZE, (c.service = 3, c.target = ptr("/v1/node"), c.target_len = 8, c.out_room = 8));
	CALL("a body that goes nowhere", EFAULT, (c.service = 3, c.target = ptr("/v1/node"), c.target_len = 8, c.out = 4096));
	CALL("a body that goes over an edge", EFAULT, (c.service = 3, c.target = ptr("/v1/node"), c.target_len = 8, c.out = ptr(at_edge(8))));
}

#define BLOCK(what, cmd, want, change) do { \
	struct virgo_ioc_block b = { .size = sizeof(b), .abi = VIRGO_ABI, .id = "7-0-1", .data = ptr(big), .length = 4 }; \
	change; \
	expect(what, ioctl(fd, cmd, &b), want); \
} while (0)

static void wrong_blocks(int fd)
{
	struct virgo_ioc_malloc m = { .size = sizeof(m), .abi = VIRGO_ABI, .bytes = 16 }, n;

	n = m;
	n.size = 8;
	expect("malloc: size", ioctl(fd, VIRGO_IOC_MALLOC, &n), EINVAL);
	n = m;
	n.reserved[0] = 1;
	expect("malloc: reserved", ioctl(fd, VIRGO_IOC_MALLOC, &n), EINVAL);
	n = m;
	n.to.pick = VIRGO_PICK_KEY;
	expect("malloc: by key", ioctl(fd, VIRGO_IOC_MALLOC, &n), EINVAL);
	n = m;
	n.bytes = (uint64_t)-1;
	expect("malloc: everything", ioctl(fd, VIRGO_IOC_MALLOC, &n), EREMOTEIO);
	n = m;
	n.bytes = 0;
	expect("malloc: nothing", ioctl(fd, VIRGO_IOC_MALLOC, &n), EREMOTEIO);
	if (n.reply.status != 400 || strcmp(n.reply.problem, "mem.bad_request"))
		expect("malloc: what the node said", -1, 0);
	expect("malloc: structure nowhere", ioctl(fd, VIRGO_IOC_MALLOC, (void *)4096), EFAULT);
	expect("malloc: structure in the kernel", ioctl(fd, VIRGO_IOC_MALLOC, (void *)0xffff888000000000ull), EFAULT);
	BLOCK("get: no such block", VIRGO_IOC_GET, EREMOTEIO, (void)0);
	BLOCK("free: no such block", VIRGO_IOC_FREE, EREMOTEIO, (b.data = 0, b.length = 0));
	BLOCK("set: no such block", VIRGO_IOC_SET, EREMOTEIO, (void)0);
	BLOCK("get: a block of others", VIRGO_IOC_GET, ENOENT, strcpy(b.id, "999-0-1"));
	BLOCK("get: no id", VIRGO_IOC_GET, EINVAL, b.id[0] = 0);
	BLOCK("get: an id without end", VIRGO_IOC_GET, EINVAL, memset(b.id, '1', sizeof(b.id)));
	BLOCK("get: an id of other letters", VIRGO_IOC_GET, EINVAL, strcpy(b.id, "7-0-1/../x"));
	BLOCK("get: an id without node", VIRGO_IOC_GET, EINVAL, strcpy(b.id, "701"));
	BLOCK("get: flags", VIRGO_IOC_GET, EINVAL, b.flags = 2);
	BLOCK("set: flags", VIRGO_IOC_SET, EINVAL, b.flags = VIRGO_BLOCK_TO_END);
	BLOCK("get: reserved", VIRGO_IOC_GET, EINVAL, b.reserved0 = 1);
	BLOCK("set: too much", VIRGO_IOC_SET, EMSGSIZE, b.length = VIRGO_IOC_BODY + 1);
	BLOCK("set: data nowhere", VIRGO_IOC_SET, EFAULT, b.data = 4096);
	BLOCK("free: with data", VIRGO_IOC_FREE, EINVAL, (void)0);
	/* a block of one's own, to places that cannot be written */
	n = m;
	expect("malloc", ioctl(fd, VIRGO_IOC_MALLOC, &n), 0);
	BLOCK("get: to nowhere", VIRGO_IOC_GET, EFAULT, (strcpy(b.id, n.id), b.data = 4096));
	BLOCK("get: over an edge", VIRGO_IOC_GET, EFAULT, (strcpy(b.id, n.id), b.length = 16, b.data = ptr(at_edge(8))));
	BLOCK("get: beyond its end", VIRGO_IOC_GET, EREMOTEIO, (strcpy(b.id, n.id), b.offset = 13));
	BLOCK("get: beyond everything", VIRGO_IOC_GET, EREMOTEIO, (strcpy(b.id, n.id), b.offset = (uint64_t)-1, b.length = (uint64_t)-1));
	BLOCK("get: to its end, without room", VIRGO_IOC_GET, EMSGSIZE, (strcpy(b.id, n.id), b.flags = VIRGO_BLOCK_TO_END));
	BLOCK("get: to its end", VIRGO_IOC_GET, 0, (strcpy(b.id, n.id), b.flags = VIRGO_BLOCK_TO_END, b.length = 16));
	BLOCK("free", VIRGO_IOC_FREE, 0, (strcpy(b.id, n.id), b.data = 0, b.length = 0));
	BLOCK("free twice", VIRGO_IOC_FREE, EREMOTEIO, (strcpy(b.id, n.id), b.data = 0, b.length = 0));
}

#define CLONE(what, want, change) do { \
	struct virgo_ioc_clone c = { .size = sizeof(c), .abi = VIRGO_ABI, .strings = ptr("x\0y"), .strings_len = 4, .nargs = 1 }; \
	change; \
	expect(what, ioctl(fd, VIRGO_IOC_CLONE, &c), want); \
} while (0)

static void wrong_clones(int fd)
{
	CLONE("clone: not to be found", EREMOTEIO, (void)0);
	CLONE("clone: size", EINVAL, c.size--);
	CLONE("clone: kind", EINVAL, c.kind = 3);
	CLONE("clone: flags", EINVAL, c.flags = VIRGO_CLONE_TRUNCATED);
	CLONE("clone: reserved", EINVAL, c.reserved[0] = 1);
	CLONE("clone: priority", EINVAL, c.priority = 101);
	CLONE("clone: no strings", EINVAL, c.strings_len = 0);
	CLONE("clone: fewer strings", EINVAL, c.nargs = 2);
	CLONE("clone: more strings", EINVAL, c.nargs = 0);
	CLONE("clone: far fewer strings", EINVAL, c.nargs = 1024);
	CLONE("clone: too many", EINVAL, c.nargs = (uint32_t)-1);
	CLONE("clone: no NUL", EINVAL, c.strings_len = 3);
	CLONE("clone: an environment without =", EINVAL, (c.nargs = 0, c.nenv = 1));
	CLONE("clone: a name is missing there", EINVAL, (c.strings = ptr("x\0=y"), c.strings_len = 5, c.nargs = 0, c.nenv = 1));
	CLONE("clone: strings nowhere", EFAULT, c.strings = 4096);
	CLONE("clone: too long", EMSGSIZE, c.strings_len = VIRGO_RUN_STRINGS + 1);
	CLONE("clone: not UTF-8", EILSEQ, (c.strings = ptr("x\0\377"), c.strings_len = 4));
	CLONE("clone: too much input", EMSGSIZE, (c.input = ptr(big), c.input_len = (1 << 20) + 1));
	CLONE("clone: input nowhere", EFAULT, (c.input = 4096, c.input_len = 10));
}

static int mode_wrong(int argc, char **argv)
{
	uint32_t abi = VIRGO_ABI;
	struct virgo_ioc_nodes n = { .size = sizeof(n), .abi = VIRGO_ABI, .room = 1, .list = 4096 };
	int fd = dev_open(), ro = open(VIRGO_DEVICE, O_RDONLY | O_CLOEXEC);
	struct virgo_ioc_call c = good_call(), *at, *fixed;
	char byte;

	wrong_calls(fd);
	wrong_blocks(fd);
	wrong_clones(fd);
	expect("nodes nowhere", ioctl(fd, VIRGO_IOC_NODES, &n), EFAULT);
	n.room = 0;
	expect("room for no node", ioctl(fd, VIRGO_IOC_NODES, &n), 0);
	expect("another ioctl", ioctl(fd, _IOWR('V', 0x3f, uint32_t), &abi), ENOTTY);
	expect("another size", ioctl(fd, _IOWR('V', 0x06, uint32_t), &abi), ENOTTY);
	expect("a reader's call", ioctl(ro, VIRGO_IOC_CALL, &c), EBADF);
	expect("a reader's helper", ioctl(ro, VIRGO_IOC_HELPER, &abi), EBADF);
	expect("reading what was not asked", read(fd, &byte, 1) == 0 ? 0 : -1, 0);
	expect("writing", write(fd, "x", 1) < 0 ? -1 : 0, EINVAL);
	/* a structure whose last byte is at the edge is fine; one byte further it is not */
	at = at_edge(sizeof(c));
	*at = c;
	expect("a structure at an edge", ioctl(fd, VIRGO_IOC_CALL, at), 0);
	at = (void *)((char *)at + 8);
	expect("a structure over an edge", ioctl(fd, VIRGO_IOC_CALL, at), EFAULT);
	/* known before anything is done */
	fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*fixed = c;
	mprotect(fixed, 4096, PROT_READ);
	expect("a structure that cannot be written", ioctl(fd, VIRGO_IOC_CALL, fixed), EFAULT);
	printf("wrong: %s\n", failures ? "FAILED" : "all refused");
	return failures != 0;
}

/* --- random ones ---------------------------------------------------------------------------------------------- */

static uint64_t rng;

static uint64_t next(void)
{
	uint64_t x = rng += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint64_t hostile_number(void)
{
	static const uint64_t some[] = {
		0, 1, 7, 8, 4095, 4096, 65535, 65536, 1 << 20, 16 << 20, (16 << 20) + 1, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000ull, 0x7fffffffffffffffull, 0x8000000000000000ull, 0xffff888000000000ull, (uint64_t)-1, (uint64_t)-4096,
	};

	switch (next() % 4) {
	case 0:
		return some[next() % (sizeof(some) / sizeof(some[0]))];
	case 1:
		return ptr(big) + next() % sizeof(big);
	case 2:
		return next() % 64;
	default:
		return next() >> next() % 64;
	}
}

static int mode_hostile(int argc, char **argv)
{
	static const struct {
		unsigned long cmd;
		uint32_t size;
	} kinds[] = {
		{ VIRGO_IOC_CLONE, sizeof(struct virgo_ioc_clone) }, { VIRGO_IOC_MALLOC, sizeof(struct virgo_ioc_malloc) },
		{ VIRGO_IOC_SET, sizeof(struct virgo_ioc_block) }, { VIRGO_IOC_GET, sizeof(struct virgo_ioc_block) },
		{ VIRGO_IOC_FREE, sizeof(struct virgo_ioc_block) }, { VIRGO_IOC_CALL, sizeof(struct virgo_ioc_call) },
		{ VIRGO_IOC_NODES, sizeof(struct virgo_ioc_nodes) },
	};
	long rounds = atol(argv[0]), ok = 0;
	union {
		uint32_t u32[512];
		uint64_t u64[256];
	} s;
	int fd = dev_open();

	rng = strtoull(argv[1], NULL, 0);
	for (long i = 0; i < rounds; i++) {
		size_t k = next() % (sizeof(kinds) / sizeof(kinds[0])), n = kinds[k].size / 8;

		/* mostly zero and right, a few members of it hostile */
		memset(&s, 0, sizeof(s));
		for (uint64_t changes = next() % 6; changes; changes--)
			s.u64[1 + next() % (n - 1)] = hostile_number();
		for (uint64_t changes = next() % 4; changes; changes--)
			s.u32[2 + next() % (2 * n - 2)] = hostile_number();
		s.u32[0] = kinds[k].size;
		s.u32[1] = VIRGO_ABI;
		ok += !ioctl(fd, kinds[k].cmd, &s);
		if (next() % 16 == 0 && read(fd, big, next() % 4096) < 0)
			ok += 0;
	}
	printf("hostile: %ld rounds, %ld of them went well\n", rounds, ok);
	return 0;
}

/* --- a helper that does not behave -------------------------------------------------------------------------------- */

static int send_msg(int fd, uint16_t type, uint64_t run, const void *body, size_t n, int32_t wrong)
{
	char m[4096];
	struct virgo_msg head = { .len = sizeof(head) + n + wrong, .type = type, .run = run };

	memcpy(m, &head, sizeof(head));
	if (n)
		memcpy(m + sizeof(head), body, n);
	return write(fd, m, sizeof(head) + n) < 0 ? errno : 0;
}

static int attach(void)
{
	uint32_t abi = VIRGO_ABI;
	int fd = dev_open();

	if (ioctl(fd, VIRGO_IOC_HELPER, &abi)) {
		printf("attach: %s\n", error_name(errno));
		exit(1);
	}
	return fd;
}

/* what it does once it is attached; each prints what became of it */
static int mode_helper(int argc, char **argv)
{
	struct virgo_hello hello = { .abi = VIRGO_ABI, .pid = getpid() };
	const char *how = argv[0];
	uint32_t abi = VIRGO_ABI + 1;
	static char in[VIRGO_MSG_MAX];
	struct virgo_msg *m = (struct virgo_msg *)in;
	ssize_t n;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(how, "abi")) {
		fd = dev_open();
		expect("another abi", ioctl(fd, VIRGO_IOC_HELPER, &abi), EPROTONOSUPPORT);
		return failures;
	}
	fd = attach();
	printf("attached\n");
	fflush(stdout);
	if (!strcmp(how, "twice")) {
		abi = VIRGO_ABI;
		expect("attached already", ioctl(fd, VIRGO_IOC_HELPER, &abi), EINVAL);
		expect("by another file", ioctl(dev_open(), VIRGO_IOC_HELPER, &abi), EBUSY);
		return failures;
	}
	if (!strcmp(how, "nohello"))
		send_msg(fd, VIRGO_MSG_STARTED, 1, NULL, 0, 0);
	hello.abi += !strcmp(how, "hello-abi");
	send_msg(fd, VIRGO_MSG_HELLO, 0, &hello, sizeof(hello), 0);
	if (!strcmp(how, "hellos"))
		send_msg(fd, VIRGO_MSG_HELLO, 0, &hello, sizeof(hello), 0);
	if (!strcmp(how, "length"))
		send_msg(fd, VIRGO_MSG_STARTED, 1, "12345678", 8, 1);
	if (!strcmp(how, "short") && write(fd, "x", 1) < 0)
		printf("write: %s\n", error_name(errno));
	if (!strcmp(how, "long") && write(fd, big, VIRGO_MSG_MAX + 1) < 0)
		printf("write: %s\n", error_name(errno));
	/* strangers' runs, types that are none, ends cut short */
	if (!strcmp(how, "nonsense"))
		for (int i = 0; i < 300; i++)
			if (i != VIRGO_MSG_HELLO)
				send_msg(fd, i, next(), big, i % 64, 0);
	if (!strcmp(how, "stuck"))
		for (;;)
			pause();
	if (!strcmp(how, "small")) {
		n = read(fd, in, 8);
		printf("read: %s\n", n < 0 ? error_name(errno) : "?");
		n = read(fd, (void *)4096, 4096);
		printf("read: %s\n", n < 0 ? error_name(errno) : "?");
	}
	while ((n = read(fd, in, sizeof(in))) > 0) {
		printf("message %u of run %llu\n", m->type, (unsigned long long)m->run);
		fflush(stdout);
		if (m->type == VIRGO_MSG_BYE)
			return 0;
		if (m->type == VIRGO_MSG_RUN && !strcmp(how, "die"))
			_exit(3);
	}
	printf("read: %s\n", error_name(errno));
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
		int args;
	} modes[] = {
		{ "call", mode_call, 3 }, { "stream", mode_stream, 3 }, { "clone", mode_clone, 2 }, { "nodes", mode_nodes, 0 },
		{ "wrong", mode_wrong, 0 }, { "hostile", mode_hostile, 2 }, { "signal", mode_signal, 3 }, { "hold", mode_hold, 0 },
		{ "helper", mode_helper, 1 },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name) && argc - 2 >= modes[i].args)
			return modes[i].run(argc - 2, argv + 2);
	fprintf(stderr, "usage: device call|stream|clone|nodes|wrong|hostile|signal|hold|helper ...\n");
	return 2;
}
