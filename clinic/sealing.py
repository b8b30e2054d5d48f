"""Authenticated encryption of single values, and keyed look-up digests.

Every sealed value is bound to a constant label of its field, to the id of its row and to
the id of the key that sealed it, so that a ciphertext which was moved or cut is refused
instead of being shown as somebody else's answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"\x01"
STEP = 256  # bytes: sealed lengths are multiples of this, so that "yes" and "no" look alike
NONCE = 12
KEY_BYTES = 32


class CannotBeRead(Exception):
    """The sealed value was moved, cut, or sealed with a key that is not in the ring."""


class UnfitKey(ValueError):
    """A key is missing, short, malformed or named twice."""


@dataclass(frozen=True)
class KeyRing:
    """Data keys by id, the id that seals new values, and the look-up and audit keys."""

    keys: Mapping[str, bytes]
    current: str
    lookup_key: bytes
    audit_key: bytes

    def seal(self, plain: bytes, *, label: str, row: UUID) -> bytes:
        """Seal ``plain`` for one field of one row; equal input never gives equal output."""
        nonce = os.urandom(NONCE)
        head = FORMAT + bytes([len(self.current)]) + self.current.encode("ascii")
        padded = len(plain).to_bytes(4, "big") + plain
        padded += b"\0" * (-len(padded) % STEP)
        bound = _bound(label, row, self.current)
        return head + nonce + AESGCM(self.keys[self.current]).encrypt(nonce, padded, bound)

    def open(self, sealed: bytes, *, label: str, row: UUID) -> bytes:
        """Return what was sealed for exactly this field and row, or raise CannotBeRead."""
        key_id = key_id_of(sealed)
        start = 2 + len(key_id)
        key = self.keys.get(key_id)
        if key is None:
            raise CannotBeRead(f"sealed with key {key_id!r}, which is not in the ring")
        try:
            padded = AESGCM(key).decrypt(
                sealed[start : start + NONCE],
                sealed[start + NONCE :],
                _bound(label, row, key_id),
            )
        except (InvalidTag, ValueError) as error:
            raise CannotBeRead(f"{label} does not belong to this row, or was changed") from error
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")]

    def digest(self, purpose: str, value: str) -> bytes:
        """Keyed SHA-256 of a normalised value, for looking up equals without reading them."""
        return hmac.digest(self.lookup_key, f"{purpose}\0{value}".encode(), hashlib.sha256)

    def chain(self, payload: bytes) -> bytes:
        """Keyed SHA-256 of one link of the audit chain."""
        return hmac.digest(self.audit_key, payload, hashlib.sha256)


def key_id_of(sealed: bytes) -> str:
    """Name the key that sealed a value, without opening it."""
    if len(sealed) < 2 or sealed[:1] != FORMAT or len(sealed) < 2 + sealed[1] + NONCE:
        raise CannotBeRead("not a sealed value")
    try:
        return sealed[2 : 2 + sealed[1]].decode("ascii")
    except UnicodeDecodeError as error:
        raise CannotBeRead("not a sealed value") from error


def fingerprint(secret: str) -> bytes:
    """SHA-256 of a high-entropy token: what the database keeps of a mailed link."""
    return hashlib.sha256(secret.encode()).digest()


def read_key(text: str, *, name: str) -> bytes:
    """Decode one base64 key of exactly 32 bytes, or raise UnfitKey naming the setting."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnfitKey(f"{name} is not base64") from error
    if len(key) != KEY_BYTES:
        raise UnfitKey(f"{name} holds {len(key)} bytes; 32 are needed")
    if len(set(key)) < KEY_BYTES // 4:
        raise UnfitKey(f"{name} looks like a sample, not like a random key")
    return key


def read_ring(data_keys: str, lookup_key: str, audit_key: str) -> KeyRing:
    """Read a ring from ``id:base64`` pairs; the first pair seals new values."""
    keys: dict[str, bytes] = {}
    for pair in filter(None, (part.strip() for part in data_keys.split(","))):
        key_id, _, text = pair.partition(":")
        if not key_id.isascii() or not key_id.isalnum() or len(key_id) > 16:
            raise UnfitKey("a data key needs an id of 1 to 16 letters or digits before the colon")
        if key_id in keys:
            raise UnfitKey(f"data key {key_id} is given twice")
        keys[key_id] = read_key(text, name=f"data key {key_id}")
    if not keys:
        raise UnfitKey("no data key is set")
    lookup = read_key(lookup_key, name="the look-up key")
    audit = read_key(audit_key, name="the audit key")
    if len({*keys.values(), lookup, audit}) < len(keys) + 2:
        raise UnfitKey("the data keys, the look-up key and the audit key must all differ")
    return KeyRing(keys, next(iter(keys)), lookup, audit)


def new_key() -> str:
    """Make one random key in the form that the settings take."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii")


def _bound(label: str, row: UUID, key_id: str) -> bytes:
    return b"\0".join((label.encode(), row.bytes, key_id.encode()))
