"""Every form: raw strings in, domain values out. Forms neither authorise nor read the session.

Each part of the house has its own section: shared fields, patients, front desk, therapists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import EqualTo, InputRequired, Optional, ValidationError

from clinic import contact, effective
from clinic.screening import pages, regions
from clinic.screening.answers import Answers, UnreadableAnswer, asked_only, read
from clinic.screening.pages import Group
from clinic.screening.questionnaire import Question, Questionnaire, visible

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

    def pre_validate(self, form: BaseForm) -> None:
        """Read the boxes; say what to do if they hold no date."""
        parts = [part.data for part in (self.year, self.month, self.day)]
        self.data = None
        if not any(parts) and self.optional:
            return
        self.data = _day(*parts)


def _day(year: str, month: str, day: str) -> date:
    """Read three boxes; say what to do if they hold no date."""
    parts = (year, month, day)
    if not all(part.isascii() and part.isdecimal() for part in parts) or len(year) != 4:
        raise ValidationError(str(_("Enter a date like 3 15 2026")))
    try:
        return date(*(int(part) for part in parts))
    except (ValueError, OverflowError) as error:
        raise ValidationError(str(_("Check this date. There is no such day"))) from error


def _printable(text: str) -> str:
    """Leave out what no page can show: NUL, control characters, half surrogate pairs."""
    return "".join(mark for mark in text if mark.isprintable() or mark in "\t\n\r ")


def fit_text(limit: int, *, multiline: bool = False) -> Callable[[Form, Field], None]:
    """Refuse text that is too long or holds characters that nobody types."""

    def check(_form: Form, field: Field) -> None:
        if not field.data:
            return
        try:
            field.data = contact.clean_text(field.data, limit=limit, multiline=multiline)
        except contact.UnfitText as unfit:
            field.data = _printable(field.data)  # so that the page can give the rest back
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


# --- Patients --------------------------------------------------------------------------------

LONGEST_NAME = 120
LONGEST_ANSWER = 500
LONGEST_WORDS = 500
LONGEST_NUMBER = 12
NONE_OF_THESE, SOME_NOT_SURE, RATHER_NOT = "none", "some_not_sure", "prefer_not"
DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}
PARTS = {
    "morning": _("In the morning"),
    "midday": _("Around noon"),
    "afternoon": _("In the afternoon"),
    "evening": _("In the evening"),
}
WISHES = {"days": DAYS, "parts": PARTS}

_PHONE_PROBLEMS = {
    "blank": _("Enter your phone number"),
    "no_area_code": _("Enter the phone number with its area code, like 555-555-0123"),
    "too_short": _("Enter the whole phone number. Some digits are missing"),
    "too_long": _("Check the phone number. It has too many digits"),
}
_PHONE_UNREADABLE = _("Enter a phone number like 555-555-0123")
_EMAIL_PROBLEMS = {
    "several": _("Enter one email address only"),
    "too_long": _("Check the email address. It is too long"),
}
_EMAIL_UNREADABLE = _("Enter an email address like name@example.com")
_BIRTH_PROBLEMS = {
    "blank": _("Enter the date of birth"),
    "not_real": _("Check the date of birth. There is no such day"),
    "too_early": _("Check the year of birth. It is too long ago"),
    "future": _("Check the date of birth. It is in the future"),
}
_BIRTH_UNREADABLE = _("Enter the date of birth like 3 15 1980")
_TEXT_PROBLEMS = {
    "nul": _("Remove the unusual characters and type it again"),
    "newline": _("Write this on one line"),
}


def _listed(named: Mapping[str, Any]) -> list[SelectChoice]:
    """List choices by value and label, as WTForms takes them."""
    return [SelectChoice(value=value, label=label) for value, label in named.items()]


class PatientForm(SeenForm):
    """A page of the patient's form: the version it was drawn with, and its own key."""

    idempotency_key = HiddenField()

    @property
    def key(self) -> str:
        """The key that makes a repeat harmless."""
        sent = self.idempotency_key.raw_data or [""]
        return str(sent[0])[:64]


class BirthDateField(DateField):
    """A date of birth, which is a real day from 1900 up to today."""

    def pre_validate(self, form: BaseForm) -> None:
        """Read the boxes; say what to do if they hold no date of birth."""
        self.data = None
        today: date = form.today  # type: ignore[attr-defined]  # the form that asks for it has it
        try:
            self.data = contact.birth_date(
                self.year.data, self.month.data, self.day.data, today=today
            )
        except contact.UnfitDate as unfit:
            said = _BIRTH_PROBLEMS.get(unfit.problem, _BIRTH_UNREADABLE)
            raise ValidationError(str(said)) from unfit


def _one_line(limit: int, blank: Any) -> Callable[[Form, Field], None]:
    """Take one line of text without blanks around it, and refuse an empty one."""

    def check(_form: Form, field: Field) -> None:
        try:
            field.data = contact.clean_text(field.data or "", limit=limit).strip()
        except contact.UnfitText as unfit:
            raise ValidationError(_text_problem(unfit, limit)) from unfit
        if not field.data:
            raise ValidationError(str(blank))

    return check


def _text_problem(unfit: contact.UnfitText, limit: int) -> str:
    if unfit.problem == "too_long":
        return str(_("Shorten this to %(limit)s characters", limit=limit))
    return str(_TEXT_PROBLEMS.get(unfit.problem, _TEXT_PROBLEMS["nul"]))


def _chosen(problem: Any) -> Callable[[Form, RadioField], None]:
    """Refuse an answer that is not among the choices, or none at all."""

    def check(_form: Form, field: RadioField) -> None:
        if field.data not in _offered(field):
            raise ValidationError(str(problem))

    return check


def _offered(field: RadioField | SelectMultipleField) -> set[str]:
    return {choice[0] for choice in field.iter_choices()}


class AboutForm(PatientForm):
    """Who asks for care, and how to reach them."""

    name = StringField(
        _("Your name"),
        description=_("First and last name, as on your ID. For a child, the child's name."),
        validators=[_one_line(LONGEST_NAME, _("Enter the name"))],
    )
    birth_date = BirthDateField(
        _("Date of birth"), description=_("Of the person who needs care. For example 3 15 1980.")
    )
    answered_by = RadioField(
        _("Who is filling this in?"),
        choices=_listed(
            {
                "patient": _("I am, for myself"),
                "guardian": _("A parent or legal guardian, for a child"),
            }
        ),
        validate_choice=False,
        validators=[_chosen(_("Choose who is filling this in"))],
    )
    guardian = StringField(_("Name of the parent or guardian"))
    phone = StringField(
        _("Phone number"), description=_("We call this number if we need to ask you something.")
    )
    email = StringField(
        _("Email"),
        description=_("No email? Leave it empty and choose a phone call below. Then we call you."),
    )
    channel = RadioField(
        _("How should we reach you?"),
        choices=_listed({"email": _("By email"), "phone": _("By phone call")}),
        validate_choice=False,
        validators=[_chosen(_("Choose how we should reach you"))],
    )
    language = RadioField(
        _("In which language?"),
        choices=_listed({"en": "English", "es": "Español"}),
        validate_choice=False,
        validators=[_chosen(_("Choose a language"))],
    )

    def __init__(self, *args: Any, today: date, **given: Any) -> None:
        self.today = today
        super().__init__(*args, **given)

    def validate_guardian(self, field: Field) -> None:
        """Ask for a name where a guardian answers."""
        if self.answered_by.data == "guardian":
            _one_line(LONGEST_NAME, _("Enter the name of the parent or guardian"))(self, field)

    def validate_phone(self, field: Field) -> None:
        """Read the number as people write it."""
        try:
            self.number = contact.phone(field.data or "").stored
        except contact.UnfitPhone as unfit:
            raise ValidationError(
                str(_PHONE_PROBLEMS.get(unfit.problem, _PHONE_UNREADABLE))
            ) from unfit

    def validate_email(self, field: Field) -> None:
        """Read the address; it may be empty for somebody whom we call."""
        self.address = None
        try:
            self.address = contact.email(field.data or "")
        except contact.UnfitEmail as unfit:
            if unfit.problem != "blank":
                said = _EMAIL_PROBLEMS.get(unfit.problem, _EMAIL_UNREADABLE)
                raise ValidationError(str(said)) from unfit
            if self.channel.data == "email":
                raise ValidationError(
                    str(_("Enter your email, or choose a phone call below"))
                ) from unfit

    def values(self) -> dict[str, Any]:
        """Return what was typed, normalised, by name."""
        by_guardian = self.answered_by.data == "guardian"
        return {
            "name": self.name.data,
            "birth_date": self.birth_date.data,
            "phone": self.number,
            "email": self.address,
            "channel": self.channel.data,
            "answered_by": self.answered_by.data,
            "language": self.language.data,
            "guardian": self.guardian.data if by_guardian else None,
        }


