# SPDX-License-Identifier: Apache-2.0
"""Which images leave a host's cache: by real overlays, made by qemu-img."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from nova_lite.virt import driver
from nova_lite.virt.libvirt.storage import backing, disks, imagecache
from tests.fixtures.driver_contract import ignore_progress
from tests.unit.virt.test_storage import (
    ImageShelf,
    make_store,
    qemu,
    spec_of,
)

DAY_S = 86400.0


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def _cached(root: Path) -> set[str]:
    return {one.name for one in (root / imagecache.DIRECTORY).iterdir()}


@pytest.fixture
def shelf(tmp_path: Path) -> ImageShelf:
    raw, qcow2 = tmp_path / "a.raw", tmp_path / "a.qcow2"
    qemu("create", "-f", "raw", raw, "4M")
    qemu("convert", "-f", "raw", "-O", "qcow2", raw, qcow2)
    return ImageShelf({"raw": raw, "qcow2": qcow2})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "instances"


@pytest.fixture
def store(root: Path, shelf: ImageShelf) -> disks.GuestStore:
    return make_store(root, shelf)


@pytest.mark.parametrize("image", ["raw", "qcow2"])
def test_image_below_a_disk_stays_until_the_disk_is_gone(
    root: Path, store: disks.GuestStore, image: str
) -> None:
    spec = spec_of(image)
    store.create(spec, ignore_progress)
    base = root / imagecache.DIRECTORY / image
    _age(base, 10 * DAY_S)
    assert store.clean_cache(DAY_S) == []
    store.remove(spec.uuid)
    # Its time has only begun.
    assert store.clean_cache(DAY_S) == []
    _age(base, DAY_S + 60)
    assert store.clean_cache(DAY_S) == [image]
    assert _cached(root) == set()


def test_young_image_stays(root: Path, store: disks.GuestStore) -> None:
    store.cache_image(spec_of("raw").image, ignore_progress)
    assert store.clean_cache(DAY_S) == []
    assert store.clean_cache(0) == ["raw"]


def test_kept_disks_and_snapshots_count(
    root: Path, store: disks.GuestStore
) -> None:
    """What a resize keeps, and an overlay over an overlay."""
    spec = spec_of("raw")
    store.create(spec, ignore_progress)
    store.directory(spec.uuid).rename(store.kept(spec.uuid))
    assert store.clean_cache(0) == []
    disk = store.kept(spec.uuid) / "disk"
    above = root / "snapshots" / spec.uuid / "delta"
    above.parent.mkdir(parents=True)
    qemu("create", "-f", "qcow2", "-b", disk, "-F", "qcow2", above)
    assert store.clean_cache(0) == []
    store.remove(spec.uuid)
    assert store.clean_cache(0) == ["raw"]


def test_a_new_daemon_knows_it_from_the_disks(
    root: Path, shelf: ImageShelf, store: disks.GuestStore
) -> None:
    store.create(spec_of("qcow2"), ignore_progress)
    again = make_store(root, shelf)
    assert again.clean_cache(0) == []
    assert backing.images_in_use(str(root)) == {"qcow2"}


def test_raw_disks_stand_on_nothing(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf, "raw")
    store.create(spec_of("qcow2"), ignore_progress)
    assert store.clean_cache(0) == ["qcow2"]


def test_a_header_that_a_guest_wrote_does_no_harm(
    root: Path, shelf: ImageShelf
) -> None:
    store = make_store(root, shelf, "raw")
    spec = spec_of("raw")
    store.create(spec, ignore_progress)
    header = b"QFI\xfb" + (3).to_bytes(4) + (2**63 + 1).to_bytes(8)
    for text in (header + b"\xff" * 4, header[:8] + b"\0" * 7 + b"\x14" * 5):
        with (store.directory(spec.uuid) / "disk").open("r+b") as disk:
            disk.write(text + b"/_base/\0\xff")
        assert store.clean_cache(DAY_S) == []


def test_nothing_goes_while_a_disk_cannot_be_read(
    root: Path, store: disks.GuestStore
) -> None:
    store.cache_image(spec_of("raw").image, ignore_progress)

    def broken() -> set[str]:
        raise PermissionError(13, "no")

    with pytest.raises(PermissionError):
        store._cache.remove_unused(0, broken)
    assert _cached(root) == {"raw"}


def test_image_that_a_spawn_has_taken_up_stays(
    root: Path, store: disks.GuestStore
) -> None:
    """Between the look at the cache and the overlay no file tells of it."""
    spec = spec_of("raw")
    arrived, go_on = threading.Event(), threading.Event()

    def progress(_percent: int, what: str) -> None:
        if what == "disk creation":
            arrived.set()
            assert go_on.wait(20)

    spawn = threading.Thread(target=store.create, args=(spec, progress))
    spawn.start()
    try:
        assert arrived.wait(20)
        assert store.clean_cache(0) == []
    finally:
        go_on.set()
        spawn.join()
    assert store.clean_cache(0) == []
    assert store.existing(spec.uuid)


def test_image_that_is_being_fetched_stays(
    root: Path, shelf: ImageShelf, tmp_path: Path
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    class Slow(ImageShelf):
        def fetch_image(
            self,
            image: driver.ImageSpec,
            path: str,
            progress: driver.ProgressCallback,
        ) -> None:
            super().fetch_image(image, path, progress)
            arrived.set()
            assert go_on.wait(20)

    store = make_store(root, Slow({"raw": tmp_path / "a.raw"}))
    spec = spec_of("raw")
    spawn = threading.Thread(target=store.create, args=(spec, ignore_progress))
    spawn.start()
    try:
        assert arrived.wait(20)
        assert store.clean_cache(0) == []
        (part,) = _cached(root)
        assert part.endswith(".part")
    finally:
        go_on.set()
        spawn.join()
    assert _cached(root) == {"raw"}
