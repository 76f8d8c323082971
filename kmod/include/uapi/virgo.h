/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between a node and programs of its machine: the calls a program makes by way of /dev/virgo, and
 * the messages between a node and its helper (virgo_kernelupcall_plugin), over /dev/virgo or, for virgod, a
 * socket pair. Numbers are those of this machine; nothing here ever crosses the network.
 */
#ifndef UAPI_VIRGO_H
#define UAPI_VIRGO_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VIRGO_DEVICE	"/dev/virgo"
#define VIRGO_ABI	1	/* of all that follows; another number is refused */

/* On an open VIRGO_DEVICE: be the node's helper, the ABI pointed to being what is spoken. */
#define VIRGO_IOC_HELPER	_IOW('V', 0x40, __u32)

/*
 * --- the helper ---------------------------------------------------------------------------------
 *
 * One read() gives one message and one write() takes one, whole. (The socket pair of virgod is
 * SOCK_SEQPACKET and inherited as descriptor 3.) A message is a struct virgo_msg and what its type says
 * behind it; len counts both. Either side ends the conversation when the other breaks these rules.
 *
 *	node -> helper				helper -> node
 *						HELLO once, first
 *	RUN					STARTED, OUTPUT …, ENDED; or ENDED alone, if it could not start
 *	STDIN … (flag EOF on the last; at most 1 MiB may wait for the program to read it)
 *	KILL					(ENDED comes as for any other end)
 *	LIST					LISTED … with its number (flag MORE on all but the last)
 *	BYE: end all runs, then yourself
 */
enum virgo_msg_limit {
	VIRGO_MSG_MAX		= 128 << 10,	/* bytes of a message, its head included */
	VIRGO_MSG_DATA		= 32 << 10,	/* bytes of an OUTPUT or STDIN message's data at the most */
	VIRGO_RUN_STRINGS	= 96 << 10,	/* bytes of a RUN message's strings, NULs included */
};

enum virgo_msg_type {
	VIRGO_MSG_RUN		= 1,	/* struct virgo_run */
	VIRGO_MSG_STDIN		= 2,	/* bytes */
	VIRGO_MSG_KILL		= 3,	/* struct virgo_kill */
	VIRGO_MSG_LIST		= 4,	/* strings: exec_allow */
	VIRGO_MSG_BYE		= 5,
	VIRGO_MSG_HELLO		= 64,	/* struct virgo_hello */
	VIRGO_MSG_STARTED	= 65,	/* struct virgo_started */
	VIRGO_MSG_OUTPUT	= 66,	/* bytes; flag STDERR */
	VIRGO_MSG_ENDED		= 67,	/* struct virgo_ended, then a sentence without NUL (may be empty) */
	VIRGO_MSG_LISTED	= 68,	/* strings in pairs: "library:function", its summary */
};

enum virgo_msg_flag {
	VIRGO_MSGF_EOF		= 1 << 0,
	VIRGO_MSGF_STDERR	= 1 << 1,
	VIRGO_MSGF_MORE		= 1 << 2,
};

struct virgo_msg {
	__u32 len;
	__u16 type;
	__u16 flags;
	__u64 run;		/* whose; 0 where no run is meant */
};

enum virgo_run_kind {
	VIRGO_RUN_PROGRAM	= 1,
	VIRGO_RUN_FUNCTION	= 2,
};

/*
 * Limits of 0 mean: as the helper has it. Behind it stand strings, each with its NUL:
 * name, user, group ("" that user's), cwd, then nargs arguments (without the name), nenv of the form
 * NAME=value, nallow entries of exec_allow.
 *
 * Where the helper is root, user must be named, and is root only by the name "root"; elsewhere every run
 * is the helper's own user, and user and group are ignored.
 *
 * Of variables of one name the first counts: what the node sets comes before what its client asks for.
 * Those that make programs run other code (LD_PRELOAD, BASH_ENV …) end the run as NOT_ALLOWED.
 */
struct virgo_run {
	__u32 kind;
	__u32 umask;
	__u64 timeout_ms;	/* then TERM to all of it, KILL after grace_ms */
	__u64 grace_ms;
	__u64 output_max;	/* bytes kept of each of stdout and stderr (0: 1 MiB); the rest is counted */
	__u64 cpu_s;		/* RLIMIT_CPU */
	__u64 memory;		/* RLIMIT_AS, bytes */
	__u64 file_size;	/* RLIMIT_FSIZE, bytes */
	__u32 files;		/* RLIMIT_NOFILE */
	__u32 processes;	/* pids.max; without control groups RLIMIT_NPROC, which bounds it loosely */
	__u32 nargs;
	__u32 nenv;
	__u32 nallow;
	__u32 stdin_follows;	/* else it reads /dev/null */
};

