// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where plugins lie, and which there are. Looks at names only; opens no file. Nothing of this runs
 * for a command that is built in.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/plugin.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

bool plugin_is_word(const char *word)
{
	return *word >= 'a' && *word <= 'z' && strlen(word) <= VIRGO_PLUGIN_NAME_MAX &&
	       !strchr(word, '_') && strspn(word, letters) == strlen(word);
}

bool plugin_is_program(const char *word)
{
	return *word && strlen(word) < CLI_NAME_MAX && strspn(word, letters) == strlen(word);
}

/* the i-th part of a list with colons: false past the last one; "" where it is empty or too long */
static bool part_at(const char *list, size_t i, char dir[PATH_MAX])
{
	size_t n;

	for (; list && i; i--) {
		list = strchr(list, ':');
		list = list ? list + 1 : NULL;
	}
	if (!list)
		return false;
	n = strcspn(list, ":");
	*dir = '\0';
	if (n < PATH_MAX - CLI_NAME_MAX)
		snprintf(dir, PATH_MAX, "%.*s", (int)n, list);
	return true;
}

static void data_dir(char dir[PATH_MAX])
{
	const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");

	*dir = '\0';
	if (data && *data == '/')
		snprintf(dir, PATH_MAX, "%.4000s/virgo/plugins", data);
	else if (home && *home == '/')
		snprintf(dir, PATH_MAX, "%.4000s/.local/share/virgo/plugins", home);
}

/* PREFIX/lib/virgo/plugins of an installation that was moved to another prefix; a build's own */
static void beside_dir(char dir[PATH_MAX])
{
	char own[PATH_MAX];
	size_t n;

	*dir = '\0';
	if (cli_own_dir(own, sizeof(own)))
		return;
	n = strlen(own);
	if (n >= 4 && !strcmp(own + n - 4, "/bin"))
		snprintf(dir, PATH_MAX, "%.*s/lib/virgo/plugins", (int)(n - 4), own);
	else
		snprintf(dir, PATH_MAX, "%.4000s/plugins", own);
	if (!strcmp(dir, VIRGO_LIBDIR "/virgo/plugins"))
		*dir = '\0';
}

bool plugin_dir_at(size_t i, char dir[PATH_MAX])
{
	const char *list = secure_getenv("VIRGO_PLUGIN_PATH");

	for (size_t n = 0; list && *list && n < PLUGIN_DIRS_MAX && part_at(list, n, dir); n++)
		if (!i--)
			return true;
	switch (i) {
	case 0:
		data_dir(dir);
		return true;
	case 1:
		beside_dir(dir);
		return true;
	case 2:
		snprintf(dir, PATH_MAX, "%s", VIRGO_LIBDIR "/virgo/plugins");
		return true;
	}
	return false;
}

void plugin_home(char dir[PATH_MAX])
{
	beside_dir(dir);
	if (!*dir)
		snprintf(dir, PATH_MAX, "%s", VIRGO_LIBDIR "/virgo/plugins");
}

static bool is_there(const char *dir, const char *word, bool object, char path[PATH_MAX])
{
	struct stat st;
	int n;

	if (!*dir)
		return false;
	n = snprintf(path, PATH_MAX, "%s/%s%s%s", dir, object ? "" : "virgo-", word,
		     object ? ".so" : "");
	if (n >= PATH_MAX || stat(path, &st))
		return false;
	return object || (S_ISREG(st.st_mode) && !access(path, X_OK));
}

bool plugin_find(const char *word, bool object, char path[PATH_MAX])
{
	char dir[PATH_MAX];
	size_t i;

	if (object ? !plugin_is_word(word) : !plugin_is_program(word))
		return false;
	for (i = 0; plugin_dir_at(i, dir); i++)
		if (is_there(dir, word, object, path))
			return true;
	for (i = 0; !object && i < PLUGIN_PATHS_MAX && part_at(getenv("PATH"), i, dir); i++)
		if (is_there(dir, word, object, path))
			return true;
	return false;
}

