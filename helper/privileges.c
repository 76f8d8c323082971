// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See privileges.h. Where the helper is root it keeps: the change of user and group for runs,
 * signals to them, and looking at a file to run wherever it is; and aside, where it is not in
 * force, what the removal of a control group at the end takes. The bounding set is empty, so that
 * no run, root's neither, can have a capability.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/helper.h"
#include "helper/privileges.h"

#define ASIDE (1u << CAP_DAC_OVERRIDE)
#define KEPT ((1u << CAP_SETUID) | (1u << CAP_SETGID) | (1u << CAP_KILL) | \
	      (1u << CAP_DAC_READ_SEARCH))

enum { FILES_WANTED = RUNS_MAX * RUN_FILES + OTHER_FILES, NICER = 5 };

static void raise_limits(void)
{
	struct rlimit r = config.files;

	if (r.rlim_max < FILES_WANTED)
		r.rlim_max = FILES_WANTED;
	r.rlim_cur = r.rlim_max < FILES_WANTED ? r.rlim_max : FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &r)) {
		/* not allowed to raise the hard limit: take what there is */
		r.rlim_max = config.files.rlim_max;
		r.rlim_cur = r.rlim_max < FILES_WANTED ? r.rlim_max : FILES_WANTED;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	/*
	 * supervisors must get a processor when what they watch over takes all; runs get the old
	 * value back
	 */
	if (config.is_root)
		setpriority(PRIO_PROCESS, 0, config.nice - NICER);
}

/* Empty the bounding set. Without the right to, we have nothing that matters. */
static void empty_bounding_set(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap))
			break;
}

static bool has_any(const struct __user_cap_data_struct *caps)
{
	int i;

	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (caps[i].permitted || caps[i].effective || caps[i].inheritable)
			return true;
	return false;
}

static int set(unsigned int permitted, unsigned int effective)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, caps))
		return -1;
	/* who has none need not drop any, which a sandbox may not let it */
	if (!has_any(caps))
		return 0;
	caps[0].permitted &= permitted;
	caps[0].effective = caps[0].permitted & effective;
	caps[0].inheritable = 0;
	caps[1] = (struct __user_cap_data_struct){ };
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, caps);
}

int privileges_drop_all(void)
{
	return set(0, 0);
}

void privileges_for_removal(void)
{
	if (config.is_root)
		set(ASIDE, ASIDE);
}

int privileges_drop(bool has_groups, const char **what)
{
	raise_limits();
	*what = "no_new_privs cannot be set";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	*what = "capabilities cannot be dropped";
	empty_bounding_set();
	if (config.is_root ? set(has_groups ? KEPT | ASIDE : KEPT, KEPT) : set(0, 0))
		return -1;
	/* whoever has our user could look at what other runs are given */
	*what = "dumpable cannot be cleared";
	return prctl(PR_SET_DUMPABLE, 0);
}
