// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Canonical targets. Never lets a byte through that a node would refuse or a curl would sign
 * otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static int query_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void target_wrong(struct virgo_target *t, const char *what, const char *shown)
{
	if (!t->wrong[0])
		snprintf(t->wrong, sizeof(t->wrong), "%s%s%s", shown, *shown ? ": " : "", what);
}

static size_t target_room(const struct virgo_target *t)
{
	return t->query ? t->query + 1 + VIRGO_QUERY_MAX - t->len : VIRGO_PATH_MAX - t->len;
}

static void target_put(struct virgo_target *t, const char *s, size_t n)
{
	if (n > target_room(t)) {
		target_wrong(t, t->query ? "query over 1024 bytes" : "path over 2048 bytes", "");
		return;
	}
	memcpy(t->text + t->len, s, n);
	t->len += n;
	t->text[t->len] = '\0';
}

static void put_escaped(struct virgo_target *t, const unsigned char *s, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	char esc[3] = "%";

	for (size_t i = 0; i < n && !t->wrong[0]; i++) {
		if (unreserved(s[i])) {
			target_put(t, (const char *)s + i, 1);
			continue;
		}
		esc[1] = hex[s[i] >> 4];
		esc[2] = hex[s[i] & 15];
		target_put(t, esc, 3);
	}
}

void virgo_target_start(struct virgo_target *t, const char *path)
{
	memset(t, 0, sizeof(*t));
	target_put(t, path, strlen(path));
}

void virgo_target_segment(struct virgo_target *t, const void *data, size_t len)
{
	const char *s = data;
	char shown[VIRGO_SHOWN];

	virgo_show(shown, s, len);
	if (!len)
		target_wrong(t, "empty path segment", "");
	else if (memchr(s, 0, len))
		target_wrong(t, "no NUL byte can be in a path", shown);
	else if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
		target_wrong(t, "\".\" and \"..\" can't be path segments", shown);
	else if (t->query)
		target_wrong(t, "path segment after the query", shown);
	if (t->wrong[0])
		return;
	if (!t->len || t->text[t->len - 1] != '/')
		target_put(t, "/", 1);
	put_escaped(t, data, len);
}

static void check_pair(struct virgo_target *t, const char *key, const char *value, size_t len)
{
	size_t n = strlen(key);
	char shown[VIRGO_SHOWN];

	virgo_show(shown, key, n);
	if (!n || n > 32)
		target_wrong(t, "a query key has 1 to 32 bytes", shown);
	for (size_t i = 0; i < n; i++)
		if (!query_key_byte(key[i]))
			target_wrong(t, "a query key has letters and \"_\" only", shown);
	if (t->pairs && strcmp(t->last, key) >= 0)
		target_wrong(t, "query keys come in byte order, each once", shown);
	if (t->pairs >= VIRGO_QUERY_PAIRS)
		target_wrong(t, "more than 16 query pairs", "");
	virgo_show(shown, value, len);
	if (memchr(value, 0, len))
		target_wrong(t, "no NUL byte can be in a query", shown);
	if (memchr(value, '+', len))
		target_wrong(t, "\"+\" can't be in a query (some curls can't sign it)", shown);
}

void virgo_target_query(struct virgo_target *t, const char *key, const void *value, size_t len)
{
	if (!t->wrong[0])
		check_pair(t, key, value, len);
	if (t->wrong[0])
		return;
	if (t->query) {
		target_put(t, "&", 1);
	} else {
		/* "?" is neither path nor query: the array has a byte for it */
		t->query = t->len;
		t->text[t->len++] = '?';
		t->text[t->len] = '\0';
	}
	target_put(t, key, strlen(key));
	target_put(t, "=", 1);
	put_escaped(t, value, len);
	snprintf(t->last, sizeof(t->last), "%s", key);
	t->pairs++;
}

void virgo_target_number(struct virgo_target *t, const char *key, uint64_t value)
{
	char text[24];

	virgo_target_query(t, key, text, snprintf(text, sizeof(text), "%llu",
						  (unsigned long long)value));
}

enum virgo_code virgo_target_end(const struct virgo_target *t, struct virgo_error *err)
{
	if (t->wrong[0])
		return virgo_error_set(err, VIRGO_USAGE, "unable to build a request: %s", t->wrong);
	return VIRGO_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long virgo_pct_decode(char *s, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		int hi, lo;

		if (s[i] != '%') {
			s[o++] = s[i];
			continue;
		}
		if (i + 2 >= n)
			return -1;
		hi = hex_digit(s[i + 1]);
		lo = hex_digit(s[i + 2]);
		if (hi < 0 || lo < 0)
			return -1;
		s[o++] = hi << 4 | lo;
		i += 2;
	}
	return o;
}

static void canonical_path(struct virgo_target *t, char *path)
{
	if (path[0] != '/') {
		target_wrong(t, "a path begins with \"/\"", "");
		return;
	}
	for (path++; *path && !t->wrong[0];) {
		size_t len = strcspn(path, "/");
		char *next = path + len + (path[len] == '/');
		int more = path[len] == '/';
		long n = virgo_pct_decode(path, len);

		if (n < 0)
			target_wrong(t, "a \"%\" is followed by two hexadecimal digits", "");
		else
			virgo_target_segment(t, path, n);
		if (more && !*next)
			target_put(t, "/", 1);
		path = next;
	}
	if (!t->len)
		target_put(t, "/", 1);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void canonical_query(struct virgo_target *t, char *query)
{
	char *pairs[VIRGO_QUERY_PAIRS], *save = NULL;
	size_t n = 0;

	if (!*query || query[0] == '&' || query[strlen(query) - 1] == '&' || strstr(query, "&&")) {
		target_wrong(t, "empty query pair", "");
		return;
	}
	for (char *p = strtok_r(query, "&", &save); p; p = strtok_r(NULL, "&", &save)) {
		char *eq = strchr(p, '=');

		if (!eq) {
			target_wrong(t, "a query pair is written key=value", "");
			return;
		}
		if (n == VIRGO_QUERY_PAIRS) {
			target_wrong(t, "more than 16 query pairs", "");
			return;
		}
		*eq = '\0';
		pairs[n++] = p;
	}
	qsort(pairs, n, sizeof(*pairs), by_key);
	for (size_t i = 0; i < n; i++) {
		char *value = pairs[i] + strlen(pairs[i]) + 1;
		long len = virgo_pct_decode(value, strlen(value));

		if (len < 0)
			target_wrong(t, "a \"%\" is followed by two hexadecimal digits", "");
		else
			virgo_target_query(t, pairs[i], value, len);
	}
}

enum virgo_code virgo_target_canonical(struct virgo_target *t, const char *text,
				       struct virgo_error *err)
{
	char *copy, *query;

	memset(t, 0, sizeof(*t));
	if (strlen(text) > 3 * (VIRGO_PATH_MAX + VIRGO_QUERY_MAX))
		return virgo_error_set(err, VIRGO_USAGE, "unable to build a request: too long");
	copy = strdup(text);
	if (!copy)
		return virgo_error_nomem(err);
	query = strchr(copy, '?');
	if (query)
		*query++ = '\0';
	canonical_path(t, copy);
	if (query && !t->wrong[0])
		canonical_query(t, query);
	free(copy);
	return virgo_target_end(t, err);
}
