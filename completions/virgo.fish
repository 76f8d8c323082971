# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for virgo; all it knows it asks from virgo itself.
function __virgo_complete
	set -l before (commandline -opc)
	set -l found ($before[1] --complete $before[2..-1] (commandline -ct) 2>/dev/null)
	switch "$found[1]"
		case :file
			__fish_complete_path (commandline -ct)
		case :dir
			__fish_complete_directories (commandline -ct)
		case '*'
			printf '%s\n' $found
	end
end
complete -c virgo -f -a '(__virgo_complete)'
