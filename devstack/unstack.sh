#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Stops what devstack/stack.sh started. With --purge it removes the guests,
# the disks and the whole state directory too.

set -Eeuo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$REPO/devstack/lib/database.sh"
. "$REPO/devstack/lib/libvirt.sh"
. "$REPO/devstack/lib/network.sh"

trap 'on_error $?' ERR

STATE=$(default_state)
PURGE=no

usage() {
    cat <<TEXT
usage: devstack/unstack.sh [--state DIR] [--purge]

  --state DIR   the state directory of the stack ($STATE)
  --purge       remove its guests, disks, database and settings as well
TEXT
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage; exit 0 ;;
            --purge) PURGE=yes ;;
            --state)
                [ $# -ge 2 ] || die "--state needs a directory"
                STATE=$2
                shift ;;
            *) usage >&2; die "unknown option $1" ;;
        esac
        shift
    done
    STATE=$(realpath -m "$STATE")
    export NOVA_LITE_STATE=$STATE
}

# nova-lite-all stops its own broker, unless it was killed.
stop_broker() {
    [ -d "$STATE/rabbitmq" ] && [ -x "$PYTHON_VENV/bin/python" ] || return 0
    "$PYTHON_VENV/bin/python" - "$STATE/rabbitmq" <<'PYTHON'
import pathlib
import sys

from nova_lite.supervisor.rabbitmq import RabbitNode

RabbitNode(pathlib.Path(sys.argv[1])).stop()
PYTHON
}

# The guests whose disks lie below the state directory, by uuid.
guests() {
    local uuid
    for uuid in $(virsh -q -c qemu:///system list --all --uuid); do
        # grep reads to the end: virsh must not die of a closed pipe, which
        # would look as if the guest were not ours.
        if virsh -q -c qemu:///system dumpxml "$uuid" 2>/dev/null |
            grep -F "'$STATE/instances/" >/dev/null; then
            echo "$uuid"
        fi
    done
}

hypervisor_answers() {
    command -v virsh >/dev/null &&
        timeout 20 virsh -q -c qemu:///system uri >/dev/null 2>&1
}

remove_guests() {
    local uuid
    if ! grep -qx 'compute_driver = libvirt' "$STATE/nova_lite.conf" \
        2>/dev/null; then
        return 0
    fi
    # A stopped libvirtd does not stop guests: they must be found.
    hypervisor_answers || libvirt_up
    for uuid in $(guests); do
        say "removing guest $uuid"
        virsh -q -c qemu:///system destroy "$uuid" >/dev/null 2>&1 || true
        virsh -q -c qemu:///system undefine --nvram --managed-save \
            --snapshots-metadata "$uuid" >/dev/null
    done
}

# Taps, bridges, namespaces and rules; guests must be gone before.
remove_networks() {
    grep -q '^\[netd\]' "$STATE/nova_lite.conf" 2>/dev/null || return 0
    run_logged netd-purge "$PYTHON_VENV/bin/python" -m \
        nova_lite.cmd.netd_purge --config-file "$STATE/nova_lite.conf"
    bridge_down
}

tell_of_guests() {
    local count
    hypervisor_answers || return 0
    count=$(guests | wc -l)
    [ "$count" -eq 0 ] ||
        say "$count guests stay as they are; stack.sh finds them again"
}

remove_state() {
    # Only what stack.sh made may be removed by it.
    [ -e "$STATE/nova_lite.conf" ] || [ -d "$STATE/logs" ] ||
        die "$STATE does not look like a state directory: not removed"
    rm -rf "${STATE:?}"
    if [ "$(cat "$REPO/.state/current" 2>/dev/null)" = "$STATE" ]; then
        rm "$REPO/.state/current"
    fi
    say "removed $STATE"
}

main() {
    parse_arguments "$@"
    if [ ! -d "$STATE" ]; then
        echo "There is nothing at $STATE."
        exit 0
    fi
    need_root
    STEP_TOTAL=4
    [ $PURGE = no ] || STEP_TOTAL=5
    step "daemons"
    stop_remembered "$STATE/nova-lite-all.pid" TERM 90
    stop_broker
    step "database"
    database_down
    step "guests"
    if [ $PURGE = yes ]; then
        remove_guests
        remove_networks
    else
        tell_of_guests
    fi
    step "hypervisor"
    libvirt_down
    if [ $PURGE = yes ]; then
        step "state"
        remove_state
    fi
}

main "$@"
