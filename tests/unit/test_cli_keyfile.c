// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/keyfile.c: keys made, lines read, added and retired without a change to the rest of a file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../cli/keyfile.c"

static char dir[] = "/tmp/virgo-keyfile-XXXXXX";
static char path[64];

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/keys", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(dir);	/* fails if a temporary file was left */
}

static void load(struct keyfile *file, const char *text)
{
	file->text = strdup(text);
	file->len = strlen(text);
}

static void test_make(void **state)
{
	struct virgo_key a, b;

	assert_int_equal(keyfile_make(&a, ""), 0);
	assert_int_equal(keyfile_make(&b, "my-key"), 0);
	assert_int_equal(strlen(a.secret), 43);
	assert_int_equal(strspn(a.secret, base64url), 43);
	assert_string_not_equal(a.secret, b.secret);
	assert_true(keyfile_id_ok(a.id));
	assert_string_equal(b.id, "my-key");
	assert_false(keyfile_id_ok("abc"));
	assert_false(keyfile_id_ok("with blank"));
	assert_false(keyfile_id_ok("0123456789012345678901234567890123"));
}

static void test_lines(void **state)
{
	struct keyfile_line line;
	struct keyfile file;
	char text[700];

	load(&file, "# keys\n\n  one s1 rights=read services=mempool,control # why\r\n"
	     "two s2\tprefixes=a/,b/ not_before=5 not_after=7\n#off s3\nlast s4");
	assert_int_equal(keyfile_line_at(&file, 0, &line), 0);
	assert_string_equal(line.id, "one");
	assert_string_equal(line.rights, "read");
	assert_string_equal(line.services, "mempool,control");
	assert_int_equal(keyfile_find(&file, "two", &line), 0);
	assert_string_equal(line.prefixes, "a/,b/");
	assert_int_equal(line.not_before, 5);
	assert_int_equal(line.not_after, 7);
	assert_int_equal(keyfile_line_at(&file, 2, &line), 0);
	assert_string_equal(line.id, "last");
	assert_int_equal(keyfile_line_at(&file, 3, &line), -1);
	assert_int_equal(keyfile_find(&file, "off", &line), -1);
	assert_false(line.cut);
	keyfile_free(&file);

	snprintf(text, sizeof(text), "long s5 prefixes=%0600d", 0);
	load(&file, text);
	assert_int_equal(keyfile_find(&file, "long", &line), 0);
	assert_true(line.cut);
	keyfile_free(&file);
}

static void retired(const char *text, const char *id, int64_t at, const char *want)
{
	struct keyfile file;

	load(&file, text);
	assert_int_equal(keyfile_retire(&file, id, at), 0);
	assert_string_equal(file.text, want);
	assert_int_equal(file.len, strlen(want));
	keyfile_free(&file);
}

static void test_retire(void **state)
{
	struct keyfile file;

	retired("one s1\ntwo s2\n", "one", 99, "one s1 not_after=99\ntwo s2\n");
	retired("one s1 rights=read # mine\n", "one", 99, "one s1 rights=read not_after=99 # mine\n");
	retired("one s1 not_after=500 rights=read\n", "one", 99, "one s1 not_after=99 rights=read\n");
	retired("one s1 not_after=50\n", "one", 99, "one s1 not_after=50\n");
	retired("two s2", "two", 1, "two s2 not_after=1");
	retired("one s1 prefixes=xnot_after=5,b not_after=500\n", "one", 99,
		"one s1 prefixes=xnot_after=5,b not_after=99\n");
	load(&file, "one s1\n");
	assert_int_equal(keyfile_retire(&file, "on", 1), -1);
	assert_int_equal(errno, ENOENT);
	keyfile_free(&file);
}

static void test_add(void **state)
{
	struct keyfile_line with = { .rights = "read", .prefixes = "x/", .not_after = 42 };
	struct virgo_key key = { "new1", "secret" };
	struct keyfile file;

	load(&file, "one s1");
	assert_int_equal(keyfile_add(&file, &key, &with), 0);
	assert_string_equal(file.text, "one s1\nnew1 secret rights=read prefixes=x/ not_after=42\n");
	keyfile_free(&file);
	file.text = NULL;
	file.len = 0;
	assert_int_equal(keyfile_add(&file, &key, &(struct keyfile_line){ 0 }), 0);
	assert_string_equal(file.text, "new1 secret rights=read,write\n");
	keyfile_free(&file);
}

static void test_files(void **state)
{
	struct virgo_key key = { "test", "0123456789" };
	struct keyfile file;
	struct stat st;

	umask(0);
	assert_int_equal(keyfile_write_client(path, &key), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keyfile_read(path, &file), 0);
	assert_string_equal(file.text, "user = \"test:0123456789\"\n");
	keyfile_free(&file);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(keyfile_read(path, &file), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(keyfile_replace(path, "x\n", 2), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(keyfile_read(path, &file), -1);
	assert_int_equal(keyfile_read(dir, &file), -1);
	assert_int_equal(keyfile_replace("/nowhere/at/all", "x", 1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_retire), cmocka_unit_test(test_add),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
