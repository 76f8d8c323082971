/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: switches of code, as plain flags. */
#ifndef SHIM_LINUX_JUMP_LABEL_H
#define SHIM_LINUX_JUMP_LABEL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct static_key_false {
	bool on;
};

struct static_key_true {
	bool on;
};

#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name = { false }
#define DEFINE_STATIC_KEY_TRUE(name)	struct static_key_true name = { true }
#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define DECLARE_STATIC_KEY_TRUE(name)	extern struct static_key_true name
#define static_branch_likely(key)	likely(READ_ONCE((key)->on))
#define static_branch_unlikely(key)	unlikely(READ_ONCE((key)->on))
#define static_branch_enable(key)	WRITE_ONCE((key)->on, true)
#define static_branch_disable(key)	WRITE_ONCE((key)->on, false)
#define static_key_enabled(key)		READ_ONCE((key)->on)

#endif /* SHIM_LINUX_JUMP_LABEL_H */
