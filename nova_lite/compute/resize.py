# SPDX-License-Identifier: Apache-2.0
"""What the API checks and writes of a resize, a migration and their ends.

Called by compute.API in the API process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nova_lite import exception, quota
from nova_lite.compute import create
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import compute_node, resize
from nova_lite.db.repositories import flavor as flavors

Row = dict[str, Any]

_KEPT = ("id", *create.FLAVOR_KEPT)


@db.transaction
def new_flavor(
    context: RequestContext, row: Mapping[str, Any], flavor_ref: str
) -> Row:
    """The flavor that a server may be resized to.

    Raises: InvalidInput, CannotResizeToSameFlavor, CannotResizeDisk,
    FlavorTooSmall.
    """
    with db.reader() as session:
        try:
            found = flavors.get(
                session,
                flavor_ref,
                None if context.is_admin else context.project_id,
            )
        except exception.FlavorNotFound as error:
            raise exception.Invalid(error.format_message()) from error
    old = row["flavor"]
    if found["flavorid"] == old["flavorid"]:
        raise exception.CannotResizeToSameFlavor()
    if found["disabled"]:
        raise exception.Invalid(
            exception.FlavorNotFound(flavor_id=flavor_ref).format_message()
        )
    _check_disks(row, found)
    _check_image(row["image_meta"], found)
    return {name: found[name] for name in _KEPT}


def _check_disks(row: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raises: CannotResizeDisk. Disks grow and never shrink."""
    if row["root_gb"] and not new["root_gb"]:
        raise exception.CannotResizeDisk(
            reason="Resize to zero disk flavor is not allowed."
        )
    for name, what in (("root_gb", "root"), ("ephemeral_gb", "ephemeral")):
        if new[name] < row[name]:
            raise exception.CannotResizeDisk(
                reason=f"the {what} disk of {row[name]} GB cannot shrink to "
                f"{new[name]} GB: choose a flavor whose disk is not smaller."
            )


def _check_image(image: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raises: FlavorTooSmall."""
    min_ram_mb = image.get("min_ram_mb") or 0
    if min_ram_mb > new["memory_mb"]:
        raise exception.FlavorTooSmall(
            reason=f"the image needs {min_ram_mb} MB of memory, flavor "
            f"{new['name']} has {new['memory_mb']} MB."
        )
    min_disk_gb = image.get("min_disk_gb") or 0
    if new["root_gb"] and min_disk_gb > new["root_gb"]:
        raise exception.FlavorTooSmall(
            reason=f"the image needs a disk of {min_disk_gb} GB, flavor "
            f"{new['name']} has {new['root_gb']} GB."
        )


def disk_config(row: Mapping[str, Any], asked: str | None) -> Row:
    """What a wish for the guest's partition changes of the server's row.

    Raises: AutoDiskConfigDisabledByImage.
    """
    if asked is None:
        return {}
    wish = create.auto_disk_config(
        row["image_meta"].get("properties", {}),
        row["image_ref"],
        asked == "AUTO",
    )
    return {"system_metadata": {**row["system_metadata"], **wish}}


@db.transaction
def with_id(row: Mapping[str, Any]) -> Row:
    """The server's flavor, with its row's id if it is there still."""
    flavor = dict(row["flavor"])
    with db.reader() as session:
        try:
            flavor["id"] = flavors.get(session, flavor["flavorid"])["id"]
        except exception.FlavorNotFound:
            flavor["id"] = None
    return flavor


def check_host(row: Mapping[str, Any], host: str) -> None:
    """Whether a server may be asked to go to a host.

    Raises: CannotMigrateToSameHost; Invalid for an unknown one.
    """
    if host == row["host"]:
        raise exception.CannotMigrateToSameHost()
    if not compute_node.list_all(host):
        raise exception.Invalid(
            exception.ComputeHostNotFound(host=host).format_message()
        )


def reserve(
    row: Mapping[str, Any], new: Mapping[str, Any]
) -> Callable[[Any, Row], None]:
    """Let begin's transaction use up what the new flavor has more of."""
    deltas = {
        "cores": new["vcpus"] - row["vcpus"],
        "ram": new["memory_mb"] - row["memory_mb"],
    }

    def also(session: Any, _now: Row) -> None:
        quota.reserve(session, row["project_id"], row["user_id"], deltas)

    return also


def ending(row: Mapping[str, Any], status: str) -> Row:
    """What else goes with the beginning of a confirm or a revert.

    ``status``: that of the migration while it runs. Raises:
    InstanceNotResized; what is returned may raise OverQuota later.
    """
    migration = _finished(row["uuid"])
    back = reserve(row, migration["old_flavor"])

    def also(session: Any, now: Row) -> None:
        if status == resize.REVERTING:
            back(session, now)
        resize.mark(session, migration["uuid"], row["uuid"], status)

    return {
        "arguments": resize.arguments(row, migration["uuid"]),
        "updates": {"system_metadata": resize.forgotten(row)},
        "also": also,
    }


@db.transaction
def _finished(server: str) -> Row:
    with db.reader() as session:
        return resize.finished(session, server)
