/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the helper has to say, rarely, one line each. */
#ifndef HELPER_LOG_H
#define HELPER_LOG_H

/*
 * To standard error if there is one, else, and so where the kernel started the helper, to the
 * kernel's log. Makes sure that descriptors 0, 1 and 2 exist. 0 or -1.
 */
int log_open(void);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
