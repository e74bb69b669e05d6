# SPDX-License-Identifier: Apache-2.0
"""How the API has an operation done: check, one transaction, then a cast.

The base of compute.API's parts, in the API process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from nova_lite import exception, fault_points
from nova_lite.compute import begin, rpcapi
from nova_lite.compute.server_image import ServerImage
from nova_lite.compute.transitions import Target, Transition
from nova_lite.conductor import api as conductor_api
from nova_lite.context import RequestContext
from nova_lite.image import api as image_api
from nova_lite.image.api import Image, ImageAPI
from nova_lite.network import api as network_api
from nova_lite.network.api import NetworkAPI
from nova_lite.notifications import servers as notices

Row = dict[str, Any]


class Acting:
    """Whom the parts talk to, and what all operations have in common."""

    def __init__(
        self,
        images: ImageAPI | None = None,
        network: NetworkAPI | None = None,
    ) -> None:
        """None: the configured client."""
        self._images = images or image_api.load()
        self._network = network or network_api.load()
        self._compute = rpcapi.ComputeAPI()
        self._conductor = conductor_api.ComputeTaskAPI()

    @property
    def images(self) -> ImageAPI:
        """The client of the image service, also for the image proxy."""
        return self._images

    @property
    def networks(self) -> NetworkAPI:
        """The client of the network service, also for the proxies."""
        return self._network

    def _image(self, context: RequestContext, image_id: str) -> Image:
        """The image that a request names. Raises: InvalidInput."""
        try:
            return self._images.get(context, image_id)
        except exception.ImageNotFound as error:
            raise exception.InvalidInput(
                reason=f"Image {image_id} could not be found."
            ) from error

    def _act(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        wanted: Transition,
        arguments: Mapping[str, Any] | None = None,
        updates: Mapping[str, Any] | None = None,
        also: Callable[[Any, Row], None] | None = None,
        image: ServerImage | None = None,
        **message: Any,
    ) -> Any:
        """Accept an operation and tell who is to run it; what it answers.

        ``image``: is made before anybody is told, and ``image_id`` among the
        arguments; ``message``: what goes with the message and is not kept.
        Raises: InstanceIsLocked, InstanceInvalidState, InstanceNotReady.
        """
        begin.check(context, row, wanted)
        host = None
        if wanted.target is Target.HOST:
            host = host_of(row)
        if image is not None:
            arguments = {**(arguments or {}), "image_id": image.id}
        action_id = begin.begin(context, row, wanted, arguments, updates, also)
        fault_points.reach(f"{wanted.name}.accepted")
        if image is not None:
            self._make(context, row, wanted, action_id, image)
        before = (row["vm_state"], row["task_state"])
        notices.changed(context, row["uuid"], before)
        if host is None:
            getattr(self._conductor, wanted.rpc_method)(context, action_id)
            return None
        return getattr(self._compute, wanted.rpc_method)(
            context, host, action_id, row["uuid"], **message
        )

    def _make(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        wanted: Transition,
        action_id: int,
        image: ServerImage,
    ) -> None:
        """Make the image of an accepted action, or take the action back.

        Raises: Conflict when the action has ended meanwhile.
        """
        try:
            image.make(context, self._images)
        except Exception as error:
            # Whatever it was: without an image there is nothing to do.
            begin.withdraw(row, wanted, action_id, str(error))
            with contextlib.suppress(exception.NovaLiteException):
                image.unmake(context, self._images)
            raise
        if begin.has_failed(action_id):
            # A delete came, or the service was slower than the sweep.
            image.unmake(context, self._images)
            raise exception.Conflict(
                f"The {wanted.action} of instance {row['uuid']} was given up "
                "before its image was made."
            )


def host_of(row: Mapping[str, Any]) -> str:
    """Raises: InstanceNotReady for a server that has no host yet."""
    if not row["host"]:
        raise exception.InstanceNotReady(instance_id=row["uuid"])
    return str(row["host"])
