# Sourced by clients/run, mixed/run and acceptance/run, after lib.sh and demo-lib.sh: a build in a folder of its own, where another user can read
# it, and a Python part that runs there. Variables of the whole script: work (that folder), as and owner (see choose_user), and the
# options evidence, keep and names.
# shellcheck shell=bash disable=SC2154

# usage SCRIPT: the comment at the script's top.
usage() { sed -n '2,/^set /{/^set /!s/^# \?//p}' "$1"; }

# make_work NAME FOLDER...: the checkout may lie where the user cannot read; a Unix socket's path holds 107 bytes. Each FOLDER's Python files go with it.
make_work() {
    local name=$1 folder
    shift
    work=$(mktemp -d "/tmp/jpatroni-$name.XXXXXX")
    mkdir "$work/program"
    tar -xzf "$(archive)" -C "$work/program" --strip-components=1
    for folder in "$@"; do
        mkdir "$work/$folder"
        cp "$folder"/*.py "$work/$folder"
    done
    chmod -R a+rX "$work"
    [ ${#as[@]} -eq 0 ] || chown -R "$owner" "$work"
}

# readable SCRIPT FOLDER...: whether the user can read these checkouts; a name that is empty is none.
readable() {
    local script=$1 source
    shift
    for source in "$@"; do
        [ -z "$source" ] || "${as[@]}" test -r "$source/setup.py" || fail "$script: the user $owner finds no readable setup.py in $source"
    done
}

# run_python FILE ARGUMENT...: to its end, also when this script is asked to end. What the workplace of a developer has is not to be found: the
# environment is empty but for what is named here and in the array `variables`. Sets status.
run_python() {
    local java running file=$1
    shift
    status=0
    java=$(bin/find-java)
    (
        cd "$work"
        exec "${as[@]}" env -i HOME="$work" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ="${TZ:-UTC}" JAVA_HOME="${java%/bin/java}" JPATRONI_CACHE_DIR=off \
            PYTHONDONTWRITEBYTECODE=1 PG_BIN="$(postgresql_programs)" BUILD="$(git -C "$checkout" rev-parse --short HEAD 2>/dev/null || true)" \
            ${variables[@]+"${variables[@]}"} /usr/bin/python3 "$file" --work "$work" ${evidence:+--evidence} "$@" ${names[@]+"${names[@]}"}
    ) &
    running=$!
    # shellcheck disable=SC2064 # this process
    trap "kill -TERM $running 2>/dev/null || true" INT TERM HUP
    while kill -0 "$running" 2>/dev/null; do
        wait "$running" && status=0 || status=$?
    done
}

# end_run: keeps the page, and the folder when something failed.
end_run() {
    [ -z "$evidence" ] || [ ! -s "$work/evidence.md" ] || cp "$work/evidence.md" "$evidence"
    if [ "$status" -eq 0 ] && [ -z "$keep" ]; then
        rm -rf "$work"
    else
        say "Logs and configurations: $work"
    fi
    exit "$status"
}
