"""Sealed values: bound to field, row and key; alike in length; refused when they were touched."""

import base64
import hashlib
import hmac
from uuid import UUID

import pytest

from clinic import sealing
from clinic.sealing import CannotBeRead, KeyRing, UnfitKey, key_id_of, read_key, read_ring

ROW = UUID("11111111-1111-4111-8111-111111111111")
OTHER_ROW = UUID("22222222-2222-4222-8222-222222222222")
LABEL = "intake.answers"


def key(number: int) -> bytes:
    return hashlib.sha256(f"key {number} of the sealing tests".encode()).digest()


def text(number: int) -> str:
    return base64.b64encode(key(number)).decode()


OLD, NEW, LOOKUP, AUDIT = (key(number) for number in range(4))
RING = KeyRing({"k2": NEW, "k1": OLD}, "k2", LOOKUP, AUDIT)


def test_what_was_sealed_can_be_opened_for_its_field_and_row() -> None:
    plain = "dolor de cabeza, 頭痛 \N{FACE WITH HEAD-BANDAGE}".encode()

    sealed = RING.seal(plain, label=LABEL, row=ROW)

    assert RING.open(sealed, label=LABEL, row=ROW) == plain


@pytest.mark.parametrize("plain", [b"", b"\0", b"\0\0yes\0", b"x" * 251, b"x" * 252, b"x" * 253])
def test_padding_gives_back_every_byte_and_no_other(plain: bytes) -> None:
    sealed = RING.seal(plain, label=LABEL, row=ROW)

    assert RING.open(sealed, label=LABEL, row=ROW) == plain


def test_equal_values_never_look_equal() -> None:
    sealed = {RING.seal(b"yes", label=LABEL, row=ROW) for _ in range(100)}

    assert len(sealed) == 100


def test_yes_and_no_and_a_sentence_have_one_length() -> None:
    lengths = {
        len(RING.seal(plain, label=LABEL, row=ROW))
        for plain in (b"no", b"yes", b"not_sure", b"Since last winter, mostly at night.")
    }

    assert len(lengths) == 1


def test_a_longer_value_grows_in_steps() -> None:
    short = len(RING.seal(b"x", label=LABEL, row=ROW))

    assert len(RING.seal(b"x" * 252, label=LABEL, row=ROW)) == short
    assert len(RING.seal(b"x" * 253, label=LABEL, row=ROW)) == short + sealing.STEP


def test_nothing_of_the_value_is_in_what_is_stored() -> None:
    assert b"warfarin" not in RING.seal(b"warfarin", label=LABEL, row=ROW)


@pytest.mark.parametrize(("label", "row"), [("note.body", ROW), (LABEL, OTHER_ROW)])
def test_a_value_that_was_moved_is_refused(label: str, row: UUID) -> None:
    sealed = RING.seal(b"yes", label=LABEL, row=ROW)

    with pytest.raises(CannotBeRead):
        RING.open(sealed, label=label, row=row)


@pytest.mark.proves("CRY-2")
def test_a_flipped_bit_anywhere_is_refused() -> None:
    sealed = RING.seal(b"yes", label=LABEL, row=ROW)

    for place in range(len(sealed)):
        touched = bytearray(sealed)
        touched[place] ^= 1
        with pytest.raises(CannotBeRead):
            RING.open(bytes(touched), label=LABEL, row=ROW)


def test_a_cut_value_is_refused_wherever_it_is_cut() -> None:
    sealed = RING.seal(b"yes", label=LABEL, row=ROW)

    for length in range(len(sealed)):
        with pytest.raises(CannotBeRead):
            RING.open(sealed[:length], label=LABEL, row=ROW)


def test_a_value_cannot_be_passed_off_as_sealed_by_another_key() -> None:
    # Two ids that name the same key: only the id in the associated data tells them apart.
    twins = KeyRing({"a1": NEW, "a2": NEW}, "a1", LOOKUP, AUDIT)
    sealed = twins.seal(b"yes", label=LABEL, row=ROW)

    with pytest.raises(CannotBeRead):
        twins.open(sealed.replace(b"a1", b"a2", 1), label=LABEL, row=ROW)


