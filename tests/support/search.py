"""Looks for a value in raw bytes, in every shape in which it could have been left there."""

import base64
import json
from collections.abc import Iterator


def traces(value: str) -> Iterator[bytes]:
    """Every way in which the value could stand in a file: encodings, base64, hex, JSON."""
    written = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for text in sorted(written):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            plain = text.encode(encoding)
            yield plain
            yield plain.hex().encode()
            yield from _base64(plain)


def _base64(plain: bytes) -> Iterator[bytes]:
    for shift in range(3):  # how far into a group of three bytes the value begins
        coded = base64.b64encode(b"\0" * shift + plain)
        begins, ends = (0, 2, 3)[shift], len(coded) - 4
        if ends - begins >= 8:
            yield coded[begins:ends]


def found(value: str, haystack: bytes) -> bool:
    """Tell whether the value stands in the bytes in any of its shapes, whatever the case."""
    small = haystack.lower()
    return any(
        trace.lower() in small if trace.isascii() else trace in haystack for trace in traces(value)
    )
