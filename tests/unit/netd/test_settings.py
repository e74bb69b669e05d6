# SPDX-License-Identifier: Apache-2.0
"""What an administrator sets of DHCP servers and of the metadata proxy."""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite.netd import manager
from nova_lite.netd.dhcp_tables import Settings
from nova_lite.netd.metadata_request import Service
from tests.fixtures.consoles import certificate
from tests.fixtures.hypervisor import virt_options

__all__ = ["virt_options"]

Options = Callable[..., None]


def test_what_dhcp_servers_tell(virt_options: Options) -> None:
    virt_options(
        netd={
            "dhcp_lease_duration": 600,
            "dns_domain": "cloud",
            "dnsmasq_dns_servers": ["192.0.2.53", "fd00::53"],
        }
    )
    assert manager._dhcp_settings() == Settings(
        600, "cloud", ["192.0.2.53", "fd00::53"]
    )


def test_where_the_metadata_are(virt_options: Options) -> None:
    virt_options(neutron={"metadata_proxy_shared_secret": "known to two"})
    cfg.CONF.set_override("my_ip", "192.0.2.1")
    assert manager._metadata_service() == Service(
        "192.0.2.1", 8775, "known to two"
    )
    virt_options(
        netd={
            "nova_metadata_host": "192.0.2.7",
            "nova_metadata_port": 443,
            "nova_metadata_protocol": "https",
            "auth_ca_cert": "/etc/ssl/ours.pem",
            "nova_metadata_insecure": True,
        },
        neutron={"metadata_proxy_shared_secret": "known to two"},
    )
    service = manager._metadata_service()
    assert service == Service(
        *("192.0.2.7", 443, "known to two", "https"),
        ca_file="/etc/ssl/ours.pem",
        insecure=True,
    )
    assert "known to two" not in repr(service)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A web server with a certificate that nobody has signed."""
    files = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(files["cert"]), str(files["key"]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def asked(service: Service) -> int:
    """The status that a connection to it gets."""
    connection = service.connect()
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_service_by_https_is_checked(tls_port: int, tmp_path: Path) -> None:
    ca_file = str(tmp_path / "proxy.pem")
    where = ("127.0.0.1", tls_port, "secret", "https")
    assert asked(Service(*where, ca_file=ca_file)) == 204
    assert asked(Service(*where, insecure=True)) == 204
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(Service(*where))
    with pytest.raises((OSError, http.client.HTTPException)):
        asked(Service(*where[:3]))
