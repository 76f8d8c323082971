#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command table, help, completion and the man pages agree: virgo's own commands stand in virgo(1), those of a plugin that
# comes with it in virgo-WORD(1). --fix renews the man pages' parts.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
virgo=${VIRGO:-$root/build/virgo}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0 fix=no
[[ ${1-} != --fix ]] || fix=yes

complain()
{
	printf 'cli-tables: %s\n' "$*" >&2
	wrong=1
}

[[ -x $virgo ]] || { printf 'cli-tables: no %s: make user builds it\n' "$virgo" >&2; exit 1; }
export XDG_RUNTIME_DIR=$tmp XDG_CONFIG_HOME=$tmp XDG_DATA_HOME=$tmp
unset VIRGO_PLUGIN_PATH VIRGO_CONFIG VIRGO_NODES VIRGO_OUTPUT VIRGO_KEY_FILE

# The plugins that come with virgo; others of this machine are not ours.
plugins=()
for source in "$root"/plugins/*/; do
	word=$(basename "$source")
	[[ $word = sample ]] || plugins+=("$word")
done
for word in "${plugins[@]}"; do
	[[ $("$virgo" -o json plugin info "$word" | jq -r .path) = "$(realpath "$(dirname "$virgo")")/plugins/$word.so" ]] ||
		complain "the plugin $word of this build is not what virgo uses"
done

# in_page FILE WORD...: the part of FILE is what "virgo help --man WORD..." prints
in_page()
{
	local page=$root/man/$1

	"$virgo" help --man "${@:2}" > "$tmp/commands"
	[[ -s $tmp/commands ]] || complain "virgo help --man ${*:2} prints nothing"
	if [[ $fix = yes ]]; then
		sed -e "/^\.\\\\\" begin commands/r $tmp/commands" \
			-e '/^\.\\" begin commands/,/^\.\\" end commands/{/^\.\\" begin commands/b;/^\.\\" end commands/b;d}' \
			"$page" > "$tmp/man"
		cat "$tmp/man" > "$page"
	fi
	sed -n '/^\.\\" begin commands/,/^\.\\" end commands/p' "$page" | sed '1d;$d' > "$tmp/in-man"
	diff -u "$tmp/in-man" "$tmp/commands" >&2 || complain "man/$1 is not what the table says: tests/lint/cli-tables.sh --fix"
}

in_page virgo.1
for word in "${plugins[@]}"; do
	in_page "virgo-$word.1" "$word"
done

for pair in bash:virgo.bash zsh:_virgo fish:virgo.fish; do
	"$virgo" completion "${pair%%:*}" | cmp -s - "$root/completions/${pair#*:}" ||
		complain "virgo completion ${pair%%:*} and completions/${pair#*:} differ"
done

"$virgo" -o json help > "$tmp/table"
jq -r '.[] | .name' "$tmp/table" > "$tmp/names"
[[ $(sort "$tmp/names" | uniq -d | wc -l) = 0 ]] || complain "a command is there twice"

# What completion offers, word by word, is the table's names: those of virgo and of its plugins.
{
	"$virgo" --complete '' | grep -vP '\t(plugin|program virgo-.*)$' | cut -f1
	"$virgo" --complete '' | grep -P '\tplugin$' | cut -f1 | grep -xFf <(printf '%s\n' "${plugins[@]}")
} | while read -r word; do
	if grep -q "^$word " "$tmp/names"; then
		"$virgo" --complete "$word" '' | cut -f1 | sed "s/^/$word /"
	fi
	! grep -qx "$word" "$tmp/names" || echo "$word"
done | sort > "$tmp/offered"
diff -u <(sort "$tmp/names") "$tmp/offered" >&2 || complain "completion and the table differ"

"$virgo" help > "$tmp/overview"
while read -r name; do
	read -ra words <<< "$name"
	grep -q "^  $name " "$tmp/overview" || complain "help does not list $name"
	"$virgo" help "${words[@]}" > "$tmp/help" || complain "no help on $name"
	"$virgo" "${words[@]}" --help | cmp -s - "$tmp/help" || complain "$name --help differs from its help"
	"$virgo" --complete "${words[@]}" -- | cut -f1 > "$tmp/options"
	jq -r --arg name "$name" '.[] | select(.name == $name).options[].name' "$tmp/table" > "$tmp/own"
	[[ $(sort "$tmp/own" | uniq -d | wc -l) = 0 ]] || complain "$name has an option twice"
	while read -r option; do
		grep -qx -e "--$option" "$tmp/options" || complain "$name: --$option is not completed"
		grep -q -e "--$option" "$tmp/help" || complain "$name: --$option is not in its help"
	done < "$tmp/own"
done < "$tmp/names"

# What the code asks for by name stands in a table: a misspelt name would be an option that does nothing.
jq -r '.[].options[].name' "$tmp/table" | sort -u > "$tmp/all-options"
{
	grep -ohE 'run_(opt|flag|opt_at|opt_u64|opt_size|opt_ms)\(r, "[a-z-]+"' "$root"/cli/*.c
	for word in "${plugins[@]}"; do
		grep -ohE '(host->(option|flag|option_at|option_u64|option_size|option_ms)|given_list)\(run, "[a-z-]+"' "$root/plugins/$word"/*.c
	done
} | sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r asked; do
	grep -qx -e "$asked" "$tmp/all-options" || echo "$asked"
done > "$tmp/unknown"
[[ ! -s $tmp/unknown ]] || complain "asked for, but in no table: $(tr '\n' ' ' < "$tmp/unknown")"

# Every file of commands is in the table.
while read -r rows; do
	grep -q "[ ,]$rows " "$root/cli/table.c" || complain "$rows is not in cli/table.c"
done < <(grep -ohE '^const struct cli_command [a-z_]+' "$root"/cli/cmd-*.c | awk '{print $4}')
exit "$wrong"
