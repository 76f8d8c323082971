#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Running things, in a network of its own (run.sh makes it): one node against sshd, a thousand against the fan-out of clush and
# pdsh. Prints tables; ends what it started, and leaves nothing in /run, which is its own, too.
#
#	exec.sh TOP ROUNDS
set -euo pipefail

top=$1 rounds=$2
here=$top/tests/bench out=$top/build/bench
# shellcheck source=tests/bench/common.sh
. "$here/common.sh"

dir=$(mktemp -d)
started=()
cleanup()
{
	local pid
	[[ ! -S $dir/master ]] || ssh -S "$dir/master" -O exit x 2>/dev/null || true
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$dir"
chmod 755 .
ip link set lo up
mount -t tmpfs -o mode=755 none /run
mkdir -m 755 /run/sshd
# what a shell reads that sshd starts is this user's taste, and not to be measured
home=$(getent passwd "$(id -u)" | cut -d: -f6)
for file in "$home/.bashrc" /etc/bash.bashrc; do
	[[ ! -e $file ]] || mount --bind /dev/null "$file"
done

start()
{
	"$@" >"$dir/$(basename "$1").log" 2>&1 </dev/null &
	started+=($!)
}

# --- one node of everybody's addresses: 127.anything is this machine's ---------------------------------------------------

secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
(
	umask 077
	printf 'bench %s rights=read,exec\n' "$secret" >node.keys.1
	printf 'user = "bench:%s"\n' "$secret" >client.key
)
write_node 1 0.0.0.0 'exec_allow = /usr/bin/true, /usr/bin/echo' >node.conf
start "$top/build/virgod" --quiet --config node.conf
wait_port 127.0.0.1 10000
set='127.1.[0-3].[1-250]' many=1000 fan=64
printf 'nodes = %s\nkey_file = %s/client.key\n' "$set" "$dir" >virgo.conf
export VIRGO_CONFIG=$dir/virgo.conf PATH=$top/build:$PATH
# a node that was just started waits until it can tell a request from an old one
for ((i = 0; i < 300; i++)); do
	! virgo -w 127.0.0.1 exec true 2>/dev/null || break
	read -rt 0.1 <> <(:) || true
done

# --- against sshd ---------------------------------------------------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f user
cp user.pub authorized
cat >sshd.conf <<-END
	Port 2222
	ListenAddress 0.0.0.0
	HostKey $dir/host
	AuthorizedKeysFile $dir/authorized
	PidFile none
	StrictModes no
	UsePAM no
	PermitRootLogin prohibit-password
	MaxStartups 100
END
start "$(command -v sshd)" -D -e -f "$dir/sshd.conf"
wait_port 127.0.0.1 2222
ssh=(ssh -F none -p 2222 -i "$dir/user" -o "UserKnownHostsFile=$dir/known" -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes)
"${ssh[@]}" 127.0.0.1 true
"${ssh[@]}" -M -S "$dir/master" -o ControlPersist=600 -fN 127.0.0.1

runs=$((rounds * 7))
"$out/pair" "$runs" 'virgo exec' virgo -w 127.0.0.1 exec true \
	-- 'ssh' "${ssh[@]}" 127.0.0.1 true \
	-- 'ssh, connection kept' "${ssh[@]}" -S "$dir/master" 127.0.0.1 true >pair.tsv
printf '\n## true on one node (microseconds, %d runs in turns)\n\n' "$runs"
awk -F'\t' '
	BEGIN { print "| process | what | min | median | max | it / virgo exec |\n|---|---|---|---|---|---|" }
	NR <= 2 { own[$2] = $4 }
	{ printf "| %s | %s | %d | %d | %d | %.2f |\n", $1, $2, $3, $4, $5, $4 / own[$2] }' pair.tsv
read -r low mid high < <("$out/clone" "$runs" 127.0.0.1 true)
printf '\nlibvirgo, connection kept, a call: %s (%s-%s); ssh, connection kept / it: %s\n' "$mid" "$low" "$high" \
	"$(awk -F'\t' -v own="$mid" '$1 ~ /kept/ && $2 == "wall" { printf "%.2f", $4 / own }' pair.tsv)"

# A script keeps its connections as the master of ssh does; each line of it is a command of its own, as each ssh is.
printf '%s\n' 'i=0' 'while [ $i -lt 100 ]; do' '	exec true' '	i=$((i + 1))' 'done' >hundred.virgo
for ((i = 0; i < rounds; i++)); do
	begin=${EPOCHREALTIME/./}
	VIRGO_NODES=127.0.0.1 virgo run hundred.virgo
	echo $(((${EPOCHREALTIME/./} - begin) / 100))
done | sort -n >hundred.us
mid=$(sed -n "$((rounds / 2 + 1))p" hundred.us)
printf '\nvirgo run, a script of 100, its start with it, each: %s (%s-%s); ssh, connection kept / it: %s\n' "$mid" \
	"$(head -n 1 hundred.us)" "$(tail -n 1 hundred.us)" \
	"$(awk -F'\t' -v own="$mid" '$1 ~ /kept/ && $2 == "wall" { printf "%.2f", $4 / own }' pair.tsv)"

# --- many -------------------------------------------------------------------------------------------------------------------

# table ROWS: of what lines has printed
table()
{
	awk -F'\t' '
		BEGIN {
			print "| command | what | min | median | max | it / virgo exec |\n|---|---|---|---|---|---|"
			unit["first"] = "first line, us"; unit["last"] = "all lines, us"; unit["memory"] = "memory, KiB"
		}
		NR <= 3 { own[$2] = $4 }
		{ printf "| %s | %s | %d | %d | %d | %.2f |\n", $1, unit[$2], $3, $4, $5, $4 / own[$2] }' "$1"
}

# echo in place of true: so that there is a line to wait for
hosts=$(for a in 0 1 2 3; do printf "127.1.$a.%d," {1..250}; done)
"$out/lines" "$rounds" "$many" 'virgo exec' virgo exec --all --max-parallel "$fan" echo up \
	-- 'pdsh -R exec' pdsh -R exec -f "$fan" -w "${hosts%,}" echo up \
	-- 'clush -R exec' clush -R exec -f "$fan" -w "$set" echo up >lines.tsv
printf '\n## echo on %d nodes, %d at a time; pdsh and clush start it on this machine, without any network (%d rounds in turns)\n\n' \
	"$many" "$fan" "$rounds"
table lines.tsv

# and as they are used: each connection is a new one, as are those of virgo
few=40
options="-F none -p 2222 -i $dir/user -o UserKnownHostsFile=$dir/known -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes"
hosts=$(printf "127.1.0.%d," $(seq "$few"))
export PDSH_SSH_ARGS="$options"
"$out/lines" "$rounds" "$few" 'virgo exec' virgo -w "127.1.0.[1-$few]" exec --max-parallel 16 echo up \
	-- 'pdsh -R ssh' pdsh -R ssh -f 16 -w "${hosts%,}" echo up \
	-- 'clush over ssh' clush -f 16 -o "$options" -w "127.1.0.[1-$few]" echo up >few.tsv
printf '\n## echo on %d nodes, 16 at a time, all over the network: sshd answers on every address (%d rounds in turns)\n\n' \
	"$few" "$rounds"
table few.tsv