class PlacesForm(PatientForm):
    """Where it hurts, what the patient hopes for, and when they can come."""

    wanted_regions = SelectMultipleField(
        _("Where does it hurt?"),
        description=_("Tick each place. Left and right are your own left and right."),
        validate_choice=False,
    )
    days = SelectMultipleField(
        _("Which days can you come?"), choices=_listed(DAYS), validate_choice=False
    )
    parts = SelectMultipleField(
        _("At what time of day?"), choices=_listed(PARTS), validate_choice=False
    )
    times = TextAreaField(
        _("Anything we should know about times?"),
        description=_("The front desk reads this. Please write nothing about your health here."),
        validators=[fit_text(LONGEST_WORDS, multiline=True)],
    )
    boxes: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether all that is there can be kept, though something may still be missing."""
        return not any(field.errors for field in self if field is not self.wanted_regions) and not (
            self.wanted_regions.data and self.wanted_regions.errors
        )

    def validate_wanted_regions(self, field: SelectMultipleField) -> None:
        """Ask for a place, or for "not sure"."""
        if not field.data or not set(field.data) <= _offered(field):
            raise ValidationError(str(_("Tick where it hurts, or “Not sure”")))

    def validate_days(self, field: SelectMultipleField) -> None:
        """Keep what is offered."""
        field.data = [value for value in field.data or () if value in _offered(field)]

    validate_parts = validate_days

    def answers(self) -> dict[str, object]:
        """Return what goes into the history."""
        texts = {
            box: self[box].data.strip() for box in self.boxes if (self[box].data or "").strip()
        }
        regions_ticked = sorted(set(self.wanted_regions.data or ()))
        return {"wanted_regions": regions_ticked, **texts}

    def wishes(self) -> dict[str, Any]:
        """Return what the front desk may read."""
        return {
            "days": self.days.data or [],
            "parts": self.parts.data or [],
            "words": (self.times.data or "").strip(),
        }


def places_form(questions: Questionnaire) -> type[PlacesForm]:
    """Build the page of places and wishes, with the boxes for free text that are asked."""
    boxes = [
        question
        for question in questions.questions.values()
        if question.asked == "request" and question.kind == "text" and question.condition is None
    ]
    fields: dict[str, Any] = {"boxes": tuple(question.id for question in boxes)}
    for question in boxes:
        limit = question.max_length or LONGEST_ANSWER
        fields[question.id] = TextAreaField(
            question.text,
            description=question.hint,
            validators=[fit_text(limit, multiline=True)],
        )
    return type("PlacesForm", (PlacesForm,), fields)


@dataclass(frozen=True)
class Node:
    """One question as it stands on its page, with what stands under each of its answers.

    What several answers call for stands in a block, whose number the boxes of those answers name
    in ``opens``. A question with a number of its own shows once a box that names it is chosen.
    """

    kind: str
    name: str
    optional: bool = False
    under: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    blocks: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    after: tuple[Node, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    opens: Mapping[str, str] = field(default_factory=dict)
    number: str = ""


@dataclass(frozen=True)
class Topic:
    """One topic as it stands on its page, under its own heading where the page holds several."""

    id: str
    title: str
    intro: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class _FollowUp:
    """A question that stands under answers of another one.

    ``block`` is the number of the block in which it stands, ``number`` its own.
    """

    question: Question
    values: tuple[str, ...]
    block: str = ""
    number: str = ""


class HistoryForm(PatientForm):
    """One page of the history. The fields are made by `history_form` from the questions."""

    questions: Questionnaire
    topics: tuple[str, ...]
    asked_here: tuple[Question, ...]
    groups: tuple[Group, ...]
    follow_ups: Mapping[str, tuple[_FollowUp, ...]]
    opens: Mapping[str, Mapping[str, str]]
    elsewhere: Answers
    as_of: date
    readable = False  # after validate: all that is there can be kept, something may be missing

    def validate(self, extra_validators: Any = None) -> bool:
        """Read every field, then ask for what the answers call for and is missing."""
        fine: bool = super().validate(extra_validators)
        typed = self._typed(note=True)
        self.readable = fine and not any(field.errors for field in self)
        for group in self.groups:
            if not self._check_ticks(group):
                self.readable = self.readable and not self._read_ticks(group)
        asked = asked_only(self.questions, typed, as_of=self.as_of)
        for topic in self.topics:
            for question in pages.missing(self.questions, topic, asked, as_of=self.as_of):
                self._ask_for(question)
        return fine and not any(field.errors for field in self)

    def given(self) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the readable answers that count, and the boxes shown and left empty."""
        asked = asked_only(self.questions, self._typed(), as_of=self.as_of)
        own = {question.id for question in self.asked_here}
        answers = {key: value for key, value in asked.as_json().items() if key in own}
        return answers, tuple(key for key in self._shown() if answers.get(key) == "no")

    def layout(self) -> tuple[Topic, ...]:
        """Say how the questions stand on the page, by topic, follow-ups under their answers."""
        typed = self._typed()
        return tuple(
            Topic(section.id, section.title, section.intro, nodes)
            for section in map(self.questions.section, self.topics)
            if (nodes := self._nodes(section.id, typed))
        )

    def _nodes(self, topic: str, typed: Answers) -> tuple[Node, ...]:
        groups = pages.groups(self.questions, topic, typed, as_of=self.as_of)
        return tuple(
            self._tick_node(group, typed) if group.ticked else self._node(group.questions[0], typed)
            for group in groups
        )

    def _node(self, question: Question, typed: Answers, number: str = "") -> Node:
        under: dict[str, tuple[Node, ...]] = {}
        blocks: dict[str, tuple[Node, ...]] = {}
        after: list[Node] = []
        for child in self.follow_ups.get(question.id, ()):
            node = self._node(child.question, typed, child.number)
            if child.block:
                blocks[child.block] = (*blocks.get(child.block, ()), node)
            elif len(child.values) == 1:
                under[child.values[0]] = (*under.get(child.values[0], ()), node)
            elif child.values or visible(child.question, typed, as_of=self.as_of):
                after.append(node)
        return Node(
            kind=question.kind,
            name=question.id,
            optional=question.optional,
            under=under,
            blocks=blocks,
            after=tuple(after),
            opens=self.opens.get(question.id, {}),
            number=number,
        )

    def _tick_node(self, group: Group, typed: Answers) -> Node:
        """The group of tick boxes; under each box what a yes calls for."""
        under: dict[str, tuple[Node, ...]] = {}
        doubts: dict[str, tuple[Node, ...]] = {}
        for question in group.questions:
            doubtful = typed.get(question.id) == "not_sure"
            for child in self.follow_ups.get(question.id, ()):
                if "not_sure" in child.values and (doubtful or "yes" not in child.values):
                    node = self._node(child.question, typed)
                    doubts[question.id] = (*doubts.get(question.id, ()), node)
                else:
                    node = self._node(child.question, typed, child.number)
                    under[question.id] = (*under.get(question.id, ()), node)
        unsure = Node("ticks", _unsure_ticks(group), under=doubts)
        hints = {question.id: question.hint for question in group.questions if question.hint}
        return Node("ticks", _ticks(group), under={**under, SOME_NOT_SURE: (unsure,)}, hints=hints)

    def _typed(self, *, note: bool = False) -> Answers:
        """Read what is on the page, beside the answers of the other pages."""
        values: dict[str, object] = {}
        for group in self.groups:
            values |= self._read_ticks(group)
        for question in self._single:
            try:
                value = _READERS[question.kind](self, question)
                read({question.id: value}, self.questions)
            except (ValidationError, UnreadableAnswer) as error:
                if note:
                    self._note(question.id, _problem(question, error))
                continue
            if value is not None:
                values[question.id] = value
        on_page = read(values, self.questions)
        return Answers({**self.elsewhere, **on_page})

    @property
    def _single(self) -> tuple[Question, ...]:
        """The questions that are no box of a group."""
        boxes = {question.id for group in self.groups for question in group.questions}
        return tuple(question for question in self.asked_here if question.id not in boxes)

    def _read_ticks(self, group: Group) -> dict[str, str]:
        """What the boxes say; nothing is said of a group in which nothing was ticked."""
        ids = {question.id for question in group.questions}
        ticked = set(self[_ticks(group)].data or ())
        unsure = ids & set(self[_unsure_ticks(group)].data or ())
        if not ticked & {*ids, NONE_OF_THESE, SOME_NOT_SURE, RATHER_NOT}:
            return {}
        if RATHER_NOT in ticked and group.may_be_withheld:
            return {
                question_id: "yes" if question_id in ticked else RATHER_NOT for question_id in ids
            }
        doubt = SOME_NOT_SURE in ticked
        return {
            question.id: "yes"
            if question.id in ticked
            else "not_sure"
            if doubt and (question.id in unsure or not unsure)
            else "no"
            for question in group.questions
        }

    def _shown(self) -> tuple[str, ...]:
        """The boxes that were left empty beside a tick of their group."""
        return tuple(
            question.id
            for group in self.groups
            if NONE_OF_THESE not in (self[_ticks(group)].data or ())
            for question in group.questions
        )

    def _check_ticks(self, group: Group) -> bool:
        name = _ticks(group)
        ticked = set(self[name].data or ())
        if not self._read_ticks(group):
            said = _("%(topic)s: tick what applies, or “None of these”", topic=self._called(group))
            self._note(name, str(said))
        elif NONE_OF_THESE in ticked and len(ticked) > 1:
            self._note(name, str(_("You ticked “None of these” and something else. Keep one")))
        elif RATHER_NOT in ticked and len(ticked) > 1:
            said = _("You ticked that you would rather not say, and something else. Keep one")
            self._note(name, str(said))
        return not self[name].errors

    def _called(self, group: Group) -> str:
        return str(_group_title(group)) or self.questions.section(group.topic).title

    def _ask_for(self, question: Question) -> None:
        if question in self._single:
            self._note(question.id, str(_("Answer: %(question)s", question=question.text)))

    def _note(self, name: str, problem: str) -> None:
        if not self[name].errors:
            self[name].errors = [problem]


