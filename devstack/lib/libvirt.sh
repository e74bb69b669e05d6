# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Start and stop libvirt on hosts with and without systemd.
#
# Sourced by devstack/stack.sh, devstack/unstack.sh and (through bash -c)
# tests/fixtures/libvirtd.py:
#
#     NOVA_LITE_STATE=/some/dir; . devstack/lib/libvirt.sh; libvirt_up
#
# libvirt_up     prepare /dev/kvm, start what does not run, fill the
#                capability cache. Safe to repeat.
# libvirt_down   stop what libvirt_up started from the same NOVA_LITE_STATE;
#                guests and daemons of others go on running.
#
# $NOVA_LITE_STATE/libvirt/NAME.started holds "pid start-time" of each daemon
# that was started here ("systemd" where systemd runs it).

_LIBVIRT_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# One lock per machine: there is one libvirtd however many states there are.
_LIBVIRT_LOCK=/run/lock/nova-lite-libvirt.lock
_LIBVIRT_URI=qemu:///system

_libvirt_fail() {
    echo "libvirt: $*" >&2
    return 1
}

_libvirt_has_systemd() {
    [ -d /run/systemd/system ] && command -v systemctl >/dev/null
}

# Print the start time of a process; with its pid this names it for ever.
_libvirt_start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }   # the command name may hold blanks
    # shellcheck disable=SC2086
    set -- $stat
    echo "${20}"
}

# Print the pid of a running daemon of this machine, or fail.
_libvirt_pid() {
    local pid
    pid=$(cat "/run/$1.pid" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid"
}

_libvirt_answers() {
    timeout 20 virsh -q -c "$_LIBVIRT_URI" uri >/dev/null 2>&1
}

# Give QEMU access to /dev/kvm. Without it libvirt takes its cached
# capabilities for outdated and probes QEMU again on every call.
_libvirt_prepare_kvm() {
    [ -e /dev/kvm ] || return 0
    case $(stat -c %G:%a /dev/kvm) in
        kvm:66? | *:666) return 0 ;;
    esac
    getent group kvm >/dev/null ||
        _libvirt_fail "group kvm is missing; install qemu-system-x86" ||
        return 1
    chgrp kvm /dev/kvm && chmod 660 /dev/kvm ||
        _libvirt_fail "cannot set group kvm and mode 660 on /dev/kvm"
}

# Start one daemon under the subreaper and remember that it is ours.
_libvirt_start_daemon() {
    local name=$1 state=$NOVA_LITE_STATE/libvirt pid="" tries
    if pid=$(_libvirt_pid "$name"); then
        return 0
    fi
    command -v "$name" >/dev/null ||
        _libvirt_fail "$name is missing; install libvirt-daemon-system" ||
        return 1
    # The default pid file is libvirt's own lock against a second daemon,
    # which would take the socket away from the first: never pass another.
    # fd 9 is the lock of libvirt_up, which must end with libvirt_up. The
    # subshell keeps the daemon out of the caller's jobs and of its "wait".
    (
        cd /
        setsid python3 "$_LIBVIRT_LIB/subreaper.py" "$name" -d \
            </dev/null >"$state/$name.out" 2>&1 9>&- &
    )
    for ((tries = 0; tries < 100; tries++)); do
        if pid=$(_libvirt_pid "$name"); then
            echo "$pid $(_libvirt_start_time "$pid")" >"$state/$name.started"
            return 0
        fi
        sleep 0.1
    done
    _libvirt_fail "$name did not start: $(tail -n 3 "$state/$name.out")"
}

_libvirt_start_systemd() {
    systemctl is-active -q libvirtd.service && return 0
    systemctl start libvirtd.service ||
        _libvirt_fail "systemctl start libvirtd.service failed" || return 1
    echo systemd >"$NOVA_LITE_STATE/libvirt/libvirtd.started"
}

# The first question for capabilities probes each QEMU binary for seconds.
_libvirt_warm_up() {
    timeout 120 virsh -q -c "$_LIBVIRT_URI" \
        domcapabilities --virttype qemu >/dev/null ||
        _libvirt_fail "libvirtd runs but cannot describe QEMU" || return 1
    timeout 120 virsh -q -c "$_LIBVIRT_URI" capabilities >/dev/null ||
        _libvirt_fail "libvirtd runs but cannot describe this host"
}

libvirt_up() {
    local tries
    case ${NOVA_LITE_STATE:-} in
        /*) ;;
        *) _libvirt_fail "NOVA_LITE_STATE must be an absolute path"; return ;;
    esac
    mkdir -p "$NOVA_LITE_STATE/libvirt" "$(dirname "$_LIBVIRT_LOCK")" ||
        return 1
    {
        flock -w 120 9 ||
            _libvirt_fail "$_LIBVIRT_LOCK is held by another" || return 1
        _libvirt_prepare_kvm || return 1
        if _libvirt_has_systemd; then
            _libvirt_start_systemd || return 1
        else
            _libvirt_start_daemon virtlogd || return 1
            _libvirt_answers || _libvirt_start_daemon libvirtd || return 1
        fi
        for ((tries = 0; tries < 50; tries++)); do
            _libvirt_answers && break
            sleep 0.1
        done
        _libvirt_answers ||
            _libvirt_fail "no answer at $_LIBVIRT_URI" || return 1
        _libvirt_warm_up
    } 9>"$_LIBVIRT_LOCK"
}

# End the daemon in NAME.started if that very process still lives.
_libvirt_stop_daemon() {
    local name=$1 file=$NOVA_LITE_STATE/libvirt/$1.started pid started tries
    [ -e "$file" ] || return 0
    read -r pid started <"$file"
    if [ "$pid" = systemd ]; then
        systemctl stop libvirtd.service || return 1
    elif [ "$(_libvirt_start_time "$pid")" = "$started" ]; then
        kill "$pid"
        for ((tries = 0; tries < 100; tries++)); do
            [ "$(_libvirt_start_time "$pid")" = "$started" ] || break
            sleep 0.1
        done
        [ "$(_libvirt_start_time "$pid")" != "$started" ] ||
            _libvirt_fail "$name (pid $pid) does not end" || return 1
    fi
    rm -f "$file"
}

libvirt_down() {
    [ -n "${NOVA_LITE_STATE:-}" ] ||
        _libvirt_fail "NOVA_LITE_STATE names no directory" || return 1
    [ -d "$NOVA_LITE_STATE/libvirt" ] || return 0
    _libvirt_stop_daemon libvirtd && _libvirt_stop_daemon virtlogd
}
