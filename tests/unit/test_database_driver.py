# SPDX-License-Identifier: Apache-2.0
"""PyMySQL comes without the ciphers, and still has them when it needs them."""

from __future__ import annotations

import subprocess
import sys

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
