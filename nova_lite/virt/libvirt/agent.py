# SPDX-License-Identifier: Apache-2.0
"""The QEMU guest agent: what is asked of the system inside a guest."""

from __future__ import annotations

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts
from nova_lite.virt.libvirt.xml import channel


def set_password(
    host: hosts.Host, spec: driver.GuestSpec, user: str | None, password: str
) -> None:
    """Change a user's password, the administrator's when None.

    Raises: PasswordNotSupported, NotSupported, GuestNotFound, VirtError.
    """
    if not channel.has_agent(spec.image):
        raise exception.PasswordNotSupported(
            instance_uuid=spec.uuid,
            reason="its image does not have hw_qemu_guest_agent=yes.",
        )
    windows = spec.image.properties.get("os_type") == "windows"
    name = user or ("Administrator" if windows else "root")
    if not guests.get(host, spec.uuid).set_password(name, password):
        raise exception.NotSupported(
            "The QEMU guest agent of this server does not answer: see that "
            "it runs in the guest, then try again."
        )
