# SPDX-License-Identifier: Apache-2.0
"""The message bus: transport, servers, clients. The door to oslo.messaging.

A cast is a hint: the database knows what is to be done already, so a cast
that cannot be delivered is logged and dropped, and conductor's sweep repeats
it. A call raises ``MessagingUnavailable`` when no answer came.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import oslo_messaging as messaging
from oslo_config import cfg
from oslo_log import log as logging
from oslo_messaging._drivers import amqpdriver
from oslo_messaging.rpc import dispatcher

from nova_lite import exception
from nova_lite.context import RequestContext

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

Target = messaging.Target
F = TypeVar("F", bound=Callable[..., Any])

_transport: Any = None
_serializer: Any = None
_sent = 0
_sent_lock = threading.Lock()
_last_round_trip: float | None = None
_heard_at = float("-inf")

# Whoever waits for messages looks up after this time, then after twice of it,
# and so on up to 5 s, for what others may have left to do with them; after
# each message anew. oslo.messaging begins with a millisecond and so looks up
# a dozen times after each message; but with RPC nobody leaves anything, and
# only a stop waits for the next look.
_FIRST_LOOK_UP_S = 0.25


class _Serializer(messaging.Serializer):  # type: ignore[misc]
    """The context in its wire form, entities by the objects' serializer."""

    def __init__(self, entities: Any) -> None:
        self._entities = entities

    def serialize_entity(self, context: Any, entity: Any) -> Any:
        return self._entities.serialize_entity(context, entity)

    def deserialize_entity(self, context: Any, entity: Any) -> Any:
        return self._entities.deserialize_entity(context, entity)

    def serialize_context(self, context: RequestContext) -> dict[str, Any]:
        return context.to_wire()

    def deserialize_context(self, context: dict[str, Any]) -> RequestContext:
        return RequestContext.from_wire(context)


def expected_exceptions(*kinds: type[Exception]) -> Callable[[F], F]:
    """Mark an endpoint whose refusals are answers: they are not logged."""

    def mark(method: F) -> F:
        marked = messaging.expected_exceptions(*kinds)(method)
        return cast(F, functools.wraps(method)(marked))

    return mark


def init(entity_serializer: Any) -> None:
    """Make the transport from ``transport_url``; no connection yet."""
    global _transport, _serializer
    _transport = messaging.get_rpc_transport(
        CONF, allowed_remote_exmods=[exception.__name__]
    )
    if "oslo_messaging_rabbit" in CONF:
        # After an outage everybody is back within seconds, not in half a
        # minute; a configured value goes before this one.
        CONF.set_default(
            "rabbit_interval_max", 5, group="oslo_messaging_rabbit"
        )
        amqpdriver.ACK_REQUEUE_EVERY_SECONDS_MIN = _FIRST_LOOK_UP_S
    _serializer = _Serializer(entity_serializer)


def cleanup() -> None:
    """Close the connections."""
    global _transport
    if _transport is not None:
        _transport.cleanup()
        _transport = None


def passwords() -> list[str]:
    """Those of the brokers that transport_url names, which all hosts share."""
    hosts = messaging.TransportURL.parse(CONF).hosts
    return sorted({host.password for host in hosts if host.password})


def messages_sent() -> int:
    """Messages that this process has sent: 1 a cast, 1 a call, 1 a reply."""
    return _sent


def last_round_trip() -> float | None:
    """When, by time.time(), this process last heard back over the bus."""
    return _last_round_trip


def seconds_of_silence() -> float:
    """How long ago this process last took a message from the bus."""
    return time.monotonic() - _heard_at


def _count() -> None:
    global _sent
    with _sent_lock:
        _sent += 1


class _Dispatcher(dispatcher.RPCDispatcher):  # type: ignore[misc]
    """Counts the replies that are sent, and notes when it was called."""

    def dispatch(self, incoming: Any) -> Any:
        global _heard_at
        _heard_at = time.monotonic()
        if getattr(incoming, "reply_q", None) or getattr(
            incoming, "msg_id", None
        ):
            _count()
        return super().dispatch(incoming)


def get_server(topic: str, server: str, endpoints: Sequence[Any]) -> Any:
    """A server for ``topic`` and ``topic.server``; the caller starts it."""
    made = messaging.get_rpc_server(
        _transport,
        Target(topic=topic, server=server),
        endpoints,
        serializer=_serializer,
        access_policy=dispatcher.DefaultRPCAccessPolicy,
    )
    made.dispatcher.__class__ = _Dispatcher
    return made


class ClientBase:
    """What an rpcapi class derives from: one topic, one namespace.

    ``pin`` is the newest version that every running server knows; a method
    added later is sent only when ``can_send_version`` says so.
    """

    def __init__(
        self,
        topic: str,
        version: str,
        namespace: str | None = None,
        pin: str | None = None,
    ) -> None:
        self._client = messaging.get_rpc_client(
            _transport,
            Target(topic=topic, version=version, namespace=namespace),
            version_cap=pin or version,
            serializer=_serializer,
        )

    def can_send_version(self, version: str) -> bool:
        """Whether the pin lets a message of this version be sent."""
        return bool(self._client.can_send_version(version))

    def cast(
        self,
        context: RequestContext,
        method: str,
        server: str | None = None,
        fanout: bool = False,
        **kwargs: Any,
    ) -> None:
        """Send and go on. A lost cast is repaired from the database."""
        options: dict[str, Any] = {"retry": 1}
        if server is not None:
            options["server"] = server
        if fanout:
            options["fanout"] = True
        try:
            self._client.prepare(**options).cast(context, method, **kwargs)
        except messaging.MessagingException as error:
            LOG.warning(
                "The broker did not take %s (%s); the sweep will repeat it.",
                method,
                error,
            )
            return
        _count()

    def call(
        self,
        context: RequestContext,
        method: str,
        server: str | None = None,
        timeout_s: int | None = None,
        silence_s: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Send and wait for the result.

        With ``silence_s`` the peer says now and then that it works on it,
        and is given up after so long without a word: for calls that may
        take very long.
        Raises: MessagingUnavailable when none came in ``timeout_s`` seconds
        or the broker is away; the domain error that the server raised.
        """
        global _last_round_trip
        options: dict[str, Any] = {"retry": 1}
        if server is not None:
            options["server"] = server
        if timeout_s is not None:
            options["timeout"] = timeout_s
        if silence_s is not None:
            options["call_monitor_timeout"] = silence_s
        _count()
        try:
            result = self._client.prepare(**options).call(
                context, method, **kwargs
            )
        except messaging.MessagingTimeout as error:
            raise exception.MessagingUnavailable(
                reason=f"no answer to {method}"
            ) from error
        except messaging.MessageDeliveryFailure as error:
            raise exception.MessagingUnavailable(
                reason=f"{method} could not be sent"
            ) from error
        except messaging.RemoteError as error:
            # The peer's log has the whole of it; a user may see this one.
            LOG.error("%s failed there: %s", method, error.value)
            raise exception.Internal(
                reason=f"{method} failed with {error.exc_type}"
            ) from error
        _last_round_trip = time.time()
        return result


__all__ = [
    "ClientBase",
    "Target",
    "cleanup",
    "expected_exceptions",
    "get_server",
    "init",
    "last_round_trip",
    "messages_sent",
    "seconds_of_silence",
]
