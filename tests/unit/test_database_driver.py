# SPDX-License-Identifier: Apache-2.0
"""PyMySQL comes without the ciphers, and still has them when it needs them.

It takes the same description of a column apart once.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pymysql.connections

from nova_lite.db import driver

_PROGRAM = """
import sys
from nova_lite.db import driver
driver.load_pymysql()
from pymysql import _auth
assert _auth._have_cryptography
assert "cryptography.hazmat.bindings._rust" not in sys.modules
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
pem = key.public_key().public_bytes(
    _auth.serialization.Encoding.PEM,
    _auth.serialization.PublicFormat.SubjectPublicKeyInfo,
)
print(len(_auth.sha2_rsa_encrypt(b"secret", b"s" * 20, pem)))
"""


def test_a_password_by_rsa() -> None:
    # In a process of its own, since others here have loaded the library.
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "256\n", done.stderr


def _column(name: str) -> bytes:
    """The packet that describes a column of text."""
    texts = ("def", "cloud", "t", "servers", name, "display_name")
    named = b"".join(bytes([len(t)]) + t.encode() for t in texts)
    return named + b"\x0c\x2d\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00"


def test_columns_are_taken_apart_once() -> None:
    connections: Any = pymysql.connections
    driver.load_pymysql()
    describe = connections.FieldDescriptorPacket
    first, other, again = (
        describe(_column(name), "utf8") for name in ("a", "b", "a")
    )
    assert first is again
    assert first.description() != other.description()
    assert (first.name, other.name) == ("a", "b")
    # Made once, however many engines there are.
    driver.load_pymysql()
    assert connections.FieldDescriptorPacket is describe
