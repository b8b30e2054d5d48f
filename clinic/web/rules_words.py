"""What a lead therapist reads on the pages of the rules."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from clinic import forms
from clinic.queries.rulesets import SettingRow
from clinic.web.words import Tone, Word

STATES: Mapping[str, Word] = {
    "draft": Word(_("Draft"), Tone.NEUTRAL),
    "approved": Word(_("Approved, not in force"), Tone.WAITING),
    "in_force": Word(_("In force"), Tone.READY),
    "retired": Word(_("Retired"), Tone.NEUTRAL),
}
TRIALS: Mapping[str, Word] = {
    "waiting": Word(_("Waits for the worker"), Tone.WAITING),
    "running": Word(_("Under way"), Tone.WAITING),
    "done": Word(_("Done"), Tone.READY),
    "cancelled": Word(_("Stopped"), Tone.NEUTRAL),
    "failed": Word(_("Could not be run"), Tone.URGENT),
}
CANNOT: Mapping[str, LazyString] = {
    "not_tried": _("Run it over the stored histories first, and read what it would change."),
    "signed_before": _("This very version was approved before. Put it in force from its own page."),
    "not_signed": _("It is not approved yet."),
    "in_force_before": _("It is in force already."),
    "not_whole": _("This version cannot be read in full any more. Begin a draft from the files."),
    "nobody_signed_in": _("Sign in again to sign this."),
}
UNFIT: Mapping[str, LazyString] = {
    "out_of_bounds": _("This is outside the bounds of this figure"),
    "unknown": _("There is no such figure"),
    "always_on": _("This rule cannot be switched off"),
    "reason_missing": _("Choose why, and write one sentence"),
}


def number(value: float) -> str:
    """Write a figure as short as it can be."""
    return f"{value:g}"


def hint(row: SettingRow) -> str:
    """Say what a figure means, and between what it may be set."""
    said = [row.setting.means]
    if row.bounds.fixed:
        said.append(gettext("It cannot be changed: it guards what nobody may override."))
    else:
        said.append(
            gettext(
                "From %(least)s to %(most)s.",
                least=number(row.bounds.least),
                most=number(row.bounds.most),
            )
        )
        if row.setting.most is not None:
            said.append(gettext("The question asks no further than this."))
    return " ".join(said)


def codes() -> dict[str, str]:
    """The reasons for which a rule is switched off, in words."""
    return {code: str(label) for code, label in forms.SWITCH_CODES.items() if code}