def history_form(
    questions: Questionnaire, page_id: str, elsewhere: Answers, *, as_of: date
) -> type[HistoryForm]:
    """Build the form of one page from its questions, given the answers of other pages."""
    asked_here = pages.own_questions(questions, page_id)
    elsewhere = elsewhere.without(question.id for question in asked_here)
    topics = pages.topics(questions, page_id)
    groups = tuple(
        group
        for topic in topics
        for group in pages.groups(questions, topic, elsewhere, as_of=as_of)
        if group.ticked
    )
    boxes = {question.id for group in groups for question in group.questions}
    follow_ups, opens = _follow_ups(asked_here, boxes, elsewhere, as_of)
    fields: dict[str, Any] = {
        "questions": questions,
        "topics": topics,
        "asked_here": asked_here,
        "groups": groups,
        "follow_ups": follow_ups,
        "opens": opens,
        "elsewhere": elsewhere,
        "as_of": as_of,
    }
    first = {group.questions[0].id: group for group in groups}
    for question in asked_here:
        if question.id in first:
            fields |= _tick_fields(first[question.id])
        elif question.id not in boxes:
            fields |= _question_fields(question, questions)
    return type("HistoryForm", (HistoryForm,), fields)


def _follow_ups(
    asked_here: tuple[Question, ...], boxes: Iterable[str], elsewhere: Answers, as_of: date
) -> tuple[dict[str, tuple[_FollowUp, ...]], dict[str, dict[str, str]]]:
    """What stands under each question, in order; and what each answer opens, by number."""
    found: dict[str, tuple[_FollowUp, ...]] = {}
    numbers: dict[tuple[tuple[str, str], ...], str] = {}
    for question in asked_here:
        place = pages.opening(question, asked_here, elsewhere, as_of=as_of)
        if place is None:
            continue
        several = len(place.values) > 1 and place.parent.kind in ("choice", "side")
        openers = tuple((place.parent.id, slug) for slug in place.values)
        block = several and place.parent.id not in boxes
        follow_up = _FollowUp(
            question,
            place.values,
            numbers.setdefault(openers, str(len(numbers) + 1)) if block else "",
            numbers.setdefault(place.openers, str(len(numbers) + 1)) if place.openers else "",
        )
        found[place.parent.id] = (*found.get(place.parent.id, ()), follow_up)
    opens: dict[str, dict[str, str]] = {}
    for openers, number in numbers.items():
        for question_id, slug in openers:
            before = opens.setdefault(question_id, {}).get(slug)
            opens[question_id][slug] = f"{before} {number}" if before else number
    return found, opens


def _ticks(group: Group) -> str:
    return f"ticks-{group.id}"


def _unsure_ticks(group: Group) -> str:
    return _unsure(_ticks(group))


def _group_title(group: Group) -> Any:
    """What a group is called; the boxes of a topic that are in no named one need no name."""
    return group.title or (_("Private questions") if group.private else "")


def _tick_fields(group: Group) -> dict[str, Any]:
    items = {question.id: question.text for question in group.questions}
    more = {SOME_NOT_SURE: _("Not sure about some"), NONE_OF_THESE: _("None of these")}
    if group.may_be_withheld:
        more[RATHER_NOT] = _("I would rather not say")
    what = _("Tick everything that is true for you")
    title = _group_title(group)
    return {
        _ticks(group): SelectMultipleField(
            title or what,
            description=what if title else "",
            choices=_listed({**items, **more}),
            validate_choice=False,
        ),
        _unsure_ticks(group): SelectMultipleField(
            _("Which ones are you not sure about?"), choices=_listed(items), validate_choice=False
        ),
    }


def _question_fields(question: Question, questions: Questionnaire) -> dict[str, Any]:
    about: dict[str, Any] = {"label": question.text, "description": question.hint}
    made: dict[str, Any] = {}
    if question.kind in ("choice", "side"):
        choices = {choice.slug: choice.text for choice in question.choices}
        made[question.id] = RadioField(**about, choices=_listed(choices), validate_choice=False)
    elif question.kind in ("choices", "regions"):
        made[question.id] = SelectMultipleField(
            **about, choices=_listed(_boxes(question, questions)), validate_choice=False
        )
    elif question.kind == "date":
        made[question.id] = DateField(**about, optional=True)
    elif question.kind == "number":
        made[question.id] = StringField(**about)
    else:
        made[question.id] = TextAreaField(**about)
    if question.kind == "medicines" or _may_be_unsure(question):
        way_out = _("I take no medicines") if question.kind == "medicines" else _("I am not sure")
        made[_unsure(question.id)] = BooleanField(way_out, false_values=("", False))
    return made


def _boxes(question: Question, questions: Questionnaire) -> dict[str, Any]:
    if question.kind == "regions":
        return _regions_named(questions)
    choices: dict[str, Any] = {choice.slug: choice.text for choice in question.choices}
    if question.may_be_none:
        choices[NONE_OF_THESE] = _("None of these")
    return choices


def region_choices(questions: Questionnaire) -> list[SelectChoice]:
    """List every place by its name, left beside right where there are both, and "not sure"."""
    return _listed(_regions_named(questions))


def _regions_named(questions: Questionnaire) -> dict[str, Any]:
    body = questions.body
    order = {region: place for place, region in enumerate(body.ids)}
    parts = sorted(body.expand(body.kinds), key=order.__getitem__)
    named = {part: body.label(part, questions.language) for part in parts}
    return {**named, "not_sure": _("Not sure")}


def shown_text(field: Field) -> str:
    """Say in words what a field holds, to lay two versions of a page side by side."""
    if isinstance(field, RadioField | SelectMultipleField):
        return ", ".join(str(choice[1]) for choice in field.iter_choices() if choice[2])
    if isinstance(field, DateField):
        return "-".join(part.data for part in (field.month, field.day, field.year) if part.data)
    if isinstance(field, BooleanField):
        return str(_("Ticked")) if field.data else ""
    return str(field.data or "")


def _may_be_unsure(question: Question) -> bool:
    return question.kind in ("date", "number") and not question.optional


def _unsure(name: str) -> str:
    return f"{name}-unsure"


