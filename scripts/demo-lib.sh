# Sourced by ./demo: its steps, in the order in which they are called. Variables of the whole script: data (folder), as (command prefix
# of the user for whom everything runs), base (offset of ports), pids, and the options fresh and once.
# shellcheck shell=bash disable=SC2154

nodes="node1 node2 node3"
declare -A pid restart_at
stopping=''
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

build_if_needed() {
    local jar=target/jpatroni.jar
    if [ -f "$jar" ] && [ -z "$(find pom.xml src/main src/assembly bin -newer "$jar" -type f -print -quit)" ]; then
        return
    fi
    progress "Building JPatroni with Maven (the first build downloads its libraries)" \
        mvn -q -B -ntp -Dmaven.test.skip=true package || fail "demo: the build failed"
    started_at=$SECONDS
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
            say "Stopping the daemon of $node that an earlier demo left behind"
            kill -TERM "$old" 2>/dev/null || true
            wait_gone "$old" 30 || kill -KILL "$old" 2>/dev/null || true
        fi
    done
    for node in $nodes; do
        stop_postmaster "$node"
    done
}

remove_data() {
    say "Removing the data of an earlier demo in $data"
    local node
    for node in $nodes; do
        rm -rf "${data:?}/$node" "$data/$node.yml" "$data/$node.log" "$data/$node.pid"
    done
    rm -rf "${data:?}/ports" "$data/passwords" "$data/pgpass" "$data/program"
}

