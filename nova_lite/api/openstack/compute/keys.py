# SPDX-License-Identifier: Apache-2.0
"""Makes and reads public keys for the keypairs resource.

The C library works outside of the hub (``concurrency.native``): a new RSA
key takes tens of milliseconds.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nova_lite import concurrency, exception

_BITS = 2048
_COMMENT = "Generated-by-Nova"
_VALID_DAYS = 3650
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")

SSH = "ssh"
X509 = "x509"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair that was made here; the private half is shown once."""

    private_key: str
    public_key: str
    fingerprint: str


def generate(key_type: str, user_id: str) -> NewKey:
    """A new RSA key pair.

    ssh: PEM and a line for authorized_keys. x509: base64 of a PKCS #12 file
    without password, and a certificate in PEM form by which ``user_id`` can
    log in over WinRM.
    """
    if key_type == X509:
        private, public = concurrency.native(_generate_x509, user_id)
    else:
        private, public = concurrency.native(_generate_ssh)
    return NewKey(private, public, fingerprint(public, key_type))


def _generate_x509(user_id: str) -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    # A common name has at most 64 characters.
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, user_id[:64] or "user")]
    )
    begin = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - datetime.timedelta(hours=1))
        .not_valid_after(begin + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(_principal(f"{user_id}@localhost"), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    private = pkcs12.serialize_key_and_certificates(
        None, key, certificate, None, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return base64.b64encode(private).decode(), public.decode()


def _principal(name: str) -> x509.SubjectAlternativeName:
    """The user principal name, by which Windows finds the account."""
    text = name.encode()[:127]
    # DER: a UTF-8 string of less than 128 bytes.
    value = bytes([0x0C, len(text)]) + text
    return x509.SubjectAlternativeName([x509.OtherName(_UPN, value)])


def _generate_ssh() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH,
        serialization.PublicFormat.OpenSSH,
    )
    return private.decode(), f"{public.decode()} {_COMMENT}"


def fingerprint(public_key: str, key_type: str) -> str:
    """The fingerprint of an imported key, which proves that it is one.

    ssh: MD5 of the key's blob, x509: SHA-1 of the certificate, both in hex
    with colons. Raises: InvalidKeypair.
    """
    if key_type == X509:
        return _of_certificate(public_key)
    return _of_ssh(public_key)


def _of_ssh(public_key: str) -> str:
    parts = public_key.split(None, 2)
    if len(parts) < 2 or "\n" in public_key.strip():
        raise exception.InvalidKeypair(
            reason="the public key must be one line: type, base64, comment"
        )
    try:
        text = f"{parts[0]} {parts[1]}".encode()
        concurrency.native(serialization.load_ssh_public_key, text)
        blob = base64.b64decode(parts[1], validate=True)
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise exception.InvalidKeypair(
            reason="failed to generate fingerprint: it is no public key of ssh"
        ) from error
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return _with_colons(digest)


def _of_certificate(text: str) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
        digest = certificate.fingerprint(hashes.SHA1())  # noqa: S303
    except (ValueError, UnsupportedAlgorithm) as error:
        raise exception.InvalidKeypair(
            reason="failed to generate fingerprint: it is no certificate in "
            "PEM form"
        ) from error
    return _with_colons(digest.hex())


def _with_colons(digest: str) -> str:
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
