// SPDX-License-Identifier: GPL-3.0-or-later
/* The client's configuration: which source wins, groups and "all", and where errors point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/conf.c"
#include "core/conf_value.c"
#include "lib/conf.c"
#include "lib/error.c"
#include "lib/key.c"
#include "lib/nodename.c"
#include "lib/nodeparse.c"
#include "lib/nodeset.c"

static char dir[] = "/tmp/virgo-test-conf.XXXXXX";
static char etc[96], user[96], named[96], running[96];

static void write_file(const char *path, const char *text)
{
	FILE *f;

	if (!text) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_dir(void **state)
{
	char sub[96];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(sub, sizeof(sub), "%s/virgo", dir);
	snprintf(etc, sizeof(etc), "%s/etc.conf", dir);
	snprintf(user, sizeof(user), "%s/virgo/client.conf", dir);
	snprintf(named, sizeof(named), "%s/named.conf", dir);
	etc_path = etc;
	if (mkdir(sub, 0700))
		return -1;
	setenv("XDG_CONFIG_HOME", dir, 1);
	snprintf(sub, sizeof(sub), "%s/run", dir);
	setenv("XDG_RUNTIME_DIR", sub, 1);
	if (mkdir(sub, 0700))
		return -1;
	snprintf(sub, sizeof(sub), "%s/run/virgo", dir);
	snprintf(running, sizeof(running), "%s/run/virgo/client.conf", dir);
	return mkdir(sub, 0700);
}

static int fresh(void **state)
{
	static const char *const variables[] = {
		"VIRGO_CONFIG", "VIRGO_NODES", "VIRGO_KEY_FILE", "VIRGO_OUTPUT",
	};

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(variables); i++)
		unsetenv(variables[i]);
	write_file(etc, NULL);
	write_file(user, NULL);
	write_file(named, NULL);
	write_file(running, NULL);
	return 0;
}

static int remove_dir(void **state)
{
	static const char *const subs[] = { "virgo", "run/virgo", "run", "" };
	char sub[96];
	int ret = 0;

	fresh(state);
	for (size_t i = 0; i < VIRGO_COUNT(subs); i++) {
		snprintf(sub, sizeof(sub), "%s/%s", dir, subs[i]);
		ret |= rmdir(sub);
	}
	return ret;
}

static struct virgo_conf *opened(void)
{
	struct virgo_conf *conf;
	struct virgo_error err;

	if (virgo_conf_open(&conf, NULL, &err))
		fail_msg("%s", err.message);
	return conf;
}

static void expect(const struct virgo_conf *conf, const char *key, const char *value,
		   const char *origin)
{
	struct virgo_setting s;

	assert_int_equal(virgo_conf_setting(conf, key, &s), 0);
	assert_string_equal(s.key, key);
	assert_string_equal(s.value, value);
	if (!strstr(s.origin, origin))
		fail_msg("%s comes from %s", key, s.origin);
}

static void expect_nodes(const struct virgo_conf *conf, const char *names)
{
	struct virgo_nodeset *set;
	struct virgo_error err;
	char got[256] = "";
	size_t at = 0;

	if (virgo_conf_nodes(conf, &set, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < virgo_nodeset_count(set); i++)
		at += snprintf(got + at, sizeof(got) - at, "%s%s", i ? " " : "",
			       virgo_nodeset_name(set, i));
	virgo_nodeset_free(set);
	assert_string_equal(got, names);
}

static void built_in(void **state)
{
	struct virgo_conf *conf = opened();
	struct virgo_setting s;

	(void)state;
	expect(conf, "nodes", "127.0.0.1", "built-in");
	expect(conf, "cluster", "virgo", "built-in");
	assert_int_equal(virgo_conf_ms(conf, "timeout"), 30000);
	assert_int_equal(virgo_conf_ms(conf, "connect_timeout"), 2000);
	assert_null(virgo_conf_get(conf, "output"));
	assert_null(virgo_conf_get(conf, "key_file"));
	assert_null(virgo_conf_get(conf, "nonsense"));
	expect_nodes(conf, "127.0.0.1");
	assert_int_equal(virgo_conf_at(conf, 0, &s), 0);
	assert_string_equal(s.key, "nodes");
	assert_int_equal(virgo_conf_at(conf, 7, &s), -1);
	virgo_conf_free(conf);
	virgo_conf_free(NULL);
}

/* each source above the one before; the lower ones' other keys stay in force */
static void precedence(void **state)
{
	struct virgo_conf *conf;
	struct virgo_error err;

	(void)state;
	write_file(etc, "nodes = etc1\ncluster = etccluster\ntimeout = 5s\noutput = raw\n");
	conf = opened();
	expect(conf, "nodes", "etc1", "etc.conf:1");
	expect(conf, "timeout", "5s", "etc.conf:3");
	virgo_conf_free(conf);

	write_file(user, "# mine\nnodes = user1\noutput = json\n");
	conf = opened();
	expect(conf, "nodes", "user1", "client.conf:2");
	expect(conf, "cluster", "etccluster", "etc.conf:2");
	virgo_conf_free(conf);

	write_file(running, "nodes = up1\n");
	conf = opened();
	expect(conf, "nodes", "up1", "run/virgo/client.conf:1");
	expect(conf, "output", "json", "client.conf:3");
	virgo_conf_free(conf);

	setenv("VIRGO_NODES", "env1", 1);
	setenv("VIRGO_OUTPUT", "", 1);
	conf = opened();
	expect(conf, "nodes", "env1", "environment VIRGO_NODES");
	expect(conf, "output", "json", "client.conf:3");
	assert_int_equal(virgo_conf_set(conf, "nodes", "option1", &err), VIRGO_OK);
	expect(conf, "nodes", "option1", "option");
	assert_int_equal(virgo_conf_set(conf, "nodes", "option2", &err), VIRGO_OK);
	expect_nodes(conf, "option2");
	virgo_conf_free(conf);
}

