// SPDX-License-Identifier: GPL-3.0-or-later
/* cd, pwd, umask, sleep: what deals with the machine around the shell. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shell/int.h"

/* --- directories --------------------------------------------------------------------------------- */

/* -L and -P; *i: the first word behind them. false: another option */
static bool take_road(int argc, const char *const *argv, int *i, bool *physical)
{
	*physical = false;
	for (*i = 1; *i < argc && argv[*i][0] == '-' && argv[*i][1]; ++*i) {
		if (!strcmp(argv[*i], "--")) {
			++*i;
			return true;
		}
		if (strcmp(argv[*i], "-L") && strcmp(argv[*i], "-P"))
			return false;
		*physical = argv[*i][1] == 'P';
	}
	return true;
}

/* from, then path, without . and .. and double slashes, as one reads it */
static void join(char *out, size_t size, const char *from, const char *path)
{
	const char *parts[2] = { *path == '/' ? "" : from, path }, *p, *end;
	size_t n = 0, len;
	int i;

	for (i = 0; i < 2; i++) {
		for (p = parts[i]; *p; p = *end ? end + 1 : end) {
			end = strchrnul(p, '/');
			len = (size_t)(end - p);
			if (!len || (len == 1 && *p == '.'))
				continue;
			if (len == 2 && p[0] == '.' && p[1] == '.') {
				while (n && out[--n] != '/')
					;
			} else if (n + len + 2 < size) {
				out[n++] = '/';
				memcpy(out + n, p, len);
				n += len;
			}
		}
	}
	if (!n)
		out[n++] = '/';
	out[n] = '\0';
}

static const char *here(struct sh *sh, char *buf, size_t size, bool physical)
{
	const char *pwd = sh_get(sh, "PWD");
	struct stat a, b;

	if (!physical && pwd && *pwd == '/' && !stat(pwd, &a) && !stat(".", &b) &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return pwd;
	return getcwd(buf, size);
}

int sh_b_cd(struct sh *sh, int argc, const char *const *argv)
{
	char now[PATH_MAX], to[PATH_MAX];
	const char *from, *dir;
	bool physical;
	int i;

	if (!take_road(argc, argv, &i, &physical) || argc > i + 1)
		return sh_usage(sh, argv);
	dir = i < argc ? argv[i] : sh_get(sh, "HOME");
	if (i < argc && !strcmp(dir, "-"))
		dir = sh_get(sh, "OLDPWD");
	if (!dir)
		return sh_complain(sh, argv, "%s is not set", i < argc ? "OLDPWD" : "HOME");
	from = here(sh, now, sizeof(now), physical);
	if (!from)
		from = "/";
	join(to, sizeof(to), from, dir);
	if (chdir(physical ? dir : to)) {
		sh_complain(sh, argv, "can't go to %.1000s: %s", dir, strerror(errno));
		return SH_ST_ERROR;
	}
	sh_var_set(sh, "OLDPWD", 6, from, strlen(from));
	if (physical && !getcwd(to, sizeof(to)))
		join(to, sizeof(to), from, dir);
	sh_var_set(sh, "PWD", 3, to, strlen(to));
	if (i < argc && !strcmp(argv[i], "-"))
		puts(to);
	return 0;
}

int sh_b_pwd(struct sh *sh, int argc, const char *const *argv)
{
	char buf[PATH_MAX];
	const char *dir;
	bool physical;
	int i;

	if (!take_road(argc, argv, &i, &physical))
		return sh_usage(sh, argv);
	dir = here(sh, buf, sizeof(buf), physical);
	if (!dir)
		return sh_complain(sh, argv, "%s", strerror(errno));
	puts(dir);
	return 0;
}

/* --- umask ------------------------------------------------------------------------------------------ */

static void show_umask(mode_t mask, bool letters)
{
	static const char who[] = "ugo";
	int i, bits;

	if (!letters) {
		printf("%04o\n", (unsigned int)mask);
		return;
	}
	for (i = 0; i < 3; i++) {
		bits = ~(int)mask >> (6 - 3 * i) & 7;
		printf("%s%c=%s%s%s", i ? "," : "", who[i], bits & 4 ? "r" : "",
		       bits & 2 ? "w" : "", bits & 1 ? "x" : "");
	}
	putchar('\n');
}

/* u, g, o and a at *p: their bits */
static mode_t who_bits(const char **p)
{
	mode_t bits = 0;

	for (; **p && strchr("ugoa", **p); ++*p)
		bits |= **p == 'u' ? 0700 : **p == 'g' ? 070 : **p == 'o' ? 07 : 0777;
	return bits ? bits : 0777;
}

/* "u=rwx,g-w": 0 and *mask changed, or -1 */
static int symbolic(const char *p, mode_t *mask)
{
	mode_t who, bits, allowed = ~*mask & 0777;
	char op;

	for (; *p; p += *p == ',') {
		who = who_bits(&p);
		op = *p++;
		if (!op || !strchr("=+-", op))
			return -1;
		for (bits = 0; *p && strchr("rwx", *p); p++)
			bits |= *p == 'r' ? 0444 : *p == 'w' ? 0222 : 0111;
		if (*p && *p != ',')
			return -1;
		bits &= who;
		allowed = op == '-' ? allowed & ~bits : op == '+' ? allowed | bits
			: (allowed & ~who) | bits;
	}
	*mask = ~allowed & 0777;
	return 0;
}

int sh_b_umask(struct sh *sh, int argc, const char *const *argv)
{
	bool letters = argc > 1 && !strcmp(argv[1], "-S");
	mode_t mask = umask(077);
	unsigned long n;
	const char *text;
	char *end;

	umask(mask);
	if (argc > 2 + letters)
		return sh_usage(sh, argv);
	if (argc == 1 + letters) {
		show_umask(mask, letters);
		return 0;
	}
	text = argv[1 + letters];
	n = strtoul(text, &end, 8);
	if (*text >= '0' && *text <= '7' && !*end && n <= 0777)
		mask = (mode_t)n;
	else if (symbolic(text, &mask))
		return sh_complain(sh, argv, "\"%.60s\" is no mode", text);
	umask(mask);
	return 0;
}

/* --- sleep -------------------------------------------------------------------------------------------- */

/* "5", "0.5", "500ms", "2m": nanoseconds, or -1 */
static int64_t duration(const char *text)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "m", 60e9 },
		{ "h", 3600e9 }, { "d", 86400e9 },
	};
	double n;
	char *end;
	size_t i;

	if (!*text || text[strspn(text, "0123456789.")] == *text)
		return -1;
	n = strtod(text, &end);
	for (i = 0; i < SH_COUNT(units); i++)
		if (!strcmp(end, units[i].unit) && n * units[i].ns < 9e18)
			return (int64_t)(n * units[i].ns);
	return -1;
}

int sh_b_sleep(struct sh *sh, int argc, const char *const *argv)
{
	struct timespec ts;
	int64_t ns = 0, n;
	int i;

	if (argc < 2)
		return sh_usage(sh, argv);
	for (i = 1; i < argc; i++) {
		n = duration(argv[i]);
		if (n < 0 || n > INT64_MAX - ns)
			return sh_complain(sh, argv, "\"%.60s\" is no time: 5, 0.5, 500ms, 2m, 1h",
					   argv[i]);
		ns += n;
	}
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	fflush(stdout);
	/* a signal that has a trap ends it, too, or the trap would have to wait */
	sh_await(sh, -1, &ts, false);
	for (i = 1; i < SH_SIGNALS; i++)
		if (sh->got[i])
			return SH_ST_SIGNAL + i;
	return sh->interrupted ? SH_ST_INTERRUPTED : 0;
}
