"""An admin keeps the staff accounts: invited, given roles, closed, each after proving again."""

import re
from datetime import timedelta
from typing import Any

import pytest

from clinic.access import SYSTEM, Actor, ActorKind, Role
from clinic.models import AuditEntry, Letter, User
from clinic.services import staff
from clinic.services.staff import LastAdmin
from tests.support.page import Page
from tests.support.scene import all_of, stored
from tests.support.signing_in import CODE, PASSWORD, hire, sign_in
from tests.web.settings.conftest import Office

NEW = {"Name": "Nora New", "Email": "Nora@Example.com", "Roles": ["Front desk"]}


@pytest.mark.proves("AUTH-3")
def test_somebody_is_invited_chooses_a_password_and_must_set_up_an_app(office: Office) -> None:
    """A password alone opens no page of the staff, however it was set."""
    page = office.get("/staff/users").follow("Invite somebody").submit("Mail the invitation", NEW)
    assert page.heading == "Nora New"
    (letter,) = [one for one in office.now(all_of, Letter) if one.kind == "staff_invited"]
    link = re.search(r"/staff/reset/\S+", office.now(_body, letter.id))
    assert link

    nora = office.app.test_client()
    page = Page.get(nora, link[0])
    page.submit("Set this password", {"New password": PASSWORD, "New password again": PASSWORD})
    page = Page.get(nora, "/staff/sign-in").submit(
        "Continue", {"Email": "nora@example.com", "Password": PASSWORD}
    )

    assert page.path == "/staff/set-up"
    assert nora.get("/staff/").status_code in {303, 404, 308}
    again = Page.get(office.app.test_client(), link[0])
    assert again.status == 404


@pytest.mark.proves("TOK-2")
def test_a_second_invitation_kills_the_first_link(office: Office) -> None:
    """A new link revokes the one before."""
    page = office.get("/staff/users/invite").submit("Mail the invitation", NEW)
    page.submit("Mail another invitation")

    letters = sorted(
        (one for one in office.now(all_of, Letter) if one.kind == "staff_invited"),
        key=lambda one: one.queued_at,
    )
    links = [re.search(r"/staff/reset/\S+", office.now(_body, one.id)) for one in letters]
    answers = {Page.get(office.app.test_client(), link[0]).status for link in links if link}

    assert answers == {200, 404}


def test_an_invitation_dies_after_three_days(office: Office) -> None:
    office.get("/staff/users/invite").submit("Mail the invitation", NEW)
    (letter,) = [one for one in office.now(all_of, Letter) if one.kind == "staff_invited"]
    link = re.search(r"/staff/reset/\S+", office.now(_body, letter.id))
    assert link

    office.clock.shift(timedelta(days=3, minutes=1))

    assert Page.get(office.app.test_client(), link[0]).status == 404


def test_the_page_of_a_person_asks_for_both_proofs_again_and_comes_back(office: Office) -> None:
    fern = hire(office.app)
    office.clock.shift(timedelta(minutes=6))

    page = office.get(f"/staff/users/{fern.id}")
    assert page.path.startswith("/staff/verify")
    page = page.submit("Continue", {"Password": PASSWORD, CODE: office.ada.code()})

    assert page.heading == "Fern Desk"


@pytest.mark.proves("SES-4")
def test_closing_an_account_ends_its_sessions_at_once(office: Office) -> None:
    """A disabled person is out on the next request."""
    fern, browser = hire(office.app), office.app.test_client()
    assert sign_in(browser, fern).status == 200

    page = office.get(f"/staff/users/{fern.id}").submit("Close the account")

    assert "closed and its sessions have ended" in page.text
    assert browser.get("/staff/account").location.startswith("/staff/sign-in")
    page = page.submit("Open the account again")
    assert office.now(stored, User, fern.id).active


