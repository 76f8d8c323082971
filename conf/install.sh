#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Puts what was built where it belongs, or takes it away again ("uninstall"): one list for both. Never overwrites a
# configuration file that is there, starts no service, and writes below $DESTDIR only. Called by make install.
set -eu
cd "$(dirname "$0")/.."

: "${DESTDIR=}" "${B=build}" "${PREFIX=/usr/local}"
: "${BINDIR=$PREFIX/bin}" "${SBINDIR=$PREFIX/sbin}" "${LIBDIR=$PREFIX/lib}" "${INCDIR=$PREFIX/include}"
: "${DATADIR=$PREFIX/share}" "${SYSCONFDIR=/etc}" "${KDIR=}"
: "${VERSION=$(cat VERSION)}"
mode=${1-install}
case $mode in
install|uninstall) ;;
*)	echo "usage: conf/install.sh [install | uninstall]" >&2; exit 2 ;;
esac

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# put MODE SOURCE TARGET
put()
{
	if [ "$mode" = install ]; then
		install -D -m "$1" "$2" "$DESTDIR$3"
	else
		rm -f "$DESTDIR$3"
	fi
}

# link TARGET NAME
link()
{
	if [ "$mode" = install ]; then
		ln -sfn "$1" "$DESTDIR$2"
	else
		rm -f "$DESTDIR$2"
	fi
}

# conf SOURCE TARGET: an administrator's file stays as it is; one that was never changed goes with us
conf()
{
	if [ "$mode" = install ]; then
		if [ ! -e "$DESTDIR$2" ]; then
			put 644 "$1" "$2"
		elif ! cmp -s "$1" "$DESTDIR$2"; then
			echo "  KEPT    $DESTDIR$2 (compare conf/${1##*conf/})"
		fi
	elif cmp -s "$1" "$DESTDIR$2"; then
		rm -f "$DESTDIR$2"
	elif [ -e "$DESTDIR$2" ]; then
		echo "  KEPT    $DESTDIR$2"
	fi
}

# filled SOURCE: with the directories in place of their names; prints where it is
filled()
{
	mkdir -p "$tmp/$(dirname "$1")"
	sed -e "s|@PREFIX@|$PREFIX|g" -e "s|@BINDIR@|$BINDIR|g" -e "s|@SBINDIR@|$SBINDIR|g" -e "s|@LIBDIR@|$LIBDIR|g" \
		-e "s|@INCLUDEDIR@|$INCDIR|g" -e "s|@VERSION@|$VERSION|g" "$1" >"$tmp/${1%.in}"
	echo "$tmp/${1%.in}"
}

# the release that KDIR builds modules for
release()
{
	sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$KDIR/include/generated/utsrelease.h" 2>/dev/null
}

# --- programs and the library ------------------------------------------------------------------------

major=1
put 755 "$B/virgo" "$BINDIR/virgo"
put 755 "$B/virgod" "$SBINDIR/virgod"
put 755 "$B/virgo-prompt.so" "$LIBDIR/virgo/virgo-prompt.so"
put 755 "$B/virgo_kernelupcall_plugin" "$LIBDIR/virgo/virgo_kernelupcall_plugin"
put 644 "$B/functions/sample.so" "$LIBDIR/virgo/functions/sample.so"
put 755 "$(filled conf/nightly.in)" "$LIBDIR/virgo/nightly"
put 755 "$B/libvirgo.so" "$LIBDIR/libvirgo.so.$VERSION"
link "libvirgo.so.$VERSION" "$LIBDIR/libvirgo.so.$major"
link "libvirgo.so.$major" "$LIBDIR/libvirgo.so"
for f in lib/include/virgo/*.h; do
	put 644 "$f" "$INCDIR/virgo/${f##*/}"
done
put 644 kmod/include/uapi/virgo.h "$INCDIR/virgo/uapi.h"
put 644 plugins/virgo_plugin.h "$INCDIR/virgo_plugin.h"
[ "$mode" = uninstall ] || install -d -m 755 "$DESTDIR$LIBDIR/virgo/plugins"
put 755 "$B/plugins/analytics.so" "$LIBDIR/virgo/plugins/analytics.so"
put 644 "$(filled lib/virgo.pc.in)" "$LIBDIR/pkgconfig/virgo.pc"

# --- documentation and completions -------------------------------------------------------------------

for f in man/*.[1-8]; do
	put 644 "$f" "$DATADIR/man/man${f##*.}/${f##*/}"
done
for f in README.md CHANGELOG.md conf/virgo_kernel_analytics.conf.example; do
	put 644 "$f" "$DATADIR/doc/virgo/${f##*/}"
done
for f in shell/examples/*; do
	put 755 "$f" "$DATADIR/doc/virgo/examples/${f##*/}"
done
put 644 completions/virgo.bash "$DATADIR/bash-completion/completions/virgo"
put 644 completions/_virgo "$DATADIR/zsh/site-functions/_virgo"
put 644 completions/virgo.fish "$DATADIR/fish/vendor_completions.d/virgo.fish"

# --- configuration and services ------------------------------------------------------------------------

conf conf/virgo_cloud.conf "$SYSCONFDIR/virgo_cloud.conf"
conf conf/virgo_client.conf "$SYSCONFDIR/virgo_client.conf"
conf conf/modules-load.d/virgo.conf "$SYSCONFDIR/modules-load.d/virgo.conf"
conf "$(filled conf/cron.d/virgo-analytics.in)" "$SYSCONFDIR/cron.d/virgo-analytics"
put 644 conf/sysctl.d/virgo.conf "$LIBDIR/sysctl.d/virgo.conf"
put 644 conf/sysusers.d/virgo.conf "$LIBDIR/sysusers.d/virgo.conf"
put 644 conf/udev/60-virgo.rules "$LIBDIR/udev/rules.d/60-virgo.rules"
put 644 "$(filled conf/systemd/virgod.service.in)" "$LIBDIR/systemd/system/virgod.service"
put 644 "$(filled conf/systemd/virgo-analytics.service.in)" "$LIBDIR/systemd/system/virgo-analytics.service"
put 644 conf/systemd/virgo-analytics.timer "$LIBDIR/systemd/system/virgo-analytics.timer"

# --- kernel modules, where they were built ----------------------------------------------------------------

rel=$(release || true)
for f in virgo virgo_mempool virgo_cpupool; do
	[ -n "$rel" ] || break
	if [ -e "build/kmod/$rel/$f.ko" ] || [ "$mode" = uninstall ]; then
		put 644 "build/kmod/$rel/$f.ko" "/lib/modules/$rel/extra/$f.ko"
	fi
done

# --- directories that were ours alone; what the running system must be told ---------------------------------

if [ "$mode" = uninstall ]; then
	rmdir "$DESTDIR$LIBDIR/virgo/plugins" "$DESTDIR$LIBDIR/virgo/functions" "$DESTDIR$LIBDIR/virgo" "$DESTDIR$INCDIR/virgo" \
		"$DESTDIR$DATADIR/doc/virgo/examples" "$DESTDIR$DATADIR/doc/virgo" 2>/dev/null || true
fi
if [ -z "$DESTDIR" ] && [ "$(id -u)" = 0 ]; then
	ldconfig
	[ -z "$rel" ] || [ ! -d "/lib/modules/$rel" ] || depmod "$rel"
	if [ "$mode" = install ]; then
		echo "  DONE    next: systemd-sysusers && systemctl daemon-reload, sysctl --system, virgo key new, virgo doctor"
	fi
fi
