/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The completion scripts: short, because they ask "virgo --complete" for everything. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

/* the script for "bash", "zsh" or "fish", or NULL */
const char *completion_script(const char *shell);

#endif
