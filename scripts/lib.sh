# Sourced by the scripts: messages, and progress for what takes longer than a second.

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# progress WHAT COMMAND...: runs a command quietly. A line appears when it takes longer than a second, its output only when it fails.
progress() {
    local what=$1 log started pid status=0 said=
    shift
    log=$(mktemp)
    started=$SECONDS
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        if [ -z "$said" ] && [ $((SECONDS - started)) -ge 1 ]; then
            say "$what ..."
            said=yes
        fi
        sleep 0.1
    done
    wait "$pid" || status=$?
    if [ "$status" -ne 0 ]; then
        say "$what: failed with exit code $status. What it said:"
        tail -n 30 "$log" | sed 's/^/    /'
    elif [ -n "$said" ]; then
        say "$what: done in $((SECONDS - started)) s"
    fi
    rm -f "$log"
    return "$status"
}
