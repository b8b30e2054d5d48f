"""One frozen Settings, read once from the environment and one settings file.

The app refuses to start half-set: a secret that is missing, short or a known sample stops it
with a line that names the setting. docs/SETTINGS.md lists every setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
PREFIX = "NEEDLEPOINT_"
FILE_VARIABLE = "NEEDLEPOINT_SETTINGS"
MODES = ("production", "demo", "test")


class UnfitSettings(Exception):
    """The settings do not allow a start; every problem is one line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Edit:
    """How an admin may change a setting on a page: in which group, as what, within which bounds.

    A setting without one (secrets, addresses, paths) is the machine's alone.
    """

    group: str  # clinic, times, keeping, alerts or money
    kind: str  # line, lines (parted by |), phone, emails, number, date or languages
    low: int = 0
    high: int = 0
    step: int = 1
    needed: bool = False


def setting(default: T, meaning: str, edit: Edit | None = None) -> T:
    """Declare one setting with its default, what it means, and how a page may change it."""
    return field(default=default, metadata={"meaning": meaning, "edit": edit})


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two deployments."""

    mode: str = setting("production", "production, demo or test")
    public_base_url: str = setting("", "Address that patients use; links in letters begin with it")
    database_url: str = setting(
        "sqlite:///var/needlepoint.sqlite3",
        "SQLAlchemy address of the database; sqlite:/// or postgresql+psycopg://",
    )
    secret_key: str = setting("", "Signs the patient's cookie and the forms; 32 characters or more")
    password_salt: str = setting(
        "", "Mixed into staff passwords; 32 characters or more, never changed"
    )
    data_keys: str = setting("", "Keys that seal patients' data, id:base64, the newest first")
    lookup_key: str = setting("", "Key of the look-up digests, base64")
    audit_key: str = setting("", "Key of the audit chain, base64")
    clinic_name: str = setting(
        "", "The clinic's name as patients read it", Edit("clinic", "line", needed=True)
    )
    clinic_phone: str = setting(
        "", "The clinic's phone number, shown on every page", Edit("clinic", "phone", needed=True)
    )
    clinic_address: str = setting(
        "", "The clinic's postal address, lines parted by |", Edit("clinic", "lines")
    )
    clinic_hours: str = setting("", "The clinic's opening hours in words", Edit("clinic", "line"))
    clinic_hours_es: str = setting(
        "", "The same in Spanish; empty: pages in Spanish say none", Edit("clinic", "line")
    )
    closed_banner: str = setting(
        "", "Shown on top of patients' pages while the clinic is closed", Edit("clinic", "line")
    )
    closed_banner_es: str = setting(
        "", "The same in Spanish; empty: the English words are shown", Edit("clinic", "line")
    )
    prices: str = setting(
        "",
        "What visits cost, lines parted by |; empty: the page says to call",
        Edit("money", "lines"),
    )
    prices_es: str = setting(
        "", "The same in Spanish; empty: the page in Spanish says to call", Edit("money", "lines")
    )
    insurance: str = setting(
        "", "What is said of insurance, lines parted by |; empty: to call", Edit("money", "lines")
    )
    insurance_es: str = setting(
        "", "The same in Spanish; empty: the page in Spanish says to call", Edit("money", "lines")
    )
    alert_email: str = setting(
        "",
        "Where urgent alerts are mailed; several parted by commas",
        Edit("alerts", "emails", needed=True),
    )
    alert_escalate_email: str = setting(
        "",
        "Where an alert goes that nobody acknowledged; empty: where urgent alerts are mailed",
        Edit("alerts", "emails"),
    )
    alert_minutes: int = setting(
        15,
        "An urgent alert that nobody acknowledged escalates so often",
        Edit("alerts", "number", 5, 120),
    )
    alert_escalations: int = setting(
        16,
        "An urgent alert escalates this often at most; pages stay red until somebody takes it up",
        Edit("alerts", "number", 1, 96),
    )
    languages: str = setting(
        "en,es",
        "Languages offered to patients, en first; parted by commas",
        Edit("clinic", "languages", needed=True),
    )
    mail_from: str = setting("", "Sender of all letters")
    smtp_host: str = setting("127.0.0.1", "Host of the mail server")
    smtp_port: int = setting(25, "Port of the mail server")
    smtp_security: str = setting("starttls", "starttls, tls or plain (plain only to this machine)")
    smtp_username: str = setting("", "Name at the mail server")
    smtp_password: str = setting("", "Password at the mail server")
    smtp_timeout_seconds: int = setting(20, "Longest wait for the mail server")
    limits_url: str = setting(
        "sqlite-limits:///var/limits.sqlite3",
        "Where request limits are counted: sqlite-limits:/// or redis://",
    )
    trusted_hosts: str = setting("", "Further host names to answer to, parted by commas")
    proxy_hops: int = setting(0, "How many proxies in front are trusted for the client's address")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    hash_memory_kib: int = setting(
        65536, "Memory of one password hash in KiB; at least 19456 outside tests"
    )
    staff_idle_minutes: int = setting(15, "A staff session ends after this time without use")
    staff_hours: int = setting(12, "A staff session ends after this time at the latest")
    fresh_minutes: int = setting(5, "How long a sign-in counts as fresh for dangerous acts")
    draft_idle_minutes: int = setting(30, "A draft stays open in its browser this long without use")
    draft_days: int = setting(30, "A draft is kept this long", Edit("keeping", "number", 1, 365))
    keying_hours: int = setting(12, "Answers keyed for a caller stay open this long without use")
    code_minutes: int = setting(10, "A mailed code is good this long")
    code_tries: int = setting(5, "Wrong entries that end a mailed code")
    codes_per_day: int = setting(5, "Codes mailed to one address in a day at most")
    codes_per_hour: int = setting(20, "Codes asked for from one network address in an hour at most")
    starts_per_hour: int = setting(30, "Requests begun from one network address in an hour at most")
    enquiries_per_hour: int = setting(
        10, "Questions sent from one network address in an hour at most"
    )
    link_days: int = setting(
        180, "A mailed link to the status page is good this long", Edit("keeping", "number", 1, 730)
    )
    offer_hours: int = setting(
        48, "An offered time is held this long", Edit("times", "number", 1, 336)
    )
    reminder_hours: int = setting(
        24, "A visit is reminded of this long before it begins", Edit("times", "number", 1, 168)
    )
    visit_minutes: int = setting(45, "Length of a visit", Edit("times", "number", 10, 240, 5))
    buffer_minutes: int = setting(
        0, "Time kept free after a visit", Edit("times", "number", 0, 120, 5)
    )
    slot_step_minutes: int = setting(15, "Visits begin on this grid")
    target_contact_hours: int = setting(
        8,
        "Opening hours within which a new request is first answered",
        Edit("times", "number", 1, 200),
    )
    target_decision_hours: int = setting(
        16,
        "Opening hours within which a history is decided on",
        Edit("times", "number", 1, 400),
    )
    enquiry_days: int = setting(
        365,
        "A question that was answered or closed is kept this long",
        Edit("keeping", "number", 1, 3650),
    )
    request_years: int = setting(
        0,
        "Closed requests are erased after so many years; 0: kept until the clinic sets what the "
        "law of its state asks for",
        Edit("keeping", "number", 0, 50),
    )
    outbox_days: int = setting(
        30,
        "The text of a letter is kept this long after it was sent",
        Edit("keeping", "number", 1, 365),
    )
    backup_days: int = setting(
        35, "Backups older than this are removed", Edit("keeping", "number", 1, 3650)
    )
    erasure_ledger: str = setting(
        "var/erasures.txt",
        "File with the opaque ids of erased requests, outside the database; a restore reads it",
    )
    restore_rehearsed_on: str = setting(
        "",
        "Day on which a backup was last restored on another machine to try it; ISO",
        Edit("keeping", "date"),
    )
    backup_folder: str = setting(
        "", "Folder of the nightly backups; clinic check looks there for one younger than a day"
    )
    clearance_days: int = setting(
        90, "A clearance made by a screening ends this long after its intake"
    )
    confirm_ahead_days: int = setting(
        7, "So many days before the answers run out the patient is asked to confirm them"
    )
    answer_days: int = setting(
        7, "So many days a therapist's question waits for its answer; then the request comes back"
    )
    intake_days: int = setting(90, "An intake older than this at the visit is confirmed again")

    @property
    def secure(self) -> bool:
        """Tell whether patients reach the app by https, so that cookies can say so."""
        return self.public_base_url.startswith("https://")

    @property
    def alert_addresses(self) -> list[str]:
        """List where urgent alerts are mailed."""
        return _listed(self.alert_email)

    @property
    def escalation_addresses(self) -> list[str]:
        """List where an alert goes that nobody acknowledged."""
        return _listed(self.alert_escalate_email) or self.alert_addresses

    @property
    def languages_offered(self) -> list[str]:
        """List the languages that patients can choose; English is always one of them."""
        return ["en", *(code for code in _listed(self.languages) if code != "en")]

    @property
    def hosts(self) -> list[str]:
        """List the host names that are answered."""
        own = urlsplit(self.public_base_url).hostname or ""
        more = [name.strip() for name in self.trusted_hosts.split(",")]
        return [name for name in (own, *more) if name]


def _listed(text: str) -> list[str]:
    return [part for raw in text.split(",") if (part := raw.strip())]


def settings_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """Name the settings file of this process, if there is one."""
    named = dict(environ if environ is not None else os.environ).get(FILE_VARIABLE)
    return Path(named) if named else None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, or raise UnfitSettings naming every problem."""
    values = dict(environ if environ is not None else os.environ)
    path = settings_file(values)
    if path:
        values = read_file(path) | values
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    problems = [
        f"{name} is not a setting; docs/SETTINGS.md lists them"
        for name in values
        if name.startswith(PREFIX) and name not in known and name != FILE_VARIABLE
    ]
    chosen: dict[str, object] = {}
    for name, item in known.items():
        if name not in values:
            continue
        try:
            chosen[item.name] = int(values[name]) if item.type == "int" else values[name]
        except ValueError:
            problems.append(f"{name} must be a whole number, not {values[name]!r}")
    settings = Settings(**chosen)  # type: ignore[arg-type]  # each value has its field's type
    problems += problems_of(settings)
    if problems:
        raise UnfitSettings(problems)
    return settings


