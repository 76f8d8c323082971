// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor: what on this machine, in the files and at the nodes would keep VIRGO from working. Only
 * looks; what mends a finding is for the reader to run.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/kernel.h"

void doctor_say(struct doctor *d, const char *check, enum health health, const char *mend,
		const char *fmt, ...)
{
	static const char *const names[] = { "ok", "warn", "bad" };
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->bad += health == DOCTOR_BAD;
	d->warn += health == DOCTOR_WARN;
	out_str(&d->r->out, check);
	out_str(&d->r->out, names[health]);
	out_str(&d->r->out, text);
	out_str(&d->r->out, *mend ? mend : NULL);
}

int doctor_read(const char *path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	*text = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	return 0;
}

static void check_kernel(struct doctor *d)
{
	char path[256], mend[256];
	struct utsname u;

	if (uname(&u))
		return;
	if (strtoul(u.release, NULL, 10) < 6)
		doctor_say(d, "kernel", DOCTOR_WARN,
			   "virgo up (nodes in user space) works all the same",
			   "%s: the modules are for 6.1 and later", u.release);
	else
		doctor_say(d, "kernel", DOCTOR_OK, "", "%s", u.release);
	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", u.release);
	snprintf(mend, sizeof(mend), "apt-get install linux-headers-%.100s", u.release);
	if (access(path, R_OK))
		doctor_say(d, "headers", DOCTOR_WARN, mend,
			   "no headers of the running kernel: the modules can't be built for it");
	else
		doctor_say(d, "headers", DOCTOR_OK, "", "of %s are there", u.release);
	if (kernel_has("virgo"))
		doctor_say(d, "modules", DOCTOR_OK, "", "virgo is loaded%s%s",
			   kernel_has("virgo_mempool") ? ", virgo_mempool too" : "",
			   kernel_has("virgo_cpupool") ? ", virgo_cpupool too" : "");
	else
		doctor_say(d, "modules", DOCTOR_OK, "", "not loaded");
}

/* does the firmware let only signed kernels and modules in? */
static bool secure_boot(void)
{
	char var[8] = "";
	int fd;
	ssize_t n;

	fd = open("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, var, sizeof(var));
	close(fd);
	return n >= 5 && var[4] == 1;	/* four bytes of attributes come first */
}

static void check_lockdown(struct doctor *d)
{
	static const char mend[] = "sign them and enrol the key (mokutil --import)";
	char text[128], only[8];
	bool locked;

	locked = !doctor_read("/sys/kernel/security/lockdown", text, sizeof(text)) &&
		 !strstr(text, "[none]");
	doctor_read("/sys/module/module/parameters/sig_enforce", only, sizeof(only));
	if (locked || *only == 'Y')
		doctor_say(d, "module signing", DOCTOR_WARN, mend,
			   "the kernel loads signed modules only%s",
			   secure_boot() ? " (secure boot)" : "");
	else
		doctor_say(d, "module signing", DOCTOR_OK, "", "not asked for");
}

static int doctor(struct run *r)
{
	static const struct out_col cols[] = {
		{ "check", "CHECK" }, { "state", "STATE" }, { "message", "FOUND" },
		{ "mend", "WHAT HELPS" },
	};
	struct doctor d = { .r = r };

	out_list(&r->out, cols, CLI_COUNT(cols));
	check_kernel(&d);
	check_lockdown(&d);
	doctor_ports(&d);
	doctor_ephemeral(&d);
	doctor_files(&d);
	doctor_exec(&d);
	doctor_keys(&d);
	doctor_nodes(&d);
	out_end(&r->out);
	run_note(r, "%u bad, %u to look at", d.bad, d.warn);
	return d.bad ? VIRGO_FAILED : VIRGO_OK;
}

const struct cli_command commands_doctor[] = {
	{ "doctor", "", "check machine, files and nodes, and say what mends what is wrong",
	  "Kernel, headers, module signing, ports and who has them, the range of ephemeral\n"
	  "ports, configuration files, what running programs needs (helper, user, what may be\n"
	  "run, libraries of functions), key files, and for each node whether it answers, takes\n"
	  "our key, has our time, and what it can run. The exit status is 1 if anything is bad.",
	  NULL, 0, 0, 0, CLI_C_NONE, NULL, doctor },
	{ 0 }
};
