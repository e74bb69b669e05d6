# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The system packages that a stack needs, and their installation.
# Sourced by devstack/stack.sh after common.sh.

POLICY=/usr/sbin/policy-rc.d

# packages DRIVER DB: print what is needed, one a line.
packages() {
    echo rabbitmq-server
    echo iproute2
    echo util-linux
    echo openssh-client
    if [ "$1" = libvirt ]; then
        printf '%s\n' qemu-system-x86 qemu-utils libvirt-daemon-system \
            libvirt-clients libvirt-dev pkg-config gcc genisoimage \
            novnc libnftables1 nftables dnsmasq-base
        grep -Ev '^ *(#|$)' "$REPO/devstack/guest/packages.txt"
    fi
    case $2 in
        mariadb) echo mariadb-server ;;
        postgresql) echo postgresql ;;
    esac
    if [ "$(command -v python3)" = /usr/bin/python3 ]; then
        # libvirt-python is built from source: there is no wheel of it.
        printf '%s\n' python3-venv python3-dev
    fi
    if ! command -v python3 >/dev/null; then
        printf '%s\n' python3 python3-venv python3-dev
    fi
}

# missing_packages NAME...: print those that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null |
            grep -qx installed || echo "$name"
    done
}

# Set while the file is ours: a machine may have one of its own.
POLICY_MADE=

_policy_remove() {
    [ -z "$POLICY_MADE" ] || rm -f "$POLICY"
    POLICY_MADE=
}

# Debian starts a daemon when it installs it. Where systemd does not keep it,
# nobody would ever stop it; the stack starts its own.
_policy_forbid_start() {
    [ -d /run/systemd/system ] && return 0
    [ -e "$POLICY" ] && return 0
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    POLICY_MADE=1
    trap _policy_remove EXIT
}

# install_packages NAME...: install those that are missing.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [ ${#missing[@]} -eq 0 ]; then
        say "all $# packages are installed already"
        return 0
    fi
    say "installing: ${missing[*]}"
    _policy_forbid_start
    export DEBIAN_FRONTEND=noninteractive
    run_logged apt-update apt-get -q update
    run_logged apt-install apt-get -q install -y --no-install-recommends \
        "${missing[@]}"
    _policy_remove
    trap - EXIT
}