def problems_of(settings: Settings) -> list[str]:
    """Say in words, one line each, what keeps these settings from a start."""
    checks = (_mode_problems, _address_problems, _secret_problems, _mail_problems)
    return [problem for check in checks for problem in check(settings)]


def _mode_problems(settings: Settings) -> list[str]:
    problems = []
    if settings.mode not in MODES:
        problems.append(f"{PREFIX}MODE must be one of {', '.join(MODES)}")
    if settings.mode != "test" and settings.hash_memory_kib < 19456:
        problems.append(f"{PREFIX}HASH_MEMORY_KIB must be at least 19456")
    return problems


def _secret_problems(settings: Settings) -> list[str]:
    problems = []
    for name in ("secret_key", "password_salt"):
        value = getattr(settings, name)
        if len(value) < 32 or len(set(value)) < 10:
            problems.append(f"{PREFIX}{name.upper()} needs 32 random characters or more")
    for name in ("data_keys", "lookup_key", "audit_key", "clinic_name", "clinic_phone"):
        if not getattr(settings, name):
            problems.append(f"{PREFIX}{name.upper()} is not set")
    return problems


def _mail_problems(settings: Settings) -> list[str]:
    problems = []
    for name in ("alert_email", "mail_from"):
        if "@" not in getattr(settings, name):
            problems.append(f"{PREFIX}{name.upper()} needs an e-mail address")
    if settings.smtp_security not in ("starttls", "tls", "plain"):
        problems.append(f"{PREFIX}SMTP_SECURITY must be starttls, tls or plain")
    if settings.smtp_security == "plain" and settings.smtp_host not in ("127.0.0.1", "localhost"):
        problems.append(f"{PREFIX}SMTP_SECURITY plain is only for a mail server on this machine")
    return problems


def _address_problems(settings: Settings) -> list[str]:
    url = urlsplit(settings.public_base_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/"):
        return [f"{PREFIX}PUBLIC_BASE_URL needs an address such as https://clinic.example.com"]
    if url.scheme == "http" and (settings.mode == "production" or url.hostname != "localhost"):
        return [f"{PREFIX}PUBLIC_BASE_URL must begin with https:// outside a demo on localhost"]
    return []


def read_file(path: Path) -> dict[str, str]:
    """Read the NAME=value lines of a settings file, or raise UnfitSettings with file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UnfitSettings(
            [f"the settings file {path} cannot be read: {error.strerror}"]
        ) from error
    values = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise UnfitSettings([f"{path}, line {number}: expected NAME=value"])
        values[name.strip()] = value.strip()
    return values
