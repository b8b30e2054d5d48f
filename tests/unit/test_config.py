"""Settings: read once, from the environment and one file, and refused by name when unfit."""

from dataclasses import replace
from pathlib import Path

import pytest

from clinic import config
from clinic.config import Settings, UnfitSettings

RANDOM = "q7Lr2vX9dKcA0mTfYb8sWn4ZgJh1uEoP"
FIT = {
    "NEEDLEPOINT_PUBLIC_BASE_URL": "https://clinic.example.com",
    "NEEDLEPOINT_SECRET_KEY": RANDOM,
    "NEEDLEPOINT_PASSWORD_SALT": RANDOM[::-1],
    "NEEDLEPOINT_DATA_KEYS": "k1:anything",
    "NEEDLEPOINT_LOOKUP_KEY": "anything",
    "NEEDLEPOINT_AUDIT_KEY": "anything",
    "NEEDLEPOINT_CLINIC_NAME": "Fictional Needling Clinic",
    "NEEDLEPOINT_CLINIC_PHONE": "(555) 555-0100",
    "NEEDLEPOINT_ALERT_EMAIL": "alerts@example.com",
    "NEEDLEPOINT_MAIL_FROM": "clinic@example.com",
}


def problems(**changed: str) -> list[str]:
    """Say what keeps the fit settings from a start after these changes."""
    try:
        config.load(FIT | {f"NEEDLEPOINT_{name.upper()}": value for name, value in changed.items()})
    except UnfitSettings as error:
        return error.problems
    return []


def test_fit_settings_are_read_with_their_defaults() -> None:
    settings = config.load(FIT)

    assert settings.mode == "production"
    assert settings.clinic_name == "Fictional Needling Clinic"
    assert settings.offer_hours == 48
    assert settings.hash_memory_kib == 65536


def test_an_empty_environment_names_every_setting_that_a_start_needs() -> None:
    with pytest.raises(UnfitSettings) as refusal:
        config.load({})

    named = {line.split()[0] for line in refusal.value.problems}
    assert named == set(FIT)


@pytest.mark.parametrize("name", FIT)
def test_each_needed_setting_is_missed_by_its_name(name: str) -> None:
    with pytest.raises(UnfitSettings) as refusal:
        config.load({key: value for key, value in FIT.items() if key != name})

    assert [line.split()[0] for line in refusal.value.problems] == [name]


def test_numbers_are_read_as_numbers() -> None:
    assert config.load(FIT | {"NEEDLEPOINT_OFFER_HOURS": "24"}).offer_hours == 24


def test_a_number_that_is_none_is_refused_by_name() -> None:
    assert problems(offer_hours="two days") == [
        "NEEDLEPOINT_OFFER_HOURS must be a whole number, not 'two days'"
    ]


def test_a_name_with_our_prefix_that_is_no_setting_is_refused() -> None:
    assert problems(offer_hour="24") == [
        "NEEDLEPOINT_OFFER_HOUR is not a setting; docs/SETTINGS.md lists them"
    ]


def test_other_variables_are_nobodys_business() -> None:
    assert config.load(FIT | {"PATH": "/bin", "OFFER_HOURS": "1"}).offer_hours == 48


@pytest.mark.parametrize("name", ["secret_key", "password_salt"])
@pytest.mark.parametrize("value", ["", "short", "x" * 64, "changeme" * 8, RANDOM[:31]])
def test_a_short_or_sample_secret_is_refused(name: str, value: str) -> None:
    assert problems(**{name: value}) == [
        f"NEEDLEPOINT_{name.upper()} needs 32 random characters or more"
    ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "clinic.example.com",
        "ftp://clinic.example.com",
        "https://",
        "https://clinic.example.com/app",
    ],
)
def test_a_base_address_that_is_none_is_refused(address: str) -> None:
    assert problems(public_base_url=address) == [
        "NEEDLEPOINT_PUBLIC_BASE_URL needs an address such as https://clinic.example.com"
    ]


