"""An admin changes settings on pages: seen at once, never lost, put back in one tap."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from clinic.access import Role
from clinic.models import ClinicSetting, Closure, LetterText, Location, OpeningHours, Request
from clinic.services import offering, settings
from tests.support.scene import all_of, at, person, version_of
from tests.web.settings.conftest import Office

PLACE = {
    "Name": "Main Street",
    "Time zone": "America/Los_Angeles",
    "US state": "wa",
    "needling_law": "permitted",
}


def test_a_change_is_in_force_on_the_patients_next_page(office: Office) -> None:
    page = office.get("/staff/settings").follow("The clinic")

    saved = page.submit(
        "Save these settings", clinic_name="Renamed Clinic", clinic_phone="555 555 0142"
    )

    assert "saved and in force" in saved.text
    assert "Changed by Ada Admin" in saved.text
    patients = office.app.test_client().get("/").text
    assert "Renamed Clinic" in patients
    assert "(555) 555-0142" in patients


def test_what_cannot_be_is_said_beside_the_field_and_the_rest_stays_typed(office: Office) -> None:
    page = office.get("/staff/settings/alerts")

    refused = page.submit("Save these settings", alert_email="the desk", alert_minutes="3")

    assert refused.status == 422
    assert set(refused.errors) == {"alert_email", "alert_minutes"}
    assert refused.values["alert_email"] == ["the desk"]
    assert office.now(all_of, ClinicSetting) == []


def test_a_stale_save_comes_back_with_both_texts_and_can_be_sent_again(office: Office) -> None:
    page = office.get("/staff/settings/times")
    office.now(
        settings.change,
        office.actor,
        datetime.now(UTC),
        "times",
        values={"offer_hours": "24"},
        seen=0,
    )

    stale = page.submit("Save these settings", offer_hours="36")

    assert stale.status == 409
    assert "Ada Admin changed it" in stale.text
    assert "24" in stale.text
    assert stale.values["offer_hours"] == ["36"]
    again = stale.submit("Save these settings")
    assert again.status == 200
    assert [row.value for row in office.now(all_of, ClinicSetting)] == ["36"]


def test_the_value_before_comes_back_in_one_tap_and_the_history_tells_both(office: Office) -> None:
    office.get("/staff/settings/times").submit("Save these settings", offer_hours="24")

    page = office.get("/staff/settings/times").submit(
        "Put the value before back Hours for which an offered time is held"
    )

    assert page.values["offer_hours"] == ["48"]
    history = office.get("/staff/settings/history")
    assert history.text.count("Ada Admin") >= 3
    assert history.text.count("Hours for which an offered time is held") == 2


def test_the_closed_banner_goes_up_and_comes_off_in_one_tap(office: Office) -> None:
    office.get("/staff/settings/clinic").submit(
        "Save these settings", closed_banner="Closed until Monday."
    )
    assert "Closed until Monday." in office.app.test_client().get("/").text

    office.get("/staff/settings").submit("Take the banner off")

    assert "Closed until Monday." not in office.app.test_client().get("/").text


def test_the_machines_own_settings_are_on_no_page(office: Office) -> None:
    for group in ("clinic", "money", "times", "alerts", "keeping"):
        values = office.get(f"/staff/settings/{group}").values
        for name in ("secret_key", "data_keys", "audit_key", "smtp_password", "database_url"):
            assert name not in values
    assert office.get("/staff/settings/secrets").status == 404


def test_a_place_is_added_with_its_law_and_its_opening_hours(office: Office) -> None:
    page = office.get("/staff/settings/places/new").submit("Add this place", PLACE)

    page = page.submit(
        "Add these hours", {"Days": ["Monday", "Tuesday"], "From": "08:00", "Until": "12:00"}
    )
    overlapping = page.submit(
        "Add these hours", {"Days": ["Tuesday"], "From": "11:00", "Until": "13:00"}
    )

    assert overlapping.status == 422
    (place,) = office.now(all_of, Location)
    assert (place.state, place.zone) == ("WA", "America/Los_Angeles")
    hours = office.now(all_of, OpeningHours)
    assert sorted(row.weekday for row in hours) == [0, 1]
    page.submit("Remove Monday, 8:00 AM")
    assert [row.weekday for row in office.now(all_of, OpeningHours)] == [1]


def test_a_state_that_comes_to_prohibit_puts_planned_needling_on_the_list_to_call(
    office: Office,
) -> None:
    place_id, request_id = _offered(office)
    page = office.get(f"/staff/settings/places/{place_id}")

    saved = page.submit("Save this place", needling_law="prohibited")

    assert "cannot go ahead" in saved.text
    assert [row.call_today for row in office.now(all_of, Request, id=request_id)] == [
        "visit_does_not_fit"
    ]


def test_the_clock_of_a_place_stays_while_visits_are_planned_by_it(office: Office) -> None:
    place_id, _request_id = _offered(office)
    page = office.get(f"/staff/settings/places/{place_id}")

    refused = page.submit("Save this place", zone="America/Phoenix")

    assert refused.status == 422
    assert "zone" in refused.errors
    assert [row.zone for row in office.now(all_of, Location)] == ["America/New_York"]


def test_a_stale_save_of_a_place_comes_back_with_both_texts(office: Office) -> None:
    place_id = office.now(office.scene.place)
    first, second = (office.get(f"/staff/settings/places/{place_id}") for _ in range(2))
    first.submit("Save this place", name="First Street")

    stale = second.submit("Save this place", name="Second Street")

    assert stale.status == 409
    assert "First Street" in stale.text
    assert stale.values["name"] == ["Second Street"]


def test_the_whole_clinic_closes_for_some_days(office: Office) -> None:
    page = office.get("/staff/calendar/")
    office.now(office.scene.place)
    page = office.get("/staff/calendar/")

    page = page.submit(
        "Close these days",
        {
            "Who is away": "The whole clinic",
            "closure-first-month": "12", "closure-first-day": "24", "closure-first-year": "2026",
            "closure-last-month": "12", "closure-last-day": "26", "closure-last-year": "2026",
        },
    )  # fmt: skip

    (shut,) = office.now(all_of, Closure)
    assert (shut.location_id, shut.therapist_id) == (None, None)
    assert "The whole clinic" in page.text


def test_a_letter_gets_the_clinics_own_words_and_goes_back_to_ours(office: Office) -> None:
    page = office.get("/staff/settings/letters/please_call/en")
    page = page.submit("Look at it first", body="Call {clinic_phone} soon.")
    assert "Call (555) 555-0100 soon." in page.text
    assert office.now(all_of, LetterText) == []

    page = page.submit("Save these words")
    assert [row.body for row in office.now(all_of, LetterText)] == ["Call {clinic_phone} soon."]
    page.submit("Go back to ours")

    assert office.now(all_of, LetterText) == []


def test_a_letter_with_an_unknown_mark_or_a_telling_word_is_refused_with_where(
    office: Office,
) -> None:
    page = office.get("/staff/settings/letters/please_call/en")

    for body, said in (
        ("Call {phone} soon.", "{phone}"),
        ("Call } soon.", "{}}"),
        ("Call us about your warfarin.", "warfarin"),
    ):
        refused = page.submit("Save these words", body=body)
        assert refused.status == 422
        assert said in refused.text
        assert refused.values["body"] == [body]
    assert office.now(all_of, LetterText) == []


def test_a_stale_letter_comes_back_with_both_texts(office: Office) -> None:
    first, second = (office.get("/staff/settings/letters/please_call/es") for _ in range(2))
    first.submit("Save these words", body="Llame pronto.")

    stale = second.submit("Save these words", body="Llame ya.")

    assert stale.status == 409
    assert "Llame pronto." in stale.text
    assert stale.values["body"] == ["Llame ya."]


def _offered(office: Office) -> tuple[UUID, UUID]:
    """A needling visit held at a place in New York in two days."""
    scene = office.scene
    theo = office.now(scene.staff, "Theo Therapist", Role.THERAPIST)
    place_id = office.now(scene.place)
    request_id = office.now(scene.request, cleared=True)
    office.now(
        offering.offer,
        theo,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=place_id,
        starts_at=at((scene.now + timedelta(days=2)).date(), 15),
        visit_kind="needling",
        seen=office.now(version_of, request_id),
        key="the one offer",
    )
    return place_id, request_id
