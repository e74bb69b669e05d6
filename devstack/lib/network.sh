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

make_networks() {
    _networks make "$PUBLIC_RANGE" "$NETWORK_RANGE"
    say "network public: $PUBLIC_RANGE on bridge $BRIDGE"
    say "network $NETWORK: $NETWORK_RANGE, router $NETWORK; ssh and ping are" \
        "allowed into its servers"
}

# The floating IP of a server, made and associated when it has none.
floating_ip() {
    _networks floating-ip "$1"
}

_networks() {
    "$PYTHON_VENV/bin/python" "$REPO/devstack/lib/networks.py" "$@"
}
