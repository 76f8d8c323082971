/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between a node and programs of its machine: the messages between a node and its helper
 * (virgo_kernelupcall_plugin), over /dev/virgo or, for virgod, a socket pair. Numbers are those of this
 * machine; nothing here ever crosses the network.
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

#endif
