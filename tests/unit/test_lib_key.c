// SPDX-License-Identifier: GPL-3.0-or-later
/* The client's key file: what it may look like, and every refusal with its remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/error.c"
#include "lib/key.c"

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef-_01234567"

static char dir[] = "/tmp/virgo-test-key.XXXXXX";
static char path[64], other[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(dir);
}

static void write_key(const char *text, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void good_files(void **state)
{
	static const char *const table[] = {
		"user = \"lab-1:" SECRET "\"\n",
		"user=\"lab-1:" SECRET "\"",
		"user: \"lab-1:" SECRET "\"\r\n",
		"user = lab-1:" SECRET "\n",
		"--user \"lab-1:" SECRET "\"\n",
		"# made by virgo key new\n\n  user = \"lab-1:" SECRET "\"  \n# end\n",
	};
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		write_key(table[i], strlen(table[i]), 0600);
		if (virgo_key_read(path, &key, &err))
			fail_msg("%zu: %s", i, err.message);
		assert_string_equal(key.id, "lab-1");
		assert_string_equal(key.secret, SECRET);
	}
	virgo_key_wipe(&key);
	assert_string_equal(key.secret, "");
}

static void bad_content(void **state)
{
	static const char *const table[][2] = {
		{ "", "no user" },
		{ "# nothing\n", "no user" },
		{ "url = \"http://x\"\n", "line 1: only user" },
		{ "\nusername = \"a\"\n", "line 2: only user" },
		{ "user = \"lab-1:" SECRET "\n", "quote" },
		{ "user = \"lab:" SECRET "\"\n", "4 to 32" },
		{ "user = \"lab-1\"\n", "4 to 32" },
		{ "user = \"la b1:" SECRET "\"\n", "4 to 32" },
		{ "user = \"abcdefghijabcdefghijabcdefghij123:" SECRET "\"\n", "4 to 32" },
		{ "user = \"lab-1:\"\n", "32 to 128" },
		{ "user = \"lab-1:tooshort\"\n", "32 to 128" },
		{ "user = \"lab-1:" SECRET "+\"\n", "the secret has letters" },
		{ "user = \"lab-1:" SECRET "\"\nuser = \"lab-2:" SECRET "\"\n",
		  "line 2: a key file holds one" },
	};
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		write_key(table[i][0], strlen(table[i][0]), 0600);
		assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_USAGE);
		if (!strstr(err.message, table[i][1]))
			fail_msg("%zu: %s", i, err.message);
		assert_null(strstr(err.message, "ABCDEFGH"));
		assert_null(strstr(err.message, "tooshort"));
		assert_string_equal(key.secret, "");
		assert_string_equal(key.id, "");
	}
	write_key("user\0", 5, 0600);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "not text"));
}

static void too_long(void **state)
{
	static char text[KEY_FILE_MAX + 1];
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	memset(text, '\n', sizeof(text));
	write_key(text, sizeof(text), 0600);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "over 4096"));
}

static void bad_modes(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0601, 0660, 0644, 0777 };
	const char *text = "user = \"lab-1:" SECRET "\"\n";
	char hint[96];
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	snprintf(hint, sizeof(hint), "chmod 600 '%s'", path);
	for (size_t i = 0; i < VIRGO_COUNT(modes); i++) {
		write_key(text, strlen(text), modes[i]);
		assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_NOT_ALLOWED);
		assert_non_null(strstr(err.message, "open to others (mode 0"));
		assert_string_equal(err.hint, hint);
		assert_string_equal(key.id, "");
	}
	write_key(text, strlen(text), 0400);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_OK);
}

static void bad_kinds(void **state)
{
	const char *text = "user = \"lab-1:" SECRET "\"\n";
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	unlink(path);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "No such file"));
	assert_non_null(strstr(err.hint, "virgo key new"));

	write_key(text, strlen(text), 0600);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_NOT_ALLOWED);
	assert_non_null(strstr(err.message, "symbolic link"));

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_NOT_ALLOWED);
	assert_non_null(strstr(err.message, "not a regular file"));
	assert_int_equal(virgo_key_read(dir, &key, &err), VIRGO_NOT_ALLOWED);
}

/* only root can give a file away, and then root is the one who must not trust it */
static void foreign_owner(void **state)
{
	const char *text = "user = \"lab-1:" SECRET "\"\n";
	struct virgo_error err;
	struct virgo_key key;

	(void)state;
	if (geteuid())
		skip();
	write_key(text, strlen(text), 0600);
	assert_int_equal(chown(path, 12345, -1), 0);
	assert_int_equal(virgo_key_read(path, &key, &err), VIRGO_NOT_ALLOWED);
	assert_non_null(strstr(err.message, "belongs to user 12345"));
	assert_non_null(strstr(err.hint, "chown 0"));
}

static void default_path(void **state)
{
	char got[96], want[96];

	(void)state;
	setenv("XDG_CONFIG_HOME", "/nowhere", 1);
	setenv("HOME", dir, 1);
	assert_int_equal(virgo_xdg_path(got, sizeof(got), "key"), 0);
	assert_string_equal(got, "/nowhere/virgo/key");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_int_equal(virgo_xdg_path(got, sizeof(got), "key"), 0);
	snprintf(want, sizeof(want), "%s/.config/virgo/key", dir);
	assert_string_equal(got, want);
	assert_int_equal(virgo_xdg_path(got, 10, "key"), -1);
	unsetenv("HOME");
	assert_int_equal(virgo_xdg_path(got, sizeof(got), "key"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(bad_content),
		cmocka_unit_test(too_long),
		cmocka_unit_test(bad_modes),
		cmocka_unit_test(bad_kinds),
		cmocka_unit_test(foreign_owner),
		cmocka_unit_test(default_path),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
