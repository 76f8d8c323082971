// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Plugins loaded: when a word is asked for that is not in the table, and never before. What is loaded
 * stays until the process ends, because its strings and functions are in use.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plugin.h"

static struct plugin *loaded;	/* in the order of loading */

const struct plugin *plugin_loaded(const char *word)
{
	const struct plugin *p;

	for (p = loaded; p; p = p->next)
		if (!strcmp(p->about.name, word))
			return p;
	return NULL;
}

const struct plugin *plugin_of(const struct cli_command *cmd, size_t *index)
{
	const struct plugin *p;
	size_t i;

	for (p = loaded; p; p = p->next) {
		for (i = 0; i < p->ncommands; i++) {
			if (cmd != &p->rows[i])
				continue;
			*index = i;
			return p;
		}
	}
	return NULL;
}

const struct cli_group *cli_plugin_group(size_t i)
{
	const struct plugin *p;

	for (p = loaded; p && i; i--)
		p = p->next;
	return p ? &p->group : NULL;
}

void plugin_close(struct plugin *p)
{
	if (!p)
		return;
	plugin_check_free(p);
	free(p->path);
	if (p->handle)
		dlclose(p->handle);
	free(p);
}

/* the loader's sentence, less the path it begins with */
static void say_unloadable(const char *path, struct virgo_error *err)
{
	const char *why = dlerror();
	size_t n = strlen(path);

	why = why ? why : "no reason given";
	if (!strncmp(why, path, n) && !strncmp(why + n, ": ", 2))
		why += n + 2;
	virgo_error_set(err, VIRGO_FAILED, "plugin %s can't be loaded: %s", path, why);
	n = strcspn(why, ":");
	if (strstr(why, ": cannot open shared object file"))
		virgo_error_hint(err, "install the package that has %.*s", (int)n, why);
}

struct plugin *plugin_open(const char *word, const char *path, struct virgo_error *err)
{
	const struct virgo_plugin *from;
	struct plugin *p;

	if (!plugin_trusted(path, err) || !plugin_is_whole(path, err))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (p)
		p->path = strdup(path);
	if (!p || !p->path) {
		virgo_error_set(err, VIRGO_FAILED, "out of memory");
		goto fail;
	}
	p->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p->handle) {
		say_unloadable(path, err);
		goto fail;
	}
	from = dlsym(p->handle, "virgo_plugin");
	if (!from) {
		virgo_error_set(err, VIRGO_FAILED,
				"%s is no plugin: it has no descriptor virgo_plugin", path);
		virgo_error_hint(err, "virgo-plugin(7) says what a plugin is");
		goto fail;
	}
	if (!plugin_check(p, word, from, err))
		return p;
fail:
	plugin_close(p);
	return NULL;
}

/* plugins that are built and installed with virgo */
static const char *const bundled[] = { VIRGO_PLUGINS };

static bool is_bundled(const char *word)
{
	size_t i;

	for (i = 0; i < CLI_COUNT(bundled); i++)
		if (!strcmp(bundled[i], word))
			return true;
	return false;
}

void cli_plugin_load_bundled(void)
{
	struct virgo_error err;
	size_t i;

	for (i = 0; i < CLI_COUNT(bundled); i++)
		cli_plugin_load(bundled[i], &err);
}

/* somebody who asks for what should have come with virgo is told so */
static int absent(const char *word, struct virgo_error *err)
{
	char path[PATH_MAX];

	if (!is_bundled(word) || plugin_find(word, false, path))
		return 0;
	plugin_home(path);
	virgo_error_set(err, VIRGO_FAILED, "the plugin is not installed: no %s.so in %s", word,
			path);
	virgo_error_hint(err, "make install puts it there; virgo-plugin(7) says where else it may lie");
	return -1;
}

int cli_plugin_load(const char *word, struct virgo_error *err)
{
	struct plugin *p, **last = &loaded;
	char path[PATH_MAX];
	int used;

	virgo_error_clear(err);
	if (plugin_loaded(word))
		return 1;
	if (cli_find(1, &word, &used) || cli_is_group(word))
		return 0;
	if (!plugin_find(word, true, path))
		return absent(word, err);
	p = plugin_open(word, path, err);
	if (!p)
		return -1;
	while (*last)
		last = &(*last)->next;
	*last = p;
	return 1;
}

bool cli_knows(const char *word)
{
	char path[PATH_MAX];
	int used;

	return cli_find(1, &word, &used) || cli_is_group(word) || plugin_find(word, true, path) ||
	       plugin_find(word, false, path) || is_bundled(word);
}

const struct virgo_plugin_function *cli_plugin_function_at(size_t i)
{
	const struct plugin *p;

	for (p = loaded; p; p = p->next) {
		if (i < p->nfunctions)
			return &p->functions[i];
		i -= p->nfunctions;
	}
	return NULL;
}

static const struct virgo_plugin_function *function_of(const char *plugin, const char *name)
{
	const struct plugin *p = plugin_loaded(plugin);
	size_t i;

	for (i = 0; p && i < p->nfunctions; i++)
		if (!strcmp(p->functions[i].name, name))
			return &p->functions[i];
	return NULL;
}

/* "a_b_each" may be of the plugin a or of a-b; the first that has it is meant */
const struct virgo_plugin_function *cli_plugin_function(const char *name, struct virgo_error *err)
{
	const struct virgo_plugin_function *f = NULL;
	char word[VIRGO_PLUGIN_NAME_MAX + 1];
	size_t i;

	virgo_error_clear(err);
	for (i = 0; !f && name[i] && i < sizeof(word); i++) {
		word[i] = '\0';
		if (name[i] == '_' && i && cli_plugin_load(word, err) < 0)
			return NULL;
		if (name[i] == '_')
			f = function_of(word, name);
		word[i] = name[i];
		if (name[i] == '_')
			word[i] = '-';
	}
	return f;
}
