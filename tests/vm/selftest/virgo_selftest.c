// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module with faults on request, which shows that tests/vm/run notices them. Never part of an installation, and never
 * loaded outside a test guest.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *fault = "none";
module_param(fault, charp, 0400);
MODULE_PARM_DESC(fault, "none, warn, uaf, overflow, abba, sleep or oops");

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static DEFINE_SPINLOCK(spin);

/* The pointers are volatile, or the compiler sees the fault and removes it. */
static void use_after_free(void)
{
	char *volatile p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	p[3] = 1;
}

static void overflow(void)
{
	char *volatile p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	p[64] = 1;
	kfree(p);
}

static void abba(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static void sleep_atomic(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static int __init selftest_init(void)
{
	if (!strcmp(fault, "warn"))
		WARN(1, "planted\n");
	else if (!strcmp(fault, "uaf"))
		use_after_free();
	else if (!strcmp(fault, "overflow"))
		overflow();
	else if (!strcmp(fault, "abba"))
		abba();
	else if (!strcmp(fault, "sleep"))
		sleep_atomic();
	else if (!strcmp(fault, "oops"))
		*(volatile int *)8 = 1;
	else if (strcmp(fault, "none"))
		return -EINVAL;
	pr_info("loaded, fault %s\n", fault);
	return 0;
}

static void __exit selftest_exit(void)
{
	pr_info("unloaded\n");
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_DESCRIPTION("faults on request, for VIRGO's test harness");
MODULE_LICENSE("GPL");
