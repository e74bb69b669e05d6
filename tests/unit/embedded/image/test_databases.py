# SPDX-License-Identifier: Apache-2.0
"""The statements about images mean the same on all three databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite import conf, exception
from nova_lite.db import models, session
from nova_lite.db.repositories import image as images_db
from nova_lite.db.repositories.image import Query, Viewer

EVERYBODY = Viewer("p1", sees_all=True)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[None]:
    conf.register_opts(cfg.CONF)
    cfg.CONF([], project="nova_lite", default_config_files=[])
    cfg.CONF.set_override("connection", database_url, group="database")
    cfg.CONF.set_override("state_path", str(tmp_path))
    session.dispose()
    models.load_all()
    models.Base.metadata.create_all(session.engine())
    yield
    session.dispose()
    cfg.CONF.reset()
    cfg.CONF.clear_override("connection", group="database")
    cfg.CONF.clear_override("state_path")


def _image_id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012d}"


def _names(query: Query, viewer: Viewer = EVERYBODY) -> list[str | None]:
    with session.reader() as reader:
        rows = images_db.list_page(
            reader, viewer, query, [("id", "asc")], 100, None
        )
        return [row.name for row in rows]


def test_statements(database: None) -> None:
    rows = [
        {"name": "Ä", "size_bytes": 2**40, "visibility": "public"},
        {"name": "ä", "size_bytes": None, "owner": "p1"},
        {"name": None, "size_bytes": 5, "owner": "p2"},
        {"name": "b", "size_bytes": 5, "owner": "p2"},
    ]
    for n, row in enumerate(rows):
        with session.writer() as writer:
            images_db.create(
                writer,
                {"id": _image_id(n), **row},
                {"os": f"v{n % 2}", "big": "x" * 60000},
                ["t", f"t{n}"],
            )
    with (
        pytest.raises(exception.Conflict),
        session.writer() as writer,
    ):
        images_db.create(writer, {"id": _image_id(0)}, {}, [])

    assert _names(Query(equal={"name": ["Ä"]})) == ["Ä"]
    assert _names(Query(tags=["t", "t2"])) == [None]
    assert _names(Query(properties={"os": "v1"})) == ["ä", "b"]
    assert _names(Query(size_min=6)) == ["Ä"]
    assert _names(Query(size_max=5)) == [None, "b"]
    assert _names(Query(equal={"os_hidden": [False], "id": [_image_id(3)]}))

    with session.writer() as writer:
        images_db.add_member(writer, _image_id(3), "p1")
    mine = Viewer("p1")
    assert _names(Query(), mine) == ["Ä", "ä"]
    assert _names(Query(member_status="pending"), mine) == ["Ä", "ä", "b"]

    with session.writer() as writer:
        image = images_db.get(writer, _image_id(0), for_update=True)
        images_db.update(
            writer, image, {"min_disk_gb": 2}, {"os": "w"}, ["t9", "t"]
        )
    with session.reader() as reader:
        image = images_db.get(reader, _image_id(0))
        assert [(p.name, p.value) for p in image.properties] == [("os", "w")]
        assert [row.tag for row in image.tags] == ["t", "t9"]
        assert image.created_at.tzinfo is not None

    for new in ("deleted", "deleted"):
        with session.writer() as writer:
            done = images_db.swap_status(writer, _image_id(3), "queued", new)
    assert not done
    with (
        session.reader() as reader,
        pytest.raises(exception.ImageNotFound),
    ):
        images_db.get(reader, _image_id(3))
    with session.writer() as writer:
        images_db.purge(writer, _image_id(2))
        images_db.purge(writer, _image_id(3))
        assert set(images_db.statuses(writer)) == {
            _image_id(n) for n in range(3)
        }


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages(database: None, direction: str) -> None:
    sizes = [None, 3, 3, None, 1, 2, 3]
    with session.writer() as writer:
        for n, size in enumerate(sizes):
            images_db.create(
                writer,
                {"id": _image_id(n), "size_bytes": size, "name": None},
                {},
                [],
            )
    order = [("size", direction), ("name", "asc"), ("created_at", "desc")]
    with session.reader() as reader:
        whole = images_db.list_page(
            reader, EVERYBODY, Query(), order, 100, None
        )
        found: list[str] = []
        marker = None
        while True:
            page = images_db.list_page(
                reader, EVERYBODY, Query(), order, 2, marker
            )
            if not page:
                break
            found += [row.id for row in page]
            marker = page[-1].id
    assert len(found) == len(sizes)
    assert found == [row.id for row in whole]
