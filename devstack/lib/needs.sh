#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the tests need: system packages, and .venv with every extra. The same
# steps as stack.sh's. Called by "make needs"; runs again in a second when
# all is there.

set -Eeuo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$REPO/devstack/lib/packages.sh"
. "$REPO/devstack/lib/venv.sh"

trap 'on_error $?' ERR

# The logs of apt and pip; the tests keep their own state elsewhere.
STATE=${TMPDIR:-/tmp}/nova-lite-needs-$(id -u)
STEP_TOTAL=2

# Beside what stacks need: systemd-analyze for the units, git for the test of
# the package, openssl for a certificate, a browser for guests' screens, a
# switch for Neutron's ports.
test_packages() {
    packages libvirt mariadb
    packages libvirt postgresql
    printf '%s\n' systemd git openssl chromium chromium-driver \
        openvswitch-switch
}

step "system packages"
mapfile -t NAMES < <(test_packages | sort -u)
if [ -n "$(missing_packages "${NAMES[@]}")" ]; then
    need_root
fi
install_packages "${NAMES[@]}"

step "Python packages"
make_venv libvirt,client,test
