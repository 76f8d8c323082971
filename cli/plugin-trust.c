// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is asked of a file before any of it runs: that nobody but root, the user and the owner of this
 * program could have put it there, and that a shared object is all there (one that was cut short
 * would end us by SIGBUS while it is loaded). Runs nothing of the file.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/plugin.h"

enum { ELF_SEGMENTS_MAX = 128 };

/* the linker's: the head of this very program */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* whoever owns this very program does as they like with it already */
static bool is_owner(uid_t uid)
{
	struct stat own;

	return !uid || uid == geteuid() || (!stat("/proc/self/exe", &own) && own.st_uid == uid);
}

static bool only_ours(const char *path, const struct stat *st, struct virgo_error *err)
{
	if (!is_owner(st->st_uid)) {
		virgo_error_set(err, VIRGO_NOT_ALLOWED, "%s is not used: it belongs to user %u", path,
				(unsigned int)st->st_uid);
		virgo_error_hint(err, "if you trust it, copy it, or chown %u %s",
				 (unsigned int)geteuid(), path);
		return false;
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		virgo_error_set(err, VIRGO_NOT_ALLOWED, "%s is not used: %s can write to it", path,
				st->st_mode & S_IWOTH ? "everybody" : "its group");
		virgo_error_hint(err, "if nobody has changed it, chmod go-w %s", path);
		return false;
	}
	return true;
}

bool plugin_trusted(const char *path, struct virgo_error *err)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s", slash && slash > path ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (stat(dir, &st)) {
		virgo_error_set(err, run_errno(errno), "%s: %s", dir, strerror(errno));
		return false;
	}
	if (!only_ours(dir, &st, err))
		return false;
	if (stat(path, &st)) {
		virgo_error_set(err, run_errno(errno), "%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		virgo_error_set(err, VIRGO_FAILED, "%s is not used: it is no regular file", path);
		return false;
	}
	return only_ours(path, &st, err);
}

/* NULL, or what is wrong */
static const char *head_wrong(const ElfW(Ehdr) *h)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG))
		return "it is no shared object";
	if (h->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    h->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
	    h->e_machine != __ehdr_start.e_machine)
		return "it is made for another kind of machine";
	if (h->e_type != ET_DYN)
		return "it is no shared object: link it with -shared";
	if (h->e_phentsize != sizeof(ElfW(Phdr)) || !h->e_phnum || h->e_phnum > ELF_SEGMENTS_MAX)
		return "its list of segments is damaged";
	return NULL;
}

static const char *file_wrong(int fd)
{
	ElfW(Phdr) all[ELF_SEGMENTS_MAX];
	struct stat st;
	ElfW(Ehdr) h;
	size_t i, n;

	if (fstat(fd, &st))
		return strerror(errno);
	if (pread(fd, &h, sizeof(h), 0) != sizeof(h))
		return "it is no shared object";
	if (head_wrong(&h))
		return head_wrong(&h);
	n = h.e_phnum * sizeof(*all);
	if (h.e_phoff > (uint64_t)st.st_size || pread(fd, all, n, (off_t)h.e_phoff) != (ssize_t)n)
		return "it is cut short";
	for (i = 0; i < h.e_phnum; i++) {
		if (all[i].p_type != PT_LOAD && all[i].p_type != PT_DYNAMIC)
			continue;
		if (all[i].p_filesz > (uint64_t)st.st_size ||
		    all[i].p_offset > (uint64_t)st.st_size - all[i].p_filesz)
			return "it is cut short";
	}
	return NULL;
}

bool plugin_is_whole(const char *path, struct virgo_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong = fd < 0 ? strerror(errno) : file_wrong(fd);

	if (wrong) {
		virgo_error_set(err, VIRGO_FAILED, "plugin %s can't be loaded: %s", path, wrong);
		virgo_error_hint(err, "install it anew");
	}
	if (fd >= 0)
		close(fd);
	return !wrong;
}
