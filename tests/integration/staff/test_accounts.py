"""Accounts are made and changed by who may, each act with its audit entry, on both databases."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from clinic.access import SYSTEM, Actor, ActorKind, NotThere, Refused, Role
from clinic.extensions import db
from clinic.models import AuditEntry, Letter, StaffSession, User
from clinic.queries import staff as accounts
from clinic.services import factors, resets, staff, staff_sessions
from tests.support import databases
from tests.support.clock import MONDAY_MORNING as NOW

ADMIN = Actor(ActorKind.STAFF, id=uuid4(), roles=frozenset({Role.ADMIN}))
THERAPIST = Actor(ActorKind.STAFF, id=uuid4(), roles=frozenset({Role.THERAPIST}))


def make(email: str = "fern@example.com", *roles: Role) -> User:
    """Make an account and return its row."""
    user_id = staff.create(
        SYSTEM,
        NOW,
        email=email,
        name="Fern Desk",
        roles=roles or [Role.FRONT_DESK],
        password_hash="$argon2id$of-a-test",
    )
    return db.session.get_one(User, user_id)


def begin(user: User, *, replaces: StaffSession | None = None) -> str | None:
    """Begin a session for somebody."""
    return staff_sessions.begin(
        SYSTEM,
        NOW,
        user.id,
        data={"values": "{}"},
        expires_at=NOW + timedelta(hours=12),
        device="Firefox, Linux",
        replaces=replaces.id if replaces else None,
    )


def acts() -> list[tuple[str, str]]:
    """List the act and the detail of every audit entry."""
    query = select(AuditEntry).order_by(AuditEntry.number)
    return [(row.act, row.detail) for row in db.session.scalars(query)]


def test_an_account_has_its_roles_and_no_factor_yet(in_app: Flask) -> None:
    user = make("fern@example.com", Role.THERAPIST, Role.ADMIN)

    member = accounts.by_email(ADMIN, "fern@example.com")

    assert (member.id, member.roles) == (user.id, (Role.ADMIN, Role.THERAPIST))
    assert (member.active, member.has_factor) == (True, False)
    assert acts() == [("user.created", '{"roles": ["admin", "therapist"]}')]


def test_one_address_is_one_account(in_app: Flask) -> None:
    make()

    with pytest.raises(staff.AddressTaken):
        make()
    with pytest.raises(staff.NoRole):
        staff.create(
            SYSTEM, NOW, email="x@example.com", name="X", roles=[], password_hash="$argon2id$"
        )
    assert len(accounts.everybody(ADMIN)) == 1


def test_only_who_manages_users_may_touch_an_account(in_app: Flask) -> None:
    user = make()
    before = acts()

    for act in (staff.disable, staff.enable, staff.end_sessions, staff.reset_factor):
        with pytest.raises(Refused):
            act(THERAPIST, NOW, user.id)
    with pytest.raises(Refused):
        staff.change_roles(THERAPIST, NOW, user.id, roles=[Role.ADMIN])
    with pytest.raises(Refused):
        staff.change_password(
            THERAPIST, NOW, user.id, password_hash="$argon2id$other", session_id=uuid4()
        )
    with pytest.raises(Refused):
        accounts.everybody(THERAPIST)

    assert acts() == before
    assert db.session.get_one(User, user.id).active


def test_disabling_ends_every_session_with_the_same_commit(in_app: Flask) -> None:
    user = make()
    tokens = [begin(user), begin(user)]
    mark = user.fs_uniquifier

    staff.disable(ADMIN, NOW, user.id)

    assert [accounts.open_session(token or "", NOW) for token in tokens] == [None, None]
    assert all(row.data_sealed is None for row in db.session.scalars(select(StaffSession)))
    changed = db.session.get_one(User, user.id)
    assert (changed.active, changed.fs_uniquifier == mark) == (False, False)
    assert acts()[-1][0] == "user.disabled"


def test_an_ended_session_cannot_be_kept_or_replaced(in_app: Flask) -> None:
    user = make()
    begin(user)
    row = db.session.scalars(select(StaffSession)).one()
    staff.end_sessions(ADMIN, NOW, user.id)

    kept = staff_sessions.keep(SYSTEM, NOW, row.id, data={"values": "{}"}, seen=True)
    replaced = begin(user, replaces=row)

    assert (kept, replaced) == (False, None)
    assert len(db.session.scalars(select(StaffSession)).all()) == 1


def test_the_window_of_a_code_is_taken_once(in_app: Flask) -> None:
    user, secret = make(), factors.new_secret(lambda count: b"\x01" * count)
    window = factors.window(NOW)
    codes = factors.set_up(
        SYSTEM, NOW, user.id, secret=secret, code=factors.code_of(secret, window - 1)
    )

    first = factors.spend_code(SYSTEM, NOW, user.id, code=factors.code_of(secret, window))
    again = factors.spend_code(SYSTEM, NOW, user.id, code=factors.code_of(secret, window))
    earlier = factors.spend_code(SYSTEM, NOW, user.id, code=factors.code_of(secret, window - 1))
    later = factors.spend_code(SYSTEM, NOW, user.id, code=factors.code_of(secret, window + 1))
    too_far = factors.spend_code(SYSTEM, NOW, user.id, code=factors.code_of(secret, window + 2))

    assert len(set(codes or [])) == 10
    assert (first, again, earlier, later, too_far) == (True, False, False, True, False)


def test_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", its appendix B

    assert factors.code_of(secret, 59 // 30) == "287082"
    assert factors.code_of(secret, 1111111109 // 30) == "081804"
    assert factors.code_of(secret, 20000000000 // 30) == "353130"


def test_recovery_codes_are_kept_as_digests_and_work_once(in_app: Flask) -> None:
    user, secret = make(), factors.new_secret(lambda count: b"\x02" * count)
    code = factors.code_of(secret, factors.window(NOW))
    codes = factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code) or []

    stored = db.session.get_one(User, user.id).mf_recovery_codes or []
    first = factors.spend_recovery_code(SYSTEM, NOW, user.id, code=f" {codes[0].upper()} ")
    again = factors.spend_recovery_code(SYSTEM, NOW, user.id, code=codes[0])

    assert not set(codes) & set(stored)
    assert {len(digest) for digest in stored} == {64}
    assert (first, again) == (True, False)
    kinds = set(db.session.scalars(select(Letter.kind)))
    assert kinds == {"staff_factor_set", "staff_recovery_used"}


def test_a_password_alone_cannot_put_another_app_in_place(in_app: Flask) -> None:
    user, secret = make(), factors.new_secret(lambda count: b"\x03" * count)
    code = factors.code_of(secret, factors.window(NOW))
    factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code)

    with pytest.raises(Refused):
        factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code)


def test_a_disabled_account_spends_no_code_and_no_link(in_app: Flask) -> None:
    user = make()
    staff.disable(ADMIN, NOW, user.id)

    resets.ask(SYSTEM, NOW, user.email, language="en")

    with pytest.raises(NotThere):
        factors.spend_code(SYSTEM, NOW, user.id, code="000000")
    assert db.session.scalars(select(Letter)).all() == []


def test_codes_are_printed_in_the_demo_alone(in_app: Flask) -> None:
    user, secret = make(), factors.new_secret(lambda count: b"\x04" * count)
    code = factors.code_of(secret, factors.window(NOW))
    factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code)

    with pytest.raises(staff.OnlyInDemo):
        staff.current_code(db.session.get_one(User, user.id), NOW)


def test_a_printed_code_of_the_demo_signs_in_even_right_after_another() -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, mode="demo", hash_memory_kib=19456) as app,
        app.app_context(),
    ):
        user, secret = make(), factors.new_secret(lambda count: b"\x05" * count)
        code = factors.code_of(secret, factors.window(NOW))
        factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code)
        person = db.session.get_one(User, user.id)

        printed = staff.current_code(person, NOW)

        assert printed != code
        assert factors.spend_code(SYSTEM, NOW, user.id, code=printed)


def test_the_seed_lies_sealed_and_goes_when_the_factor_is_reset(in_app: Flask) -> None:
    user, secret = make(), factors.new_secret(lambda count: b"\x06" * count)
    code = factors.code_of(secret, factors.window(NOW))
    factors.set_up(SYSTEM, NOW, user.id, secret=secret, code=code)
    stored = db.session.get_one(User, user.id).tf_totp_secret_sealed or b""

    staff.reset_factor(ADMIN, NOW, user.id)

    assert secret.encode() not in stored
    assert len(stored) >= 256
    changed = db.session.get_one(User, user.id)
    assert changed.tf_totp_secret_sealed is None
    assert changed.mf_recovery_codes is None
    assert acts()[-2][0] == "staff.factor_removed"
