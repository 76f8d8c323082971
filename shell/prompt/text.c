// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * $PS1 and $PS2: parameters expanded first, as within "", then the escapes; so what a variable
 * holds is never run. Control bytes that are not the prompt's own are shown, not sent.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shell/prompt/int.h"

static const char *const state_colors[] = { "2", "33", "31", "32" };	/* of health_state() */

/* text in a colour, which readline must not count as columns */
static void colored(struct prompt *pr, FILE *to, const char *color, const char *text)
{
	if (pr->colors)
		fprintf(to, "\001\033[%sm\002%s\001\033[0m\002", color, text);
	else
		fputs(text, to);
}

static void put_health(struct prompt *pr, FILE *to)
{
	char text[64];

	health_show(pr, text, sizeof(text));
	colored(pr, to, state_colors[health_state(pr)], text);
}

static void put_status(struct prompt *pr, FILE *to)
{
	char text[32];

	if (!pr->status)
		return;
	snprintf(text, sizeof(text), "%s%d", pr->utf8 ? "✗" : "!", pr->status);
	fputc(' ', to);
	colored(pr, to, "31", text);
}

/* bytes of others: control bytes as ^X */
static void put_safe(FILE *to, const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 127)
			fprintf(to, "^%c", (*s & 127) ^ 64);
		else
			fputc(*s, to);
	}
}

static void put_directory(FILE *to)
{
	const char *home = getenv("HOME");
	char *cwd = getcwd(NULL, 0);
	size_t n = home ? strlen(home) : 0;

	if (cwd && n > 1 && !strncmp(cwd, home, n) && (!cwd[n] || cwd[n] == '/')) {
		fputc('~', to);
		put_safe(to, cwd + n);
	} else {
		put_safe(to, cwd ? cwd : "?");
	}
	free(cwd);
}

static void put_user(FILE *to)
{
	const struct passwd *pw = getpwuid(geteuid());

	put_safe(to, pw ? pw->pw_name : "?");
}

static void put_host(FILE *to)
{
	char name[256] = "?";

	gethostname(name, sizeof(name) - 1);
	name[strcspn(name, ".")] = '\0';
	put_safe(to, name);
}

static void put_time(FILE *to)
{
	time_t now = time(NULL);
	char text[16];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fputs(text, to);
}

static void put_nodes(struct prompt *pr, FILE *to)
{
	char text[PROMPT_SET_SHOWN + 4];

	snprintf(text, sizeof(text), "%.*s%s", PROMPT_SET_SHOWN, pr->health.set,
		 strlen(pr->health.set) > PROMPT_SET_SHOWN ? "..." : "");
	put_safe(to, *text ? text : "-");
}

/* one escape; false: there is none of this letter */
static bool put_escape(struct prompt *pr, FILE *to, char letter)
{
	switch (letter) {
	case 'n':
		put_nodes(pr, to);
		return true;
	case 'h':
		put_health(pr, to);
		return true;
	case 's':
		put_status(pr, to);
		return true;
	case '?':
		fprintf(to, "%d", pr->status);
		return true;
	case 'w':
		put_directory(to);
		return true;
	case 'u':
		put_user(to);
		return true;
	case 'H':
		put_host(to);
		return true;
	case 't':
		put_time(to);
		return true;
	case 'v':
		fputs(pr->host->version, to);
		return true;
	case 'r':
		fputc('\n', to);
		return true;
	case '\\':
		fputc('\\', to);
		return true;
	}
	return false;
}

/* \[ \] \e, which mean nothing where there are no colours: all between the brackets goes */
static const char *put_marked(struct prompt *pr, FILE *to, const char *s)
{
	const char *end = strstr(s, "\\]");

	if (!end)
		end = s + strlen(s);
	if (pr->colors) {
		fputc('\001', to);
		for (; s < end; s++) {
			if (s[0] == '\\' && s[1] == 'e') {
				fputc('\033', to);
				s++;
			} else {
				fputc(*s, to);
			}
		}
		fputc('\002', to);
	}
	return *end ? end + 2 : end;
}

static void decode(struct prompt *pr, FILE *to, const char *s)
{
	while (*s) {
		if (s[0] == '\\' && s[1] == '[') {
			s = put_marked(pr, to, s + 2);
		} else if (s[0] == '\\' && s[1] && put_escape(pr, to, s[1])) {
			s += 2;
		} else {
			char one[2] = { *s++ };

			if (*one == '\n')
				fputc('\n', to);
			else
				put_safe(to, one);
		}
	}
}

char *prompt_text(struct prompt *pr, const char *name, const char *fallback)
{
	const char *value = pr->host->get(pr->host->arg, name);
	char *expanded, *text = NULL;
	size_t len;
	FILE *to;

	value = value ? value : fallback;
	expanded = pr->host->expand(pr->host->arg, value);
	to = open_memstream(&text, &len);
	if (to) {
		decode(pr, to, expanded ? expanded : value);
		fclose(to);
	}
	free(expanded);
	return text ? text : strdup("> ");
}
