# SPDX-License-Identifier: Apache-2.0
"""The metadata service's WSGI application.

Every path but the list of versions needs a sender, and shows only the
sender's own server. Runs in the thread of the request.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import Any

import webob
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.api.metadata.sender import ByAddress, Proxied
from nova_lite.api.metadata.servers import Servers
from nova_lite.metadata import ec2, openstack, tree
from nova_lite.metadata.model import Server

LOG = logging.getLogger(__name__)

# Bytes of an encrypted password; RSA of 4096 bits makes 684 characters.
MAX_PASSWORD = 1020


class MetadataApp:
    """Answers guests."""

    def __init__(
        self, servers: Servers, identification: Proxied | ByAddress
    ) -> None:
        self._servers = servers
        self._identification = identification

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = webob.Request(environ)
        try:
            response = self._answer(request)
        except exception.NovaLiteException as error:
            if error.code >= 500:
                LOG.error("%s %s: %s", request.method, request.path, error)
            response = _text(error.format_message(), error.code)
        except Exception:
            # The last door: the guest gets a sentence, the log the rest.
            LOG.exception("%s %r failed", request.method, environ["PATH_INFO"])
            response = _text(
                "An unknown error has occurred. Please try your request "
                "again.",
                500,
            )
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _answer(self, request: Any) -> Any:
        path = _path(request)
        if path == "/":
            return _text("\n".join((*ec2.VERSIONS, ec2.LATEST)))
        server = self._sender(request)
        if _is_password(path) and request.method not in ("GET", "HEAD"):
            return self._take_password(request, server)
        name = posixpath.basename(path)
        if name == openstack.VENDOR_DATA2:
            server = self._servers.with_dynamic_data(server)
        elif name == ec2.SECURITY_GROUPS:
            server = self._servers.with_groups(server)
        body, media_type = tree.lookup(server, path)
        return webob.Response(body, content_type=media_type, charset="UTF-8")

    def _sender(self, request: Any) -> Server:
        """The sender's server. Raises: Invalid, Forbidden, NotFound."""
        sender = self._identification.find(request)
        server = self._servers.get(sender.uuid)
        if server is None:
            LOG.warning("No server %s for which to show data", sender.uuid)
            raise exception.NotFound()
        if sender.project_id != server.project_id:
            LOG.warning(
                "Server %s is not of project %s",
                sender.uuid,
                sender.project_id,
            )
            raise exception.NotFound()
        return server

    def _take_password(self, request: Any, server: Server) -> Any:
        if request.method != "POST":
            raise exception.Invalid("GET and POST only are supported.")
        # Says 404 for a version that has no password.
        tree.lookup(server, _path(request))
        if (request.content_length or 0) > MAX_PASSWORD:
            raise exception.Invalid("Request is too large.")
        raw = request.body_file.read(MAX_PASSWORD + 1)
        if len(raw) > MAX_PASSWORD:
            raise exception.Invalid("Request is too large.")
        try:
            password = raw.decode("ascii")
        except UnicodeDecodeError as error:
            raise exception.Invalid("A password must be base64.") from error
        self._servers.report_password(server.uuid, password)
        return _text("")


def _path(request: Any) -> str:
    try:
        return posixpath.normpath("/" + str(request.path_info).lstrip("/"))
    except UnicodeDecodeError as error:
        raise exception.NotFound() from error


def _is_password(path: str) -> bool:
    parts = path.split("/")
    return parts[1:2] == ["openstack"] and parts[3:] == [openstack.PASSWORD]


def _text(text: str, status: int = 200) -> Any:
    return webob.Response(
        text.encode(), status=status, content_type="text/plain"
    )
