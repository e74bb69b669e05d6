# SPDX-License-Identifier: Apache-2.0
"""A boot by libvirt, over the same disk and guest made by hand.

By hand is what no controller can do without: an overlay by qemu-img, the
domain's definition and its start. The domain is a copy of one of ours.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from bench import servers
from bench.cloud import Cloud
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import libvirtd
from tests.fixtures.database import MariaDB
from tests.fixtures.rabbitmq import fresh_transport_url

_ROUNDS = 9


def measure(directory: Path) -> tuple[float | None, str]:
    """Milliseconds of POST to RUNNING over by hand, or None and why not."""
    missing = [
        name
        for name in ("libvirtd", "qemu-img", "qemu-system-x86_64")
        if shutil.which(name) is None
    ]
    if missing:
        return None, f"not measured: {', '.join(missing)} is not installed"
    with (
        libvirtd.running() as uri,
        libvirtd.public_directory() as state,
    ):
        return _measure(directory, uri, state), ""


def _measure(directory: Path, uri: str, state: Path) -> float:
    node = RabbitNode(directory / "guests-rabbitmq")
    mariadb = MariaDB(directory / "guests-mariadb")
    image = state / "tick.raw"
    libvirtd.run([str(libvirtd.DEVSTACK / "guest/build-tick.sh"), str(image)])
    try:
        node.start()
        mariadb.start()
        cloud = Cloud(
            state / "cloud",
            fresh_transport_url(node),
            mariadb.fresh_url(),
            1,
            driver="libvirt",
            disk=image.read_bytes(),
        )
        cloud.start()
        try:
            return _compare(cloud, uri, state)
        finally:
            servers.clear(cloud)
            cloud.stop()
    finally:
        mariadb.stop()
        node.stop()


def _compare(cloud: Cloud, uri: str, state: Path) -> float:
    import libvirt

    # The first one fetches the image.
    model, _ = servers.boot(cloud, "model")
    connection = libvirt.open(uri)
    ours, by_hand = [], []
    for number in range(_ROUNDS):
        ident, took = servers.boot(cloud, f"guest-{number}")
        ours.append(took * 1000)
        servers.delete(cloud, ident)
        by_hand.append(_by_hand(connection, model, state) * 1000)
    connection.close()
    print(
        f"libvirt: POST to RUNNING {statistics.median(ours):.0f} ms, "
        f"by hand {statistics.median(by_hand):.0f} ms",
        file=sys.stderr,
    )
    return statistics.median(ours) - statistics.median(by_hand)


def _by_hand(connection: Any, model: str, state: Path) -> float:
    """Seconds to make a copy of a server's guest and start it."""
    domain = connection.lookupByUUIDString(model)
    xml = domain.XMLDesc(2)  # inactive: without what the start added
    (disk,) = re.findall(r"<source file='([^']*disk[^']*)'", xml)
    base = subprocess.run(
        ["qemu-img", "info", "-U", "--output=json", disk],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (backing,) = re.findall(r'"full-backing-filename": "([^"]*)"', base)
    own = str(uuid.uuid4())
    directory = state / own
    directory.mkdir()
    directory.chmod(0o755)
    copy = xml.replace(str(Path(disk).parent), str(directory))
    copy = copy.replace(model, own)
    copy = re.sub(r"<name>.*?</name>", f"<name>{own}</name>", copy, count=1)
    begun = time.perf_counter()
    subprocess.run(
        [
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-F",
            "raw",
            "-b",
            backing,
            str(directory / Path(disk).name),
        ],
        check=True,
    )
    made = connection.defineXML(copy)
    made.create()
    took = time.perf_counter() - begun
    made.destroy()
    made.undefineFlags(0)
    return took
