# SPDX-License-Identifier: GPL-3.0-or-later
# The one door. Everything that is built goes below build/; the two hosts of kmod/ have separate objects.
#
#	make			library, command, virgod and (where kernel headers are found) the modules
#	make examples | test | demo | demo-vm | bench | fuzz | lint | install | uninstall | clean | compile_commands.json
#	KDIR=DIR		another kernel's build tree;  ARCH=um for User-Mode Linux
#	SAN=address,undefined	sanitizers for everything in user space (objects in build/san-…)
#	V=1			show the commands

VERSION   := $(shell cat VERSION)
PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
SBINDIR   ?= $(PREFIX)/sbin
LIBDIR    ?= $(PREFIX)/lib
INCDIR    ?= $(PREFIX)/include
DATADIR   ?= $(PREFIX)/share
SYSCONFDIR ?= /etc
PKG_CONFIG ?= pkg-config
KREL      ?= $(shell uname -r)
KDIR      ?= $(firstword $(wildcard /lib/modules/$(KREL)/build) $(shell ls -d /lib/modules/*/build 2>/dev/null | sort -V | tail -n 1))

SAN   ?=
comma := ,
B     := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
Q     := $(if $(V),,@)
say    = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wdeclaration-after-statement \
	   -Wno-unused-parameter -Wno-sign-compare
# plugins that come with virgo: plugins/WORD/*.c make build/plugins/WORD.so (plugins/sample is one to copy from)
PLUGINS := analytics
PLUGIN_WORDS := $(foreach word,$(PLUGINS),"$(word)"$(comma))
# gcc warns of overflows it has itself made up where it checks for them
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer $(if $(findstring clang,$(CC)),,-Wno-stringop-overflow))
BASE    := -std=gnu11 -D_GNU_SOURCE -DVIRGO_VERSION='"$(VERSION)"' -DVIRGO_LIBDIR='"$(LIBDIR)"' -DVIRGO_PLUGINS='$(PLUGIN_WORDS)' -fno-strict-aliasing \
	   $(WARN) $(CFLAGS) $(SANFLAGS) -MMD -MP
# kernel code in user space: the shim's headers stand in for the kernel's
KUSER   := $(BASE) -DURCU_INLINE_SMALL_FUNCTIONS -Ikmod/user/include -Ikmod/include -Ikmod
UUSER   := $(BASE) -Ilib/include -Ikmod/user/include -Ikmod/include -Ikmod -I. -fPIC -fno-semantic-interposition

# the helper is a program of this machine alone: no shim, nothing but the C library
HUSER   := $(BASE) -Ilib/include -Ikmod/include -I. -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong

NODE_SRC := $(wildcard kmod/core/*.c kmod/mempool/*.c kmod/cpupool/*.c kmod/user/*.c kmod/user/shim/*.c)
NODE_SRC := $(filter-out %/table_rhash.c,$(NODE_SRC))
PURE_SRC := $(addprefix kmod/core/,base64.c conf.c conf_value.c place.c addr.c config.c utf8.c buf.c json_write.c)
PURE_SRC += $(addprefix kmod/core/,balance.c load.c predict.c json_read.c values_parse.c)
PURE_SRC += $(addprefix kmod/user/shim/,alloc.c inet.c kstrtox.c string.c)
LIB_SRC  := $(wildcard lib/*.c)
CLI_SRC  := $(wildcard cli/*.c)
SHELL_SRC := $(wildcard shell/*.c)
AN_SRC   := $(wildcard analytics/*.c)
PLUGIN_SRC := $(foreach word,$(PLUGINS),$(wildcard plugins/$(word)/*.c))
PROMPT_SRC := $(wildcard shell/prompt/*.c)
HELP_SRC := $(wildcard helper/*.c)
FUNC_SRC := $(wildcard helper/functions/*.c)

NODE_OBJ := $(NODE_SRC:%.c=$B/node/%.o)
PURE_OBJ := $(PURE_SRC:%.c=$B/pure/%.o)
LIB_OBJ  := $(LIB_SRC:%.c=$B/user/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$B/user/%.o)
SHELL_OBJ := $(SHELL_SRC:%.c=$B/user/%.o)
AN_OBJ   := $(AN_SRC:%.c=$B/user/%.o)
PLUGIN_OBJ := $(PLUGIN_SRC:%.c=$B/user/%.o)
PLUGIN_LIB := $(PLUGINS:%=$B/plugins/%.so)
PROMPT_OBJ := $(PROMPT_SRC:%.c=$B/user/%.o)
HELP_OBJ := $(HELP_SRC:%.c=$B/user/%.o)
FUNC_LIB := $(FUNC_SRC:helper/functions/%.c=$B/functions/%.so)

NODE_LIBS := -lnettle -lurcu-memb -lurcu-cds -lurcu-common -lpthread
LIB_LIBS  := -lcurl -lcjson -lnettle -lpthread
AN_LIBS   := -lsvm -lcjson -lnettle -lz -lzstd -lm -lpthread -ldl

.PHONY: all user kmod examples test unit demo demo-vm bench fuzz lint install uninstall clean help deps
all: user kmod

user: $B/virgod $B/virgo $(PLUGIN_LIB) $B/virgo-prompt.so $B/libvirgo.so $B/virgo_kernelupcall_plugin $(FUNC_LIB) examples

deps:
	@tests/deps.sh build

$B/virgod: $(NODE_OBJ)
	$(call say,LD,$@)$(CC) $(SANFLAGS) -o $@ $^ $(NODE_LIBS)

$B/libvirgo.a: $(LIB_OBJ) $(PURE_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$B/libvirgo.so: $(LIB_OBJ) $(PURE_OBJ) lib/libvirgo.map
	$(call say,LD,$@)$(CC) $(SANFLAGS) -shared -Wl,-soname,libvirgo.so.1 \
		-Wl,--version-script=lib/libvirgo.map -o $@ $(LIB_OBJ) $(PURE_OBJ) $(LIB_LIBS)

# the language of "virgo shell": a library that knows nothing of virgo
$B/libvirgo-shell.a: $(SHELL_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# Plugins find libvirgo's functions in the command itself: all of them, and nothing else, is there for them.
$B/virgo.list: lib/libvirgo.map Makefile
	@mkdir -p $(@D)
	@{ echo '{'; sed -n 's/^\t\(virgo_[a-z0-9_]*;\)$$/\1/p' $<; echo '};'; } >$@

$B/virgo: $(CLI_OBJ) $B/libvirgo-shell.a $B/libvirgo.a $B/virgo.list
	$(call say,LD,$@)$(CC) $(SANFLAGS) -Wl,--dynamic-list=$B/virgo.list -o $@ $(CLI_OBJ) $B/libvirgo-shell.a \
		-Wl,--whole-archive $B/libvirgo.a -Wl,--no-whole-archive $(LIB_LIBS) -ldl -lm

# Nobody but its owner may be able to write to a plugin, or virgo does not load it. Of a plugin only the descriptor is
# seen; the pure files of core, with what they want of the shim, are its own copy.
$B/libpure.a: $(PURE_OBJ) $B/user/lib/kshim.o
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$B/plugin.map: Makefile
	@mkdir -p $(@D)
	@echo '{ global: virgo_plugin; local: *; };' >$@

$B/plugins/analytics.so: $(filter $B/user/plugins/analytics/%,$(PLUGIN_OBJ)) $(AN_OBJ) $B/libpure.a $B/plugin.map
	@mkdir -p $(@D) && chmod go-w $(@D)
	$(call say,LD,$@)$(CC) $(SANFLAGS) -shared -Wl,--version-script=$B/plugin.map -o $@ $(filter-out %.map,$^) $(AN_LIBS) && \
		chmod go-w $@

# loaded at a terminal only, so that virgo itself starts without readline
$B/virgo-prompt.so: $(PROMPT_OBJ)
	$(call say,LD,$@)$(CC) $(SANFLAGS) -shared -o $@ $^ -lreadline

$B/virgo_kernelupcall_plugin: $(HELP_OBJ)
	$(call say,LD,$@)$(CC) $(SANFLAGS) -pie -Wl,-z,relro,-z,now -o $@ $^ -ldl -lpthread

$B/functions/%.so: helper/functions/%.c lib/include/virgo/function.h Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -Ilib/include -fPIC -shared -o $@ $<

$B/node/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(KUSER) -c -o $@ $<

$B/pure/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(KUSER) -fPIC -c -o $@ $<

$B/user/helper/%.o: helper/%.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(HUSER) -c -o $@ $<

$B/user/shell/prompt/%.o: shell/prompt/%.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UUSER) -fvisibility=hidden -c -o $@ $<

$B/user/plugins/%.o: plugins/%.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UUSER) -Iplugins -c -o $@ $<

$B/user/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UUSER) -c -o $@ $<

-include $(NODE_OBJ:.o=.d) $(PURE_OBJ:.o=.d) $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(SHELL_OBJ:.o=.d) $(AN_OBJ:.o=.d) $(PLUGIN_OBJ:.o=.d) $(PROMPT_OBJ:.o=.d) $(HELP_OBJ:.o=.d)

# --- sample programs, as somebody else would build them ---------------------------------------------
EXAMPLES := $(patsubst lib/examples/%.c,$B/examples/%,$(wildcard lib/examples/*.c))
examples: $(EXAMPLES)

$B/examples/%: lib/examples/%.c $B/libvirgo.so Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=c99 $(WARN) $(CFLAGS) $(SANFLAGS) -Ilib/include -o $@ $< -L$B -lvirgo -Wl,-rpath,'$$ORIGIN/..'
	@ln -sfn libvirgo.so $B/libvirgo.so.1

# --- the kernel modules -------------------------------------------------------------------------
# Kbuild leaves objects beside the sources, so it is given a tree of links below build/.
kmod:
	@KDIR='$(KDIR)' ARCH='$(ARCH)' W='$(W)' C='$(C)' kmod/build.sh

# --- unit tests: each includes the files it tests; always under ASan and UBSan --------------------
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=build/unit/%)
SHIM_SRC := $(wildcard kmod/user/shim/*.c)
SHIM_UNIT := $(SHIM_SRC:kmod/user/shim/%.c=build/unit/shim/%.o)
UNITFLAGS := $(BASE) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	     -Wno-unused-function -DURCU_INLINE_SMALL_FUNCTIONS -Ilib/include -Ikmod/user/include -Ikmod/include -Ikmod -I.

build/unit/shim/%.o: kmod/user/shim/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -c -o $@ $<

build/unit/%: tests/unit/%.c $(SHIM_UNIT) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -o $@ $< $(SHIM_UNIT) -lcmocka -lcurl -lcjson -lsvm -lz -lzstd -lm -ldl $(NODE_LIBS)

# a whole node under test: all of core, with the test as its host
CORE_UNIT := $(patsubst kmod/core/%.c,build/unit/core/%.o,$(wildcard kmod/core/*.c))

build/unit/core/%.o: kmod/core/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -c -o $@ $<

build/unit/test_node: tests/unit/test_node.c $(CORE_UNIT) $(SHIM_UNIT) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -o $@ $< $(CORE_UNIT) $(SHIM_UNIT) -lcmocka $(NODE_LIBS)

# a whole shell under test, with the test as its host
SHELL_UNIT := $(SHELL_SRC:shell/%.c=build/unit/shell/%.o)

build/unit/shell/%.o: shell/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -c -o $@ $<

build/unit/test_shell_expand: tests/unit/test_shell_expand.c $(SHELL_UNIT) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -o $@ $< $(SHELL_UNIT) -lcmocka

# models under test: all of analytics, as one program
AN_UNIT := $(AN_SRC:analytics/%.c=build/unit/analytics/%.o)

build/unit/analytics/%.o: analytics/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -c -o $@ $<

build/unit/test_an_train build/unit/test_an_model build/unit/test_an_report build/unit/test_an_keep: build/unit/%: tests/unit/%.c $(AN_UNIT) $(SHIM_UNIT) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(UNITFLAGS) -o $@ $< $(AN_UNIT) $(SHIM_UNIT) -lcmocka $(AN_LIBS) $(NODE_LIBS)

-include $(UNIT_BIN:=.d) $(SHIM_UNIT:.o=.d) $(CORE_UNIT:.o=.d) $(SHELL_UNIT:.o=.d) $(AN_UNIT:.o=.d)

unit: $(UNIT_BIN)
	@tests/run.sh unit

# --- everything else is a script of its own -------------------------------------------------------
test:
	@tests/deps.sh build && tests/deps.sh test && $(MAKE) --no-print-directory -j$$(nproc) all && tests/run.sh
demo:
	@tests/deps.sh build && $(MAKE) --no-print-directory user && tests/demo.sh
demo-vm:
	@tests/deps.sh build && tests/deps.sh vm && $(MAKE) --no-print-directory user && tests/demo-vm.sh
bench: user
	@tests/bench/run.sh
fuzz:
	@tests/fuzz/run.sh
lint:
	@tests/lint/run.sh

INSTALL := DESTDIR='$(DESTDIR)' B='$B' VERSION='$(VERSION)' PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' SBINDIR='$(SBINDIR)' \
	   LIBDIR='$(LIBDIR)' INCDIR='$(INCDIR)' DATADIR='$(DATADIR)' SYSCONFDIR='$(SYSCONFDIR)' KDIR='$(KDIR)' conf/install.sh
install: user
	@$(INSTALL)
uninstall:
	@$(INSTALL) uninstall

compile_commands.json: Makefile
	@rm -f $@; $(MAKE) -Bnw V=1 KDIR= user | tests/lint/compdb.sh > $@

clean:
	rm -rf build compile_commands.json

help:
	@sed -n '4,9s/^#\t*//p' Makefile