def history_data(
    form_class: type[HistoryForm],
    answers: Mapping[str, Any],
    shown: Iterable[str],
    *,
    finished: bool = True,
) -> dict[str, Any]:
    """Turn saved answers into what the fields of a page show.

    On a page that was left unfinished the boxes that were ticked are, and no more is said.
    """
    data: dict[str, Any] = {}
    for question in form_class.asked_here:
        value = answers.get(question.id)
        if value is not None:
            data |= _shown_as(question, value)
    for group in form_class.groups:
        saved = {question.id: answers.get(question.id) for question in group.questions}
        if all(saved.values()):
            beside = any(question_id in saved for question_id in shown)
            data |= _ticks_shown(group, saved, beside_a_tick=beside)
        elif any(saved.values()) and not finished:
            data |= _ticks_shown(group, saved, beside_a_tick=True)
    return data


def _ticks_shown(group: Group, saved: Mapping[str, Any], *, beside_a_tick: bool) -> dict[str, Any]:
    unsure = [key for key, value in saved.items() if value == "not_sure"]
    ticked = [key for key, value in saved.items() if value == "yes"]
    more = [SOME_NOT_SURE] if unsure else []
    if RATHER_NOT in saved.values():
        more.append(RATHER_NOT)
    if not ticked and not more and not beside_a_tick:
        more = [NONE_OF_THESE]
    return {_ticks(group): [*ticked, *more], _unsure_ticks(group): unsure}


def _shown_as(question: Question, value: Any) -> dict[str, Any]:
    name = question.id
    if _may_be_unsure(question) and value == "not_sure":
        return {_unsure(name): True}
    shown: Any = value
    if question.kind == "date":
        shown = date.fromisoformat(value)
    elif question.kind == "number":
        shown = str(value)
    elif question.kind == "regions":
        shown = places_shown(value)
    elif question.kind == "choices" and not value:
        shown = [NONE_OF_THESE]
    elif question.kind == "medicines":
        return {name: "\n".join(value), _unsure(name): not value}
    return {name: shown}


def places_shown(saved: object) -> list[str]:
    """Turn saved regions into the boxes that show them: two halves for a whole."""
    known = {str(region) for region in saved} if isinstance(saved, list) else set()
    unsure = known & {"not_sure", "prefer_not"}
    return [*regions.expand(known - unsure), *unsure]


def _read_choice(form: HistoryForm, question: Question) -> object:
    value = form[question.id].data
    if value in (None, "", "None"):
        return None
    if value not in question.slugs:
        raise ValidationError(str(_("Choose one of the answers")))
    return value


def _read_choices(form: HistoryForm, question: Question) -> object:
    ticked = list(form[question.id].data or ())
    if not ticked:
        return None
    if NONE_OF_THESE in ticked and question.may_be_none:
        if len(ticked) > 1:
            raise ValidationError(str(_("You ticked “None of these” and something else. Keep one")))
        return []
    return ticked


def _read_date(form: HistoryForm, question: Question) -> object:
    boxes, unsure = form[question.id], _says_unsure(form, question)
    parts = [part.data for part in (boxes.year, boxes.month, boxes.day)]
    if unsure:
        if any(parts):
            raise ValidationError(str(_("Enter a date or tick “I am not sure”, not both")))
        return "not_sure"
    if not any(parts):
        return None
    return _day(*parts).isoformat()


def _says_unsure(form: HistoryForm, question: Question) -> bool:
    return _may_be_unsure(question) and bool(form[_unsure(question.id)].data)


def _read_number(form: HistoryForm, question: Question) -> object:
    typed = (form[question.id].data or "").strip()
    if _says_unsure(form, question):
        if typed:
            raise ValidationError(str(_("Enter a number or tick “I am not sure”, not both")))
        return "not_sure"
    if not typed:
        return None
    plain = typed.replace(",", ".")
    if len(plain) > LONGEST_NUMBER or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", plain, re.ASCII):
        raise ValidationError(str(_("Enter a number, such as 70")))
    return float(plain) if "." in plain else int(plain)


def _read_text(form: HistoryForm, question: Question) -> object:
    limit = question.max_length or LONGEST_ANSWER
    try:
        text = contact.clean_text(form[question.id].data or "", limit=limit, multiline=True)
    except contact.UnfitText as unfit:
        raise ValidationError(_text_problem(unfit, limit)) from unfit
    return text.strip() or None


def _read_regions(form: HistoryForm, question: Question) -> object:
    return sorted(set(form[question.id].data or ())) or None


def _read_medicines(form: HistoryForm, question: Question) -> object:
    typed, none = form[question.id].data or "", form[_unsure(question.id)].data
    limit = question.max_length or LONGEST_NOTE
    try:
        lines = contact.clean_text(typed, limit=limit, multiline=True).splitlines()
    except contact.UnfitText as unfit:
        raise ValidationError(_text_problem(unfit, limit)) from unfit
    taken = [line.strip() for line in lines if line.strip()]
    if none and taken:
        raise ValidationError(str(_("You wrote medicines and ticked that you take none. Keep one")))
    return [] if none else (taken or None)


_READERS: Mapping[str, Callable[[HistoryForm, Question], object]] = {
    "choice": _read_choice,
    "side": _read_choice,
    "choices": _read_choices,
    "date": _read_date,
    "number": _read_number,
    "text": _read_text,
    "regions": _read_regions,
    "medicines": _read_medicines,
}


def _problem(question: Question, error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error)
    if question.kind == "number":
        low, high = question.minimum, question.maximum
        return str(_("Enter a number from %(low)s to %(high)s", low=low, high=high))
    if question.kind == "regions":
        return str(_("Choose places from the list"))
    return str(_("Choose one of the answers"))


class ConsentForm(PatientForm):
    """The yes to the use of data, in the words that were shown."""

    text_hash = HiddenField()
    agree = BooleanField(
        _("I have read this, and you may use my answers in this way"), false_values=("", False)
    )

    def validate_agree(self, field: Field) -> None:
        """Ask for the yes."""
        if not field.data:
            raise ValidationError(str(_("Tick the box to go on, or call us instead")))


class HeardConsentForm(ConsentForm):
    """The same yes, given by voice to the member of staff who read the words out."""

    agree = BooleanField(
        _("I read this out, and the person said yes to it"), false_values=("", False)
    )

    def validate_agree(self, field: Field) -> None:
        """Ask for the yes."""
        if not field.data:
            raise ValidationError(str(_("Tick the box when the person has said yes")))


def _source() -> RadioField:
    ways = {"phone": _("By phone"), "paper": _("On paper"), "desk": _("In person at the desk")}
    return RadioField(
        _("How does this reach us?"),
        choices=_listed(ways),
        validate_choice=False,
        validators=[_chosen(_("Choose how this reaches us"))],
    )


class KeyedAboutForm(AboutForm):
    """Who asks for care, written by staff; and how the request reached the clinic."""

    source = _source()


class AskAgainForm(PatientForm):
    """How the answers of somebody who is asked again reach the clinic."""

    source = _source()


class MailedCodeForm(PatientForm):
    """The six digits of a mailed code."""

    code = StringField(_("Six-digit code"))

    def validate_code(self, field: Field) -> None:
        """Take the digits, however they were typed or pasted."""
        digits = "".join(one for one in (field.data or "")[:40] if one not in " -\t\u00a0")
        if len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
            raise ValidationError(str(_("Enter the six digits from our email")))
        field.data = digits


class ConfirmForm(PatientForm):
    """Confirms the answers that the page showed."""

    intake = HiddenField(validators=[InputRequired()])

    def validate_intake(self, field: Field) -> None:
        """Refuse what is no id."""
        _known_by(UUID, field)

    @property
    def intake_id(self) -> UUID:
        """The version, which a valid form names."""
        return UUID(self.intake.data)


