# SPDX-License-Identifier: Apache-2.0
"""Disks and the image cache, with the real qemu-img."""

from __future__ import annotations

import dataclasses
import json
import stat
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.storage import disks, imagecache, qemu_img
from tests.fixtures.hypervisor import ImageShelf, ignore_progress, make_spec

MIB = qemu_img.MIB
GIB = qemu_img.GIB


def qemu(*arguments: object) -> str:
    done = subprocess.run(
        ["qemu-img", *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def info(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(qemu("info", "--output=json", path))
    return found


@pytest.fixture
def shelf(tmp_path: Path) -> ImageShelf:
    """A raw image with a partition table and a qcow2 one, 4 MiB each."""
    raw = tmp_path / "shelf.raw"
    table = bytes(446) + struct.pack("<BHBBHBII", 128, 2, 0, 131, 3, 0, 1, 1)
    raw.write_bytes(table.ljust(510, b"\0") + b"\x55\xaa" + b"data")
    with raw.open("r+b") as file:
        file.truncate(4 * MIB)
    qcow2 = tmp_path / "shelf.qcow2"
    qemu("convert", "-f", "raw", "-O", "qcow2", raw, qcow2)
    return ImageShelf({"raw": raw, "qcow2": qcow2})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "instances"


def make_store(
    root: Path, shelf: ImageShelf, images_type: str = "qcow2"
) -> disks.GuestStore:
    cache = imagecache.ImageCache(str(root), shelf)
    store = disks.GuestStore(str(root), images_type, cache)
    store.prepare()
    return store


def spec_of(image_format: str, **changes: object) -> driver.GuestSpec:
    image = driver.ImageSpec(id=image_format, disk_format=image_format)
    return make_spec(image=image, **changes)


def test_image_is_fetched_ahead_once(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    spec = spec_of("raw", root_gb=1)
    assert store.cache_image(spec.image, ignore_progress)
    assert not store.cache_image(spec.image, ignore_progress)
    store.create(spec, ignore_progress)
    assert shelf.fetched == ["raw"]


def test_image_with_a_bad_id_is_not_fetched_ahead(
    root: Path, shelf: ImageShelf
) -> None:
    image = driver.ImageSpec(id="../raw", disk_format="raw")
    with pytest.raises(exception.ImageUnacceptable):
        make_store(root, shelf).cache_image(image, ignore_progress)


@pytest.mark.parametrize("image_format", ["raw", "qcow2"])
def test_overlay_on_either_image(
    root: Path, shelf: ImageShelf, image_format: str
) -> None:
    store = make_store(root, shelf)
    spec = spec_of(image_format, root_gb=1)
    (made,) = store.create(spec, ignore_progress)
    found = info(Path(made.path))
    assert made.format == found["format"] == "qcow2"
    assert found["virtual-size"] == GIB
    assert found["backing-filename"] == str(root / "_base" / image_format)
    assert found["backing-filename-format"] == image_format
    assert stat.S_IMODE(Path(made.path).stat().st_mode) == 0o600


@pytest.mark.parametrize("image_format", ["raw", "qcow2"])
def test_raw_copy_of_either_image(
    root: Path, shelf: ImageShelf, image_format: str
) -> None:
    store = make_store(root, shelf, "raw")
    spec = spec_of(image_format, root_gb=1)
    (made,) = store.create(spec, ignore_progress)
    path = Path(made.path)
    assert made.format == "raw"
    assert path.stat().st_size == GIB
    assert path.stat().st_blocks * 512 < 8 * MIB
    original = shelf.files["raw"].read_bytes()
    with path.open("rb") as file:
        assert file.read(len(original)) == original


def test_root_is_as_large_as_the_image_when_the_flavor_says_none(
    root: Path, shelf: ImageShelf
) -> None:
    store = make_store(root, shelf)
    (made,) = store.create(spec_of("qcow2", root_gb=0), ignore_progress)
    assert qemu_img.virtual_size(made.path) == 4 * MIB


def test_flavor_smaller_than_the_image(root: Path, shelf: ImageShelf) -> None:
    big = shelf.files["qcow2"].with_name("big.qcow2")
    qemu("create", "-f", "qcow2", big, "2G")
    shelf.files["qcow2"] = big
    store = make_store(root, shelf)
    with pytest.raises(exception.InvalidDiskInfo, match="needs 2 GiB"):
        store.create(spec_of("qcow2", root_gb=1), ignore_progress)
    assert store.owners() == []


def test_ephemeral_and_swap(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    spec = spec_of("raw", ephemeral_gb=1, swap_mb=16)
    made = store.create(spec, ignore_progress)
    assert [Path(one.path).name for one in made] == [
        "disk",
        "disk.eph0",
        "disk.swap",
    ]
    assert [qemu_img.virtual_size(one.path) for one in made] == [
        4 * MIB,
        GIB,
        16 * MIB,
    ]


def test_image_is_fetched_once_by_many(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    threads = [
        threading.Thread(
            target=store.create, args=(spec_of("qcow2"), ignore_progress)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.owners()) == 4
    assert shelf.fetched == ["qcow2"]


def test_local_image_is_copied_not_shared(
    root: Path, shelf: ImageShelf
) -> None:
    shelf.local = True
    store = make_store(root, shelf)
    store.create(spec_of("raw"), ignore_progress)
    cached = root / "_base" / "raw"
    assert cached.read_bytes() == shelf.files["raw"].read_bytes()
    assert cached.stat().st_ino != shelf.files["raw"].stat().st_ino
    assert shelf.fetched == []


def test_failed_download_leaves_nothing(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    shelf.files.clear()
    with pytest.raises(exception.ImageDownloadFailed):
        store.create(spec_of("raw"), ignore_progress)
    assert list((root / "_base").iterdir()) == []
    assert store.owners() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    path = tmp_path / "small"
    path.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "small", path],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system needs root")
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("local", [True, False])
def test_full_disk_is_named(
    small_disk: Path, shelf: ImageShelf, local: bool
) -> None:
    shelf.files["raw"].write_bytes(b"x" * 4 * MIB)
    shelf.local = local
    store = make_store(small_disk, shelf)
    with pytest.raises(exception.DiskFull, match="No space left"):
        store.create(spec_of("raw"), ignore_progress)
    assert list((small_disk / "_base").iterdir()) == []


def test_full_disk_while_a_disk_is_made(
    small_disk: Path, shelf: ImageShelf
) -> None:
    packed = shelf.files["qcow2"]
    shelf.files["raw"].write_bytes(b"x" * 4 * MIB)
    qemu("convert", "-c", "-O", "qcow2", shelf.files["raw"], packed)
    store = make_store(small_disk, shelf, "raw")
    with pytest.raises(exception.DiskFull, match="No space left"):
        store.create(spec_of("qcow2"), ignore_progress)


def test_restart_removes_unfinished_downloads(
    root: Path, shelf: ImageShelf
) -> None:
    make_store(root, shelf)
    part = root / "_base" / "raw.0123.part"
    part.write_bytes(b"half")
    make_store(root, shelf)
    assert not part.exists()


def test_create_replaces_what_an_earlier_attempt_left(
    root: Path, shelf: ImageShelf
) -> None:
    store = make_store(root, shelf)
    spec = spec_of("raw")
    directory = store.directory(spec.uuid)
    directory.mkdir()
    (directory / "disk").write_bytes(b"half")
    (directory / "old").write_bytes(b"")
    store.create(spec, ignore_progress)
    left = sorted(path.name for path in directory.iterdir())
    assert left == ["disk", "format"]


def test_remove_is_safe_to_repeat(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    spec = spec_of("raw")
    store.create(spec, ignore_progress)
    assert store.owners() == [spec.uuid]
    store.remove(spec.uuid)
    store.remove(spec.uuid)
    assert store.owners() == []
    assert (root / "_base" / "raw").exists()


@pytest.mark.parametrize("name", ["../x", "_base", "", "/etc"])
def test_only_a_uuid_names_a_directory(
    root: Path, shelf: ImageShelf, name: str
) -> None:
    store = make_store(root, shelf)
    with pytest.raises(exception.InvalidInput):
        store.remove(name)
    assert (root / "_base").is_dir()


def refused(root: Path, shelf: ImageShelf, image: driver.ImageSpec) -> str:
    """The sentence with which an image is turned away, leaving nothing."""
    store = make_store(root, shelf)
    with pytest.raises(exception.ImageUnacceptable) as caught:
        store.create(make_spec(image=image), ignore_progress)
    assert list((root / "_base").iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("declared", "content"), [("raw", "qcow2"), ("qcow2", "raw")]
)
def test_content_must_be_as_declared(
    root: Path, shelf: ImageShelf, declared: str, content: str
) -> None:
    shelf.files["lie"] = shelf.files[content]
    image = driver.ImageSpec(id="lie", disk_format=declared)
    assert f"declared as {declared}" in refused(root, shelf, image)


def test_backing_file_is_refused(root: Path, shelf: ImageShelf) -> None:
    evil = shelf.files["raw"].with_name("evil.qcow2")
    qemu("create", "-f", "qcow2", "-b", shelf.files["raw"], "-F", "raw", evil)
    shelf.files["evil"] = evil
    image = driver.ImageSpec(id="evil", disk_format="qcow2")
    assert "backing_file" in refused(root, shelf, image)


def test_data_file_is_refused(root: Path, shelf: ImageShelf) -> None:
    evil = shelf.files["raw"].with_name("evil.qcow2")
    data = evil.with_name("data")
    qemu("create", "-f", "qcow2", "-o", f"data_file={data}", evil, "1M")
    shelf.files["evil"] = evil
    image = driver.ImageSpec(id="evil", disk_format="qcow2")
    assert "data_file" in refused(root, shelf, image)


def test_damaged_header_is_refused(root: Path, shelf: ImageShelf) -> None:
    damaged = shelf.files["qcow2"].with_name("damaged")
    damaged.write_bytes(shelf.files["qcow2"].read_bytes()[:70])
    shelf.files["damaged"] = damaged
    image = driver.ImageSpec(id="damaged", disk_format="qcow2")
    assert "damaged" in refused(root, shelf, image)


@pytest.mark.parametrize("kind", ["vmdk", "iso", "ami"])
def test_other_formats_are_refused(
    root: Path, shelf: ImageShelf, kind: str
) -> None:
    image = driver.ImageSpec(id="raw", disk_format=kind)
    assert "raw and qcow2" in refused(root, shelf, image)


@pytest.mark.parametrize("image_id", ["../raw", ".hidden", "a/b"])
def test_image_id_must_be_a_file_name(
    root: Path, shelf: ImageShelf, image_id: str
) -> None:
    image = driver.ImageSpec(id=image_id, disk_format="raw")
    assert "file's name" in refused(root, shelf, image)


def test_no_image(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    with pytest.raises(exception.InvalidDiskInfo, match="no image"):
        store.create(make_spec(image=driver.ImageSpec(id="")), ignore_progress)


def test_console_spans_rotated_parts(root: Path, shelf: ImageShelf) -> None:
    store = make_store(root, shelf)
    spec = spec_of("raw")
    with pytest.raises(exception.ConsoleNotAvailable):
        store.read_console(spec.uuid, 10)
    directory = store.directory(spec.uuid)
    directory.mkdir()
    for name, text in (("", b"new"), (".0", b"middle"), (".1", b"oldest")):
        (directory / f"console.log{name}").write_bytes(text)
    assert store.read_console(spec.uuid, 2) == b"ew"
    assert store.read_console(spec.uuid, 5) == b"lenew"
    assert store.read_console(spec.uuid, 100) == b"oldestmiddlenew"


def test_usage_counts_what_guests_may_still_write(
    root: Path, shelf: ImageShelf
) -> None:
    store = make_store(root, shelf)
    before = store.usage()
    assert before.promised == 0
    assert 0 < before.free <= before.total
    store.create(spec_of("raw", root_gb=2), ignore_progress)
    promised = store.usage().promised
    assert GIB < promised <= 2 * GIB


def test_virtual_size_of_an_odd_raw_file(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_bytes(b"x" * 513)
    assert qemu_img.virtual_size(str(odd)) == 1024
    assert dataclasses.astuple(qemu_img.info(str(odd), "raw"))[:2] == (
        "raw",
        1024,
    )
