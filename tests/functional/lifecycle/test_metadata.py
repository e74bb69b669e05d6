# SPDX-License-Identifier: Apache-2.0
"""The metadata service of the API process, as a network's proxy asks it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import requests

from tests.fixtures.cloud import METADATA_SECRET, Cloud


def _ask(cloud: Cloud, ident: str, path: str, data: bytes = b"") -> Any:
    """GET, or POST where there are data."""
    signature = hmac.new(
        METADATA_SECRET.encode(), ident.encode(), hashlib.sha256
    )
    return requests.request(
        "POST" if data else "GET",
        f"http://127.0.0.1:{cloud.settings['api']['metadata_port']}{path}",
        headers={
            "X-Instance-ID": ident,
            "X-Tenant-ID": cloud.server(ident)["tenant_id"],
            "X-Instance-ID-Signature": signature.hexdigest(),
        },
        data=data,
        timeout=30,
    )


def test_what_a_server_on_a_network_reads(cloud: Cloud) -> None:
    net = cloud.new_network("green")
    text = base64.b64encode(b"#!/bin/sh\n").decode()
    ident = cloud.boot(
        "reader",
        networks=[{"uuid": net, "tag": "front"}],
        user_data=text,
        metadata={"role": "web"},
    )
    (port,) = cloud.admin.get(f"/network/v2.0/ports?device_id={ident}")[
        "ports"
    ]
    (fixed,) = port["fixed_ips"]
    meta = _ask(cloud, ident, "/openstack/latest/meta_data.json").json()
    assert meta["uuid"] == ident
    assert meta["meta"] == {"role": "web"}
    (device,) = meta["devices"]
    assert device["mac"] == port["mac_address"]
    assert device["tags"] == ["front"]
    assert (device["bus"], device["address"]) == ("pci", "0000:00:03.0")
    told = _ask(cloud, ident, "/openstack/latest/network_data.json").json()
    (link,) = told["links"]
    assert link["vif_id"] == port["id"]
    assert told["networks"][0]["network_id"] == net
    address = _ask(cloud, ident, "/latest/meta-data/local-ipv4").text
    assert address == fixed["ip_address"]
    assert _ask(cloud, ident, "/latest/user-data").text == "#!/bin/sh\n"
    # By this a server is found where there is no proxy.
    (found,) = cloud.admin.get(
        f"/network/v2.0/ports?fixed_ips=ip_address={address}&network_id={net}"
    )["ports"]
    assert found["device_id"] == ident

    password = "/openstack/latest/password"
    assert _ask(cloud, ident, password, b"c2VjcmV0").status_code == 200
    assert _ask(cloud, ident, password, b"other").status_code == 409
    assert cloud.tenant.get(f"/servers/{ident}/os-server-password") == {
        "password": "c2VjcmV0"
    }
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.admin.delete(f"/network/v2.0/networks/{net}")
