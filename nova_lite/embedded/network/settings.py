# SPDX-License-Identifier: Apache-2.0
"""The options of [network] that requests meet, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """``quotas``: resource -> limit, -1 for none; ``vni_ranges``: pairs."""

    pagination_max_limit: int
    physical_networks: tuple[str, ...]
    vni_ranges: tuple[tuple[int, int], ...]
    mtu: int
    dns_domain: str
    base_mac: str
    auto_allocated_cidr: str
    service_down_time_s: int
    quotas: Mapping[str, int]

    @classmethod
    def of(cls, conf: Any) -> Settings:
        """From the configuration."""
        group = conf.network
        return cls(
            pagination_max_limit=group.pagination_max_limit,
            physical_networks=tuple(group.physical_networks),
            vni_ranges=tuple(map(_range, group.vni_ranges)),
            mtu=group.global_physnet_mtu,
            dns_domain=group.dns_domain.strip("."),
            base_mac=group.base_mac.lower(),
            auto_allocated_cidr=group.auto_allocated_cidr,
            service_down_time_s=conf.service_down_time,
            quotas={
                "network": group.quota_network,
                "subnet": group.quota_subnet,
                "port": group.quota_port,
                "router": group.quota_router,
                "floatingip": group.quota_floatingip,
                "security_group": group.quota_security_group,
                "security_group_rule": group.quota_security_group_rule,
            },
        )


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    return int(first), int(last)
