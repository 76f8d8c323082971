/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of /etc/virgo_kernel_analytics.conf: pairs separated by commas or newlines, "#"
 * comments, lists separated by ";". Says nothing about what the keys mean. Must never allocate or
 * sleep.
 */
#ifndef VG_CORE_VALUES_PARSE_H
#define VG_CORE_VALUES_PARSE_H

#include "core/addr.h"
#include "core/conf.h"

/*
 * As vg_conf_parse; no key may come twice unless the sink says so. Empty pieces between
 * separators are fine.
 */
int vg_values_parse(const char *text, size_t n, const struct vg_conf_sink *sink,
		    struct vg_conf_error *err);

/* A list of a value, to be walked with vg_conf_list_next */
#define VG_VALUES_LIST(p) VG_CONF_LIST(p, ';')

/*
 * Typed items, errors as vg_conf_u64:
 * "address[/prefix][@seconds]": *@ttl_s is 0 without "@"; at most a year
 */
int vg_values_source(const struct vg_conf_pair *item, struct vg_addr *addr, u64 *ttl_s,
		     struct vg_conf_error *err);
/* "x:y", two numbers within 0..@x_max and 0..@y_max */
int vg_values_point(const struct vg_conf_pair *item, u64 x_max, u64 y_max, u64 *x, u64 *y,
		    struct vg_conf_error *err);
/* an integer that may be negative */
int vg_values_s64(const struct vg_conf_pair *item, s64 min, s64 max, s64 *out,
		  struct vg_conf_error *err);

#endif
