"""A certificate authority of our own, and certificates that it signs, for tests of TLS."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Authority:
    """An authority: trust it by the file of its certificate."""

    file: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def make_authority(folder: Path) -> Authority:
    """Make an authority whose certificate lies in a folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Fictional authority")
    certificate = _signed(
        _blank(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True),
        key,
    )
    file = folder / "authority.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(file, key, certificate)


def server_context(authority: Authority, folder: Path, host: str) -> ssl.SSLContext:
    """Make what a server of that name needs to speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file(authority, folder, host))
    return context


def server_file(authority: Authority, folder: Path, host: str) -> Path:
    """Write the key and the certificate of a server of that name into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    blank = _blank(_name(host), authority.certificate.subject, key)
    blank = blank.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    certificate = _signed(blank, authority.key)
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _blank(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # the library that checks it knows no other clock
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - YEAR)
        .not_valid_after(now + YEAR)
    )


def _signed(blank: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return blank.sign(key, hashes.SHA256())