/* a named file stands instead of both others */
static void named_file(void **state)
{
	struct virgo_conf *conf;
	struct virgo_error err;

	(void)state;
	write_file(etc, "cluster = etccluster\n");
	write_file(user, "nodes = user1\n");
	write_file(named, "output = ndjson\n");
	setenv("VIRGO_CONFIG", named, 1);
	conf = opened();
	expect(conf, "output", "ndjson", "named.conf:1");
	expect(conf, "cluster", "virgo", "built-in");
	expect(conf, "nodes", "127.0.0.1", "built-in");
	virgo_conf_free(conf);
	assert_int_equal(virgo_conf_open(&conf, user, &err), VIRGO_OK);
	expect(conf, "nodes", "user1", "client.conf:1");
	virgo_conf_free(conf);
	assert_int_equal(virgo_conf_open(&conf, "/nowhere/x.conf", &err), VIRGO_USAGE);
	assert_null(conf);
	assert_string_equal(err.message,
			    "unable to read '/nowhere/x.conf': No such file or directory");
	assert_int_equal(virgo_conf_open(&conf, dir, &err), VIRGO_USAGE);
}

/* in a directory that others can write to, nothing is believed */
static void running_not_mine(void **state)
{
	char sub[96];
	struct virgo_conf *conf;

	(void)state;
	write_file(running, "nodes = up1\n");
	snprintf(sub, sizeof(sub), "%s/run/virgo", dir);
	assert_int_equal(chmod(sub, 0777), 0);
	conf = opened();
	assert_int_equal(chmod(sub, 0700), 0);
	expect(conf, "nodes", "127.0.0.1", "built-in");
	virgo_conf_free(conf);
}

/* a group that is not known yet stands for any nodes: what may be empty then is no error */
static void operators_in_files(void **state)
{
	struct virgo_conf *conf;
	struct virgo_error err;
	struct virgo_nodeset *set;

	(void)state;
	write_file(etc, "group.up = @all_of!@down\ngroup.all_of = n[1-9/2]\ngroup.down = n3,n5\n"
		   "nodes = @up & n[1-7]\n");
	conf = opened();
	expect_nodes(conf, "n1 n7");
	assert_int_equal(virgo_conf_set(conf, "nodes", "@up!all", &err), VIRGO_OK);
	expect_nodes(conf, "n9");
	assert_int_equal(virgo_conf_set(conf, "nodes", "@up!@up", &err), VIRGO_OK);
	assert_int_equal(virgo_conf_nodes(conf, &set, &err), VIRGO_USAGE);
	assert_string_equal(err.message, "node set: no node is left of \"@up!@up\"");
	assert_int_equal(virgo_conf_set(conf, "nodes", "@up!!x", &err), VIRGO_USAGE);
	virgo_conf_free(conf);
}

