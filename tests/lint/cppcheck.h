/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macros of others' headers, which cppcheck does not read, in a form it understands. Included by nothing else. */
#define cJSON_ArrayForEach(item, array) for (item = (array)->child; item; item = item->next)
#define list_for_each_entry_safe(item, next, list, member) for (item = next = 0; item; item = next)
#define vg_json_for_each(doc, container, child) for (child = (container); child; child++)
