/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process in which libraries are loaded: this program, run anew as the run's user, so that a
 * library sees nothing of the helper and can harm nothing but its run. Its arguments are
 *
 *	--call-function N LIBRARY… FUNCTION ARGUMENT…
 *	--list-functions N LIBRARY…
 *
 * with the N libraries open from LIBRARY_FD on, and the way to the supervisor at REPORT_FD
 * (spawn.h).
 */
#ifndef HELPER_FUNC_H
#define HELPER_FUNC_H

#include <stdbool.h>

bool func_is_meant(int argc, char **argv);
int func_main(int argc, char **argv);

#endif
