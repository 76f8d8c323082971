// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One node's name: checked, and brought to the one spelling that is compared, hashed and put into a
 * URL.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int parse_port(const char *text, size_t len, unsigned int *port)
{
	unsigned int n = 0;

	if (!len || len > 5 || text[0] == '0')
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	*port = n;
	return n <= 65535 ? 0 : -1;
}

static const char *name_finish(char *out, const char *host, uint16_t port)
{
	if (port)
		snprintf(out, VIRGO_NODE_NAME_MAX + 1, "%s:%u", host, port);
	else
		snprintf(out, VIRGO_NODE_NAME_MAX + 1, "%s", host);
	return NULL;
}

static const char *canon_ip6(const char *name, size_t len, unsigned int port, char *out)
{
	char text[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN + 2];
	struct in6_addr addr;

	if (len >= sizeof(text))
		return "not an IPv6 address";
	memcpy(text, name, len);
	text[len] = '\0';
	if (strchr(text, '%'))
		return "an IPv6 zone is not supported; use a routable address or a name";
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return "not an IPv6 address";
	inet_ntop(AF_INET6, &addr, text, sizeof(text));
	snprintf(host, sizeof(host), "[%s]", text);
	return name_finish(out, host, port);
}

static const char *canon_bracketed(const char *name, size_t len, char *out)
{
	const char *close = memchr(name, ']', len);
	unsigned int port = 0;
	size_t rest;

	if (!close)
		return "\"[\" without \"]\"";
	rest = len - (close + 1 - name);
	if (rest && (close[1] != ':' || parse_port(close + 2, rest - 1, &port)))
		return "only \":port\" (1 to 65535) may follow \"]\"";
	return canon_ip6(name + 1, close - name - 1, port, out);
}

static const char *canon_host(const char *name, size_t len, unsigned int port, char *out)
{
	char host[254];
	struct in_addr addr;
	int letters = 0;

	if (!len || len >= sizeof(host))
		return len ? "host name over 253 bytes" : "no host name";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = name[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != '_')
			return "a host name has letters, digits, \".\", \"-\" and \"_\" only";
		if (c == '.' && (i + 1 < len && name[i + 1] == '.'))
			return "two dots in a row";
		letters |= !isdigit(c) && c != '.';
		host[i] = tolower(c);
	}
	host[len] = '\0';
	if (host[0] == '.' || host[0] == '-')
		return "a host name begins with a letter or digit";
	if (!letters && inet_pton(AF_INET, host, &addr) != 1)
		return "not an IPv4 address (four numbers up to 255, without leading zeros)";
	return name_finish(out, host, port);
}

const char *virgo_node_canon(const char *name, size_t len, char out[VIRGO_NODE_NAME_MAX + 1])
{
	const char *colon = memchr(name, ':', len);
	unsigned int port = 0;

	if (len && name[0] == '[')
		return canon_bracketed(name, len, out);
	if (!colon)
		return canon_host(name, len, 0, out);
	if (memchr(colon + 1, ':', len - (colon + 1 - name)))
		return canon_ip6(name, len, 0, out);
	if (parse_port(colon + 1, len - (colon + 1 - name), &port))
		return "a port is a number from 1 to 65535";
	return canon_host(name, colon - name, port, out);
}

void virgo_node_split(const char *name, struct virgo_endpoint *ep)
{
	const char *colon = strrchr(name, ':');
	const char *close = strchr(name, ']');
	size_t len = strlen(name);

	ep->port = 0;
	if (colon && (!close || colon > close)) {
		ep->port = strtoul(colon + 1, NULL, 10);
		len = colon - name;
	}
	snprintf(ep->host, sizeof(ep->host), "%.*s", (int)len, name);
}