# prepare_folder: the program is the distribution archive, unpacked where the user can read it; the checkout may lie below /root.
prepare_folder() {
    local archive
    archive=$(find target -maxdepth 1 -name 'jpatroni-*.tar.gz' -print -quit)
    [ -n "$archive" ] || fail "demo: target/ holds no distribution archive; run: mvn -q -DskipTests package"
    if [ ! -e "$data/program/jpatroni.jar" ] || [ "$archive" -nt "$data/program/unpacked" ]; then
        rm -rf "${data:?}/program"
        mkdir "$data/program"
        tar -xzf "$archive" -C "$data/program" --strip-components=1
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

# start_node NODE: in a session of its own, so that Ctrl-C reaches this script only and the order of stopping is ours.
start_node() {
    restart_at[$1]=''
    HOME=$data setsid "${as[@]}" "$data/program/bin/jpatroni" "$data/$1.yml" >>"$data/$1.log" 2>&1 </dev/null 9>&- &
    pid[$1]=$!
    echo "$!" >"$data/$1.pid"
}

# look_after_nodes: what a supervisor such as systemd does: a daemon that ended is started again a little later.
look_after_nodes() {
    local node status
    for node in $nodes; do
        if [ -n "${restart_at[$node]}" ]; then
            [ "$SECONDS" -lt "${restart_at[$node]}" ] || start_node "$node"
        elif ! kill -0 "${pid[$node]}" 2>/dev/null; then
            status=0
            wait "${pid[$node]}" || status=$?
            event="$(date +%T) the daemon of $node ended (exit code $status); it is started again in 5 s; its log: $data/$node.log"
            restart_at[$node]=$((SECONDS + 5))
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

# table: what is shown, of the rows in $1.
table() {
    local node row role state timeline lag
    printf '  %-7s %-15s %-12s %8s %8s   %-16s %s\n' Member Role State Timeline Lag PostgreSQL 'REST API'
    for node in $nodes; do
        role=- state='not seen' timeline=- lag=-
        row=$(grep "^$node " <<<"$1" || true)
        if [ -n "$row" ]; then
            read -r _ role state timeline lag <<<"$row"
        fi
        [ -z "${restart_at[$node]}" ] || state='daemon gone'
        printf '  %-7s %-15s %-12s %8s %8s   %-16s %s\n' "$node" "$role" "${state//_/ }" "$timeline" "$lag" \
            "127.0.0.1:$(sql_port "$node")" "http://127.0.0.1:$(rest_port "$node")"
    done
}

# all_run ROWS: one leader and two replicas that stream from it.
all_run() {
    [ "$(grep -c ' leader running ' <<<"$1")" -eq 1 ] && [ "$(grep -c ' replica streaming ' <<<"$1")" -eq 2 ]
}

hints() {
    local leader=$1 replica rest
    replica=$(for node in $nodes; do [ "$node" = "$leader" ] || echo "$node"; done | head -n 1)
    rest=http://127.0.0.1:$(rest_port "$leader")
    cat <<TEXT

Try, in another terminal:
  curl -s $rest/patroni                 the state of a node
  curl -i http://127.0.0.1:$(rest_port "$replica")/replica?lag=1MB     a health check as a load balancer makes it
  curl -s $rest/metrics                 for Prometheus
  PGPASSFILE=$data/pgpass psql "host=127.0.0.1,127.0.0.1,127.0.0.1 port=$(sql_port node1),$(sql_port node2),$(sql_port node3) user=postgres dbname=postgres target_session_attrs=read-write"
  kill -9 \$(head -n 1 $data/$leader/data/postmaster.pid)      the primary's PostgreSQL dies
  kill -9 \$(cat $data/$leader.pid)      the daemon beside it dies
Ctrl-C takes everything down; the next ./demo continues with the same data, ./demo --fresh starts over.
TEXT
}

watch_cluster() {
    local current previous='' shown=0 up='' patience=120 text leader
    event=''
    while [ -z "$stopping" ]; do
        look_after_nodes
        current=$(rows || true)
        if [ -z "$up" ] && all_run "$current"; then
            up=yes
            event="$(date +%T) all three nodes run, $((SECONDS - started_at)) s after the start"
            [ -z "$once" ] || stopping=yes
        elif [ -z "$up" ] && [ $((SECONDS - started_at)) -eq "$patience" ]; then
            event="$(date +%T) not all nodes run after $patience s; what they say: $data/node*.log"
        fi
        leader=$(sed -n 's/^\([^ ]*\) leader .*/\1/p' <<<"$current" | head -n 1)
        if [ -t 1 ]; then
            text=$(table "$current"; hints "${leader:-node1}"; say ""; say "$event")
            redraw "$text"
        else
            plain
        fi
        previous=$current
        [ -n "$stopping" ] || sleep 1 || true
    done
}

# redraw TEXT: over the last one. A line that is wider than the terminal takes several of its rows.
redraw() {
    local line columns
    columns=$(stty size 2>/dev/null </dev/tty | cut -d ' ' -f 2) || columns=''
    [ "${columns:-0}" -gt 0 ] || columns=80
    [ "$shown" -eq 0 ] || printf '\033[%dA' "$shown"
    shown=0
    while IFS= read -r line; do
        printf '%s\033[K\n' "$line"
        shown=$((shown + (${#line} + columns - 1) / columns + (${#line} == 0)))
    done <<<"$1"
    printf '\033[J'
}

# plain: for a log: a line when something changed.
plain() {
    [ "$current" = "$previous" ] || [ -z "$current" ] || say "$(date +%T) $(awk '
        { printf "%s%s %s %s, timeline %s%s", (NR > 1 ? " | " : ""), $1, $2, $3, $4, ($5 == "-" ? "" : ", lag " $5) }' <<<"$current")"
    if [ -n "$event" ]; then
        say "$event"
        case "$event" in *"all three nodes run"*) hints "${leader:-node1}" ;; esac
        event=''
    fi
}

# wait_gone PID SECONDS: false when the process is still there after that time. A zombie is gone.
wait_gone() {
    local until=$((SECONDS + $2))
    while kill -0 "$1" 2>/dev/null && [ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)" != Z ]; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

# stop_postmaster NODE: only for one whose daemon could not do it.
stop_postmaster() {
    local folder=$data/$1/data postmaster
    postmaster=$(head -n 1 "$folder/postmaster.pid" 2>/dev/null) || return 0
    [ -n "$postmaster" ] && [ "$(readlink "/proc/$postmaster/cwd" 2>/dev/null)" = "$folder" ] || return 0
    say "Stopping PostgreSQL of $1, which has no daemon"
    kill -INT "$postmaster" 2>/dev/null || return 0
    wait_gone "$postmaster" 20 || kill -QUIT "$postmaster" 2>/dev/null || true
}

take_down() {
    trap 'for node in $nodes; do kill -KILL "${pid[$node]:-0}" 2>/dev/null; done; exit 130' INT TERM
    local node
    say ""
    say "Taking the cluster down ..."
    for node in $nodes; do
        [ -z "${pid[$node]:-}" ] || kill -TERM "${pid[$node]}" 2>/dev/null || true
    done
    for node in $nodes; do
        [ -n "${pid[$node]:-}" ] || continue
        if ! wait_gone "${pid[$node]}" 40; then
            say "The daemon of $node does not end; killing it"
            kill -KILL "${pid[$node]}" 2>/dev/null || true
        fi
        rm -f "$data/$node.pid"
    done
    for node in $nodes; do
        stop_postmaster "$node"
    done
    say "Down. The data stay in $data"
}
