# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The local bridge that stands for the world outside, and the demo's networks.
# Sourced by stack.sh and unstack.sh after common.sh.
#
#     bridge_up        make the bridge, with the gateway's address
#     make_networks    a public network on it, a network and a router
#     bridge_down      remove the bridge, if bridge_up made it

# Addresses that RFC 5737 keeps free for examples: no real host has them.
BRIDGE=${NOVA_LITE_PUBLIC_BRIDGE:-nl-public}
PUBLIC_RANGE=${NOVA_LITE_PUBLIC_RANGE:-203.0.113.0/24}
NETWORK_RANGE=${NOVA_LITE_NETWORK_RANGE:-198.51.100.0/24}
NETWORK=demo
PUBLIC=public

# The first address of a range, with its prefix length.
_first_address() {
    "$PYTHON_VENV/bin/python" -c '
import ipaddress, sys
net = ipaddress.ip_network(sys.argv[1])
print(f"{net[1]}/{net.prefixlen}")' "$1"
}

bridge_up() {
    local address
    address=$(_first_address "$PUBLIC_RANGE")
    if ! ip link show dev "$BRIDGE" >/dev/null 2>&1; then
        [ -z "$(ip -4 route show to match "${address%/*}" |
            grep -v '^default')" ] ||
            die "this host has a route to $PUBLIC_RANGE already:" \
                "set NOVA_LITE_PUBLIC_RANGE to another range"
        ip link add name "$BRIDGE" type bridge
        echo "$BRIDGE" >"$STATE/bridge"
    fi
    ip address replace "$address" dev "$BRIDGE"
    ip link set dev "$BRIDGE" up
    say "bridge $BRIDGE has $address"
}

bridge_down() {
    [ -s "$STATE/bridge" ] || return 0
    ip link del dev "$(cat "$STATE/bridge")" 2>/dev/null || true
    rm -f "$STATE/bridge"
}

_is_there() {
    openstack "$@" -f value -c id >/dev/null 2>&1
}

make_networks() {
    local gateway
    gateway=$(_first_address "$PUBLIC_RANGE")
    if ! _is_there network show $PUBLIC; then
        openstack network create --external --provider-network-type flat \
            --provider-physical-network public $PUBLIC -f value -c id \
            >/dev/null
    fi
    if ! _is_there subnet show $PUBLIC; then
        openstack subnet create --network $PUBLIC --no-dhcp \
            --subnet-range "$PUBLIC_RANGE" --gateway "${gateway%/*}" \
            $PUBLIC -f value -c id >/dev/null
    fi
    say "network $PUBLIC: $PUBLIC_RANGE on bridge $BRIDGE"
    _is_there network show $NETWORK ||
        openstack network create $NETWORK -f value -c id >/dev/null
    _is_there subnet show $NETWORK ||
        openstack subnet create --network $NETWORK \
            --subnet-range "$NETWORK_RANGE" $NETWORK -f value -c id >/dev/null
    if ! _is_there router show $NETWORK; then
        openstack router create $NETWORK -f value -c id >/dev/null
        openstack router set --external-gateway $PUBLIC $NETWORK
        openstack router add subnet $NETWORK $NETWORK
    fi
    say "network $NETWORK: $NETWORK_RANGE, router $NETWORK"
    _allow icmp
    _allow tcp --dst-port 22
}

# _allow PROTOCOL...: into servers of the default group, from anywhere.
_allow() {
    local project group
    project=$(openstack token issue -f value -c project_id)
    group=$(openstack security group list --project "$project" \
        -f value -c ID -c Name | sed -n 's/ default$//p')
    STEP_LOG=$STATE/logs/rule.log
    openstack security group rule create --protocol "$@" "$group" \
        >"$STEP_LOG" 2>&1 || grep -q 'already exists' "$STEP_LOG"
}

# The floating IP of a server, made and associated when it has none.
floating_ip() {
    local address fixed
    fixed=$(openstack port list --server "$1" -f value -c id | head -n 1)
    address=$(openstack floating ip list --port "$fixed" -f value \
        -c 'Floating IP Address' | head -n 1)
    if [ -z "$address" ]; then
        address=$(openstack floating ip create --port "$fixed" $PUBLIC \
            -f value -c floating_ip_address)
    fi
    echo "$address"
}
