"""What a page may store as a setting, and what comes of a stored value that is unfit."""

import pytest

from clinic import effective, forms
from clinic.blueprints.settings import GROUPS
from clinic.config import Settings
from clinic.effective import UnfitValue

START = Settings(
    clinic_name="Start Clinic", clinic_phone="(555) 555-0100", alert_email="a@example.com"
)


@pytest.mark.parametrize(
    "name",
    ["secret_key", "password_salt", "data_keys", "lookup_key", "audit_key", "smtp_password",
     "database_url", "public_base_url", "limits_url", "mode", "trusted_hosts", "proxy_hops"],
)  # fmt: skip
def test_no_page_may_change_a_secret_an_address_or_a_path(name: str) -> None:
    with pytest.raises(KeyError):
        effective.read(name, "anything")

    settings, problems = effective.lay_over(START, {name: "anything"})

    assert settings == START
    assert problems == {name: "unknown"}


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("clinic_name", "  New Name ", "New Name"),
        ("clinic_phone", "555-555-0142", "(555) 555-0142"),
        ("clinic_address", "1 Example Street\r\n\r\nSpringfield ", "1 Example Street|Springfield"),
        ("alert_email", "One@example.com; two@example.com", "one@example.com,two@example.com"),
        ("alert_escalate_email", "", ""),
        ("offer_hours", " 24 ", 24),
        ("request_years", "0", 0),
        ("languages", "es", "en,es"),
        ("languages", "en", "en"),
        ("closed_banner", "", ""),
    ],
)
def test_what_is_typed_is_kept_in_one_form(name: str, typed: str, kept: str | int) -> None:
    assert effective.read(name, typed) == kept
    assert effective.read(name, str(kept)) == kept


@pytest.mark.parametrize(
    ("name", "typed", "problem"),
    [
        ("clinic_name", " ", "blank"),
        ("clinic_phone", "", "blank"),
        ("clinic_phone", "12", "no_phone"),
        ("alert_email", "", "blank"),
        ("alert_email", " , ", "blank"),
        ("alert_email", "a@example.com, the desk", "no_email"),
        ("offer_hours", "0", "out_of_bounds"),
        ("offer_hours", "337", "out_of_bounds"),
        ("offer_hours", "", "no_number"),
        ("offer_hours", "-3", "no_number"),
        ("offer_hours", "1.5", "no_number"),
        ("offer_hours", "٣", "no_number"),
        ("visit_minutes", "42", "off_step"),
        ("alert_minutes", "100000", "out_of_bounds"),
        ("languages", "en,xx", "no_language"),
        ("closed_banner", "x" * 201, "too_long"),
        ("closed_banner", "a\x00b", "nul"),
    ],
)
def test_an_unfit_value_is_refused_by_name_of_its_problem(
    name: str, typed: str, problem: str
) -> None:
    with pytest.raises(UnfitValue) as refused:
        effective.read(name, typed)

    assert refused.value.problem == problem


def test_an_unfit_stored_value_is_left_out_and_the_others_hold() -> None:
    settings, problems = effective.lay_over(
        START, {"offer_hours": "many", "draft_days": "7", "alert_email": "nobody"}
    )

    assert (settings.offer_hours, settings.draft_days) == (48, 7)
    assert settings.alert_email == "a@example.com"
    assert problems == {"offer_hours": "no_number", "alert_email": "no_email"}


def test_every_default_is_within_the_bounds_of_its_page() -> None:
    for name, edit in effective.EDITS.items():
        if not edit.needed:
            assert effective.read(name, str(getattr(Settings(), name))) is not None, name


def test_every_setting_that_a_page_may_change_has_its_label() -> None:
    assert set(forms.SETTING_LABELS) == set(effective.EDITS)


def test_every_group_has_a_page() -> None:
    assert {edit.group for edit in effective.EDITS.values()} == set(GROUPS)