@pytest.mark.parametrize(
    ("mode", "address"),
    [
        ("production", "http://clinic.example.com"),
        ("production", "http://localhost:8000"),
        ("demo", "http://clinic.example.com"),
    ],
)
def test_an_address_without_encryption_is_refused_outside_a_demo_on_localhost(
    mode: str, address: str
) -> None:
    assert problems(mode=mode, public_base_url=address) == [
        "NEEDLEPOINT_PUBLIC_BASE_URL must begin with https:// outside a demo on localhost"
    ]


def test_a_demo_may_run_on_localhost_without_encryption() -> None:
    assert problems(mode="demo", public_base_url="http://localhost:8000") == []


def test_an_unknown_mode_is_refused() -> None:
    assert problems(mode="debug") == ["NEEDLEPOINT_MODE must be one of production, demo, test"]


@pytest.mark.parametrize(("mode", "refused"), [("production", 1), ("demo", 1), ("test", 0)])
def test_cheap_password_hashes_are_for_tests_alone(mode: str, refused: int) -> None:
    found = problems(mode=mode, hash_memory_kib="19455", public_base_url="https://a.example.com")

    assert len(found) == refused
    assert problems(mode=mode, hash_memory_kib="19456") == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"alert_email": "the desk"}, "NEEDLEPOINT_ALERT_EMAIL needs an e-mail address"),
        ({"mail_from": "clinic"}, "NEEDLEPOINT_MAIL_FROM needs an e-mail address"),
        (
            {"smtp_security": "none"},
            "NEEDLEPOINT_SMTP_SECURITY must be starttls, tls or plain",
        ),
        (
            {"smtp_security": "plain", "smtp_host": "mail.example.com"},
            "NEEDLEPOINT_SMTP_SECURITY plain is only for a mail server on this machine",
        ),
    ],
)
def test_unfit_mail_settings_are_refused(changed: dict[str, str], problem: str) -> None:
    assert problems(**changed) == [problem]


def test_plain_mail_is_fine_on_this_machine() -> None:
    assert problems(smtp_security="plain", smtp_host="localhost") == []


def test_every_problem_is_told_at_once() -> None:
    found = problems(mode="debug", secret_key="short", offer_hours="x", mail_from="")

    assert len(found) == 4


def test_a_refusal_repeats_no_secret() -> None:
    found = problems(secret_key="hunter2hunter2", data_keys="")

    assert "hunter2" not in "\n".join(found)


def test_the_environment_wins_over_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    lines = [f"{name}={value}" for name, value in FIT.items()]
    lines += ["", "# how long", " NEEDLEPOINT_OFFER_HOURS = 24 ", "NEEDLEPOINT_DRAFT_DAYS=7"]
    file.write_text("\n".join(lines), encoding="utf-8")

    settings = config.load(
        {config.FILE_VARIABLE: str(file), "NEEDLEPOINT_OFFER_HOURS": "12"},
    )

    assert (settings.offer_hours, settings.draft_days) == (12, 7)


def test_a_value_of_the_file_may_hold_equals_signs(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("NEEDLEPOINT_LOOKUP_KEY=abc==\n", encoding="utf-8")
    given = FIT | {config.FILE_VARIABLE: str(file)}
    del given["NEEDLEPOINT_LOOKUP_KEY"]

    assert config.load(given).lookup_key == "abc=="


def test_a_line_without_a_value_is_refused_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("# comment\nNEEDLEPOINT_MODE production\n", encoding="utf-8")

    with pytest.raises(UnfitSettings, match=f"{file}, line 2: expected NAME=value"):
        config.load({config.FILE_VARIABLE: str(file)})


def test_a_missing_settings_file_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "none.env"

    with pytest.raises(UnfitSettings, match=f"{file} cannot be read"):
        config.load({config.FILE_VARIABLE: str(file)})


def test_cookies_are_secure_exactly_under_https() -> None:
    assert Settings(public_base_url="https://clinic.example.com").secure
    assert not Settings(public_base_url="http://localhost:8000").secure


def test_the_app_answers_to_its_own_name_and_the_trusted_ones() -> None:
    settings = Settings(public_base_url="https://clinic.example.com:8443")

    assert settings.hosts == ["clinic.example.com"]
    assert replace(settings, trusted_hosts=" a.example.com ,, b.example.com").hosts == [
        "clinic.example.com",
        "a.example.com",
        "b.example.com",
    ]
