// SPDX-License-Identifier: GPL-3.0-or-later
/* The kernel's node: by modprobe, or insmod where the modules lie beside the binary. */
#include "cli/kernel.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* in the order of loading */
static const char *const modules[] = { "virgo", "virgo_mempool", "virgo_cpupool" };

bool kernel_has(const char *module)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

/* run a program of the system, quietly: its exit status, or -1 */
static int run_program(const char *const *argv, bool quiet)
{
	posix_spawn_file_actions_t files;
	int error, status;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, 2, 1);	/* what they say is not data */
	if (quiet)
		posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
	error = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (error)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int load(struct run *r, const char *module)
{
	char file[64], path[PATH_MAX];
	const char *const modprobe[] = { "modprobe", module, NULL };
	const char *const insmod[] = { "insmod", path, NULL };
	bool beside;

	snprintf(file, sizeof(file), "kmod/%s.ko", module);
	beside = !cli_beside(file, path, sizeof(path));
	if (!run_program(modprobe, beside) || (beside && !run_program(insmod, false)))
		return VIRGO_OK;
	run_hint(r, "dmesg says why; make kmod builds the modules for this kernel");
	return run_fail(r, VIRGO_FAILED, "can't load the module %s", module);
}

int kernel_down(struct run *r)
{
	int ret = VIRGO_OK;
	size_t i = CLI_COUNT(modules);

	while (i--) {
		const char *const rmmod[] = { "rmmod", modules[i], NULL };

		if (kernel_has(modules[i]) && run_program(rmmod, false))
			ret = run_fail(r, VIRGO_FAILED, "can't unload the module %s", modules[i]);
	}
	return ret;
}

/* the configured nodes: the one on this machine must answer */
static int wait_ready(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/healthz", .unsigned_ok = 1, .timeout_ms = 1000 };
	struct virgo_error err;
	int left;

	if (!run_ctx(r))
		return r->no_ctx;
	for (left = EMBED_READY_MS / 50; left; left--) {
		if (!virgo_call(r->ctx, "127.0.0.1", &req, NULL, &err))
			return VIRGO_OK;
		if (r->cli->interrupted)
			break;
		poll(NULL, 0, 50);
	}
	return run_error(r, &err);
}

int kernel_up(struct run *r, struct embed *e)
{
	char path[PATH_MAX];
	int ret = VIRGO_OK;
	size_t i;

	if (geteuid())
		ret = run_fail(r, VIRGO_NOT_ALLOWED, "loading kernel modules needs root");
	for (i = 0; i < CLI_COUNT(modules) && !ret; i++)
		if (kernel_has(modules[i]))	/* somebody else's: down must not unload it */
			ret = run_fail(r, VIRGO_PRECONDITION, "the module %s is loaded already",
				       modules[i]);
	if (ret) {
		embed_remove(r, e);
		return ret;
	}
	embed_path(e, 0, "kernel", path);
	if (embed_write(path, ""))
		return run_fail(r, VIRGO_FAILED, "can't write %s: %s", path, strerror(errno));
	for (i = 0; i < CLI_COUNT(modules) && !ret; i++)
		ret = load(r, modules[i]);
	if (!ret)
		ret = wait_ready(r);
	if (!ret) {
		run_note(r, "the kernel's node answers on 127.0.0.1");
		return VIRGO_OK;
	}
	kernel_down(r);
	embed_remove(r, e);
	return ret;
}
