#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# make install and uninstall into a directory of their own, and a program that is built against what was installed.
bats_require_minimum_version 1.5.0

bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

setup_file()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	D=$BATS_FILE_TMPDIR/root
	export TOP D
	make -C "$TOP" --no-print-directory -s install DESTDIR="$D" PREFIX=/usr
}

setup()
{
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT
}

again()
{
	make -C "$TOP" --no-print-directory -s "$1" DESTDIR="$D" PREFIX=/usr
}

@test "a program builds with pkg-config, runs, and tells a dead node from a bad one" {
	cat >"$BATS_TEST_TMPDIR/a.c" <<-'EOF'
	#include <stdio.h>
	#include <virgo/virgo.h>

	int main(int argc, char *argv[])
	{
		struct virgo_conf *conf = NULL;
		struct virgo_ctx *ctx = NULL;
		struct virgo_error err;
		struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/node" };
		enum virgo_code ret = argc == 2 ? VIRGO_OK : VIRGO_USAGE;

		if (!ret)
			ret = virgo_conf_open(&conf, NULL, &err);
		if (!ret)
			ret = virgo_conf_set(conf, "nodes", argv[1], &err);
		if (!ret)
			ret = virgo_connect(&ctx, conf, &err);
		if (!ret)
			ret = virgo_call(ctx, argv[1], &req, NULL, &err);
		if (ret)
			printf("%s\n", err.message);
		virgo_disconnect(ctx);
		virgo_conf_free(conf);
		return ret;
	}
	EOF
	export PKG_CONFIG_PATH=$D/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$D LD_LIBRARY_PATH=$D/usr/lib
	assert_equal "$(pkg-config --modversion virgo)" "$(cat "$TOP/VERSION")"
	# shellcheck disable=SC2046 # words are meant
	cc -Wall -Wextra -Werror -pedantic -std=c11 $(pkg-config --cflags virgo) -o "$BATS_TEST_TMPDIR/a" \
		"$BATS_TEST_TMPDIR/a.c" $(pkg-config --libs virgo)
	run -5 "$BATS_TEST_TMPDIR/a" 127.99.99.99
	assert_output --partial '127.99.99.99:40000'
	run -2 "$BATS_TEST_TMPDIR/a" 'not a node['
}

@test "the library is found by its soname" {
	assert_symlink_to "$D/usr/lib/libvirgo.so.$(cat "$TOP/VERSION")" "$D/usr/lib/libvirgo.so.1"
	run objdump -p "$D/usr/lib/libvirgo.so"
	assert_line --regexp 'SONAME +libvirgo.so.1'
	for header in "$TOP"/lib/include/virgo/*.h; do
		echo "#include <virgo/${header##*/}>" | cc -Werror -std=c11 -I"$D/usr/include" -x c -fsyntax-only -
	done
}

@test "the header of plugins, and their directory" {
	echo '#include <virgo_plugin.h>' | cc -Wall -Wextra -Werror -pedantic -std=c99 -I"$D/usr/include" -x c -fsyntax-only -
	assert_dir_exist "$D/usr/lib/virgo/plugins"
	assert_file_permission 755 "$D/usr/lib/virgo/plugins"
	assert_exist "$D/usr/lib/virgo/plugins/analytics.so"
	assert_exist "$D/usr/share/man/man7/virgo-plugin.7"
}

@test "the shell's prompt, page and examples" {
	assert_exist "$D/usr/lib/virgo/virgo-prompt.so"
	assert_exist "$D/usr/share/man/man1/virgo-shell.1"
	for example in "$TOP"/shell/examples/*; do
		cmp "$example" "$D/usr/share/doc/virgo/examples/${example##*/}"
		assert_file_permission 755 "$D/usr/share/doc/virgo/examples/${example##*/}"
	done
	run -2 env PATH="$D/usr/bin:$PATH" "$D/usr/share/doc/virgo/examples/health-report" -w 127.99.99.99
}

