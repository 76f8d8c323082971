/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macros of others' headers, which cppcheck does not read, in a form it understands. Included by nothing else. */
#define cJSON_ArrayForEach(item, array) for (item = (array)->child; item; item = item->next)