enum virgo_end_why {
	VIRGO_END_EXITED	= 1,	/* exit is its status, value a function's return value */
	VIRGO_END_SIGNAL	= 2,	/* signal ended it, sent by nobody here */
	VIRGO_END_TIMEOUT	= 3,
	VIRGO_END_CANCELLED	= 4,
	VIRGO_END_NOT_FOUND	= 5,	/* could not start: no such file, library or function */
	VIRGO_END_NOT_ALLOWED	= 6,	/* not on the list it came with */
	VIRGO_END_FAILED	= 7,	/* could not start for another reason: errno_, and the sentence */
};

struct virgo_kill {
	__u32 why;		/* VIRGO_END_CANCELLED or VIRGO_END_TIMEOUT */
	__u32 now;		/* KILL at once, no grace */
};

struct virgo_hello {
	__u32 abi;		/* VIRGO_ABI */
	__u32 pid;
};

struct virgo_started {
	__u32 pid;		/* 0: its supervisor was killed before it could say */
	__u32 reserved;
};

struct virgo_ended {
	__u32 why;
	__s32 exit;		/* 0-255, -1: it did not exit. One that is told to end may still exit */
	__s32 signal;		/* 0: none */
	__s32 errno_;
	__s64 value;
	__u64 us;		/* from start to the end of the last of its processes we waited for */
	__u64 out_bytes;	/* all that came, kept or not */
	__u64 err_bytes;
};

/*
 * --- calls --------------------------------------------------------------------------------------
 *
 * The kernel's node asks a node of its configuration (or itself), signed with its client_key: whoever may open
 * VIRGO_DEVICE acts with that key's rights. libvirgo uses these with "via syscall", and any program may.
 *
 * A structure begins with its own size and VIRGO_ABI; it is read once, and written back with what is said to be filled.
 * reserved members and unknown flags are 0. Pointers are 64 bits wide, the layout is the same for programs of 32 bits.
 *
 *	0		done. CALL: there is an answer, whatever its status
 *	EREMOTEIO	the node refused: reply.status, problem, detail
 *	EFAULT EINVAL EPROTONOSUPPORT ENOMEM EBADF	nothing was done, nothing is filled
 *	ENOENT		no such node: not in "nodes" of virgo_cloud.conf
 *	EILSEQ		a string that is to be UTF-8 is not
 *	ECONNREFUSED EHOSTUNREACH ETIMEDOUT …	no connection, or (reply.flags) no whole answer
 *	EINTR		a signal came; a call is never begun anew by itself
 *	ECANCELED	by VIRGO_IOC_CANCEL
 *	EMSGSIZE	the answer is larger than there is room for
 *	EPROTO		what answered is no node
 *	ENOKEY		client_key names no key
 *	EBUSY		too many calls are under way
 */
enum virgo_ioc_limit {
	VIRGO_IOC_TARGET	= 4096,		/* bytes of a target */
	VIRGO_IOC_HEADERS	= 8 << 10,	/* of header lines given */
	VIRGO_IOC_BODY		= 16 << 20,	/* of a body */
	VIRGO_IOC_ANSWER	= 64 << 20,	/* of a clone's answer, as JSON */
	VIRGO_IOC_KEY		= 1024,
	VIRGO_IOC_TEXT		= 64,		/* of an id, a name, an address, a problem's code, NUL included */
	VIRGO_IOC_DETAIL	= 512,
	VIRGO_IOC_NODES_MAX	= 65,		/* nodes of a kernel */
};

enum virgo_ioc_pick {
	VIRGO_PICK_ANY		= 0,	/* whom the balancer picks; of a block: the node in its id */
	VIRGO_PICK_NODE		= 1,	/* the one with this address, and port if it is listed with one */
	VIRGO_PICK_KEY		= 2,	/* CALL: where the key is placed */
	VIRGO_PICK_NUMBER	= 3,	/* the one with this number */
};

enum virgo_ioc_balance {
	VIRGO_BALANCE_LEAST_LOADED	= 0,
	VIRGO_BALANCE_TWO_CHOICES	= 1,
	VIRGO_BALANCE_PRG		= 2,
	VIRGO_BALANCE_HASH		= 3,
	VIRGO_BALANCE_PREDICTED		= 4,
};

/* to which node */
struct virgo_ioc_to {
	__u32 pick;		/* enum virgo_ioc_pick */
	__u32 balance;		/* enum virgo_ioc_balance, for ANY */
	__u32 number;
	__u16 family;		/* 4, 6; 0 unless pick is NODE */
	__u16 port;		/* host byte order; 0: none */
	__u8 ip[16];		/* IPv4: the first 4, the rest 0 */
};