static void legacy_line(void **state)
{
	struct virgo_conf *conf;

	(void)state;
	write_file(etc, "10.0.0.1, 10.0.0.2,10.0.0.3\n");
	conf = opened();
	expect_nodes(conf, "10.0.0.1 10.0.0.2 10.0.0.3");
	expect(conf, "nodes", "10.0.0.1, 10.0.0.2,10.0.0.3", "etc.conf:1");
	virgo_conf_free(conf);
}

static void groups_and_all(void **state)
{
	struct virgo_nodeset *set;
	struct virgo_conf *conf;
	struct virgo_error err;
	struct virgo_setting s;

	(void)state;
	write_file(etc, "group.web = w[1-2]\ngroup.db = d1\nnodes = @web,x\n");
	write_file(user, "group.db = d7\n");
	conf = opened();
	expect_nodes(conf, "w1 w2 x");
	assert_int_equal(virgo_conf_nodeset(conf, "@db,all", &set, &err), VIRGO_OK);
	assert_int_equal(virgo_nodeset_count(set), 4);
	assert_string_equal(virgo_nodeset_name(set, 0), "d7");
	virgo_nodeset_free(set);
	assert_int_equal(virgo_conf_nodeset(conf, "@nope", &set, &err), VIRGO_USAGE);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(virgo_conf_at(conf, i, &s), 0);
	assert_string_equal(s.key, "balance");
	assert_string_equal(s.value, "least-loaded");
	assert_int_equal(virgo_conf_at(conf, 7, &s), 0);
	assert_string_equal(s.key, "group.web");
	assert_int_equal(virgo_conf_at(conf, 8, &s), 0);
	assert_string_equal(s.value, "d7");
	assert_int_equal(virgo_conf_at(conf, 9, &s), -1);

	assert_int_equal(virgo_conf_set(conf, "nodes", "all", &err), VIRGO_OK);
	expect_nodes(conf, "w1 w2 x");
	assert_int_equal(virgo_conf_set(conf, "nodes", "all,y", &err), VIRGO_OK);
	expect_nodes(conf, "w1 w2 x y");
	virgo_conf_free(conf);

	setenv("VIRGO_NODES", "env[1-2]", 1);
	conf = opened();
	assert_int_equal(virgo_conf_set(conf, "nodes", "all", &err), VIRGO_OK);
	expect_nodes(conf, "env1 env2");
	virgo_conf_free(conf);
	setenv("VIRGO_NODES", "all", 1);
	conf = opened();
	assert_int_equal(virgo_conf_set(conf, "nodes", "all", &err), VIRGO_OK);
	expect_nodes(conf, "w1 w2 x");
	virgo_conf_free(conf);
}

