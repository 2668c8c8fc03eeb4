# The guard: stops a primary whose agent did not extend the lease in time. Read by bash from its standard input, as a whole, before
# anything runs; so an upgrade that replaces the file does not reach a guard that runs. The lines after it are the protocol:
#
#   until DEADLINE PID TICKS SEQ   the postmaster PID that started at TICKS may run until DEADLINE (1/100 s of /proc/uptime)
#   off SEQ                        nothing is to be stopped
#
# Each is answered by "ok SEQ". End of input: the agent is gone, the deadline stays. /proc/uptime counts time in which the machine was
# suspended, and both sides read it, so that a line which was late does not make a lease longer.
#
# Arguments: its name and the data directory, by which a later agent finds it; in 1/100 s how long a fast stop may take, and the grace between SIGQUIT and SIGKILL.
# Once it runs it starts no process: on a machine that is short of memory or processes it has to work too.

now() {
    local up
    read -r up _ </proc/uptime
    now=$((10#${up/./}))
}

nap() {
    local whole=$(($1 / 100)) rest=$(($1 % 100))
    printf -v nap '%d.%02d' "$whole" "$rest"
}

# look PID: state, parent, name and start of a process; fails when there is none.
look() {
    local text
    { IFS= read -r text <"/proc/$1/stat"; } 2>/dev/null || return 1
    name=${text#*\(}
    name=${name%\)*}
    local -a fields=(${text##*\) })
    state=${fields[0]}
    parent=${fields[1]}
    start=${fields[19]}
}

# same PID TICKS: whether that very process is alive. A zombie is not.
same() {
    look "$1" && [ "$start" = "$2" ] && [ "$state" != Z ] && [ "$state" != X ]
}

# gather: finds the server processes that belong to the postmaster: its children, and those it left behind in the data directory.
gather() {
    local path pid
    victims=()
    set +f
    for path in /proc/[0-9]*; do
        pid=${path#/proc/}
        look "$pid" || continue
        [ "$state" != Z ] && [ "$state" != X ] && [ "$pid" != "$postmaster" ] || continue
        if [ "$parent" = "$postmaster" ] || { [ "$name" = postgres ] && [ "$postmaster_gone" ] && [ "/proc/$pid/cwd" -ef "$data" ]; }; then
            victims+=("$pid $start")
        fi
    done
    set -f
}

# left_behind: whether the postmaster is gone and no other has taken its place in the data directory.
left_behind() {
    local first=
    { read -r first <"$data/postmaster.pid"; } 2>/dev/null
    [ "$first" = "$postmaster" ]
}

# end_victims: SIGKILL until none of them is left, for at most 10 s.
end_victims() {
    local round each
    for ((round = 0; round < 500; round++)); do
        local -a left=()
        for each in "${victims[@]}"; do
            same ${each} || continue
            kill -KILL "${each% *}" 2>/dev/null
            left+=("$each")
        done
        [ ${#left[@]} -gt 0 ] || return 0
        victims=("${left[@]}")
        read -r -t 0.02 -u "$never" _
    done
    return 1
}

say() {
    local time
    printf -v time '%(%F %T)T,000' -1
    printf '%s %s\n' "$time" "$1" >&2
}

# ask SIGNAL UNTIL: signals the postmaster and waits for its end; not if it is held still (T, t), because then it cannot even hear.
ask() {
    kill "-$1" "$postmaster" 2>/dev/null
    now
    while same "$postmaster" "$ticks" && [ "$state" != T ] && [ "$state" != t ] && [ "$now" -lt "$2" ]; do
        read -r -t 0.02 -u "$never" _
        now
    done
}

stop_primary() {
    local begun how="in order"
    now
    begun=$now
    postmaster_gone=
    if same "$postmaster" "$ticks"; then
        # A fast stop ends all sessions at once and lets the standbys have what was acknowledged; only then the rough ways. Each may last
        # until a point in time: a guard that comes late, on a busy machine, must not be late with the last one too.
        ask INT $((deadline + fast))
        if same "$postmaster" "$ticks"; then
            how=immediately
            ask QUIT $((deadline + fast + grace))
        fi
        if same "$postmaster" "$ticks"; then
            # It hangs or was stopped. Held still, it starts nothing more; its children would go on answering clients without it.
            how="with SIGKILL, as SIGQUIT did not"
            kill -STOP "$postmaster" 2>/dev/null
            gather
            victims=("$postmaster $ticks" "${victims[@]}")
        else
            victims=()
        fi
    elif left_behind; then
        how="whose postmaster had gone"
        postmaster_gone=1
        gather
        [ ${#victims[@]} -gt 0 ] || return
    else
        return
    fi
    if end_victims; then
        now
        say "ERROR: guard: the leader lock was not renewed in time by the agent; stopped PostgreSQL (postmaster $postmaster, data directory $data) $how, in $((now - begun))0 ms"
    else
        say "CRITICAL: guard: the leader lock was not renewed in time by the agent, and PostgreSQL (postmaster $postmaster, data directory $data) cannot be killed: ${victims[*]}"
    fi
}

guard() {
    data=$2
    fast=$3
    grace=$4
    set -f
    # Only the end of its work ends it; the agent that takes over uses SIGKILL.
    trap '' HUP INT QUIT TERM PIPE
    # A file that is never ready to be read: what "sleep" is to a shell that must not start a process.
    exec {never}<> <(:)
    local deadline= input=1 line wait_for
    local -a words
    while :; do
        wait_for=100
        if [ "$deadline" ]; then
            now
            wait_for=$((deadline - now))
            if [ "$wait_for" -le 0 ]; then
                stop_primary
                deadline=
                continue
            fi
            # Look again now and then: timers of a suspended machine stand still, its uptime does not.
            [ "$wait_for" -le 100 ] || wait_for=100
        elif [ ! "$input" ]; then
            return
        fi
        nap "$wait_for"
        if [ ! "$input" ]; then
            read -r -t "$nap" -u "$never" _
            continue
        fi
        line=
        if read -r -t "$nap" line; then
            words=($line)
        else
            # Above 128: the time was over. Otherwise the end of input.
            [ $? -gt 128 ] || input=
            continue
        fi
        case ${words[0]} in
        until)
            deadline=${words[1]}
            postmaster=${words[2]}
            ticks=${words[3]}
            ;;
        off)
            deadline=
            ;;
        esac
        printf 'ok %s\n' "${words[-1]}" 2>/dev/null
    done
}

guard "$@"; exit
