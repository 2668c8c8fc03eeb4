# Sourced by ./demo: its steps, in the order in which they are called. Variables of the whole script: data (folder), as (command prefix
# of the user for whom everything runs), base (offset of ports), pids, and the options fresh and once.
# shellcheck shell=bash disable=SC2154

nodes="node1 node2 node3"
declare -A pid restart_at
declare -A role state timeline lag postmaster told
stopping='' shown=0 failed=''
started_at=$SECONDS

rest_port() { echo $((8007 + base + ${1#node})); }
sql_port() { echo $((5531 + base + ${1#node})); }
store_port() { echo $((21180 + base + ${1#node})); }
peer_port() { echo $((21280 + base + ${1#node})); }
election_port() { echo $((21380 + base + ${1#node})); }

# choose_user: PostgreSQL refuses root, so root's demo runs as the user "postgres" of Debian's package, or as one made for it.
choose_user() {
    as=()
    owner=$(id -un)
    if [ "$(id -u)" -ne 0 ]; then
        return
    fi
    owner=postgres
    if ! id -u postgres >/dev/null 2>&1; then
        owner=jpatroni
        id -u "$owner" >/dev/null 2>&1 || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin "$owner" \
            || fail "demo: cannot make the user $owner that PostgreSQL needs instead of root; start the demo as another user"
    fi
    as=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --init-groups)
    say "PostgreSQL does not run as root: everything runs as the user $owner"
}

# choose_folder WISH: the folder must be reachable for the user who runs the daemons.
choose_folder() {
    local wish=$1
    data=${wish:-$checkout/.demo}
    make_folder "$data" && return
    [ -z "$wish" ] || fail "demo: the user $owner cannot write to $data; choose another folder with --dir"
    data=/var/tmp/jpatroni-demo
    make_folder "$data" || fail "demo: the user $owner cannot write to $data; choose another folder with --dir"
}

make_folder() {
    mkdir -p "$1" 2>/dev/null || return 1
    data=$(cd "$1" && pwd)
    [ ${#as[@]} -eq 0 ] || chown "$owner" "$data"
    chmod 700 "$data" 2>/dev/null || return 1
    "${as[@]}" test -w "$data" && "${as[@]}" ls "$data" >/dev/null 2>&1
}

# archive: the distribution that the build makes.
archive() { find target -maxdepth 1 -name 'jpatroni-*.tar.gz' -print -quit 2>/dev/null || true; }

build_if_needed() {
    local built
    built=$(archive)
    if [ -n "$built" ] && [ -z "$(find pom.xml src/main src/assembly bin -newer "$built" -type f -print -quit)" ]; then
        return
    fi
    progress "Building JPatroni with Maven (the first build downloads its libraries)" \
        mvn -q -B -ntp -Dmaven.test.skip=true package || fail "demo: the build failed"
    built=$(archive)
    [ -n "$built" ] || fail "demo: the build made no distribution archive in target/"
    touch "$built"
}

lock_folder() {
    exec 9>"$data/lock"
    flock -n 9 || fail "demo: another demo runs in $data: stop that one first, or choose another folder with --dir"
}

# is_daemon PID NODE: whether that process is the daemon of this folder's node, and not somebody who got the number later.
is_daemon() {
    [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$data/$2.yml"
}

# stop_leftovers: an earlier demo that was killed could not take its daemons down.
stop_leftovers() {
    local node old
    for node in $nodes; do
        old=$(cat "$data/$node.pid" 2>/dev/null) || continue
        if is_daemon "$old" "$node"; then
            pid[$node]=$old
            say "Stopping the daemon of $node, process $old, that an earlier demo left behind"
        fi
    done
    stop_nodes
    pid=()
}

remove_data() {
    say "Removing the data of an earlier demo in $data"
    local node
    for node in $nodes; do
        rm -rf "${data:?}/$node" "$data/$node.yml" "$data/$node.log" "$data/$node.log.1" "$data/$node.pid" "$data/$node.exit"
    done
    rm -rf "${data:?}/ports" "$data/passwords" "$data/pgpass" "$data/program"
}

# prepare_folder: the program is the distribution archive, unpacked where the user can read it; the checkout may lie below /root.
prepare_folder() {
    local built
    built=$(archive)
    if [ ! -e "$data/program/unpacked" ] || [ "$built" -nt "$data/program/unpacked" ]; then
        rm -rf "${data:?}/program"
        mkdir "$data/program"
        progress "Unpacking the program" tar -xzf "$built" -C "$data/program" --strip-components=1 \
            || fail "demo: cannot unpack $built into $data/program"
        touch "$data/program/unpacked"
    fi
    if [ ! -s "$data/passwords" ]; then
        (umask 077 && for _ in 1 2 3; do od -An -tx8 -N16 /dev/urandom | tr -d ' '; done >"$data/passwords")
    fi
    mapfile -t passwords <"$data/passwords"
    # A Unix socket's path holds 107 bytes.
    sockets=$data/sockets
    [ ${#sockets} -le 85 ] || sockets=/tmp/jpatroni-demo-$(id -u "$owner")
    mkdir -p "$sockets"
    bin_folder=$(postgresql_programs)
}

postgresql_programs() {
    local folder
    for folder in $(compgen -G '/usr/lib/postgresql/1[3-9]/bin' | sort -rV); do
        if [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done
    dirname "$(readlink -f "$(command -v postgres)")"
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

ports_are_free() {
    local node kind
    for node in $nodes; do
        for kind in rest sql store peer election; do
            if ! port_is_free "$("${kind}_port" "$node")"; then
                taken=$("${kind}_port" "$node")
                return 1
            fi
        done
    done
}

# choose_ports: those that the documentation names, or a hundred further on where somebody has them. An existing cluster keeps its own.
choose_ports() {
    if [ -s "$data/ports" ]; then
        base=$(cat "$data/ports")
        ports_are_free || fail "demo: port $taken is in use by somebody else; stop that, or start over on other ports with --fresh"
        return
    fi
    for base in 0 100 200 300 400 500; do
        if ports_are_free; then
            echo "$base" >"$data/ports"
            return
        fi
    done
    fail "demo: found no free ports: $taken is taken too"
}

write_configurations() {
    local node
    (umask 077 && printf '127.0.0.1:*:*:postgres:%s\n' "${passwords[0]}" >"$data/pgpass")
    for node in $nodes; do
        mkdir -p "$data/$node"
        [ ! -s "$data/$node.log" ] || mv -f "$data/$node.log" "$data/$node.log.1"
        (umask 077 && configuration "$node" >"$data/$node.yml")
    done
    [ ${#as[@]} -eq 0 ] || chown -R "$owner" "$data" "$sockets"
}

# The short times are for the eye: a real cluster is well served by the defaults (ttl 30, loop_wait 10, retry_timeout 10).
configuration() {
    cat <<YAML
scope: demo
name: $1
restapi:
  listen: 127.0.0.1:$(rest_port "$1")
  connect_address: 127.0.0.1:$(rest_port "$1")
embedded:
  data_dir: $data/$1/store
  listen: 127.0.0.1:$(store_port "$1")
  members:
$(for each in $nodes; do
        echo "    $each: 127.0.0.1:$(store_port "$each"):$(peer_port "$each"):$(election_port "$each")"
    done)
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    postgresql:
      use_pg_rewind: true
      parameters:
        max_connections: 50
        shared_buffers: 16MB
  initdb:
    - encoding: UTF8
    - data-checksums
postgresql:
  listen: 127.0.0.1:$(sql_port "$1")
  connect_address: 127.0.0.1:$(sql_port "$1")
  data_dir: $data/$1/data
  bin_dir: $bin_folder
  use_unix_socket: true
  pgpass: $data/$1/pgpass
  authentication:
    superuser:
      username: postgres
      password: ${passwords[0]}
    replication:
      username: replicator
      password: ${passwords[1]}
    rewind:
      username: rewinder
      password: ${passwords[2]}
  parameters:
    unix_socket_directories: $sockets
  pg_hba:
    - local all all trust
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host all all 127.0.0.1/32 scram-sha-256
YAML
}

# start_node NODE: in a session of its own, so that Ctrl-C reaches this script only and the order of stopping is ours. The shell between
# keeps bash from reporting a killed daemon in the middle of the table.
start_node() {
    restart_at[$1]=''
    rm -f "$data/$1.pid" "$data/$1.exit"
    (
        HOME=$data setsid "${as[@]}" "$data/program/bin/jpatroni" "$data/$1.yml" >>"$data/$1.log" 2>&1 &
        echo "$!" >"$data/$1.pid.new"
        mv "$data/$1.pid.new" "$data/$1.pid"
        status=0
        wait "$!" || status=$?
        echo "$status" >"$data/$1.exit"
    ) >/dev/null 2>&1 </dev/null 9>&- &
    until [ -s "$data/$1.pid" ]; do
        sleep 0.01
    done
    pid[$1]=$(cat "$data/$1.pid")
}

# look_after_nodes: what a supervisor such as systemd does: a daemon that ended is started again a little later. Who kills daemon and
# PostgreSQL wants to see a failover, so that node stays down for longer than the lease lasts.
look_after_nodes() {
    local node status reason pause
    for node in $nodes; do
        if [ -n "${restart_at[$node]}" ]; then
            if [ "$SECONDS" -ge "${restart_at[$node]}" ]; then
                start_node "$node"
                tell "$node: the daemon is started again as process ${pid[$node]}"
            fi
        elif [ -s "$data/$node.exit" ]; then
            status=$(cat "$data/$node.exit")
            pause=5
            reason=$(tail -n 1 "$data/$node.log" | cut -c 1-200)
            if [ "$status" -gt 128 ]; then
                reason="signal $((status - 128))"
                is_postmaster "$(head -n 1 "$data/$node/data/postmaster.pid" 2>/dev/null)" "$node" || pause=40
            else
                reason="exit code $status: $reason"
            fi
            restart_at[$node]=$((SECONDS + pause))
            tell "$node: the daemon ended ($reason) and is started again in $pause s"
        fi
    done
}

# ask PATH: what the first daemon that answers says.
ask() {
    local node
    for node in $nodes; do
        curl -sf -m 1 "http://127.0.0.1:$(rest_port "$node")$1" 2>/dev/null && return
    done
    return 1
}

# rows: one line per member of /cluster: name role state timeline lag.
rows() {
    ask /cluster | sed 's/.*"members": *\[//; s/}, *{/}\n{/g' | awk '
        function field(name,   m) {
            if (match($0, "\"" name "\": *(\"[^\"]*\"|[^,}]*)") == 0) return "-"
            m = substr($0, RSTART, RLENGTH)
            sub(/^"[^"]*": */, "", m); gsub(/"/, "", m); gsub(/ /, "_", m)
            return m
        }
        function size(bytes) {
            if (bytes !~ /^[0-9]+$/) return bytes
            bytes += 0
            if (bytes < 1024) return bytes
            if (bytes < 1048576) return int(bytes / 1024) "kB"
            return int(bytes / 1048576) "MB"
        }
        /"name"/ { print field("name"), field("role"), field("state"), field("timeline"), size(field("lag")) }'
}

# observe ROWS: fills role, state, timeline, lag and postmaster of each node, and tells what changed.
observe() {
    local node row now file
    for node in $nodes; do
        role[$node]=- state[$node]='not seen' timeline[$node]=- lag[$node]=-
        row=$(grep "^$node " <<<"$1" || true)
        if [ -n "$row" ]; then
            read -r _ role[$node] state[$node] timeline[$node] lag[$node] <<<"$row"
        fi
        state[$node]=${state[$node]//_/ }
        # From its file, as the agent does; a server that is gone leaves it behind.
        file=$data/$node/data/postmaster.pid
        now=$(head -n 1 "$file" 2>/dev/null || true)
        is_postmaster "${now:-0}" "$node" || now=-
        postmaster[$node]=$now
        now="${role[$node]}, ${state[$node]}, timeline ${timeline[$node]}, PostgreSQL is process ${postmaster[$node]}"
        case "$now" in
            "${told[$node]:-}") ;;
            *", not seen,"*) [ -z "${told[$node]:-}" ] || tell "$node: not seen"; told[$node]=$now ;;
            *) told[$node]=$now; now=${now/, PostgreSQL is process -/}; tell "$node: ${now/, timeline -/}" ;;
        esac
    done
}

# leader: the node that leads now, if any.
leader() {
    local node
    for node in $nodes; do
        [ "${role[$node]}" != leader ] || echo "$node"
    done
}

# table: the members, and how to hurt the primary; what was seen last of a daemon that is gone may be some seconds old.
table() {
    local node primary format='  %-7s %-8s %-16s %8s %8s  %-22s %10s %8s\n'
    # shellcheck disable=SC2059 # the format is ours
    printf "\n$format" Member Role State Timeline Lag 'REST API' PostgreSQL Daemon
    for node in $nodes; do
        # shellcheck disable=SC2059
        printf "$format" "$node" "${role[$node]}" "${state[$node]}" "${timeline[$node]}" "${lag[$node]}" \
            "http://127.0.0.1:$(rest_port "$node")" "${postmaster[$node]}" "$([ -z "${restart_at[$node]}" ] && echo "${pid[$node]}" || echo gone)"
    done
    echo
    primary=$(leader)
    if [ -n "$primary" ] && [ "${postmaster[$primary]}" != - ] && [ -z "${restart_at[$primary]}" ]; then
        echo "  Kill the primary's PostgreSQL:  kill -9 ${postmaster[$primary]}    its daemon:  kill -9 ${pid[$primary]}"
        echo "  Both, as when a machine fails; another node takes over within 20 s:  kill -9 ${pid[$primary]} ${postmaster[$primary]}"
    else
        printf '\n\n'
    fi
}

# all_run ROWS: one leader and two replicas that stream from it.
all_run() {
    [ "$(grep -c ' leader running ' <<<"$1")" -eq 1 ] && [ "$(grep -c ' replica streaming ' <<<"$1")" -eq 2 ]
}

hints() {
    local rest
    rest=http://127.0.0.1:$(rest_port node1)
    cat <<TEXT

Try, in another terminal:
  curl -s $rest/cluster | python3 -m json.tool        members, roles, lag
  curl -s $rest/patroni | python3 -m json.tool        the state of a node
  curl -si '$rest/replica?lag=1MB' | head -n 1        a health check as a load balancer makes it
  curl -s $rest/metrics                               for Prometheus
SQL, on whichever node is the primary:
  PGPASSFILE=$data/pgpass $bin_folder/psql \\
    'host=127.0.0.1,127.0.0.1,127.0.0.1 port=$(sql_port node1),$(sql_port node2),$(sql_port node3) user=postgres target_session_attrs=read-write'
Ctrl-C takes everything down; the next ./demo continues with the same data, ./demo --fresh starts over.

TEXT
}

# tell LINE: an event, with its time. In a terminal the lines scroll above the table, which is drawn again below them.
tell() {
    undraw
    say "$(date +%T) $1"
}

undraw() {
    [ "$shown" -eq 0 ] || printf '\033[%dA\r\033[J' "$shown"
    shown=0
}

# draw: the table at the bottom of the terminal. No line may wrap, or the next one would be drawn at the wrong place.
draw() {
    local text
    text=$(table; echo .)
    text=${text%.}
    undraw
    printf '\033[?7l%s\033[?7h' "$text"
    shown=$(grep -c '' <<<"${text%$'\n'}")
}

watch_cluster() {
    local current up='' patience=120
    while [ -z "$stopping" ]; do
        look_after_nodes
        current=$(rows || true)
        observe "$current"
        if [ -z "$up" ] && all_run "$current"; then
            up=yes
            tell "All three nodes run, $((SECONDS - started_at)) s after the start"
            if [ -n "$once" ]; then
                break
            fi
            hints
            [ -t 1 ] || table
        elif [ -z "$up" ] && [ "$patience" -gt 0 ] && [ $((SECONDS - started_at)) -ge "$patience" ]; then
            tell "Not all nodes run after $patience s; what they say is in $data/node*.log"
            patience=0
            if [ -n "$once" ]; then
                tail -n 5 "$data"/node?.log
                failed=yes
                break
            fi
        fi
        [ ! -t 1 ] || draw
        sleep 1 || true
    done
}

# wait_gone PID SECONDS: false when the process is still there after that time. A zombie is gone.
wait_gone() {
    local until=$((SECONDS + $2))
    while kill -0 "$1" 2>/dev/null && [ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)" != Z ]; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

# is_postmaster PID NODE: whether that process is the server of this folder's node.
is_postmaster() {
    [ "$1" -gt 0 ] 2>/dev/null && [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$data/$2/data" ]
}

# stop_nodes: tells all daemons to end, at once, so that no replica takes over from a primary that is only going to bed. What does not
# end in time is killed; a server whose daemon could not stop it is stopped here.
stop_nodes() {
    local node server began=$SECONDS
    for node in $nodes; do
        ! is_daemon "${pid[$node]:-0}" "$node" || kill -TERM "${pid[$node]}" 2>/dev/null || true
    done
    for node in $nodes; do
        if is_daemon "${pid[$node]:-0}" "$node"; then
            if wait_gone "${pid[$node]}" 40; then
                [ $((SECONDS - began)) -lt 2 ] || say "$node is down after $((SECONDS - began)) s"
            else
                say "The daemon of $node does not end: killing it; its log: $data/$node.log"
                kill -KILL "${pid[$node]}" 2>/dev/null || true
            fi
        fi
        rm -f "$data/$node.pid"
    done
    for node in $nodes; do
        server=$(head -n 1 "$data/$node/data/postmaster.pid" 2>/dev/null || echo 0)
        is_postmaster "$server" "$node" || continue
        say "Stopping PostgreSQL of $node, process $server, which has no daemon"
        kill -INT "$server" 2>/dev/null || true
        wait_gone "$server" 20 || kill -QUIT "$server" 2>/dev/null || true
    done
    return 0
}

# hurry: a second Ctrl-C. PostgreSQL recovers at the next start.
hurry() {
    trap '' INT TERM HUP
    local node server
    for node in $nodes; do
        ! is_daemon "${pid[$node]:-0}" "$node" || kill -KILL "${pid[$node]}"
        server=$(head -n 1 "$data/$node/data/postmaster.pid" 2>/dev/null || echo 0)
        ! is_postmaster "$server" "$node" || kill -QUIT "$server"
    done
    say "Killed. The data stay in $data; the next start recovers them"
    exit 130
}

take_down() {
    local status=$?
    set +e
    trap hurry INT TERM HUP
    undraw
    [ ! -t 0 ] || stty echo
    say "Taking the cluster down, PostgreSQL in order ..."
    stop_nodes
    say "Down. The data stay in $data"
    [ -z "$failed" ] || status=1
    exit "$status"
}
