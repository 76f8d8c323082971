/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every fixed limit of a node in one place. What an administrator may change lives in
 * struct vg_config (config.h), with these as defaults or ceilings.
 */
#ifndef VG_CORE_LIMITS_H
#define VG_CORE_LIMITS_H

enum vg_limit {
	/* ceilings of the HTTP parser; the configuration may only lower them */
	VG_REQUEST_LINE_MAX	= 4096,
	VG_HEADER_BYTES_MAX	= 16384,
	VG_HEADER_FIELDS_MAX	= 64,
	VG_PATH_PARAMS_MAX	= 4,
	VG_EXTRA_HEADERS_MAX	= 512,	/* bytes a handler may add to an answer's head */

	/* one-line commands */
	VG_LINE_MAX		= 4096,
	VG_LINE_ARGS_MAX	= 8,
	VG_METHOD_MAX		= 8,	/* bytes within which HTTP or line is decided */

	/* a connection's memory */
	VG_IN_MIN		= 4096,	/* input buffer of a quiet connection */
	VG_IN_MAX		= VG_REQUEST_LINE_MAX + VG_HEADER_BYTES_MAX + 4096,
	VG_OUT_MIN		= 2048,	/* output buffer of a quiet connection */
	VG_OUT_HIGH		= 61440,	/* no further request is begun above this, */
	VG_OUT_MAX		= 65536,	/* so that linear output never grows past this */
	VG_OUT_REFS		= 16,	/* answers sent by reference that may queue up */
	VG_COPY_MAX		= 2048,	/* smaller bodies are copied into the output */

	/* connections */
	VG_CONNECTIONS_MAX	= 65536,
	VG_REFUSE_MAX		= 256,	/* refused connections being told so at a time */
	VG_LINGER_MS		= 1000,	/* a closing connection drains its peer this long */
	VG_LINGER_BYTES		= 1 << 20,
	VG_TICK_MS		= 250,	/* how often a host calls vg_node_tick() */

	/* memory of core's own over all connections of a node: their number alone is no bound */
	VG_ANSWERS_MAX		= 64 << 20,	/* answers on their way to peers that read, or do not */
	VG_BODIES_MAX		= 64 << 20,	/* bodies on their way in */

	/* bodies */
	VG_VALUE_MAX		= 1 << 20,
	VG_BLOCK_MAX		= 16 << 20,
	VG_JSON_BODY_MAX	= 1 << 20,
	VG_JSON_TOKENS_MAX	= 8192,

	/* keys and signing */
	VG_KEYS_MAX		= 64,
	VG_KEY_ID_MAX		= 32,
	VG_KEY_SECRET_MIN	= 32,
	VG_KEY_SECRET_MAX	= 128,
	VG_KEY_PREFIXES_MAX	= 8,
	VG_KEY_FILE_MAX		= 65536,
	VG_SIGNED_HEADERS_MAX	= 16,

	/* runs */
	VG_HELPER_QUEUE_BYTES	= 128 << 20,	/* messages that wait for the helper */
	VG_EXEC_ALLOW_MAX	= 32,	/* entries of exec_allow */
	VG_EXEC_PATH_MAX	= 256,	/* bytes of one, its NUL included */

	/* this node's own calls to others */
	VG_CALLS_MAX		= 1024,	/* at a time */
	VG_CALL_FIELDS		= 10,	/* header fields of the caller's: all signed, with ours at most 16 */
	VG_CALL_IDLE_MAX	= 64,	/* connections kept, of which to one peer */
	VG_CALL_IDLE_PEER	= 8,
	VG_CALL_IDLE_MS		= 60000,	/* a node closes after 75 s: one near that age is not worth the risk */
	VG_CALL_CONNECT_MS	= 2000,
	VG_CALL_MS		= 30000,

	/* files a node reads */
	VG_CONF_FILE_MAX	= 65536,
	VG_VALUES_FILE_MAX	= 65536,

	/* services of one node */
	VG_SERVICES_MAX		= 8,
	VG_LISTENERS_MAX	= 16,	/* addresses of one service */
	VG_ADDRS_MAX		= 64,	/* entries of an address list */
	VG_DENY_MAX		= 256,
	VG_VALUES_MAX		= 512,
	VG_NAMES_MAX		= 16,
};

#endif
