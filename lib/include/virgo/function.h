/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Libraries of functions that nodes call (virgo exec --function).
 *
 * A library is a shared object NAME.so in the nodes' directory of functions
 * (/usr/lib/virgo/functions), which exec_allow must name. It includes this header and says once,
 * with VIRGO_FUNCTIONS(), which functions it has; no others can be called. Build it with
 *
 *	cc -shared -fPIC -o NAME.so NAME.c
 *
 *	static long upper(int argc, const char *const *argv)
 *	{
 *		int c;
 *
 *		while ((c = getchar()) != EOF)
 *			putchar(toupper(c));
 *		return 0;
 *	}
 *
 *	VIRGO_FUNCTIONS({ "upper", upper, "standard input in upper case" });
 *
 * A function is called as main() would be: argv[0] is its name, argv[1] to argv[argc - 1] its
 * arguments, argv[argc] is NULL. It reads standard input, writes standard output and standard error
 * (both are flushed when it returns), and what it returns is carried back to the caller. The run's
 * exit status is 0 if that is 0, else its lowest eight bits, or 1 if those are 0.
 *
 * It runs on a thread of VIRGO_FUNCTION_STACK bytes of stack, in a process of its own: with the
 * user, the environment, the limits and the time that a program would have. A crash, an exit() or a
 * loop without end is the end of that run only; after exit() the run's exit status is that of the
 * process. Other threads end when the function returns; destructors and atexit() are not run.
 *
 * The library is loaded as well when its functions are listed, as user nobody: what it does when it
 * is loaded should be little.
 */
#ifndef VIRGO_FUNCTION_H
#define VIRGO_FUNCTION_H

#ifdef __cplusplus
extern "C" {
#endif

enum {
	VIRGO_FUNCTION_ABI	= 1,
	VIRGO_FUNCTION_STACK	= 8 << 20,
	VIRGO_FUNCTIONS_MAX	= 256,	/* of one library */
};

typedef long virgo_function_fn(int argc, const char *const *argv);

struct virgo_function {
	const char *name;	/* letters, digits, '_', '-' and '.', at most 64 */
	virgo_function_fn *call;
	const char *summary;	/* one line, at most 200 bytes; may be NULL */
};

struct virgo_function_table {
	unsigned int abi;
	unsigned int count;
	const struct virgo_function *functions;
};

/* What the node looks for in a library. Use the macro. */
extern const struct virgo_function_table virgo_function_table;

#define VIRGO_FUNCTIONS(...)							\
	static const struct virgo_function virgo_functions_[] = { __VA_ARGS__ };	\
	__attribute__((visibility("default")))					\
	const struct virgo_function_table virgo_function_table = {		\
		VIRGO_FUNCTION_ABI,						\
		sizeof(virgo_functions_) / sizeof(virgo_functions_[0]),		\
		virgo_functions_						\
	}

#ifdef __cplusplus
}
#endif

#endif
