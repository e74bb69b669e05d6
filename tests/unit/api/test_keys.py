# SPDX-License-Identifier: Apache-2.0
"""Public keys of every kind that is taken, against ssh-keygen's word."""

from __future__ import annotations

import base64
import datetime
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from nova_lite import exception
from nova_lite.api.openstack.compute import keys


def _ssh_keygen(public_key: str, directory: Path) -> str:
    path = directory / "key.pub"
    path.write_text(public_key + "\n")
    done = subprocess.run(
        ["ssh-keygen", "-l", "-E", "md5", "-f", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()[1].removeprefix("MD5:")


def _openssh(key: object) -> str:
    return (
        key.public_key()  # type: ignore[attr-defined]
        .public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        .decode()
    )


def test_a_made_key_is_a_pair(tmp_path: Path) -> None:
    made = keys.generate("ssh", "alice")
    assert made.private_key.startswith("-----BEGIN RSA PRIVATE KEY-----")
    private = serialization.load_pem_private_key(
        made.private_key.encode(), None
    )
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    assert made.public_key == f"{_openssh(private)} Generated-by-Nova"
    assert made.fingerprint == _ssh_keygen(made.public_key, tmp_path)


@pytest.mark.parametrize(
    "key",
    [
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
    ],
    ids=["ed25519", "ecdsa"],
)
def test_other_kinds_can_be_imported(key: object, tmp_path: Path) -> None:
    public = f"{_openssh(key)} me@home with a comment"
    assert keys.fingerprint(public, "ssh") == _ssh_keygen(public, tmp_path)


def test_a_certificate_can_be_imported() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    shown = keys.fingerprint(text, "x509")
    assert (
        shown.replace(":", "") == certificate.fingerprint(hashes.SHA1()).hex()
    )
    with pytest.raises(exception.InvalidKeypair):
        keys.fingerprint(text, "ssh")


def test_a_made_certificate_is_a_pair(tmp_path: Path) -> None:
    made = keys.generate("x509", "alice")
    path = tmp_path / "key.pfx"
    path.write_bytes(base64.b64decode(made.private_key))
    done = subprocess.run(
        ["openssl", "pkcs12", "-nodes", "-passin", "pass:", "-in", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "BEGIN PRIVATE KEY" in done.stdout
    assert made.public_key.strip() in done.stdout
    certificate = x509.load_pem_x509_certificate(made.public_key.encode())
    assert certificate.subject.rfc4514_string() == "CN=alice"
    names = certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    (principal,) = names.value
    assert principal.value.endswith(b"alice@localhost")
    assert made.fingerprint == keys.fingerprint(made.public_key, "x509")