static void bad_files(void **state)
{
	static const char *const table[][2] = {
		{ "nodess = a\n", "etc.conf:1:1: unknown key \"nodess\": did you mean \"nodes\"?" },
		{ "zebra = a\n",
		  "etc.conf:1:1: unknown key \"zebra\": allowed are nodes, cluster, " },
		{ "\n  output = xml\n",
		  "etc.conf:2:12: output: \"xml\" is unknown: allowed are table, json" },
		{ "timeout = soon\n", "etc.conf:1:11: timeout: \"soon\"" },
		{ "timeout = 0\n", "etc.conf:1:11: " },
		{ "color = red\n", "allowed are auto, always, never" },
		{ "via = pigeon\n", "allowed are auto, http, syscall" },
		{ "balance = x\n", "allowed are least-loaded, two-choices, prg, predicted, hash" },
		{ "registry = 10.0.0.1,10.0.0.2\n", "etc.conf:1:12: registry: " },
		{ "registry =\n", "etc.conf:1:11: registry: " },
		{ "cluster = Lab\n", "etc.conf:1:11: cluster: \"Lab\" is not a name" },
		{ "cluster =\n", "is not a name" },
		{ "key_file =\n", "a path or \"none\"" },
		{ "nodes = a,,b\n", "etc.conf:1:9: nodes: node set: column 3" },
		{ "nodes = all\n", "no group \"all\"" },
		{ "nodes =\n", "is expected" },
		{ "group. = a\n", "group.<name>" },
		{ "group.a.b = a\n", "group.<name>" },
		{ "group.a = n[1-\n", "etc.conf:1:11: group.a: node set: column 5" },
		{ "nodes = a\nnodes = b\n", "etc.conf:2:1: duplicate key" },
		{ "what is this\n", "etc.conf:1:1: no \"=\"" },
	};
	struct virgo_conf *conf;
	struct virgo_error err;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		write_file(etc, table[i][0]);
		assert_int_equal(virgo_conf_open(&conf, NULL, &err), VIRGO_USAGE);
		assert_null(conf);
		if (!strstr(err.message, table[i][1]))
			fail_msg("%s", err.message);
	}
}

static void bad_environment(void **state)
{
	struct virgo_conf *conf;
	struct virgo_error err;

	(void)state;
	setenv("VIRGO_OUTPUT", "xml", 1);
	assert_int_equal(virgo_conf_open(&conf, NULL, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message,
			       "environment VIRGO_OUTPUT: output: \"xml\" is unknown"));
	unsetenv("VIRGO_OUTPUT");
	conf = opened();
	assert_int_equal(virgo_conf_set(conf, "timeout", "x", &err), VIRGO_USAGE);
	assert_int_equal(virgo_conf_set(conf, "nonsense", "x", &err), VIRGO_USAGE);
	expect(conf, "timeout", "30s", "built-in");
	virgo_conf_free(conf);
}

static void cycle(void **state)
{
	struct virgo_nodeset *set;
	struct virgo_conf *conf;
	struct virgo_error err;

	(void)state;
	write_file(etc, "group.a = @b\ngroup.b = @a\nnodes = @a\n");
	conf = opened();
	assert_int_equal(virgo_conf_nodes(conf, &set, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "@a contains itself"));
	virgo_conf_free(conf);
}

static void units(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(virgo_parse_duration("250ms", &v, NULL), VIRGO_OK);
	assert_int_equal(v, 250);
	assert_int_equal(virgo_parse_duration("3", &v, NULL), VIRGO_OK);
	assert_int_equal(v, 3000);
	assert_int_equal(virgo_parse_duration("2h", &v, NULL), VIRGO_OK);
	assert_int_equal(v, 7200000);
	assert_int_equal(virgo_parse_duration("-1s", &v, NULL), VIRGO_USAGE);
	assert_int_equal(virgo_parse_duration("", &v, NULL), VIRGO_USAGE);
	assert_int_equal(virgo_parse_duration("9999999999h", &v, NULL), VIRGO_USAGE);
	assert_int_equal(virgo_parse_size("64k", &v, NULL), VIRGO_OK);
	assert_int_equal(v, 65536);
	assert_int_equal(virgo_parse_size("0", &v, NULL), VIRGO_OK);
	assert_int_equal(virgo_parse_size("1e3", &v, NULL), VIRGO_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(built_in, fresh),
		cmocka_unit_test_setup(precedence, fresh),
		cmocka_unit_test_setup(named_file, fresh),
		cmocka_unit_test_setup(running_not_mine, fresh),
		cmocka_unit_test_setup(legacy_line, fresh),
		cmocka_unit_test_setup(operators_in_files, fresh),
		cmocka_unit_test_setup(groups_and_all, fresh),
		cmocka_unit_test_setup(bad_files, fresh),
		cmocka_unit_test_setup(bad_environment, fresh),
		cmocka_unit_test_setup(cycle, fresh),
		cmocka_unit_test_setup(units, fresh),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
