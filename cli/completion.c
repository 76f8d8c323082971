// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The text of completions/, so that "virgo completion" works without them being installed.
 * tests/lint/cli-tables.sh proves that both are the same.
 */
#include <string.h>

#include "cli/completion.h"

static const char bash[] =
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"# bash completion for virgo; all it knows it asks from virgo itself.\n"
	"_virgo()\n"
	"{\n"
	"\tlocal line word prefix\n"
	"\tlocal -a words\n"
	"\tread -ra words <<< \"${COMP_LINE:0:COMP_POINT}\"\n"
	"\t[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=(\"\")\n"
	"\tword=${words[-1]}\n"
	"\t# bash replaces only what follows the last = or :\n"
	"\tprefix=${word%\"${word##*[=:]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:file)\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	"\t\t:dir)\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
	"\t\t*)\tline=${line%%$'\\t'*}\n"
	"\t\t\tCOMPREPLY+=(\"${line#\"$prefix\"}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${COMP_WORDS[0]}\" --complete \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _virgo virgo\n";

static const char zsh[] =
	"#compdef virgo\n"
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"# zsh completion for virgo; all it knows it asks from virgo itself.\n"
	"_virgo()\n"
	"{\n"
	"\tlocal line\n"
	"\tlocal -a found\n"
	"\tfor line in \"${(@f)$(\"${words[1]}\" --complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\tcase $line in\n"
	"\t\t(:file) _files; return ;;\n"
	"\t\t(:dir) _files -/; return ;;\n"
	"\t\t('') ;;\n"
	"\t\t(*$'\\t'*) found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	"\t\t(*) found+=(\"${line//:/\\\\:}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t_describe virgo found\n"
	"}\n"
	"if [[ $funcstack[1] == _virgo ]]; then\n"
	"\t_virgo \"$@\"\n"
	"else\n"
	"\tcompdef _virgo virgo\n"
	"fi\n";

static const char fish[] =
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"# fish completion for virgo; all it knows it asks from virgo itself.\n"
	"function __virgo_complete\n"
	"\tset -l before (commandline -opc)\n"
	"\tset -l found ($before[1] --complete $before[2..-1] (commandline -ct) 2>/dev/null)\n"
	"\tswitch \"$found[1]\"\n"
	"\t\tcase :file\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\tcase :dir\n"
	"\t\t\t__fish_complete_directories (commandline -ct)\n"
	"\t\tcase '*'\n"
	"\t\t\tprintf '%s\\n' $found\n"
	"\tend\n"
	"end\n"
	"complete -c virgo -f -a '(__virgo_complete)'\n";

const char *completion_script(const char *shell)
{
	if (!strcmp(shell, "bash"))
		return bash;
	if (!strcmp(shell, "zsh"))
		return zsh;
	return strcmp(shell, "fish") ? NULL : fish;
}
