#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command table, help, completion and virgo(1) agree. --fix renews the man page's part.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
virgo=${VIRGO:-$root/build/virgo}
man=$root/man/virgo.1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0

complain()
{
	printf 'cli-tables: %s\n' "$*" >&2
	wrong=1
}

[[ -x $virgo ]] || { printf 'cli-tables: no %s: make user builds it\n' "$virgo" >&2; exit 1; }
export XDG_RUNTIME_DIR=$tmp XDG_CONFIG_HOME=$tmp XDG_DATA_HOME=$tmp
unset VIRGO_PLUGIN_PATH VIRGO_CONFIG VIRGO_NODES VIRGO_OUTPUT VIRGO_KEY_FILE

"$virgo" help --man > "$tmp/commands"
if [[ ${1-} = --fix ]]; then
	sed -e "/^\.\\\\\" begin commands/r $tmp/commands" \
		-e '/^\.\\" begin commands/,/^\.\\" end commands/{/^\.\\" begin commands/b;/^\.\\" end commands/b;d}' \
		"$man" > "$tmp/man"
	cat "$tmp/man" > "$man"
fi
sed -n '/^\.\\" begin commands/,/^\.\\" end commands/p' "$man" | sed '1d;$d' > "$tmp/in-man"
diff -u "$tmp/in-man" "$tmp/commands" >&2 || complain "man/virgo.1 is not what the table says: tests/lint/cli-tables.sh --fix"

for pair in bash:virgo.bash zsh:_virgo fish:virgo.fish; do
	"$virgo" completion "${pair%%:*}" | cmp -s - "$root/completions/${pair#*:}" ||
		complain "virgo completion ${pair%%:*} and completions/${pair#*:} differ"
done

"$virgo" -o json help > "$tmp/table"
jq -r '.[] | .name' "$tmp/table" > "$tmp/names"
[[ $(sort "$tmp/names" | uniq -d | wc -l) = 0 ]] || complain "a command is there twice"

# What completion offers, word by word, is the table's names.
# Plugins of this machine are not ours.
"$virgo" --complete '' | grep -vP '\t(plugin|program virgo-.*)$' | cut -f1 | while read -r word; do
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
grep -ohE 'run_(opt|flag|opt_at|opt_u64|opt_size|opt_ms)\(r, "[a-z-]+"' "$root"/cli/*.c | sed 's/.*"\(.*\)"/\1/' | sort -u |
while read -r asked; do
	grep -qx -e "$asked" "$tmp/all-options" || echo "$asked"
done > "$tmp/unknown"
[[ ! -s $tmp/unknown ]] || complain "asked for, but in no table: $(tr '\n' ' ' < "$tmp/unknown")"

# Every file of commands is in the table.
while read -r rows; do
	grep -q "[ ,]$rows " "$root/cli/table.c" || complain "$rows is not in cli/table.c"
done < <(grep -ohE '^const struct cli_command [a-z_]+' "$root"/cli/cmd-*.c | awk '{print $4}')
exit "$wrong"
