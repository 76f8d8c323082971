// SPDX-License-Identifier: GPL-3.0-or-later
/* A library that declares no functions, for the tests. */
long upper(int argc, const char *const *argv);
long upper(int argc, const char *const *argv)
{
	return 1;
}