def test_the_newest_key_seals_and_the_older_ones_still_open() -> None:
    before = KeyRing({"k1": OLD}, "k1", LOOKUP, AUDIT).seal(b"yes", label=LABEL, row=ROW)

    after = RING.seal(b"yes", label=LABEL, row=ROW)

    assert (key_id_of(before), key_id_of(after)) == ("k1", "k2")
    assert RING.open(before, label=LABEL, row=ROW) == b"yes"


def test_a_key_that_left_the_ring_opens_nothing_and_is_named() -> None:
    sealed = KeyRing({"k1": OLD}, "k1", LOOKUP, AUDIT).seal(b"yes", label=LABEL, row=ROW)

    with pytest.raises(CannotBeRead, match="k1"):
        KeyRing({"k2": NEW}, "k2", LOOKUP, AUDIT).open(sealed, label=LABEL, row=ROW)


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x02\x02k1" + b"x" * 40, b"\x01\x02\xff\xff" * 9])
def test_junk_names_no_key(junk: bytes) -> None:
    with pytest.raises(CannotBeRead):
        key_id_of(junk)


def test_a_refusal_holds_nothing_of_the_value() -> None:
    sealed = RING.seal(b"warfarin", label=LABEL, row=ROW)

    with pytest.raises(CannotBeRead) as refusal:
        RING.open(sealed, label=LABEL, row=OTHER_ROW)

    assert "warfarin" not in str(refusal.value)


@pytest.mark.proves("CRY-4")
def test_a_digest_finds_equals_and_only_with_the_look_up_key() -> None:
    digest = RING.digest("email", "ana@example.com")

    assert digest == RING.digest("email", "ana@example.com")
    assert digest != RING.digest("email", "ana@example.org")
    assert digest != RING.digest("phone", "ana@example.com")
    assert digest != KeyRing({"k2": NEW}, "k2", AUDIT, LOOKUP).digest("email", "ana@example.com")


def test_the_purpose_and_the_value_of_a_digest_do_not_run_together() -> None:
    assert RING.digest("email", "a@example.com") != RING.digest("emaila", "@example.com")


def test_a_link_of_the_chain_is_made_with_the_audit_key() -> None:
    assert RING.chain(b"entry") == hmac.digest(AUDIT, b"entry", hashlib.sha256)


@pytest.mark.proves("TOK-1")
def test_a_fingerprint_is_the_sha_256_of_the_token() -> None:
    assert sealing.fingerprint("token").hex() == (
        "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "holds 0 bytes"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"short").decode(), "holds 5 bytes"),
        (base64.b64encode(bytes(32)).decode(), "sample"),
        (base64.b64encode(b"12345678" * 5).decode(), "holds 40 bytes"),
        (base64.b64encode(b"changemechangemechangemechangeme").decode(), "sample"),
    ],
)
def test_a_key_that_is_no_key_is_refused_by_name(value: str, problem: str) -> None:
    with pytest.raises(UnfitKey, match=f"the audit key.*{problem}"):
        read_key(value, name="the audit key")


def test_a_ring_is_read_with_its_newest_key_first() -> None:
    ring = read_ring(f" k2:{text(1)} , k1:{text(0)}", text(2), text(3))

    assert ring == RING
    assert ring.current == "k2"


@pytest.mark.parametrize(
    ("data_keys", "problem"),
    [
        ("", "no data key"),
        (text(0), "id of 1 to 16"),
        (f"key-1:{text(0)}", "id of 1 to 16"),
        (f"ñ1:{text(0)}", "id of 1 to 16"),
        (f"{'k' * 17}:{text(0)}", "id of 1 to 16"),
        (f"k1:{text(0)},k1:{text(1)}", "k1 is given twice"),
        ("k1:", "data key k1 holds 0 bytes"),
        (f"k1:{text(0)},k2:{text(0)}", "must all differ"),
        (f"k1:{text(2)}", "must all differ"),
        (f"k1:{text(3)}", "must all differ"),
    ],
)
def test_an_unfit_ring_is_refused_with_its_reason(data_keys: str, problem: str) -> None:
    with pytest.raises(UnfitKey, match=problem):
        read_ring(data_keys, text(2), text(3))


def test_a_new_key_is_fit_and_never_the_same() -> None:
    one, two = sealing.new_key(), sealing.new_key()

    assert len(read_key(one, name="one")) == 32
    assert one != two
