// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Prints the node's configuration table, a line a key: name, default. The linter compares it with the manual and
 * with the file that is shipped. Never part of a product.
 */
#include <stdio.h>

#include "core/conf.h"
#include "core/config.h"

int main(void)
{
	size_t i;

	for (i = 0; i < vg_config_table.n; i++)
		printf("%s\t%s\n", vg_config_table.keys[i].name,
		       vg_config_table.keys[i].def ? vg_config_table.keys[i].def : "");
	return 0;
}