class ReplyForm(SeenForm):
    """What the patient replies to a therapist's question."""

    review = HiddenField(validators=[InputRequired()])
    reply = TextAreaField(
        _("Your answer"),
        validators=[
            InputRequired(_("Write your answer, or call us")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )

    def validate_review(self, field: Field) -> None:
        """Refuse what is no id."""
        _known_by(UUID, field)

    @property
    def review_id(self) -> UUID:
        """The question, which a valid form names."""
        return UUID(self.review.data)

    @property
    def words(self) -> str:
        """The reply without blanks around it."""
        return (self.reply.data or "").strip()


# --- Front desk ------------------------------------------------------------------------------


class Envelope(SeenForm):
    """What travels unseen with every act of the desk: the key, and a deliberate take-over."""

    idempotency_key = HiddenField(validators=[fit_text(64)])
    take_over = HiddenField()

    @property
    def key(self) -> str:
        """The key that makes a repeat harmless; a page that sends none gets no second go."""
        return self.idempotency_key.data or ""

    @property
    def takes_over(self) -> bool:
        """Whether the sender knows that somebody else has the request and goes on."""
        return bool(self.take_over.data == "1")


class LaterDateField(DateField):
    """A date that lies ahead of the day that the view names as ``today``."""

    today: date | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Read the boxes; refuse a day that is not after today or more than a year off."""
        super().pre_validate(form)
        if self.data is None or self.today is None:
            return
        if not self.today < self.data <= self.today + timedelta(days=366):
            raise ValidationError(str(_("Enter a day after today, within a year")))


def fit_phone(_form: Form, field: Field) -> None:
    """Turn a phone number as typed into the one form that is kept."""
    if not (field.data or "").strip():
        field.data = None
        return
    try:
        field.data = contact.phone(field.data).stored
    except contact.UnfitPhone as unfit:
        field.data = _printable(field.data)
        raise ValidationError(str(_("Enter a phone number like (212) 555-0142"))) from unfit


def fit_email(_form: Form, field: Field) -> None:
    """Turn an e-mail address as typed into the one form that is kept."""
    if not (field.data or "").strip():
        field.data = None
        return
    try:
        field.data = contact.email(field.data)
    except contact.UnfitEmail as unfit:
        field.data = _printable(field.data)
        raise ValidationError(str(_("Enter one e-mail address like name@example.com"))) from unfit


class QueueForm(Form):
    """The filter of the queue; it travels in the address."""

    q = StringField(_("Name, phone or reference"))
    action = SelectField(_("To do"), validate_choice=False)
    language = SelectField(_("Language"), validate_choice=False)
    location = SelectField(_("Location"), validate_choice=False)


class AttemptForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """One try to contact the patient; the button says how it ended."""

    outcome = RadioField(_("What happened?"), validators=[InputRequired(_("Choose what happened"))])
    number = StringField(
        _("Number dialed"),
        validators=[InputRequired(_("Enter the number that was dialed")), fit_phone],
    )
    next_open = BooleanField(_("Try again on the next open day"))  # the view names the day
    next_try = LaterDateField(_("Try again on another day"), optional=True)


class NoteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A note of the desk."""

    body = TextAreaField(
        _("Note"),
        validators=[
            InputRequired(_("Write the note first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )


class SaidForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A reason from a list, and words to it; "another reason" says nothing without them."""

    because = RadioField(_("Why?"), validators=[InputRequired(_("Choose a reason"))])
    words = StringField(_("A few words about it"), validators=[fit_text(200)])

    def validate_because(self, field: Field) -> None:
        """Ask for words where the reason alone tells nothing."""
        if field.data == "other" and not (self.words.data or "").strip():
            raise ValidationError(str(_("Say in a few words what the reason is")))


class WaitForm(SaidForm):
    """Until when a request is set aside, and why."""

    until = LaterDateField(_("Wait until"))


class ReopenForm(SaidForm):
    """Why a closed request is taken up again."""


class CloseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Why a request is closed."""

    reason = RadioField(_("Why is it closed?"), validators=[InputRequired(_("Choose a reason"))])


class LetterForm(Envelope):
    """A letter of the desk's own words to a patient."""

    subject = StringField(
        _("Subject"), validators=[InputRequired(_("Write a subject")), fit_text(120)]
    )
    body = TextAreaField(
        _("Letter"),
        validators=[
            InputRequired(_("Write the letter first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )

    @property
    def written(self) -> tuple[str, str]:
        """The subject and the letter, as typed."""
        return self.subject.data or "", self.body.data or ""


class ContactForm(Envelope):
    """How to reach a patient."""

    phone = StringField(_("Phone"), validators=[fit_phone])
    email = StringField(_("Email"), validators=[fit_email])
    channel = RadioField(_("Preferred way"), validators=[InputRequired(_("Choose one"))])
    language = RadioField(_("Language"), validators=[InputRequired(_("Choose one"))])

    def validate_channel(self, field: Field) -> None:
        """Refuse a preferred way that leads nowhere."""
        if field.data in ("phone", "email") and not getattr(self, field.data).data:
            raise ValidationError(str(_("There is no such address or number to reach them by")))


class WhereForm(Form):
    """With whom, where and from which day on to look for free times; it travels in the address."""

    therapist = SelectField(_("Therapist"), validate_choice=False)
    location = SelectField(_("Location"), validate_choice=False)
    first = StringField(_("From"), name="from")
    kind = SelectField(_("Kind of visit"), validate_choice=False)


class SlotForm(Envelope):
    """One time, chosen from a list of free ones."""

    therapist = HiddenField()
    location = HiddenField()
    kind = HiddenField()
    starts = RadioField(
        _("Which time?"), validate_choice=False, validators=[InputRequired(_("Choose a time"))]
    )


class HoursForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Weekly hours of a therapist at a location."""

    therapist = SelectField(_("Therapist"))
    location = SelectField(_("Location"))
    weekday = SelectField(_("Day"), coerce=int)
    opens = TimeField(_("From"), validators=[InputRequired(_("Enter a time like 09:00"))])
    closes = TimeField(_("Until"), validators=[InputRequired(_("Enter a time like 17:00"))])


class ClosureForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Days on which a location or a therapist sees nobody; whose, by kind and id."""

    who = SelectField(_("Who is away"))
    first = DateField(_("First day"))
    last = DateField(_("Last day"))


# --- Therapists ------------------------------------------------------------------------------


def _region_choices() -> list[tuple[str, str]]:
    body = regions.shipped()
    return [(region, body.label(region)) for region in body.ids]


class KeyedForm(SeenForm):
    """A form that makes something, with the key that makes a repeat harmless."""

    idempotency_key = HiddenField(
        validators=[InputRequired(_("Open the page again")), fit_text(64)]
    )

    @property
    def key(self) -> str:
        """The key, which a valid form has."""
        return self.idempotency_key.data or ""


class OverrideForm(Form):
    """Why needling is right although one finding asks for caution."""

    finding = HiddenField(validators=[fit_text(80)])
    code = SelectField(_("Why needling is right although a rule asks for caution"))
    reason = TextAreaField(
        _("The reason in one sentence"), validators=[fit_text(LONGEST_NOTE, multiline=True)]
    )


class DecisionForm(KeyedForm):
    """What a therapist signs; the choices' words come from the words table."""

    intake_id = HiddenField(validators=[InputRequired()])
    decision = RadioField(
        _("What do you decide?"), validators=[InputRequired(_("Choose a decision"))]
    )
    regions = SelectMultipleField(_("Regions that may be needled"), choices=_region_choices)
    other_regions = SelectMultipleField(_("Other regions"), choices=_region_choices)
    technique = SelectMultipleField(_("Technique"))
    positions = SelectMultipleField(_("Position"))
    grounds = SelectField(
        _("Why needling is right although a rule asks for caution"),
        filters=[lambda code: code or ""],  # it is not there where each finding has its own
    )
    overrides = FieldList(FormField(OverrideForm), max_entries=300)  # one a finding, three an item
    question = TextAreaField(
        _("Your question, as the patient reads it"),
        description=_("Short and plain. The patient answers it, then sends the history again."),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )
    sections = SelectMultipleField(_("Topics to answer again"))
    reason = TextAreaField(
        _("The reason in one sentence"), validators=[fit_text(LONGEST_NOTE, multiline=True)]
    )
    not_before = DateField(
        _("Not before"), optional=True, description=_("Left empty: from today on.")
    )
    valid_until = DateField(
        _("Good until"), optional=True, description=_("Left empty: as long as the answers count.")
    )
    again_on = DateField(
        _("Look at it again on"),
        optional=True,
        description=_("The request comes back by itself on that day."),
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

    @property
    def places(self) -> tuple[str, ...]:
        """Every region that is ticked, wanted or not."""
        return (*(self.regions.data or ()), *(self.other_regions.data or ()))

    def refuse_override(self, finding: str, field_name: str, problem: str) -> None:
        """Show what the service refused beside the override of one finding."""
        named = {"reason_code": "code", "reason": "reason"}[field_name]
        for entry in self.overrides:
            if entry.form.finding.data == finding:
                field = entry.form[named]
                field.errors = [*field.errors, problem]
                return
        self.refuse(field_name, problem)

    def refuse(self, field_name: str, problem: str) -> None:
        """Show what the service refused beside the field that the therapist sees for it."""
        shown = {"reason_code": "grounds"}
        if self.decision.data == "delay":
            shown["not_before"] = "again_on"
        super().refuse(shown.get(field_name, field_name), problem)

    def values(self) -> dict[str, Any]:
        """Return the signed values by name."""
        delays = self.decision.data == "delay"
        return {
            "decision": self.decision.data,
            "intake_id": UUID(self.intake_id.data),
            "reason_code": self.grounds.data or None,
            "reason": self.reason.data or "",
            "regions": self.places,
            "technique": tuple(self.technique.data or ()),
            "positions": tuple(self.positions.data or ()),
            "not_before": self.again_on.data if delays else self.not_before.data,
            "valid_until": self.valid_until.data,
            "note": self.note.data or "",
            "question": self.question.data or "",
            "sections": tuple(self.sections.data or ()),
        }

    def overriding(self) -> list[tuple[str, str | None, str]]:
        """Return each override that was begun: the finding, the coded reason, the sentence."""
        return [
            (one["finding"], one["code"] or None, one["reason"] or "")
            for one in self.overrides.data
            if one["code"] or (one["reason"] or "").strip()
        ]


class WithdrawForm(SeenForm):
    """Withdraws a clearance."""

    why = TextAreaField(
        _("Why it is withdrawn"),
        description=_("Only therapists read this."),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )


class UrgentForm(SeenForm):
    """Closes an urgent flag."""

    why_not = TextAreaField(
        _("Note, if no call reached the patient"),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )

    def refuse(self, field_name: str, problem: str) -> None:
        """Show what the service refused beside the one field."""
        super().refuse("why_not" if field_name == "note" else field_name, problem)


class AlertForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Takes up an urgent alert just as the page showed it."""

    alert = HiddenField(validators=[InputRequired()])
    raised_at = HiddenField(validators=[InputRequired()])

    def validate_alert(self, field: Field) -> None:
        """Refuse what is no id."""
        _known_by(UUID, field)

    def validate_raised_at(self, field: Field) -> None:
        """Refuse what is no instant with its zone."""
        _known_by(datetime.fromisoformat, field)
        if datetime.fromisoformat(field.data or "").tzinfo is None:
            raise ValidationError(str(_("Open the page again")))

    @property
    def alert_id(self) -> UUID:
        """The alert, which a valid form names."""
        return UUID(self.alert.data)

    @property
    def raised(self) -> datetime:
        """When it was raised, as the page showed it."""
        return datetime.fromisoformat(self.raised_at.data or "")


def _known_by(read: Callable[[str], object], field: Field) -> None:
    try:
        read(field.data or "")
    except ValueError as error:
        raise ValidationError(str(_("Open the page again"))) from error


class ClinicalNoteForm(KeyedForm):
    """A note that only therapists read."""

    body = TextAreaField(
        _("New clinical note"),
        description=_("Only therapists read this."),
        validators=[
            InputRequired(_("Write the note first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )


# --- Enquiries -------------------------------------------------------------------------------

LONGEST_QUESTION = 2000


def written(blank: Any, *, limit: int = LONGEST_QUESTION) -> Callable[[Form, Field], None]:
    """Take text of several lines without blanks around it, and refuse an empty one."""

    def check(form: Form, field: Field) -> None:
        fit_text(limit, multiline=True)(form, field)
        field.data = (field.data or "").replace("\r\n", "\n").strip()
        if not field.data:
            raise ValidationError(str(blank))

    return check


class EnquiryForm(PatientForm):
    """A question from the public pages."""

    name = StringField(
        _("Your name (required)"), validators=[_one_line(LONGEST_NAME, _("Enter your name"))]
    )
    email = StringField(
        _("Your email (required)"),
        description=_("We send our answer there. We never publish it."),
    )
    phone = StringField(_("Phone number"), description=_("If we may call you about it."))
    question = TextAreaField(
        _("Your question (required)"),
        description=_(
            "Please do not write about your own health here. "
            "The request form asks about it, and keeps it apart."
        ),
        validators=[written(_("Write your question"))],
    )
    language = RadioField(
        _("In which language should we answer? (required)"),
        choices=_listed({"en": "English", "es": "Español"}),
        validate_choice=False,
        validators=[_chosen(_("Choose a language"))],
    )
    may_publish = BooleanField(
        _("You may show my question and your answer on your website"), false_values=("", False)
    )

    def validate_email(self, field: Field) -> None:
        """Read the address; the answer goes there."""
        try:
            self.address = contact.email(field.data or "")
        except contact.UnfitEmail as unfit:
            said = _EMAIL_PROBLEMS.get(unfit.problem, _EMAIL_UNREADABLE)
            raise ValidationError(str(said)) from unfit

    def validate_phone(self, field: Field) -> None:
        """Read the number as people write it; it may be empty."""
        self.number: str | None = None
        if not (field.data or "").strip():
            return
        try:
            self.number = contact.phone(field.data).stored
        except contact.UnfitPhone as unfit:
            said = _PHONE_PROBLEMS.get(unfit.problem, _PHONE_UNREADABLE)
            raise ValidationError(str(said)) from unfit

    def values(self) -> dict[str, Any]:
        """Return what was typed, normalised, by name."""
        return {
            "name": self.name.data,
            "email": self.address,
            "phone": self.number,
            "words": self.question.data,
            "language": self.language.data,
            "may_publish": bool(self.may_publish.data),
        }


class EnquirySearchForm(Form):
    """Finds a question; it travels in the address."""

    q = StringField(_("Reference or e-mail"))


class EnquiryAnswerForm(Envelope):
    """An answer by letter, looked at before it is sent."""

    text = TextAreaField(
        _("Answer"), validators=[written(_("Write the answer first"), limit=LONGEST_NOTE)]
    )
    again = HiddenField()
    read_again = BooleanField(
        _("I have read these words again: the letter tells nothing about this person"),
        false_values=("", False),
    )

    @property
    def is_another(self) -> bool:
        """Whether the sender knows that a letter went out before."""
        return bool(self.again.data == "1")


class EnquiryCallForm(Envelope):
    """One call to the writer of a question; the button says how it ended."""

    outcome = RadioField(_("What happened?"), validators=[InputRequired(_("Choose what happened"))])


class EnquiryUrgentForm(Envelope):
    """A clinician takes an urgent question off the top."""

    why = TextAreaField(
        _("If nobody reached the writer: why it is closed all the same"),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )


class EnquiryCloseForm(Envelope):
    """Why a question is closed."""

    reason = RadioField(_("Why is it closed?"), validators=[InputRequired(_("Choose a reason"))])


class EnquiryPublishForm(Envelope):
    """A question and its answer in words for everybody."""

    question = TextAreaField(
        _("Question, for everybody"), validators=[written(_("Write the question"))]
    )
    answer = TextAreaField(
        _("Answer, for everybody"), validators=[written(_("Write the answer"), limit=LONGEST_NOTE)]
    )
    tells_nobody = BooleanField(
        _("I have read it: nothing in it tells who asked"), false_values=("", False)
    )

    def validate_tells_nobody(self, field: Field) -> None:
        """Ask for the tick."""
        if not field.data:
            raise ValidationError(str(_("Read both texts once more, then tick the box")))


class EnquiryRequestForm(Envelope):
    """A question becomes a request, or is joined to one."""

    address_checked = BooleanField(
        _("I read the e-mail address back to them on the phone, and it is right"),
        false_values=("", False),
    )
    request_reference = HiddenField(validators=[fit_text(40)])


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


# --- Settings --------------------------------------------------------------------------------

SETTING_LABELS: Mapping[str, tuple[Any, Any]] = {
    "clinic_name": (_("Clinic's name"), _("As patients read it, on pages and in letters.")),
    "clinic_phone": (_("Phone"), _("On every page and in every letter.")),
    "clinic_address": (_("Postal address"), _("One line each.")),
    "clinic_hours": (_("Opening hours in words"), _("Such as: Monday to Friday, 8 AM to 5 PM.")),
    "clinic_hours_es": (
        _("Opening hours in Spanish"),
        _("Empty: pages in Spanish say none."),
    ),
    "closed_banner": (
        _("Banner while the clinic is closed"),
        _("Shown on top of patients' pages until you empty it."),
    ),
    "closed_banner_es": (_("The banner in Spanish"), _("Empty: the English words are shown.")),
    "languages": (_("Languages offered to patients"), _("English is always offered.")),
    "prices": (_("Prices"), _("One line each. Empty: the page says to call.")),
    "prices_es": (_("Prices in Spanish"), _("Empty: the page in Spanish says to call.")),
    "insurance": (_("Insurance"), _("One line each. Empty: the page says to call.")),
    "insurance_es": (_("Insurance in Spanish"), _("Empty: the page in Spanish says to call.")),
    "alert_email": (
        _("Where urgent alerts are mailed"),
        _("Addresses that somebody reads all day; several are parted by commas."),
    ),
    "alert_escalate_email": (
        _("Where an alert goes that nobody took up"),
        _("Empty: to the addresses above, again."),
    ),
    "alert_minutes": (
        _("Minutes until an alert that nobody took up goes there"),
        _("Counted day and night."),
    ),
    "alert_escalations": (
        _("How often such an alert is mailed again at most"),
        _("Staff pages stay red until somebody takes it up, however often it was mailed."),
    ),
    "offer_hours": (_("Hours for which an offered time is held"), ""),
    "visit_minutes": (_("Minutes of a visit"), _("In steps of five.")),
    "buffer_minutes": (_("Minutes kept free after a visit"), _("In steps of five.")),
    "reminder_hours": (_("Hours before a visit at which the patient is reminded"), ""),
    "target_contact_hours": (
        _("Opening hours within which a new request is answered"),
        _("A target: the queue shows what is late."),
    ),
    "target_decision_hours": (
        _("Opening hours within which a therapist decides"),
        _("A target: the queue shows what is late."),
    ),
    "draft_days": (_("Days for which an unfinished request is kept"), _("Patients read this.")),
    "link_days": (_("Days for which a mailed link to the status page is good"), ""),
    "enquiry_days": (_("Days for which a question is kept once it is answered or closed"), ""),
    "request_years": (
        _("Years after which a closed request is erased"),
        _("0: never. Ask which period the law of your state sets before you choose one."),
    ),
    "outbox_days": (_("Days for which the text of a sent letter is kept"), ""),
    "backup_days": (_("Days after which a backup is removed"), ""),
    "restore_rehearsed_on": (
        _("Day on which restoring a backup was last rehearsed"),
        _("Year, month and day, like 2026-11-30."),
    ),
}


class SettingsForm(SeenForm):
    """The settings of one group; each is read by the rules of clinic.effective."""

    def values(self) -> dict[str, str]:
        """Give the settings as text, by name."""
        found = {}
        for name in effective.EDITS:
            if name in self._fields:
                typed_now = self._fields[name].data
                found[name] = (
                    ",".join(typed_now) if isinstance(typed_now, list) else typed_now or ""
                )
        return found


def settings_form(group: str) -> type[SettingsForm]:
    """Build the form of one group of settings."""
    members = {name: _setting_field(name) for name in effective.group(group)}
    return type("SettingsForm", (SettingsForm,), members)


def shown_setting(name: str, value: str) -> Any:
    """Give the stored text of a setting as its field takes it."""
    kind = effective.EDITS[name].kind
    if kind == "languages":
        return value.split(",")
    if kind == "emails":
        return value.replace(",", ", ")
    return value.replace("|", "\n") if kind == "lines" else value


def _setting_field(name: str) -> Any:
    label, hint = SETTING_LABELS[name]
    given: dict[str, Any] = {"description": hint, "validators": [_fit_setting]}
    match effective.EDITS[name].kind:
        case "lines":
            return TextAreaField(label, **given)
        case "languages":
            named = _listed({"en": "English", "es": "Español"})
            return SelectMultipleField(label, choices=named, **given)
        case _:
            return StringField(label, **given)


def _fit_setting(_form: Form, field: Field) -> None:
    typed_now = ",".join(field.data) if isinstance(field.data, list) else field.data or ""
    try:
        effective.read(field.name, typed_now)
    except effective.UnfitValue as unfit:
        if isinstance(field.data, str):
            field.data = _printable(field.data)
        raise ValidationError(str(_setting_problem(field.name, unfit))) from unfit


def _setting_problem(name: str, unfit: effective.UnfitValue) -> Any:
    said: dict[str, Any] = {
        "blank": _("Write something here: the clinic needs it"),
        "too_long": _("Shorten this to %(limit)s characters", limit=unfit.high),
        "no_phone": _("Enter a phone number with its area code, like (555) 555-0100"),
        "no_email": _("Enter email addresses like name@example.com, parted by commas"),
        "no_date": _("Enter a day like 2026-11-30"),
        "no_language": _("Choose from the languages listed"),
        "off_step": _("Enter a number in steps of %(step)s", step=effective.EDITS[name].step),
    }
    numbers = _("Enter a whole number from %(low)s to %(high)s", low=unfit.low, high=unfit.high)
    said |= {"no_number": numbers, "out_of_bounds": numbers}
    return said.get(unfit.problem, _("Remove the unusual characters and type it again"))


class PlaceForm(SeenForm):
    """A location: where it is, by which clock, and under which law."""

    name = StringField(
        _("Name"), validators=[InputRequired(_("Enter the location's name")), fit_text(120)]
    )
    address = StringField(
        _("Address"), description=_("As it is printed in letters."), validators=[fit_text(300)]
    )
    phone = StringField(
        _("Phone of this location"), description=_("Empty: the clinic's."), validators=[fit_phone]
    )
    zone = SelectField(_("Time zone"), description=_("Every visit there is shown by this clock."))
    state = StringField(
        _("US state"),
        description=_("Two letters, such as WA."),
        validators=[InputRequired(_("Enter the two letters of the state"))],
    )
    needling_law = RadioField(
        _("Does this state let your therapists needle?"),
        validators=[InputRequired(_("Choose what the law says"))],
    )
    legal_basis = TextAreaField(
        _("The statute or rule that says so"), validators=[fit_text(1000, multiline=True)]
    )
    law_reviewed_on = DateField(_("When a person last checked the law"), optional=True)
    law_review_by = DateField(_("Check it again by"), optional=True)
    active = BooleanField(_("Patients can be seen here"), default=True)

    def validate_state(self, field: Field) -> None:
        """Take two letters."""
        field.data = field.data.strip().upper()
        if len(field.data) != 2 or not field.data.isalpha() or not field.data.isascii():
            raise ValidationError(str(_("Enter the two letters of the state")))


class OpeningForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """When a location is open, on some weekdays."""

    weekdays = SelectMultipleField(
        _("Days"), coerce=int, validators=[InputRequired(_("Choose one day or more"))]
    )
    opens = TimeField(_("From"), validators=[InputRequired(_("Enter a time like 09:00"))])
    closes = TimeField(_("Until"), validators=[InputRequired(_("Enter a time like 17:00"))])


# --- Offers and visits -----------------------------------------------------------------------

MOST_TIMES = 3
LONGEST_REASON = 500


class WordsForm(PatientForm):
    """What a patient writes about other times, if anything."""

    words = TextAreaField(
        _("When could you come?"),
        description=_("The front desk reads this. Please write nothing about your health here."),
        validators=[fit_text(LONGEST_WORDS, multiline=True)],
    )


class OfferForm(Envelope):
    """One to three times, chosen from a list of free ones."""

    therapist = HiddenField()
    location = HiddenField()
    kind = HiddenField()
    starts = SelectMultipleField(_("Which times?"), validate_choice=False)

    def validate_starts(self, field: SelectMultipleField) -> None:
        """Take one to three times, each once."""
        field.data = list(dict.fromkeys(field.data or ()))
        if not field.data:
            raise ValidationError(str(_("Choose a time")))
        if len(field.data) > MOST_TIMES:
            raise ValidationError(str(_("Choose up to three times")))


class CancelForm(Envelope):
    """Why a visit is cancelled."""

    reason = RadioField(
        _("Why is it cancelled?"), validators=[InputRequired(_("Choose why it is cancelled"))]
    )


class RecordForm(Envelope):
    """What was done at a visit: needles or none, and where. Regions are those cleared."""

    needled = RadioField(
        _("Were needles used?"),
        choices=_listed({"yes": _("Yes"), "no": _("No")}),
        validators=[InputRequired(_("Say whether needles were used"))],
    )
    regions = SelectMultipleField(_("Where?"), description=_("The regions that are cleared."))

    def validate_regions(self, field: SelectMultipleField) -> None:
        """Ask where, if needles were used."""
        if self.needled.data == "yes" and not field.data:
            raise ValidationError(str(_("Tick where needles were used")))


class FinishForm(RecordForm):
    """The same at the end of the visit, and what comes next."""

    after = RadioField(
        _("What comes next?"),
        choices=_listed({"more": _("Plan the next visit"), "last": _("This was the last visit")}),
        validators=[InputRequired(_("Say what comes next"))],
    )


class CorrectionForm(RecordForm):
    """Another record of a visit, and why the first was wrong."""

    reason = TextAreaField(
        _("Why is it corrected?"),
        validators=[
            InputRequired(_("Write one sentence on why")),
            fit_text(LONGEST_REASON, multiline=True),
        ],
    )


class DayForm(Form):
    """Which place, and which day there."""

    place = SelectField(_("Location"), validate_choice=False)
    on = StringField(_("Day"))
    today = HiddenField()


class InviteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Who joins the staff, and as what."""

    name = StringField(
        _("Name"),
        description=_("As patients and colleagues read it."),
        validators=[InputRequired(_("Enter a name")), fit_text(120)],
    )
    email = StringField(
        _("Email"),
        description=_("The invitation goes there."),
        validators=[InputRequired(_("Enter an email address")), fit_email],
    )
    licence = StringField(
        _("License"), description=_("Printed under decisions."), validators=[fit_text(120)]
    )
    roles = SelectMultipleField(_("Roles"), validators=[InputRequired(_("Choose a role"))])


class ProfileForm(SeenForm):
    """What colleagues and the team page say of a member of staff."""

    name = StringField(_("Name"), validators=[InputRequired(_("Enter a name")), fit_text(120)])
    licence = StringField(
        _("License"), description=_("Printed under decisions."), validators=[fit_text(120)]
    )
    about = TextAreaField(_("About this person"), validators=[fit_text(1000, multiline=True)])
    about_es = TextAreaField(
        _("The same in Spanish"),
        description=_("Empty: the page in Spanish says nothing."),
        validators=[fit_text(1000, multiline=True)],
    )
    shown_on_team = BooleanField(_("Show on the team page"))


class RolesForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The roles of a member of staff."""

    roles = SelectMultipleField(_("Roles"), validators=[InputRequired(_("Choose a role"))])


class LetterTextForm(SeenForm):
    """The clinic's words for one letter in one language."""

    subject = StringField(
        _("Subject"), validators=[InputRequired(_("Write a subject")), fit_text(200)]
    )
    body = TextAreaField(
        _("Letter"),
        validators=[InputRequired(_("Write the letter")), fit_text(4000, multiline=True)],
    )


# --- Questions asked again -------------------------------------------------------------------


class AskForm(KeyedForm):
    """Which questions a therapist asks again, until when, and a few words beside them."""

    intake_id = HiddenField(validators=[InputRequired()])
    asked = SelectMultipleField(
        _("Ask again"), validators=[InputRequired(_("Tick at least one question"))]
    )
    question = TextAreaField(
        _("A note to the patient"),
        description=_("Name no medicine and no illness: others may see the screen."),
        validators=[fit_text(LONGEST_NOTE, multiline=True)],
    )
    answer_by = DateField(
        _("Wait for the answer until"),
        optional=True,
        description=_("On that day the request comes back to you by itself."),
    )

    def validate_intake_id(self, field: Field) -> None:
        """Refuse what is no id."""
        _known_by(UUID, field)

    @property
    def intake(self) -> UUID:
        """The version that was on the page, which a valid form names."""
        return UUID(self.intake_id.data)

    def values(self) -> dict[str, Any]:
        """Return what is asked, by name."""
        return {
            "asked": tuple(self.asked.data or ()),
            "question": self.question.data or "",
            "answer_by": self.answer_by.data,
        }


class TakeBackForm(SeenForm):
    """Takes back what was asked."""

    review = HiddenField(validators=[InputRequired()])

    def validate_review(self, field: Field) -> None:
        """Refuse what is no id."""
        _known_by(UUID, field)

    @property
    def review_id(self) -> UUID:
        """The questions, which a valid form names."""
        return UUID(self.review.data)


# --- Rules -----------------------------------------------------------------------------------

LONGEST_SWITCH_REASON = 300
SWITCH_CODES: Mapping[str, Any] = {
    "": _("Choose a reason"),
    "clinic_protocol": _("Our own protocol covers it"),
    "evidence": _("The evidence speaks against it"),
    "covered_elsewhere": _("Another rule covers it"),
    "wrong_as_written": _("It is wrong as it is written"),
}


class RuleItemForm(SeenForm):
    """The figures and rules of one item in a draft; its fields are made for the item."""

    figures: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def values(self) -> dict[str, int | float]:
        """The figures as numbers; the fields have said which are none."""
        return {
            name: as_number(self[f"value_{number}"].data)
            for number, name in enumerate(self.figures)
            if f"value_{number}" in self
        }

    def verified(self) -> dict[str, bool]:
        """Which figures are verified."""
        return {name: self[f"verified_{n}"].data for n, name in enumerate(self.figures)}

    def off(self) -> dict[str, tuple[str, str]]:
        """Which rules are not to be run: code and sentence."""
        return {
            name: (self[f"code_{n}"].data or "", self[f"reason_{n}"].data or "")
            for n, name in enumerate(self.rules)
            if f"off_{n}" in self and self[f"off_{n}"].data
        }

    def refuse_change(self, name: str, problem: str) -> None:
        """Show what a service refused beside the figure or rule that it is about."""
        if name in self.figures:
            self.refuse(f"value_{self.figures.index(name)}", problem)
        elif name in self.rules:
            self.refuse(f"reason_{self.rules.index(name)}", problem)
        else:
            self.refuse("", problem)


def rule_item_form(
    figures: Mapping[str, tuple[str, str, bool]], rules: Mapping[str, bool]
) -> type[RuleItemForm]:
    """Build the form of one item: each figure's label and hint and whether it may change, rules."""
    members: dict[str, Any] = {"figures": tuple(figures), "rules": tuple(rules)}
    for number, (label, hint, fixed) in enumerate(figures.values()):
        if not fixed:
            members[f"value_{number}"] = StringField(
                label, description=hint, validators=[_fit_figure]
            )
        members[f"verified_{number}"] = BooleanField(
            _("Verified: I have checked this figure against its source")
        )
    for number, may_be_off in enumerate(rules.values()):
        if may_be_off:
            members |= _switch_fields(number)
    return type("RuleItemForm", (RuleItemForm,), members)


def _switch_fields(number: int) -> dict[str, Any]:
    return {
        f"off_{number}": BooleanField(_("Switch this rule off")),
        f"code_{number}": SelectField(_("Why"), choices=_listed(SWITCH_CODES)),
        f"reason_{number}": StringField(
            _("In one sentence, for whoever reads this later"),
            validators=[fit_text(LONGEST_SWITCH_REASON)],
        ),
    }


def as_number(text: str | None) -> int | float:
    """Read a figure as it was typed; a whole one is whole."""
    number = float((text or "").strip().replace(",", "."))
    return int(number) if number.is_integer() else number


def _fit_figure(_form: Form, field: Field) -> None:
    if not re.fullmatch(r"\s*\d{1,6}([.,]\d{1,3})?\s*", field.data or ""):
        raise ValidationError(_("Enter a number, such as 6 or 18.5"))


class BeginDraftForm(KeyedForm):
    """Begin a draft from the data files or from a version."""

    base = HiddenField(validators=[InputRequired(_("Open the page again")), fit_text(64)])


class InForceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Put a version in force, or out of it, as long as the one on the page is still in force."""

    in_force = HiddenField(validators=[fit_text(64)])


class TrialForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Try a version over the stored histories."""

    every = BooleanField(_("Older versions of each history too, not only the newest"))


class MissedForm(KeyedForm):
    """What the form missed, for the lead therapist."""

    missed = TextAreaField(
        _("What did the form miss?"),
        description=_("For the lead therapist, who keeps the questions and rules."),
        validators=[
            InputRequired(_("Write what was missed first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )
    about = SelectField(_("Which topic is it about?"), validators=[Optional()])

    def offer(self, topics: Iterable[tuple[str, str]]) -> None:
        """Let these topics be chosen, or none."""
        none = {"": _("None of these, or I cannot tell")}
        self.about.choices = _listed({**none, **dict(topics)})


class MissedAnswerForm(SeenForm):
    """The lead therapist's answer."""

    answer = TextAreaField(
        _("Your answer"),
        description=_("Who wrote the note reads it on the patient's page."),
        validators=[
            InputRequired(_("Write the answer first")),
            fit_text(LONGEST_NOTE, multiline=True),
        ],
    )