enum virgo_ioc_reply_flag {
	VIRGO_REPLY_CONNECTED	= 1 << 0,	/* there was a connection */
	VIRGO_REPLY_MAYBE_DONE	= 1 << 1,	/* it failed, and yet may have been done */
	VIRGO_REPLY_WAITS	= 1 << 2,	/* CALL with STREAM, EINTR: see VIRGO_CALL_RESUME */
};

/* filled: who answered, and how */
struct virgo_ioc_reply {
	__u32 status;		/* HTTP status; 0: no answer */
	__u32 node;		/* number of the node, 0: it did not say */
	__u32 flags;		/* enum virgo_ioc_reply_flag */
	__u32 retry_after_s;	/* of a refusal, 0: none said */
	__u64 us;		/* from the beginning of the last try to its end */
	char address[VIRGO_IOC_TEXT];	/* of the one tried last, with port; "": nobody was tried */
	char problem[VIRGO_IOC_TEXT];	/* code of a refusal, as exec.busy */
	char detail[VIRGO_IOC_DETAIL];	/* of a refusal; or why there is no answer; CLONE: what the node has to add */
};

/* --- VIRGO_IOC_CALL: any request --- */

enum virgo_ioc_method {
	VIRGO_GET	= 0,
	VIRGO_HEAD	= 1,
	VIRGO_PUT	= 2,
	VIRGO_POST	= 3,
	VIRGO_DELETE	= 4,
};

enum virgo_ioc_call_flag {
	VIRGO_CALL_UNSIGNED	= 1 << 0,	/* for GET /healthz */
	/*
	 * Return when the head and what came with it are there. With more set, the rest is for read() on the same
	 * descriptor, 0 at the end; until then the file is this call's, and a further call, or close(), gives it up.
	 */
	VIRGO_CALL_STREAM	= 1 << 1,
	/*
	 * With STREAM, after EINTR with VIRGO_REPLY_WAITS: the request is out, go on waiting for its answer. Nothing
	 * is sent; only where the answer is to go is looked at. EINVAL: nothing waits.
	 */
	VIRGO_CALL_RESUME	= 1 << 2,
};

struct virgo_ioc_call {
	__u32 size, abi;
	__u32 service;		/* 0 cpupool, 1 eventnet, 2 mempool, 3 control, 4 cloudfs, 5 queue */
	__u32 method;		/* enum virgo_ioc_method */
	__u32 flags;		/* enum virgo_ioc_call_flag */
	__u32 timeout_ms;	/* all of it; 0: 30 s */
	__u32 connect_ms;	/* a connection; 0: 2 s */
	__u32 target_len;
	struct virgo_ioc_to to;
	__u64 target;		/* path and query, canonical */
	__u64 headers;		/* lines "name: value" with CRLF, at most 10 */
	__u32 headers_len;
	__u32 key_len;
	__u64 key;		/* KEY, HASH: what is placed; PREDICTED: the function's name */
	__u64 arg_bytes;	/* PREDICTED */
	__u64 body;
	__u64 body_len;
	__u64 head;		/* header lines of the answer go here; 0: not wanted */
	__u64 out;		/* its body */
	__u64 out_room;
	__u32 head_room;
	__u32 reserved0;
	__u64 reserved[2];
	/* filled */
	__u32 head_len;
	__u32 more;
	__u64 out_len;
	struct virgo_ioc_reply reply;
};

/* --- VIRGO_IOC_MALLOC: a block of memory on some node --- */

struct virgo_ioc_malloc {
	__u32 size, abi;
	__u64 bytes;
	struct virgo_ioc_to to;
	__u32 timeout_ms;
	__u32 connect_ms;
	__u64 reserved[2];
	/* filled */
	char id[VIRGO_IOC_TEXT];
	struct virgo_ioc_to at;	/* the node it is on: pick NODE, its address, its number */
	struct virgo_ioc_reply reply;
};

/* --- VIRGO_IOC_SET, _GET, _FREE: its bytes, and its end --- */

enum virgo_ioc_block_flag {
	VIRGO_BLOCK_TO_END	= 1 << 0,	/* GET: to the block's end; length is the room for it */
};

struct virgo_ioc_block {
	__u32 size, abi;
	__u32 flags;		/* enum virgo_ioc_block_flag */
	__u32 reserved0;
	struct virgo_ioc_to to;
	char id[VIRGO_IOC_TEXT];
	__u64 offset;
	__u64 length;
	__u64 data;
	__u32 timeout_ms;
	__u32 connect_ms;
	__u64 reserved[2];
	/* filled */
	__u64 done;		/* bytes read or written; EMSGSIZE: how many there are */
	struct virgo_ioc_reply reply;
};

