"""What each line of the check before the first patient is called, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from clinic.queries.readiness import CANNOT_TELL, NOT_YET, OK, Line
from clinic.web.words import Tone, Word

STATES: Mapping[str, Word] = {
    OK: Word(_("In order"), Tone.READY),
    NOT_YET: Word(_("Not yet"), Tone.REVIEW),
    CANNOT_TELL: Word(_("Cannot tell"), Tone.WAITING),
}


@dataclass(frozen=True)
class About:
    """A line's name, what to do if it is not in order, and the page where that is done."""

    what: LazyString
    todo: LazyString | str = ""
    endpoint: str = ""
    group: str = ""


ABOUT: Mapping[str, About] = {
    "revision": About(_("Database at this version"), _("Run: clinic db upgrade")),
    "stored_settings": About(
        _("Stored settings can be read"),
        _("Left out, so that the value of the start holds: %(names)s. Save them again."),
        "settings.history",
    ),
    "clinic_words": About(
        _("Address and opening hours in words"),
        _("Patients look for both. Enter them."),
        "settings.group",
        "clinic",
    ),
    "alerts": About(
        _("Address for urgent alerts"),
        _("Name an address that somebody reads all day."),
        "settings.group",
        "alerts",
    ),
    "admin": About(
        _("Somebody is admin"), _("Run: clinic user create --role admin"), "users.listing"
    ),
    "lead": About(
        _("Somebody is lead therapist"),
        _("Without one nobody can sign off the rules. Give somebody the role."),
        "users.listing",
    ),
    "factors": About(
        _("Everybody has a second factor"),
        _("Each sets it up at the first sign-in. Still without: %(names)s"),
        "users.listing",
    ),
    "therapist_hours": About(
        _("A therapist has weekly hours"),
        _("Without hours there are no times to offer. Post them."),
        "calendars.overview",
    ),
    "ruleset": About(
        _("Screening rules approved (%(version)s)"),
        _("Until a lead therapist approves them they clear nobody, and each request needs a "
          "therapist."),
    ),
    "ruleset_newer": About(
        _("Newer screening rules to approve (%(newer)s beside %(version)s)"),
        _("The program brought newer rules than the approved ones. Until a lead therapist approves "
          "them, the more careful result counts, and each request may need a therapist."),
    ),
    "ruleset_unread": About(
        _("Approved screening rules readable"),
        _("The version in force cannot be read any more. The rules that ship run instead and clear "
          "nobody, until a lead therapist approves a version."),
    ),
    "ruleset_incomplete": About(
        _("Screening rules complete (%(version)s)"),
        _("These rules lack sections, so they clear nobody: each request needs a therapist. "
          "Nothing to do here; a later version brings them."),
    ),
    "places": About(
        _("A place where patients are seen"), _("Add the first one."), "places.listing"
    ),
    "law": About(
        _("Law checked: %(name)s"),
        _("Say when a person checked the law of the state, and when to check it again."),
        "places.one",
    ),
    "opening": About(
        _("Opening hours: %(name)s"), _("Say when the phone is answered there."), "places.one"
    ),
    "failed_letters": About(
        _("No letter has failed"),
        _("Letters that could not be sent: %(count)s. See: clinic outbox status"),
    ),
    "worker": About(
        _("The worker sends letters"),
        _("No letter went out in the last day, or one waits too long. Is clinic worker running?"),
    ),
    "settings": About(_("Settings of the machine")),
    "mode": About(_("Production mode"), _("Set NEEDLEPOINT_MODE=production")),
    "https": About(
        _("Patients reach it by https"), _("Set NEEDLEPOINT_PUBLIC_BASE_URL to its https address")
    ),
    "keys": About(
        _("Keys in place (newest: %(newest)s)"),
        _("Older keys are still in the ring (%(older)s). Finish with: clinic keys rotate"),
    ),
    "settings_file": About(
        _("Settings file private"),
        _("Others on this machine can read it. Run: chmod 640 on the file"),
    ),
    "mail": About(
        _("Mail server takes our letters"),
        _("It answered with: %(code)s. Check the SMTP settings."),
    ),
    "test_letter": About(
        _("Test letter handed over"), _("It answered with: %(code)s. Check the address.")
    ),
    "backup": About(
        _("Backup younger than a day"),
        _("Let clinic backup run every night, and name its folder in NEEDLEPOINT_BACKUP_FOLDER"),
    ),
    "restore": About(
        _("Restore rehearsed in the last three months"),
        _("Restore a backup on another machine, as docs/OPERATIONS.md shows, and note the day "
          "under How long things are kept."),
        "settings.group",
        "keeping",
    ),
    "space": About(
        _("Room on the disk"), _("Left: %(left)s MB. Make room before the disk is full.")
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A line in words: what, how it stands, what to do, and where."""

    key: str
    what: str
    state: str
    label: LazyString
    tone: Tone
    todo: str
    endpoint: str
    values: dict[str, str | UUID]


def said(lines: Iterable[Line]) -> list[Said]:
    """Put lines into words, in the language of the page or command."""
    return [_say(line) for line in lines]


def _say(line: Line) -> Said:
    about, word = ABOUT[line.key], STATES[line.state]
    values: dict[str, str | UUID] = {"group": about.group} if about.group else {}
    if line.place_id:
        values = {"place_id": line.place_id}
    return Said(
        line.key,
        str(about.what) % line.given if line.given else str(about.what),
        line.state,
        word.label,
        word.tone,
        "" if line.state == OK else str(about.todo) % (line.given or {}),
        about.endpoint,
        values,
    )
