# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What run.sh and guest.sh share: files for the servers that are compared, and waiting for their ports. Defines functions only.

# value BYTES: so many letters
value()
{
	printf '%*s' "$1" '' | tr ' ' v
}

# write_nginx ADDRESS PORT BODY: one worker that answers BODY out of its configuration and logs nothing
write_nginx()
{
	cat <<-END
		daemon off;
		worker_processes 1;
		pid nginx.pid;
		error_log nginx.err;
		events { worker_connections 8192; }
		http {
			access_log off;
			keepalive_requests 1000000000;
			keepalive_timeout 600s;
			default_type application/octet-stream;
			client_body_temp_path tmp-body;
			proxy_temp_path tmp-proxy;
			fastcgi_temp_path tmp-fastcgi;
			uwsgi_temp_path tmp-uwsgi;
			scgi_temp_path tmp-scgi;
			server {
				listen $1:$2;
				location / { return 200 "$3"; }
			}
		}
	END
}

# write_node ID ADDRESS [LINE...]: configuration of a node in the current directory
write_node()
{
	mkdir -p "$PWD/state.$1"
	printf '%s\n' "node_id = $1" "listen = $2" "key_file = $PWD/node.keys.$1" "state_dir = $PWD/state.$1" \
		"analytics_file = $PWD/values.conf" 'max_connections = 8192' "${@:3}"
}

# write_get ADDRESS PORT PATH: a request as a simple client sends it
write_get()
{
	printf 'GET %s HTTP/1.1\r\nHost: %s:%s\r\n\r\n' "$3" "$1" "$2"
}

# wait_port ADDRESS PORT: until it accepts, 30 s at most
wait_port()
{
	local end=$((SECONDS + 30))

	until (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; do
		if ((SECONDS > end)); then
			printf 'bench: nothing listens on %s:%s\n' "$1" "$2" >&2
			return 1
		fi
		read -rt 0.05 <> <(:) || true
	done
}
