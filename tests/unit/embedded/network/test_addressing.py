# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of subnets."""

from __future__ import annotations

from nova_lite.network import addressing


def test_eui64() -> None:
    """The example of RFC 4291, appendix A, with this prefix."""
    found = addressing.eui64("fd00::/64", "34:56:78:9a:bc:de")
    assert found == "fd00::3656:78ff:fe9a:bcde"


def test_drawn_addresses_are_of_the_pools() -> None:
    pools = [["198.51.100.5", "198.51.100.6"], ["198.51.100.9"] * 2]
    inside = {"198.51.100.5", "198.51.100.6", "198.51.100.9"}
    assert addressing.size(pools) == 3
    assert set(addressing.draw(pools, 16)) == inside
    large = [["198.51.100.2", "198.51.100.254"]]
    drawn = addressing.draw(large, 16)
    assert 0 < len(drawn) == len(set(drawn)) <= 16
    assert addressing.draw([], 16) == []
    huge = [["fd00::2", "fd00::ffff:ffff:ffff:ffff"]]
    assert all(one.startswith("fd00::") for one in addressing.draw(huge, 3))


def test_the_last_free_address_is_found() -> None:
    pools = [["198.51.100.1", "198.51.100.3"], ["198.51.100.7"] * 2]
    taken = ["198.51.100.1", "198.51.100.2", "198.51.100.3"]
    assert addressing.draw_free(pools, taken) == "198.51.100.7"
    assert addressing.draw_free(pools, [*taken, "198.51.100.7"]) is None
    assert addressing.draw_free([], []) is None


def test_macs_keep_their_beginning() -> None:
    found = {addressing.random_mac("02:aa:bb:00:00:00") for _ in range(50)}
    assert all(one.startswith("02:aa:bb:") and len(one) == 17 for one in found)
    assert len(found) > 40
