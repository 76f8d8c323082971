# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for virgo; all it knows it asks from virgo itself.
_virgo()
{
	local line word prefix
	local -a words
	read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
	word=${words[-1]}
	# bash replaces only what follows the last = or :
	prefix=${word%"${word##*[=:]}"}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:file)	compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		:dir)	compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
		*)	line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$prefix"}") ;;
		esac
	done < <("${COMP_WORDS[0]}" --complete "${words[@]:1}" 2>/dev/null)
}
complete -F _virgo virgo
