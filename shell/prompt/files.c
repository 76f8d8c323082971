// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of files and of programs of this machine. Reads directories, runs nothing. */
#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/prompt/int.h"

enum { FILES_MAX = 10000 };

/* A directory to list: as opened, and as it stands in the candidates. */
struct place {
	char *dir;		/* "" is "." */
	char *shown;		/* up to the last slash, with it */
	const char *base;	/* what the names begin with */
	bool raw;		/* shown must stay as it is typed: it has a ~ or a $ */
};

static void place_free(struct place *p)
{
	free(p->dir);
	free(p->shown);
}

/* ~ and ~user of a word that begins so: malloc'd; NULL: no such user */
static char *home_of(const char *word, size_t len)
{
	const struct passwd *pw;
	char name[64];

	if (len == 1 && getenv("HOME"))
		return strdup(getenv("HOME"));
	snprintf(name, sizeof(name), "%.*s", (int)len - 1, word + 1);
	pw = len == 1 ? getpwuid(geteuid()) : getpwnam(name);
	return pw ? strdup(pw->pw_dir) : NULL;
}

/* the part that expands is all before the last slash, and has no quotes and no commands */
static int place_expanded(struct prompt *pr, struct place *p, const char *raw)
{
	const char *slash = strrchr(raw, '/');

	if (!slash || strpbrk(raw, "'\"`\\") || strstr(raw, "$(") || strchr(slash, '$'))
		return -1;
	p->shown = strndup(raw, (size_t)(slash + 1 - raw));
	p->dir = p->shown ? pr->host->expand(pr->host->arg, p->shown) : NULL;
	p->base = slash + 1;
	p->raw = true;
	return p->dir ? 0 : -1;
}

static int place_find(struct prompt *pr, struct place *p, const struct cut *cut, const char *raw)
{
	const char *word = cut->word, *slash = strrchr(word, '/');
	size_t n = strcspn(word, "/");
	char *home;

	if (cut->expands)
		return place_expanded(pr, p, raw);
	p->base = slash ? slash + 1 : word;
	p->shown = strndup(word, (size_t)(p->base - word));
	if (*raw != '~' || !slash) {
		p->dir = p->shown ? strdup(p->shown) : NULL;
		return p->dir ? 0 : -1;
	}
	home = home_of(word, n);
	if (!home || asprintf(&p->dir, "%s%.*s", home, (int)(slash + 1 - word - (long)n),
			      word + n) < 0)
		p->dir = NULL;
	free(home);
	p->raw = !strpbrk(raw, "'\"\\");
	return p->dir ? 0 : -1;
}

static bool is_dir(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN && e->d_type != DT_LNK)
		return e->d_type == DT_DIR;
	return !fstatat(dirfd, e->d_name, &st, 0) && S_ISDIR(st.st_mode);
}

static void add_entry(struct candidates *c, const struct place *p, const char *name, bool dir,
		      bool glob)
{
	struct candidate plain = { .word = (char *)name }, *cand;
	char *word, *quoted = p->raw ? cand_quote(&plain, 0, glob) : NULL;

	if (asprintf(&word, "%s%s%s", p->shown, quoted ? quoted : name, dir ? "/" : "") >= 0) {
		cand = cand_new(c, word, NULL);
		if (cand) {
			cand->raw = p->raw;
			cand->end = dir ? '\0' : ' ';
		}
		free(word);
	}
	free(quoted);
}

/* nothing that would do something to the terminal */
static bool shows(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 127)
			return false;
	return true;
}

void files_add(struct prompt *pr, const struct cut *cut, const char *raw, bool dirs,
	       struct candidates *c)
{
	struct place p = { 0 };
	struct dirent *e;
	DIR *dir = NULL;
	bool is;

	if (!place_find(pr, &p, cut, raw))
		dir = opendir(*p.dir ? p.dir : ".");
	while (dir && c->n < FILES_MAX && (e = readdir(dir))) {
		if (strncmp(e->d_name, p.base, strlen(p.base)) || !shows(e->d_name) ||
		    (*e->d_name == '.' && *p.base != '.') || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		is = is_dir(dirfd(dir), e);
		if (is || !dirs)
			add_entry(c, &p, e->d_name, is, cut->program || cut->kind == CUT_FILE);
	}
	if (dir)
		closedir(dir);
	c->files = c->files || c->n;
	place_free(&p);
}

static void programs_of(const char *dir, const struct cut *cut, struct candidates *c)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	while (d && c->n < FILES_MAX && (e = readdir(d))) {
		if (!strncmp(e->d_name, cut->word, strlen(cut->word)) &&
		    !faccessat(dirfd(d), e->d_name, X_OK, 0) &&
		    !fstatat(dirfd(d), e->d_name, &st, 0) && S_ISREG(st.st_mode))
			cand_add(c, cut, e->d_name, NULL);
	}
	if (d)
		closedir(d);
}

void programs_add(const struct cut *cut, struct candidates *c)
{
	const char *path = getenv("PATH"), *p;
	char dir[4096];
	size_t n;

	if (!*cut->word)
		return;
	for (p = path; p && *p; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		snprintf(dir, sizeof(dir), "%.*s", (int)n, p);
		if (n)
			programs_of(dir, cut, c);
	}
}
