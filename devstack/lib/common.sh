# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What stack.sh and unstack.sh share: steps with a name, sentences on
# failure, and processes that are known by pid and start time.
#
# Sourced. Sets REPO. The caller sets STATE before it calls run_logged.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PYTHON_VENV=$REPO/.venv
STEP_NAME=starting
STEP_LOG=
STEP_NUMBER=0
STEP_TOTAL=0

say() {
    printf '      %s\n' "$*"
}

die() {
    # The trap would tell the same once more.
    trap - ERR
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# step NAME: begin the next numbered step.
step() {
    STEP_NUMBER=$((STEP_NUMBER + 1))
    STEP_NAME=$1
    STEP_LOG=
    printf '[%d/%d] %s\n' "$STEP_NUMBER" "$STEP_TOTAL" "$1"
}

# For "trap 'on_error $?' ERR": say which step failed, and why.
on_error() {
    local status=$1
    trap - ERR
    {
        printf '\n%s failed in step "%s" (exit status %d).\n' \
            "$(basename "$0")" "$STEP_NAME" "$status"
        if [ -n "$STEP_LOG" ] && [ -s "$STEP_LOG" ]; then
            printf 'The end of its log %s:\n' "$STEP_LOG"
            tail -n 20 "$STEP_LOG" | sed 's/^/    /'
        fi
    } >&2
    exit "$status"
}

# run_logged NAME COMMAND...: the output goes to a log, a dot each 2 s to the
# terminal. The log is shown when the command fails.
run_logged() {
    local name=$1 pid
    shift
    STEP_LOG=$STATE/logs/$name.log
    mkdir -p "$STATE/logs"
    "$@" >"$STEP_LOG" 2>&1 </dev/null &
    pid=$!
    printf '      %s ' "$name"
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        [ $((SECONDS % 2)) -ne 0 ] || [ "${_last_dot:-}" = $SECONDS ] ||
            { printf .; _last_dot=$SECONDS; }
    done
    printf '\n'
    wait "$pid"
}

# start_time PID: with the pid this names a process for ever.
start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) } # the command name may hold blanks
    # shellcheck disable=SC2086
    set -- $stat
    [ "$1" != Z ] && echo "${20}"
}

# remember FILE PID: write "pid start-time".
remember() {
    echo "$2 $(start_time "$2")" >"$1"
}

# running FILE: whether the very process of the file lives; prints its pid.
running() {
    local pid started
    [ -e "$1" ] || return 1
    read -r pid started <"$1" || return 1
    [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] || return 1
    echo "$pid"
}

# stop_remembered FILE SIGNAL SECONDS: end the process, by force when late.
stop_remembered() {
    local file=$1 signal=$2 seconds=$3 pid end
    if pid=$(running "$file"); then
        kill "-$signal" "$pid" 2>/dev/null || true
        end=$((SECONDS + seconds))
        while running "$file" >/dev/null; do
            if [ $SECONDS -ge $end ]; then
                say "pid $pid did not stop within $seconds s: killed"
                kill -KILL "$pid" 2>/dev/null || true
                sleep 1
                break
            fi
            sleep 0.2
        done
    fi
    rm -f "$file"
}

# The state directory in use: that of the last stack.sh, unless told.
default_state() {
    if [ -n "${NOVA_LITE_STATE:-}" ]; then
        echo "$NOVA_LITE_STATE"
    elif [ -s "$REPO/.state/current" ]; then
        cat "$REPO/.state/current"
    else
        # Not below the clone: QEMU's user must be able to reach it.
        echo /var/lib/nova-lite
    fi
}

need_root() {
    [ "$(id -u)" -eq 0 ] ||
        die "it installs packages and talks to libvirt: run it as root" \
            "(sudo $0)"
}