@test "the installed command finds what was installed with it" {
	run -0 "$D/usr/bin/virgo" -o tsv analytics top -n 1 "$TOP/tests/data/kernlog/train.log.gz"
	assert_output --partial '818'
	run -0 "$D/usr/sbin/virgod" --version
	assert_output "virgod $(cat "$TOP/VERSION")"
}

@test "the helper and a library that is built against what was installed" {
	run -0 "$D/usr/lib/virgo/virgo_kernelupcall_plugin" --version
	assert_output "virgo_kernelupcall_plugin $(cat "$TOP/VERSION")"
	cat >"$BATS_TEST_TMPDIR/mine.c" <<-'EOF'
	#include <virgo/function.h>

	static long answer(int argc, const char *const *argv)
	{
		(void)argc;
		(void)argv;
		return 42;
	}

	VIRGO_FUNCTIONS({ "answer", answer, "it is 42" });
	EOF
	cc -Wall -Wextra -Werror -pedantic -std=c11 -I"$D/usr/include" -fPIC -shared -o "$BATS_TEST_TMPDIR/mine.so" \
		"$BATS_TEST_TMPDIR/mine.c"
	"$TOP/tests/tools/build.sh"
	cd "$BATS_TEST_TMPDIR"
	mkdir private
	mv mine.so private
	chmod 644 private/mine.so
	run -0 "$TOP/build/tools/helper" --plugin "$D/usr/lib/virgo/virgo_kernelupcall_plugin" --plugin-arg --functions \
		--plugin-arg "$PWD/private" --allow "$PWD/private/" --user nobody --function answer
	assert_output --partial 'why=exited exit=42 signal=0 errno=0 value=42 '
	# without an option, those that were installed with it
	run -0 "$TOP/build/tools/helper" --plugin "$D/usr/lib/virgo/virgo_kernelupcall_plugin" --allow "$D/usr/lib/virgo/functions/" \
		--user nobody --list
	assert_output --partial 'listed sample:upper: '
}

@test "a configuration that was changed stays, at install and at uninstall" {
	echo 'node_id = 9' >>"$D/etc/virgo_cloud.conf"
	run -0 again install
	assert_output --partial "KEPT    $D/etc/virgo_cloud.conf"
	refute_output --partial 'virgo_client.conf'
	assert_file_contains "$D/etc/virgo_cloud.conf" '^node_id = 9$'
	run -0 again uninstall
	assert_file_contains "$D/etc/virgo_cloud.conf" '^node_id = 9$'
	run find "$D" ! -type d
	assert_output "$D/etc/virgo_cloud.conf"
	assert_not_exist "$D/usr/lib/virgo"
	assert_not_exist "$D/usr/include/virgo_plugin.h"
	assert_not_exist "$D/usr/share/doc/virgo"
	rm "$D/etc/virgo_cloud.conf"
	again install
}

@test "directories are filled in, and the units are understood by systemd" {
	run grep -rnE '@[A-Z]+@' "$D/etc" "$D/usr/lib" --include=*.service --include=virgo* --include=nightly
	assert_failure 1
	assert_file_contains "$D/usr/lib/systemd/system/virgod.service" '^ExecStart=/usr/sbin/virgod$'
	assert_file_permission 755 "$D/usr/lib/virgo/nightly"
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	# targets and manual pages are missing in there; what a unit itself says must be right
	run systemd-analyze verify --root="$D" virgod.service virgo-analytics.service virgo-analytics.timer
	refute_output --regexp '(Unknown|Invalid|Failed to parse|ignoring|not executable)'
	run -0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$D/usr/lib/systemd/system/virgo-analytics.timer")"
}

@test "the settings shipped are the defaults: virgo config check accepts both files" {
	run -0 "$D/usr/bin/virgo" config check "$D/etc/virgo_cloud.conf"
	run -0 "$D/usr/bin/virgo" config check "$D/etc/virgo_client.conf"
}