/* --- VIRGO_IOC_CLONE: a program, function or kernel function, and what became of it --- */

enum virgo_ioc_kind {
	VIRGO_CLONE_PROGRAM	= 0,
	VIRGO_CLONE_FUNCTION	= 1,
	VIRGO_CLONE_KERNEL	= 2,
};

enum virgo_ioc_end {
	VIRGO_CLONE_EXITED	= 1,
	VIRGO_CLONE_KILLED	= 2,
	VIRGO_CLONE_TIMEOUT	= 3,
	VIRGO_CLONE_CANCELLED	= 4,
	VIRGO_CLONE_LOST	= 5,	/* with the node's helper; nobody knows what became of it */
};

enum virgo_ioc_clone_flag {
	VIRGO_CLONE_HAS_CWD	= 1 << 0,	/* given */
	VIRGO_CLONE_TRUNCATED	= 1 << 8,	/* filled: there was more output than was kept, or than there is room for */
	VIRGO_CLONE_HAS_VALUE	= 1 << 9,	/* filled */
};

struct virgo_ioc_clone {
	__u32 size, abi;
	__u32 kind;		/* enum virgo_ioc_kind */
	__u32 flags;
	struct virgo_ioc_to to;
	__u64 strings;		/* name, cwd (with HAS_CWD), nargs arguments, nenv NAME=value: UTF-8, each with its NUL */
	__u32 strings_len;
	__u32 nargs;
	__u32 nenv;
	__s32 priority;		/* -100 to 100 */
	__u64 input;		/* standard input */
	__u64 input_len;
	__u64 run_ms;		/* how long it may run; 0: as long as the node lets it */
	__u32 timeout_ms;	/* for all of it; 0: none but the node's */
	__u32 connect_ms;
	__u64 out, out_room;	/* its standard output goes here */
	__u64 err, err_room;
	__u64 reserved[2];
	/* filled */
	char id[VIRGO_IOC_TEXT];
	__u32 end;		/* enum virgo_ioc_end */
	__s32 exit;		/* 0 to 255, -1: it did not exit */
	__s32 signal;
	__u32 reserved1;
	__s64 value;		/* with HAS_VALUE: a function's */
	__u64 run_us;
	__u64 out_len, err_len;	/* bytes put */
	__u64 out_bytes, err_bytes;	/* bytes it wrote */
	struct virgo_ioc_reply reply;
};

/* --- VIRGO_IOC_NODES: whom the kernel may ask --- */

enum virgo_ioc_node_flag {
	VIRGO_NODE_OWN		= 1 << 0,	/* this one */
	VIRGO_NODE_DOWN		= 1 << 1,	/* found dead, and left out for a while */
	VIRGO_NODE_DEGRADED	= 1 << 2,
};

struct virgo_ioc_node {
	char name[VIRGO_IOC_TEXT];	/* what placement goes by: address, and port if it is listed with one */
	__u32 number;		/* 0: not known yet */
	__u32 flags;		/* enum virgo_ioc_node_flag */
	__u16 family;
	__u16 port;
	__u32 reserved;
	__u8 ip[16];
};

struct virgo_ioc_nodes {
	__u32 size, abi;
	__u64 list;		/* of struct virgo_ioc_node */
	__u32 room;		/* how many fit */
	__u32 reserved0;
	__u64 reserved[2];
	/* filled */
	__u32 count;		/* how many there are */
	__u32 own;		/* this node's number */
	char cluster[VIRGO_IOC_TEXT];
	char key[VIRGO_IOC_TEXT];	/* id of client_key; "": calls are not signed */
};

#define VIRGO_IOC_CLONE		_IOWR('V', 0x01, struct virgo_ioc_clone)
#define VIRGO_IOC_MALLOC	_IOWR('V', 0x02, struct virgo_ioc_malloc)
#define VIRGO_IOC_SET		_IOWR('V', 0x03, struct virgo_ioc_block)
#define VIRGO_IOC_GET		_IOWR('V', 0x04, struct virgo_ioc_block)
#define VIRGO_IOC_FREE		_IOWR('V', 0x05, struct virgo_ioc_block)
#define VIRGO_IOC_CALL		_IOWR('V', 0x06, struct virgo_ioc_call)
#define VIRGO_IOC_NODES		_IOWR('V', 0x07, struct virgo_ioc_nodes)
/* Points to 1: calls on this descriptor, under way and to come, end with ECANCELED, in a moment; 0: no more. */
#define VIRGO_IOC_CANCEL	_IOW('V', 0x08, __u32)

#endif
