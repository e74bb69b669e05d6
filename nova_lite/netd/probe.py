# SPDX-License-Identifier: Apache-2.0
"""What this kernel can do for netd.

Called once at the start of nova-lite-netd, and by nova-lite-status.
"""

from __future__ import annotations

from pathlib import Path

from nova_lite import exception
from nova_lite.netd import nft
from nova_lite.netd.firewall import BR_NETFILTER, BRIDGE

_NAME = "nova-lite-probe"
BR_NETFILTER_SWITCH = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def tracking() -> str:
    """How connections of bridged packets are tracked here.

    Raises: ConfigurationError when they cannot be.
    """
    if _takes_bridge_conntrack():
        return BRIDGE
    if BR_NETFILTER_SWITCH.exists():
        return BR_NETFILTER
    raise exception.ConfigurationError(
        reason="this kernel tracks no connections of bridges, so there can "
        "be no security groups: load nf_conntrack_bridge or br_netfilter "
        "(modprobe br_netfilter)."
    )


def _takes_bridge_conntrack() -> bool:
    """Whether a rule is taken; nothing of it stays, taken or not."""
    table = {"family": "bridge", "name": _NAME}
    place = {"family": "bridge", "table": _NAME}
    state = {"left": {"ct": {"key": "state"}}, "op": "in"}
    rule = {
        **place,
        "chain": "c",
        "expr": [{"match": {**state, "right": "established"}}],
    }
    try:
        nft.apply(
            [
                {"add": {"table": table}},
                {"add": {"chain": {**place, "name": "c"}}},
                {"add": {"rule": rule}},
                {"delete": {"table": table}},
            ]
        )
    except nft.NftError:
        return False
    return True
