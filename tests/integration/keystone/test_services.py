# SPDX-License-Identifier: Apache-2.0
"""Tokens, catalogue, roles and images of the real services."""

from __future__ import annotations

from tests.integration.keystone.conftest import Site


def test_boot_and_delete(site: Site) -> None:
    cloud = site.cloud
    ident = cloud.boot("first")
    assert cloud.server(ident)["image"]["id"] == cloud.image
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.wait_at_rest()
