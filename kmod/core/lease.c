// SPDX-License-Identifier: GPL-2.0-or-later
/* A lease of the registry of load, read. See registry.h. Pure; what comes is foreign. */
#include "core/registry.h"

static int bad_lease(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static int read_address(const struct vg_json *doc, const struct vg_jtok *t, struct vg_addr *addr)
{
	char text[VG_ADDR_TEXT];
	ssize_t n = vg_json_str(doc, t, text, sizeof(text));

	if (n < 0)
		return -EINVAL;
	return vg_addr_parse(vg_str(text, n), VG_ADDR_PORT, addr, NULL);
}

int vg_lease_read(struct vg_json *doc, const char *text, size_t n, struct vg_jtok *toks, u32 max,
		  u64 id, struct vg_lease *lease, const char **why)
{
	const struct vg_jtok *address;
	struct vg_lease l = { };

	if (vg_json_parse(doc, text, n, toks, max))
		return bad_lease(why, doc->fault.why);
	if (vg_load_read(doc, vg_json_root(doc), &l.load, why))
		return -EINVAL;
	if (l.load.node && l.load.node != id)
		return bad_lease(why, "\"node\" is not the number in the path");
	l.load.node = id;
	address = vg_json_get(doc, vg_json_root(doc), "address");
	if (address && read_address(doc, address, &l.addr))
		return bad_lease(why, "\"address\" is no address with or without port");
	*lease = l;
	return 0;
}
