// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A second fence around the helper and all that it runs. A filter goes on over exec, so it cannot
 * be a list of what the helper needs: programs of any kind run behind it. It is a list of what none
 * of them can be meant to do, most of it refused without capabilities anyway. Must never refuse
 * what an ordinary program needs.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/privileges.h"

static const unsigned int denied[] = {
	/* other code in the kernel, another kernel, another root */
	SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_mount,
	SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_setns,
	SYS_open_by_handle_at, SYS_vhangup, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
	SYS_move_mount, SYS_open_tree, SYS_sethostname, SYS_setdomainname,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_mount_setattr
	SYS_mount_setattr,
#endif
#ifdef SYS_iopl
	SYS_iopl, SYS_ioperm,
#endif
	/* the clock */
	SYS_settimeofday, SYS_clock_settime,
	/* doors that were found open before */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl,
};

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
/* the same for programs of 32 bits, where the numbers are others */
#define ARCH_OLD AUDIT_ARCH_I386
static const unsigned int denied_old[] = {
	128, 350, 129, 283, 88, 21, 22, 52, 217, 61, 87, 115, 51, 346, 342, 111, 430, 431, 432, 433,
	429, 428, 74, 121, 442, 110, 101, 79, 25, 264, 404, 357, 336, 374, 286, 287, 288,
};
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#endif

#ifdef ARCH
enum { DENIED = sizeof(denied) / sizeof(denied[0]), CODE_MAX = 256 };

static struct sock_filter code[CODE_MAX];
static unsigned short n;

static void emit(unsigned short what, unsigned int k, unsigned char jt, unsigned char jf)
{
	code[n++] = (struct sock_filter){ what, jt, jf, k };
}

/*
 * For one architecture: its numbers against a list. Falls through if it is not that architecture's
 * call.
 */
static void emit_list(unsigned int arch, const unsigned int *list, unsigned char len)
{
	unsigned char i;

	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, len + 3);
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (i = 0; i < len; i++)
		emit(BPF_JMP | BPF_JEQ | BPF_K, list[i], len - i, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

int seccomp_deny(void)
{
	struct sock_fprog prog = { .filter = code };

#ifdef ARCH_OLD
	/* x32, a second set of numbers of the same architecture, is not used by anything here */
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 3);
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
#endif
	emit_list(ARCH, denied, DENIED);
#ifdef ARCH_OLD
	emit_list(ARCH_OLD, denied_old, sizeof(denied_old) / sizeof(denied_old[0]));
#endif
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	prog.len = n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}
#else
/* no name for this architecture here: capabilities and limits must do */
int seccomp_deny(void)
{
	return 0;
}
#endif