@pytest.mark.proves("SES-2")
def test_a_role_changes_and_the_person_signs_in_anew(office: Office) -> None:
    """New powers begin with a new session."""
    fern, browser = hire(office.app), office.app.test_client()
    sign_in(browser, fern)

    office.get(f"/staff/users/{fern.id}").submit("Change the roles", {"Roles": ["Admin"]})

    assert [role.name for role in office.now(_roles, fern.id)] == ["admin"]
    assert browser.get("/staff/account").location.startswith("/staff/sign-in")


def test_a_lost_factor_is_removed_and_a_letter_tells_it(office: Office) -> None:
    fern = hire(office.app)

    page = office.get(f"/staff/users/{fern.id}").submit("Remove the second factor")

    assert "Not yet" in page.text
    kinds = [one.kind for one in office.now(all_of, Letter)]
    assert "staff_factor_removed" in kinds


def test_nobody_changes_their_own_roles_or_account(office: Office) -> None:
    hire(office.app, Role.ADMIN, email="olga@example.com", name="Olga Other")
    own = office.get(f"/staff/users/{office.ada.id}")

    assert not own.has_button("Change the roles")
    assert not own.has_button("Close the account")
    token = own.values["csrf_token"][0]
    for path, data in (("disable", {}), ("roles", {"given-roles": "front_desk"})):
        answer = office.client.post(
            f"/staff/users/{office.ada.id}/{path}", data={"csrf_token": token, **data}
        )
        assert answer.status_code == 303
    assert office.now(stored, User, office.ada.id).active
    assert [role.name for role in office.now(_roles, office.ada.id)] == ["admin"]


@pytest.mark.parametrize("act", ["disable", "change_roles"])
def test_the_last_admin_who_can_sign_in_stays(office: Office, act: str) -> None:
    other = hire(office.app, Role.ADMIN, email="olga@example.com", name="Olga Other")
    olga = Actor(ActorKind.STAFF, other.id, frozenset({Role.ADMIN}), "Olga Other")
    given = {"roles": [Role.FRONT_DESK]} if act == "change_roles" else {}
    now = office.scene.now
    office.now(staff.invite, SYSTEM, now, email="n@example.com", name="New", roles=[Role.ADMIN])
    office.now(staff.disable, SYSTEM, now, other.id)

    with pytest.raises(LastAdmin):
        office.now(getattr(staff, act), olga, now, office.ada.id, **given)

    assert office.now(stored, User, office.ada.id).active


def test_what_the_team_page_says_is_edited_and_a_stale_save_keeps_both(office: Office) -> None:
    fern = hire(office.app)
    first, second = (office.get(f"/staff/users/{fern.id}") for _ in range(2))
    saved = first.submit("Save", about="Likes gardens.", shown_on_team=True)
    assert "Saved." in saved.text

    stale = second.submit("Save", about="Likes bicycles.")

    assert stale.status == 409
    assert "Likes gardens." in stale.text
    assert stale.values["about"] == ["Likes bicycles."]
    assert office.now(stored, User, fern.id).about == "Likes gardens."


def test_the_trail_names_each_act_and_no_name(office: Office) -> None:
    office.get("/staff/users/invite").submit("Mail the invitation", NEW)

    details = " ".join(one.detail for one in office.now(all_of, AuditEntry))
    acts = {one.act for one in office.now(all_of, AuditEntry)}

    assert {"user.created", "user.invited"} <= acts
    assert "Nora" not in details
    assert "nora@" not in details


def test_an_address_that_has_an_account_is_refused_beside_the_field(office: Office) -> None:
    hire(office.app)

    page = office.get("/staff/users/invite").submit(
        "Mail the invitation", {**NEW, "Email": "Fern@example.com"}
    )

    assert page.status == 422
    assert set(page.errors) == {"email"}
    assert page.values["name"] == ["Nora New"]


def _body(letter_id: object) -> str:
    return str(stored(Letter, letter_id).body)


def _roles(user_id: object) -> list[Any]:
    return list(stored(User, user_id).roles)
