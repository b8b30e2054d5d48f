"""Every form: raw strings in, domain values out. Forms neither authorise nor read the session.

Each part of the house has its own section: shared fields, patients, front desk, therapists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    Form,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import EqualTo, InputRequired, Optional, ValidationError

from clinic import contact
from clinic.screening import regions

LONGEST_NOTE = 4000

# --- Shared ----------------------------------------------------------------------------------


@dataclass
class DatePart:
    """One of the three boxes of a date, as it was typed."""

    id: str
    name: str
    data: str

    def _value(self) -> str:
        return self.data


class DateField(Field):
    """A date in three boxes, month first. ``data`` is the date, None if the boxes are empty."""

    def __init__(self, label: Any = None, *, optional: bool = False, **given: Any) -> None:
        super().__init__(label, **given)
        self.optional = optional

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the boxes from the form, or fill them from a date."""
        super().process(formdata, data, extra_filters)
        given = {"year": "", "month": "", "day": ""}
        if isinstance(self.data, date):
            given = {part: str(getattr(self.data, part)) for part in given}
        if formdata:
            given = {part: formdata.get(f"{self.name}-{part}", "").strip() for part in given}
        self.year, self.month, self.day = (
            DatePart(f"{self.id}-{part}", f"{self.name}-{part}", text)
            for part, text in given.items()
        )

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - WTForms calls it so
        """Read the boxes; say what to do if they hold no date."""
        parts = [part.data for part in (self.year, self.month, self.day)]
        self.data = None
        if not any(parts) and self.optional:
            return
        try:
            self.data = date(*(int(part) for part in parts if part.isascii()))
        except (ValueError, TypeError, OverflowError) as error:
            raise ValidationError(str(_("Enter a date like 3 15 2026"))) from error


def fit_text(limit: int, *, multiline: bool = False) -> Callable[[Form, Field], None]:
    """Refuse text that is too long or holds characters that nobody types."""

    def check(_form: Form, field: Field) -> None:
        if not field.data:
            return
        try:
            field.data = contact.clean_text(field.data, limit=limit, multiline=multiline)
        except contact.UnfitText as unfit:
            said = {
                "too_long": _("Shorten this to %(limit)s characters", limit=limit),
                "blank": _("Write something here"),
            }
            raise ValidationError(
                str(said.get(unfit.problem, _("Remove the unusual characters and type it again")))
            ) from unfit

    return check


class SeenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The version of a record that the page was drawn with."""

    seen = IntegerField(validators=[Optional()])

    @property
    def seen_version(self) -> int:
        """The version; a page that sends none is stale."""
        return self.seen.data if self.seen.data is not None else -1

    def refuse(self, field_name: str, problem: str) -> None:
        """Show what a service refused beside its field, or above the form."""
        field = self._fields.get(field_name)
        if field is None:
            self.form_errors.append(problem)
        else:
            field.errors = [*field.errors, problem]


# --- Therapists ------------------------------------------------------------------------------


def _region_choices() -> list[tuple[str, str]]:
    body = regions.shipped()
    return [(region, body.label(region)) for region in body.ids]


class DecisionForm(SeenForm):
    """What a therapist signs; the choices' words come from the words table."""

    intake_id = HiddenField(validators=[InputRequired()])
    decision = RadioField(
        _("What do you decide?"), validators=[InputRequired(_("Choose a decision"))]
    )
    regions = SelectMultipleField(
        _("Regions that may be needled"),
        description=_("The patient's own left and right. A blocked region is not ticked for you."),
        choices=_region_choices,
    )
    technique = SelectMultipleField(_("Technique"))
    positions = SelectMultipleField(_("Position"))
    reason_code = SelectField(_("Why needling is right although a rule asks for caution"))
    reason = TextAreaField(
        _("The reason in one sentence"),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )
    not_before = DateField(
        _("Not before"),
        optional=True,
        description=_("The first day for needling; needed to wait until a date."),
    )
    valid_until = DateField(
        _("Good until"),
        optional=True,
        description=_("Left empty: as long as the answers count."),
    )
    note = TextAreaField(
        _("Clinical note"),
        description=_("Only therapists read this."),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )

    def validate_intake_id(self, field: Field) -> None:
        """Refuse what is no id."""
        try:
            UUID(field.data or "")
        except ValueError as error:
            raise ValidationError(str(_("Open the page again"))) from error

    def values(self) -> dict[str, Any]:
        """Return the signed values by name."""
        return {
            "decision": self.decision.data,
            "intake_id": UUID(self.intake_id.data),
            "reason_code": self.reason_code.data or None,
            "reason": self.reason.data or "",
            "regions": tuple(self.regions.data or ()),
            "technique": tuple(self.technique.data or ()),
            "positions": tuple(self.positions.data or ()),
            "not_before": self.not_before.data,
            "valid_until": self.valid_until.data,
            "note": self.note.data or "",
        }


class UrgentForm(SeenForm):
    """Closes an urgent flag."""

    note = TextAreaField(
        _("Note, if no call reached the patient"),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )


class ClinicalNoteForm(SeenForm):
    """A note that only therapists read."""

    body = TextAreaField(
        _("New clinical note"),
        description=_("Only therapists read this."),
        validators=[
            InputRequired(_("Write the note first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )


# --- Staff accounts --------------------------------------------------------------------------


def typed(field: StringField) -> str:
    """Return what was typed, "" for nothing."""
    return field.data or ""


class SignInForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """E-mail and password."""

    email = StringField(_("Email"), validators=[InputRequired(_("Enter your email."))])
    password = PasswordField(_("Password"), validators=[InputRequired(_("Enter your password."))])


class CodeForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """Six digits of an authenticator app."""

    code = StringField(
        _("Code from your app"), validators=[InputRequired(_("Enter the six digits."))]
    )


class RecoveryForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """One of the recovery codes."""

    code = StringField(
        _("Recovery code"), validators=[InputRequired(_("Enter one of your recovery codes."))]
    )


class ForgotForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """Where to send a link for a new password."""

    email = StringField(_("Email"), validators=[InputRequired(_("Enter your email."))])


class NewPasswordForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """A new password, typed twice; whether it is fit is the policy's to say."""

    password = PasswordField(
        _("New password"), validators=[InputRequired(_("Enter a new password."))]
    )
    again = PasswordField(
        _("New password again"),
        validators=[
            InputRequired(_("Enter the new password again.")),
            EqualTo("password", _("The two passwords differ. Type the new one twice.")),
        ],
    )


class ChangePasswordForm(NewPasswordForm):
    """A new password, and the present one to show whose it is."""

    present = PasswordField(
        _("Present password"), validators=[InputRequired(_("Enter your present password."))]
    )


class ProveForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """Both proofs again, from somebody who is signed in."""

    password = PasswordField(_("Password"), validators=[InputRequired(_("Enter your password."))])
    code = StringField(
        _("Code from your app"), validators=[InputRequired(_("Enter the six digits."))]
    )


class PlainForm(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """A button and its token."""
