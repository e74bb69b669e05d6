# SPDX-License-Identifier: Apache-2.0
"""What the operator's own services say of a server.

Each target is asked by a POST with the server's ids, and answers JSON.
Called by the metadata service and by computes that write config drives.

Source: https://docs.openstack.org/nova/latest/admin/vendordata.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.metadata.model import Server

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

PROVIDER = "DynamicJSON"
_HEADERS = {
    "Accept": "application/json",
    "User-Agent": "openstack-nova-vendordata",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A service: its name in the document, and where it is."""

    name: str
    url: str


class Targets:
    """The services of the configuration."""

    def __init__(self) -> None:
        conf = CONF.api
        wanted = PROVIDER in conf.vendordata_providers
        named = conf.vendordata_dynamic_targets if wanted else ()
        self._targets = list(_parsed(named))
        self._timeout = (
            conf.vendordata_dynamic_connect_timeout,
            conf.vendordata_dynamic_read_timeout,
        )
        self._verify = conf.vendordata_dynamic_ssl_certfile or True
        self._fatal: bool = conf.vendordata_dynamic_failure_fatal

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._targets)

    def ask(self, server: Server) -> dict[str, Any]:
        """Their answers, by name; {} from one that fails.

        Raises: VendorDataFailed where a failure is said to be fatal.
        """
        return {one.name: self._answer(one, server) for one in self._targets}

    def _answer(self, target: Target, server: Server) -> Any:
        import requests

        try:
            answer = requests.post(
                target.url,
                json=_question(server),
                headers=_HEADERS,
                timeout=self._timeout,
                verify=self._verify,
            )
            answer.raise_for_status()
            return answer.json() if answer.text else {}
        except (requests.RequestException, ValueError) as error:
            LOG.warning(
                "Vendor data of %s is not there for server %s: %s",
                target.name,
                server.uuid,
                error,
            )
            if self._fatal:
                raise exception.VendorDataFailed(name=target.name) from error
            return {}


def _parsed(named: Sequence[str]) -> Iterator[Target]:
    seen = set()
    for text in named:
        name, at, url = text.partition("@")
        if not (name and at and url) or name in seen:
            LOG.warning(
                "Vendor data target %r is left out: it must be name@URL, "
                "with a name of its own",
                text,
            )
            continue
        seen.add(name)
        yield Target(name, url)


def _question(server: Server) -> dict[str, Any]:
    return {
        "project-id": server.project_id,
        "instance-id": server.uuid,
        "image-id": server.image_id,
        "user-data": server.user_data_base64,
        "hostname": server.short_hostname,
        "metadata": dict(server.metadata),
        # Nobody remembers with which roles a server was made.
        "boot-roles": "",
    }