/* A search through all directories, each once. */
struct scan {
	int (*fn)(void *arg, const struct plugin_file *file);
	void *arg;
	int64_t until;		/* ms of the monotonic clock */
	unsigned int files;
	struct {
		dev_t dev;
		ino_t ino;
	} seen[PLUGIN_DIRS_MAX + PLUGIN_PATHS_MAX + 4];
	size_t nseen;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool first_time(struct scan *s, int fd)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st) || s->nseen == CLI_COUNT(s->seen))
		return false;
	for (i = 0; i < s->nseen; i++)
		if (s->seen[i].dev == st.st_dev && s->seen[i].ino == st.st_ino)
			return false;
	s->seen[s->nseen].dev = st.st_dev;
	s->seen[s->nseen++].ino = st.st_ino;
	return true;
}

static int scan_name(struct scan *s, const char *dir, bool plugins, const char *name)
{
	struct plugin_file file = { .dir = plugins };
	char word[256], path[PATH_MAX];
	size_t n = strlen(name);

	snprintf(word, sizeof(word), "%s", name);
	if (plugins && n > 3 && n < sizeof(word) && !strcmp(name + n - 3, ".so")) {
		word[n - 3] = '\0';
		file.object = true;
		snprintf(path, sizeof(path), "%.3800s/%.255s", dir, name);
	} else if (!strncmp(name, "virgo-", 6) && plugin_is_program(name + 6)) {
		memmove(word, word + 6, n - 5);
		if (!is_there(dir, word, false, path))
			return 0;
	} else {
		return 0;
	}
	file.word = word;
	file.path = path;
	return s->fn(s->arg, &file);
}

static int scan_dir(struct scan *s, const char *dir, bool plugins)
{
	const struct dirent *entry;
	DIR *d = *dir ? opendir(dir) : NULL;
	int ret = 0;

	if (!d)
		return 0;
	if (first_time(s, dirfd(d))) {
		while (!ret && (entry = readdir(d))) {
			ret = scan_name(s, dir, plugins, entry->d_name);
			if (++s->files >= PLUGIN_FILES_MAX ||
			    (!(s->files % 64) && now_ms() > s->until))
				ret = -1;
		}
	}
	closedir(d);
	return ret ? ret : now_ms() > s->until;
}

void plugin_scan(unsigned int ms, int (*fn)(void *arg, const struct plugin_file *file), void *arg)
{
	struct scan s = { .fn = fn, .arg = arg, .until = now_ms() + ms };
	char dir[PATH_MAX];
	size_t i;

	for (i = 0; plugin_dir_at(i, dir); i++)
		if (scan_dir(&s, dir, true))
			return;
	for (i = 0; i < PLUGIN_PATHS_MAX && part_at(getenv("PATH"), i, dir); i++)
		if (scan_dir(&s, dir, false))
			return;
}

struct words {
	struct plugin_word *all;
	size_t n;
};

static int add_word(void *arg, const struct plugin_file *file)
{
	struct words *w = arg;
	struct plugin_word *all;
	int used;

	if (file->object && !plugin_is_word(file->word))
		return 0;
	if (cli_find(1, &file->word, &used) || cli_is_group(file->word))
		return 0;
	if (!(w->n % 32)) {
		all = realloc(w->all, (w->n + 32) * sizeof(*all));
		if (!all)
			return -1;
		w->all = all;
	}
	snprintf(w->all[w->n].name, sizeof(w->all->name), "%s", file->word);
	w->all[w->n].object = file->object;
	return ++w->n == PLUGIN_WORDS_MAX;
}

/* objects go before programs of the same name, as they do when they are run */
static int by_name(const void *a, const void *b)
{
	const struct plugin_word *x = a, *y = b;
	int ret = strcmp(x->name, y->name);

	return ret ? ret : y->object - x->object;
}

size_t plugin_words(struct plugin_word **words)
{
	struct words w = { 0 };
	size_t i, n = 0;

	plugin_scan(PLUGIN_SCAN_MS, add_word, &w);
	if (w.n)
		qsort(w.all, w.n, sizeof(*w.all), by_name);
	for (i = 0; i < w.n; i++)
		if (!i || strcmp(w.all[i].name, w.all[n - 1].name))
			w.all[n++] = w.all[i];
	*words = w.all;
	return n;
}
