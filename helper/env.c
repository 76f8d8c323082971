// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See env.h. A list of programs that may be run says nothing if the environment makes one of them
 * run another: the loader's, the shells' and the interpreters' variables that do so must never get
 * through.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "helper/env.h"

/* names, or, with a star, beginnings of names */
static const char *const refused[] = {
	/* the loader and the C library */
	"LD_*", "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "MALLOC_TRACE",
	"HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_*", "TERMCAP", "TERMINFO",
	"TERMINFO_DIRS",
	/* shells */
	"BASH_ENV", "BASH_FUNC_*", "BASHOPTS", "SHELLOPTS", "BASH_LOADABLES_PATH", "ENV", "PS4",
	"PROMPT_COMMAND", "IFS", "CDPATH", "GLOBIGNORE", "FPATH", "ZDOTDIR", "NULLCMD",
	"READNULLCMD",
	/* interpreters */
	"PERL5*", "PERLLIB", "PERLIO_DEBUG", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP",
	"PYTHONINSPECT", "PYTHONUSERBASE", "PYTHONBREAKPOINT", "PYTHONEXECUTABLE", "PYTHONWARNINGS",
	"PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX", "RUBYOPT", "RUBYLIB", "RUBYSHELL",
	"NODE_OPTIONS",
	"NODE_PATH", "LUA_*", "TCLLIBPATH", "AWKPATH", "AWKLIBPATH", "JAVA_TOOL_OPTIONS",
	"JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "R_PROFILE*", "R_ENVIRON*", "GUILE_*",
	/* programs that run what a variable says */
	"GIT_*", "LESSOPEN", "LESSCLOSE", "OPENSSL_*", "MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS",
	"MAKEFILES",
};

static bool matches(const char *pattern, const char *name, size_t n)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return n >= len - 1 && !strncmp(pattern, name, len - 1);
	return n == len && !strncmp(pattern, name, n);
}

static bool is_refused(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (matches(refused[i], name, n))
			return true;
	/* a function that old shells take over */
	return !strncmp(name + n, "=()", 3);
}

static int check(const char *entry, struct fault *f)
{
	size_t n = strcspn(entry, "=");

	if (!n || !entry[n])
		return fault_set(f, VIRGO_END_FAILED, EINVAL,
				 "environment: \"%.80s\" is not of the form NAME=value", entry);
	if (is_refused(entry, n))
		return fault_set(f, VIRGO_END_NOT_ALLOWED, EPERM,
				 "environment variable \"%.*s\" is not let through: it makes programs run others",
				 n < 80 ? (int)n : 80, entry);
	return 0;
}

static bool has(char **env, size_t n, const char *entry)
{
	size_t len = strcspn(entry, "=") + 1, i;

	for (i = 0; i < n; i++)
		if (!strncmp(env[i], entry, len))
			return true;
	return false;
}

enum { BASE = 6, ENV_MAX = 1024 };

/* HOME, USER and LOGNAME, which are made up; they live behind the pointers. */
static char *made_up(char **env, size_t slots, const char *user, const char *home, size_t room)
{
	char *at = (char *)(env + slots);
	int n = snprintf(at, room, "HOME=%s%cUSER=%s%cLOGNAME=%s", home, 0, user, 0, user);

	return n > 0 && (size_t)n < room ? at : NULL;
}

char **env_build(const struct strings *sent, const char *user, const char *home, struct fault *f)
{
	static const char *const fixed[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "SHELL=/bin/sh", "LANG=C.UTF-8",
	};
	size_t slots = sent->n + BASE + 1, room = strlen(home) + 2 * strlen(user) + 32, n = 0, i;
	const char *at = sent->first;
	char **env, *own;

	if (sent->n > ENV_MAX) {
		fault_set(f, VIRGO_END_FAILED, E2BIG, "environment: more than %d variables",
			  ENV_MAX);
		return NULL;
	}
	env = calloc(1, slots * sizeof(*env) + room);
	own = env ? made_up(env, slots, user, home, room) : NULL;
	if (!own) {
		free(env);
		fault_set(f, VIRGO_END_FAILED, ENOMEM, "no memory for the environment");
		return NULL;
	}
	for (i = 0; i < sent->n; i++, at = strings_next(at)) {
		if (check(at, f)) {
			free(env);
			return NULL;
		}
		/* the node's own come before its client's: the first one counts */
		if (!has(env, n, at))
			env[n++] = (char *)at;
	}
	for (i = 0; i < 3; i++)
		if (!has(env, n, fixed[i]))
			env[n++] = (char *)fixed[i];
	for (i = 0; i < 3; i++, own = (char *)strings_next(own))
		if (!has(env, n, own))
			env[n++] = own;
	return env;
}

void env_free(char **env)
{
	free(env);
}
