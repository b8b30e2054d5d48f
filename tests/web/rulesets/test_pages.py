"""A lead therapist changes a figure, tries it, approves it, puts it in force; and answers notes."""

from datetime import timedelta

from sqlalchemy import select

from clinic import in_force
from clinic.extensions import db
from clinic.models import AuditEntry, MissedNote
from tests.web.rulesets.conftest import Desk


def acts(desk: Desk) -> list[str]:
    query = select(AuditEntry.act).order_by(AuditEntry.number)
    return desk.behind(lambda: list(db.session.scalars(query)))


def in_force_now(desk: Desk) -> str | None:
    return desk.behind(in_force.digest_in_force)


def test_a_figure_within_its_bounds_and_a_switch_with_its_reason_are_saved(desk: Desk) -> None:
    overview = desk.get("/staff/rules")
    assert "Nobody has put rules in force" in overview.text

    item = overview.submit("Begin a draft from them").follow("Slim build")
    refused = item.submit("Save in the draft", {"value_0": "18.5", "value_1": "250"})
    page = refused.submit("Save in the draft", {"value_1": "26", "verified_1": True})

    stale = refused.submit("Save in the draft", {"value_1": "27"})

    assert refused.status == 422
    assert "outside the bounds" in refused.text
    assert "26 instead of 22 kg/m2" in page.text
    assert stale.status == 409
    assert stale.values["value_1"] == ["27"]
    assert "This changed while you were at it" in stale.text

    item = page.follow("Diabetes")
    first: dict[str, str | bool] = {"off_0": True, "code_0": "evidence", "reason_0": "Short"}
    refused = item.submit("Save in the draft", first)
    whole = {"reason_0": "Our own protocol asks this in person."}
    saved = refused.submit("Save in the draft", whole)
    assert refused.status == 422
    assert "Choose why, and write one sentence" in refused.text
    assert refused.values["reason_0"] == ["Short"]
    assert "“What was your last A1c?” at least 8 " in refused.text
    assert "Switched off" in saved.text
    stale = refused.submit("Save in the draft", whole)
    assert "Our own protocol asks this in person." in stale.text
    saved.submit("Discard this draft")
    assert "This draft was given up" in desk.get(saved.path).text


def test_from_a_draft_to_rules_in_force(desk: Desk) -> None:
    patient = desk.asks(regions=("upper-back-left",))
    reference = desk.behind(lambda: patient.reference)
    item = desk.get("/staff/rules").submit("Begin a draft from them").follow("Slim build")
    page = item.submit("Save in the draft", {"value_0": "26", "value_1": "26"})

    refused = page.submit("Approve this version")
    trial = desk.get(page.path).submit("Run it over the stored histories")
    assert "Refresh" in desk.client.get(trial.path).headers
    desk.tries()
    trial = desk.get(trial.path)

    assert refused.status == 409
    assert "Run it over the stored histories first" in refused.text
    assert "Refresh" not in desk.client.get(trial.path).headers
    assert "1 of 1 histories, 100 %" in trial.text
    assert reference not in trial.text
    assert "ruleset_trial.opened" not in acts(desk)
    assert reference in trial.follow("Show who, by reference").text
    assert "ruleset_trial.opened" in acts(desk)

    desk.clock.shift(timedelta(minutes=6))
    asked = desk.get(page.path).submit("Approve this version")
    assert asked.path.startswith("/staff/verify")
    desk.clock.shift(timedelta(minutes=-6))
    version = desk.get(page.path).submit("Approve this version")
    assert acts(desk).count("ruleset.approved") == 1
    assert "Approved by Lena Lead" in version.text
    late = desk.get(page.path)
    assert (late.path, "This draft was approved" in late.text) == (version.path, True)
    assert in_force_now(desk) is None
    overview = version.submit("Put this version in force")
    assert "1 open request is still to be screened anew" in overview.text
    assert in_force_now(desk) == version.path.rpartition("/")[2]


def test_what_the_form_missed_lands_with_the_lead_therapist_and_is_answered(desk: Desk) -> None:
    patient = desk.asks()
    reference = desk.behind(lambda: patient.reference)
    history = desk.get(f"/staff/review/{reference}")

    history.submit("Tell the lead therapist", {"missed": "Nobody asks about old fractures."})
    assert "1 note waits" in desk.get("/staff/rules").text
    assert "Rules (1)" in desk.get("/staff/").text
    note = desk.get("/staff/rules/missed").follow(reference)
    assert "Nobody asks about old fractures." in note.text
    note.submit("Answer, and mark it handled", {"answer": "It comes with the next edition."})

    assert "No note waits" in desk.get("/staff/rules").text
    assert "Rules (1)" not in desk.get("/staff/").text
    assert "It comes with the next edition." in desk.get(f"/staff/review/{reference}").text
    handled = desk.get("/staff/rules/missed?handled=yes").follow(reference)
    handled.submit("Put it back on the list")
    assert "1 note waits" in desk.get("/staff/rules").text
    sealed = desk.behind(lambda: db.session.scalars(select(MissedNote.body_sealed)).one())
    assert b"fractures" not in sealed
