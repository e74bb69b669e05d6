# SPDX-License-Identifier: Apache-2.0
"""Config drives: the guest's documents as a small file system.

Called by the drivers. The drive is a file beside the guest's disks; what is
on it is readable by root and by QEMU alone, since passwords are.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from oslo_concurrency import processutils
from oslo_config import cfg

from nova_lite import exception, version
from nova_lite.metadata import (
    dynamic_vendor_data,
    ec2,
    network,
    tree,
    vendor_data,
)
from nova_lite.metadata.model import Server
from nova_lite.virt.driver import GuestSpec

CONF = cfg.CONF

# The label by which guests find it.
LABEL = "config-2"
# In the guest's directory. A rescued guest has one of its own, which holds
# the password of its rescue.
NAME = "disk.config"
RESCUE_NAME = "disk.config.rescue"


class ConfigDrives:
    """Makes the drives of this host's guests."""

    def __init__(self) -> None:
        self._command: str = CONF.mkisofs_cmd
        # Reading it refuses a format that is not made.
        self._format: str = CONF.config_drive_format
        self._domain: str = CONF.api.dhcp_domain
        self._targets = dynamic_vendor_data.Targets()
        self._skipped = CONF.api.config_drive_skip_versions.split()

    def files(self, spec: GuestSpec) -> dict[str, bytes]:
        """What is on a guest's drive, by path. Raises: VendorDataFailed."""
        server = self._server(spec)
        if self._targets:
            answers = self._targets.ask(server)
            server = dataclasses.replace(server, dynamic_vendor_data=answers)
        return tree.drive_files(server, self._skipped)

    def ensure(self, path: Path, told: Callable[[], GuestSpec]) -> None:
        """Make the drive if it is missing; ``told`` is asked for it then.

        One that is there keeps the password and files of its own request.
        Raises: ConfigDriveError, VendorDataFailed.
        """
        if not path.exists():
            self.write(told(), path)

    def write(self, spec: GuestSpec, path: Path) -> None:
        """Make the drive as ``path``, whole or not at all.

        Raises: ConfigDriveError.
        """
        draft = path.with_name(f"{path.name}.part")
        source = path.with_name(f"{path.name}.tree")
        try:
            _write_tree(source, self.files(spec))
            draft.unlink(missing_ok=True)
            os.close(os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600))
            self._make_iso(source, draft)
            os.replace(draft, path)
        except OSError as error:
            raise exception.ConfigDriveError(reason=str(error)) from error
        finally:
            shutil.rmtree(source, ignore_errors=True)
            draft.unlink(missing_ok=True)

    def _make_iso(self, source: Path, path: Path) -> None:
        command = [
            *(self._command, "-quiet", "-V", LABEL),
            # Long names with small letters, for Linux (-r) and Windows (-J).
            *("-r", "-J", "-l", "-ldots", "-allow-lowercase"),
            *("-allow-multidot", "-publisher"),
            f"nova-lite {version.string()}",
            *("-o", str(path), str(source)),
        ]
        try:
            processutils.execute(*command)
        except FileNotFoundError as error:
            raise exception.ConfigDriveError(
                reason=f"{self._command} is not on this host; install it, or "
                "set mkisofs_cmd"
            ) from error
        except processutils.ProcessExecutionError as error:
            lines = (error.stderr or "no message").strip().splitlines()
            raise exception.ConfigDriveError(
                reason=f"{self._command}: {lines[-1]}"
            ) from error

    def _server(self, spec: GuestSpec) -> Server:
        properties = spec.image.properties
        user_data = spec.user_data
        return Server(
            uuid=spec.uuid,
            number=spec.number,
            name=spec.display_name,
            hostname=".".join(filter(None, (spec.hostname, self._domain))),
            short_hostname=spec.hostname,
            project_id=spec.project_id,
            flavor_name=spec.flavor_name,
            launch_index=spec.launch_index,
            reservation_id=spec.reservation_id,
            availability_zone=spec.availability_zone,
            image_id=spec.image.id,
            kernel_id=properties.get("kernel_id"),
            ramdisk_id=properties.get("ramdisk_id"),
            metadata=spec.metadata,
            key_name=spec.key_name,
            public_key=spec.public_key,
            user_data=base64.b64decode(user_data) if user_data else None,
            admin_password=spec.admin_password,
            files=spec.files,
            block_devices=ec2.block_devices(spec.ephemeral_gb, spec.swap_mb),
            security_groups=spec.security_groups,
            fixed_ip=network.fixed_ip(spec.vifs),
            floating_ip=network.floating_ip(spec.vifs),
            network_data=network.network_data(spec.vifs),
            devices=network.devices(spec.vifs),
            vendor_data=vendor_data.configured(),
        )


def _write_tree(root: Path, files: dict[str, bytes]) -> None:
    # An attempt that was killed may have left one.
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(mode=0o700)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
