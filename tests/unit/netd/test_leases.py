# SPDX-License-Identifier: Apache-2.0
"""The lease file of dnsmasq, as it writes it."""

from __future__ import annotations

from pathlib import Path

from nova_lite.netd import leases
from nova_lite.netd.leases import Lease

TEXT = """\
1700000000 fa:16:3e:00:00:0b 198.51.100.11 web 01:fa:16:3e:00:00:0b
1700000000 fa:16:3e:00:00:0c 198.51.100.12 * *
duid 00:01:00:01:2c:aa:bb:cc:fa:16:3e:00:00:01
1700000000 15732480 fd00:5::b web 00:03:00:01:fa:16:3e:00:00:0b
"""


def test_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    assert leases.read(path) == []
    path.write_text(TEXT)
    client = bytes.fromhex("01fa163e00000b")
    assert leases.read(path) == [
        Lease("198.51.100.11", "fa:16:3e:00:00:0b", client),
        Lease("198.51.100.12", "fa:16:3e:00:00:0c"),
        Lease("fd00:5::b", None),
    ]


def test_a_damaged_line_is_none(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    torn = b"1700000000 fa:16:3e:00:00:0d 198.51.1 a b\n\xff\xff\n"
    path.write_bytes(torn + TEXT.encode())
    assert len(leases.read(path)) == 3
    leases.forget(path, {"198.51.100.11"})
    assert len(leases.read(path)) == 2


def test_what_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(TEXT)
    path.chmod(0o640)
    leases.forget(path, {"fd00:5::b", "198.51.100.11"})
    kept = TEXT.splitlines(keepends=True)
    assert path.read_text() == "".join(kept[1:3])
    assert path.stat().st_mode & 0o777 == 0o640
