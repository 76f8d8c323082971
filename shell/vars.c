// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Variables: a hash table of names; those that are exported stand in the environment, too. Never
 * changes a read-only one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/int.h"

enum { SLOTS = 64 };

static unsigned int hash_of(const char *name, size_t len)
{
	unsigned int h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static struct sh_var **slot_of(const struct sh *sh, const char *name, size_t len, unsigned int h)
{
	struct sh_var **at = &sh->vars.slots[h & (sh->vars.nslots - 1)];

	while (*at && ((*at)->hash != h || strncmp((*at)->name, name, len) || (*at)->name[len]))
		at = &(*at)->next;
	return at;
}

struct sh_var *sh_var_find(const struct sh *sh, const char *name, size_t len)
{
	return *slot_of(sh, name, len, hash_of(name, len));
}

static void more_slots(struct sh_vars *vars)
{
	size_t n = vars->nslots * 4, i;
	struct sh_var **slots = calloc(n, sizeof(*slots)), *var;

	if (!slots)
		return;		/* it is only slower */
	for (i = 0; i < vars->nslots; i++) {
		while ((var = vars->slots[i])) {
			vars->slots[i] = var->next;
			var->next = slots[var->hash & (n - 1)];
			slots[var->hash & (n - 1)] = var;
		}
	}
	free(vars->slots);
	vars->slots = slots;
	vars->nslots = n;
}

static struct sh_var *var_get(struct sh *sh, const char *name, size_t len)
{
	unsigned int h = hash_of(name, len);
	struct sh_var **at = slot_of(sh, name, len, h), *var = *at;

	if (var)
		return var;
	var = calloc(1, sizeof(*var) + len + 1);
	if (!var)
		sh_out_of_memory();
	memcpy(var->name, name, len);
	var->hash = h;
	*at = var;
	if (++sh->vars.n > sh->vars.nslots)
		more_slots(&sh->vars);
	return var;
}

static void left_environment(struct sh *sh, const char *name)
{
	unsetenv(name);
	if (sh->host->environment && !strncmp(name, "VIRGO_", 6))
		sh->host->environment(sh->host->arg);
}

/* whoever keeps something that is made of a variable's value */
static void var_changed(struct sh *sh, const struct sh_var *var)
{
	if (!strcmp(var->name, "IFS"))
		sh->ifs_known = false;
	if (!(var->flags & SH_V_EXPORTED))
		return;
	if (!var->value) {
		left_environment(sh, var->name);
		return;
	}
	setenv(var->name, var->value, 1);
	if (sh->host->environment && !strncmp(var->name, "VIRGO_", 6))
		sh->host->environment(sh->host->arg);
}

static void put_value(struct sh_var *var, const char *value, size_t len)
{
	size_t max = len + 1 + len / 2;
	char *room;

	if (len >= var->max || (var->max > 4096 && len < var->max / 4)) {
		room = malloc(max < 16 ? 16 : max);	/* value may lie in the old one */
		if (!room)
			sh_out_of_memory();
		if (len)	/* else value may be NULL */
			memcpy(room, value, len);
		free(var->value);
		var->value = room;
		var->max = max < 16 ? 16 : max;
	} else if (len) {
		memmove(var->value, value, len);
	}
	var->value[len] = '\0';
	var->len = len;
}

static void drop_value(struct sh_var *var)
{
	free(var->value);
	var->value = NULL;
	var->len = 0;
	var->max = 0;
}

int sh_var_set(struct sh *sh, const char *name, size_t len, const char *value, size_t vlen)
{
	struct sh_var *var = var_get(sh, name, len);

	if (var->flags & SH_V_READONLY) {
		sh_fail(sh, "%.*s is read-only", (int)len, name);
		return -1;
	}
	put_value(var, value, vlen);
	if (var->flags || (len == 3 && !memcmp(name, "IFS", 3)))
		var_changed(sh, var);
	return 0;
}

int sh_var_flag(struct sh *sh, const char *name, size_t len, unsigned int flag)
{
	struct sh_var *var = var_get(sh, name, len);

	if (!(var->flags & flag)) {
		var->flags |= flag;
		var_changed(sh, var);
	}
	return 0;
}

static void forget(struct sh *sh, struct sh_var **at)
{
	struct sh_var *var = *at;

	*at = var->next;
	sh->vars.n--;
	drop_value(var);
	var_changed(sh, var);
	free(var);
}

int sh_var_unset(struct sh *sh, const char *name)
{
	size_t len = strlen(name);
	struct sh_var **at = slot_of(sh, name, len, hash_of(name, len));

	if (!*at)
		return 0;
	if ((*at)->flags & SH_V_READONLY) {
		sh_fail(sh, "%s is read-only", name);
		return -1;
	}
	forget(sh, at);
	return 0;
}

void sh_var_save(struct sh *sh, struct sh_saved **list, const char *name)
{
	size_t len = strlen(name);
	struct sh_var *var = sh_var_find(sh, name, len);
	struct sh_saved *saved = calloc(1, sizeof(*saved) + len + 1);

	if (!saved)
		sh_out_of_memory();
	memcpy(saved->name, name, len);
	saved->existed = var;
	if (var)
		saved->flags = var->flags;
	if (var && var->value) {
		saved->value = malloc(var->len + 1);
		if (!saved->value)
			sh_out_of_memory();
		memcpy(saved->value, var->value, var->len + 1);
		saved->len = var->len;
	}
	saved->next = *list;
	*list = saved;
}

static void restore(struct sh *sh, struct sh_saved *saved)
{
	size_t len = strlen(saved->name);
	struct sh_var *var = var_get(sh, saved->name, len);
	bool exported = var->flags & SH_V_EXPORTED;

	if (!saved->existed) {
		forget(sh, slot_of(sh, saved->name, len, var->hash));
		return;
	}
	if (saved->value)
		put_value(var, saved->value, saved->len);
	else
		drop_value(var);
	var->flags = saved->flags;
	if (exported && !(var->flags & SH_V_EXPORTED))
		left_environment(sh, var->name);
	var_changed(sh, var);
}

void sh_vars_restore(struct sh *sh, struct sh_saved **list)
{
	struct sh_saved *saved;

	while ((saved = *list)) {
		*list = saved->next;
		restore(sh, saved);
		free(saved->value);
		free(saved);
	}
}

void sh_vars_start(struct sh *sh)
{
	const char *equals;
	char cwd[4096], number[24];
	struct sh_var *var;
	size_t i, n;

	sh->vars.nslots = SLOTS;
	sh->vars.slots = calloc(SLOTS, sizeof(*sh->vars.slots));
	if (!sh->vars.slots)
		sh_out_of_memory();
	for (i = 0; environ[i]; i++) {
		equals = strchr(environ[i], '=');
		n = equals ? (size_t)(equals - environ[i]) : 0;
		if (!n || sh_name_len(environ[i]) != n)
			continue;
		var = var_get(sh, environ[i], n);
		put_value(var, equals + 1, strlen(equals + 1));
		var->flags = SH_V_EXPORTED;
	}
	/* who started us does not say how we split */
	sh_var_set(sh, "IFS", 3, " \t\n", 3);
	sh_var_set(sh, "OPTIND", 6, "1", 1);
	n = sh_number(number, getppid());
	sh_var_set(sh, "PPID", 4, number, n);
	if (getcwd(cwd, sizeof(cwd)) && !sh_var_find(sh, "PWD", 3))
		sh_var_set(sh, "PWD", 3, cwd, strlen(cwd));
}

void sh_vars_free(struct sh *sh)
{
	struct sh_var *var;
	size_t i;

	for (i = 0; i < sh->vars.nslots; i++) {
		while ((var = sh->vars.slots[i])) {
			sh->vars.slots[i] = var->next;
			free(var->value);
			free(var);
		}
	}
	free(sh->vars.slots);
}

const char *sh_get(const struct sh *sh, const char *name)
{
	struct sh_var *var = sh_var_find(sh, name, strlen(name));

	return var ? var->value : NULL;
}

int sh_put(struct sh *sh, const char *name, const char *value)
{
	size_t len = strlen(name);
	struct sh_var *var;

	if (!len || sh_name_len(name) != len || strlen(value) > SH_STRING_MAX)
		return -1;
	var = sh_var_find(sh, name, len);
	if (var && (var->flags & SH_V_READONLY))
		return -1;
	return sh_var_set(sh, name, len, value, strlen(value));
}

const char *sh_variable_at(const struct sh *sh, size_t i)
{
	const struct sh_var *var;
	size_t slot;

	for (slot = 0; slot < sh->vars.nslots; slot++)
		for (var = sh->vars.slots[slot]; var; var = var->next)
			if (var->value && !i--)
				return var->name;
	return NULL;
}
