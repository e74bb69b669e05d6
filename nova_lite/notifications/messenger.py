# SPDX-License-Identifier: Apache-2.0
"""Sends notifications; with nova_lite.rpc the door to oslo.messaging.

Called in every daemon, by the other modules of this package. What cannot be
sent is logged and lost: nothing that a user asked for waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import oslo_messaging as messaging
from oslo_config import cfg
from oslo_log import log as logging
from oslo_messaging import opts

from nova_lite.context import RequestContext

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_GROUP = "oslo_messaging_notifications"
# With the broker away an operation goes on after so many attempts.
_RETRIES = 1

_legacy: Any = None
_versioned: Any = None
_host = ""
_binary = ""


def init(host: str, binary: str) -> None:
    """Prepare to send as a daemon: "nova-lite-compute" of a host.

    Makes nothing unless a driver is configured.
    """
    global _legacy, _versioned, _host, _binary
    _legacy = _versioned = None
    _host, _binary = host, binary.replace("nova-lite-", "")
    for group, options in opts.list_opts():
        if group == _GROUP:
            CONF.register_opts(list(options), group=_GROUP)
    options = CONF[_GROUP]
    if not any(one and one != "noop" for one in options.driver):
        return
    CONF.set_default("retry", _RETRIES, group=_GROUP)
    transport = messaging.get_notification_transport(CONF)
    wanted = CONF.notifications.notification_format
    if wanted in ("unversioned", "both"):
        _legacy = messaging.Notifier(transport, topics=options.topics)
    if wanted in ("versioned", "both"):
        _versioned = messaging.Notifier(
            transport, topics=CONF.notifications.versioned_notifications_topics
        )


def enabled() -> bool:
    """Whether anybody is to be told anything."""
    return _legacy is not None or _versioned is not None


def wants_legacy() -> bool:
    """Whether the unversioned format is sent."""
    return _legacy is not None


def wants_versioned() -> bool:
    """Whether the versioned format is sent."""
    return _versioned is not None


def send_legacy(
    context: RequestContext,
    event_type: str,
    payload: Mapping[str, Any],
    *,
    publisher: str | None = None,
    priority: str | None = None,
) -> None:
    """Send in the unversioned format.

    ``publisher``: "compute.host1"; by default the daemon's own name.
    """
    if _legacy is not None:
        _send(
            _legacy,
            context,
            publisher or f"{_binary}.{_host}",
            event_type,
            payload,
            priority or CONF.notifications.default_level,
        )


def send_versioned(
    context: RequestContext,
    event_type: str,
    payload: Mapping[str, Any],
    *,
    source: str | None = None,
    host: str | None = None,
    priority: str = "INFO",
) -> None:
    """Send in the versioned format. ``source``: "compute"."""
    if _versioned is not None:
        publisher = f"nova-{source or _binary}:{host or _host}"
        _send(_versioned, context, publisher, event_type, payload, priority)


def _send(
    notifier: Any,
    context: RequestContext,
    publisher: str,
    event_type: str,
    payload: Mapping[str, Any],
    priority: str,
) -> None:
    prepared = notifier.prepare(publisher_id=publisher)
    try:
        getattr(prepared, priority.lower())(
            context.to_wire(), event_type, dict(payload)
        )
    except messaging.MessagingException as error:
        LOG.warning("Nobody is told of %s: %s", event_type, error)
