"""The whole screening on one page: what a lead therapist reads before signing a ruleset.

Every question, rule, setting, medicine, wording and source, made from the same data that runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from clinic.screening import after_visit, questionnaire, rules, source
from clinic.screening.after_visit import AfterVisit
from clinic.screening.nearness import Near
from clinic.screening.plainly import Teller
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.rules import Item, Rule, Ruleset, Setting

HEAD = """\
Every question, rule, wording, medicine and source of the screening that ships, for the lead
therapist who signs it. It flags for a therapist; it never diagnoses and never refuses care. At
every level a visit without needles can be had; at `urgent` after a clinician has closed the flag.
"""
READING = """\
- The overall level is the highest of all findings: `urgent` (stop, get care now), `absolute` (no
  needling until a clinician clears), `site` (not in or near the regions named), `relative` (a
  therapist reviews first), `precaution` (a note for the therapist), `none`.
- Every rule of an item is tried and the gravest that fires counts. **What is not known counts as
  if it were so**: blank, "not sure" or unreadable follow-ups choose the gravest branch, unless the
  rule says "(not known does not count)".
- "Not sure", "prefer not to say" and blank are never "no". Where an item has no rule of its own for
  "not sure", it counts as "yes" with nothing known of the follow-ups. A blank item counts as its
  "not sure", but as `absolute` at most: a person asks.
- A `site` rule blocks its regions. Where a wanted region overlaps them, or none is named, the item
  counts as `site` at least; elsewhere it is a `precaution`, and the block stays on the chart. A
  rule of another level that blocks regions does so too, and counts at its own level elsewhere
  (`none`: not at all).
- A rule "about" regions blocks none of them: its note is shown there alone. One that "counts as
  lung-field-precaution" is counted by `lung-field-precautions`.
- "No" beside an answer, a medicine or words that speak of the item: the higher level counts, with
  the reason "answers do not match".
- Words of an item found in any box that a patient types in, not denied, not long past and not about
  somebody else: `relative` at least, `absolute` and "call today" for a red flag.
- An answer that stopped or held a request and is then changed stays a finding: `absolute` after
  `urgent`, else `relative`; so is a milder answer than in another request of the last 12 months.
- "Fires X as ..." is a route: X speaks as if it had been answered so, whatever was answered to X.
- An empty cell "said to staff" means that the reason below the table is said and no more.
- A source without a note was read for what it is cited for, as far as the list of sources at the
  end says. `[unverified]` is from memory or general knowledge; OWN is own knowledge.
- "Up to", "at least" and "from" hold on the day itself; "under" and "over" do not. When a day ends
  what a rule says, the request is screened again by itself.
- "A medicine of the group X is typed" is one that the patient takes, misspelt or not, in any box;
  the classes of a group stand in the table of medicines. One that was stopped two weeks ago or
  less, or nobody knows when, still counts as taken, unless the table says that rules say how long.
  A medicine of somebody else does not count, nor one that is denied.
- A choice of several is "none of these" where that was ticked, and not known where it is blank.
"""
AFTER_A_VISIT = """\
Asked 24 to 72 hours after a visit; a way to report a problem is always open. `minor` is logged; at
`significant` a therapist calls the same day; at `urgent` the advice is shown at once and staff are
alerted. Rates that therapists and that patients report differ a lot, so they are not averaged."""
WHERE = """\
A limb that a rule names without a side is blocked on both, and so are both halves of chest, ribs,
upper back and lower back. "Next to it" is on the same side where there is one."""
READ = """\
What is cited from a source of which only a title, a contents page or an opening page was read, or
none of it, is `[unverified]` beyond those pages."""


def page(questions: Questionnaire, ruleset: Ruleset) -> str:
    """The page for one questionnaire (in English) and one ruleset, as Markdown."""
    return "\n".join(_Page(questions, ruleset).lines()) + "\n"


def shipped_page() -> str:
    """The page of what ships."""
    return page(questionnaire.shipped(), rules.shipped_rules())


def unanswered_for(ruleset: Ruleset | None = None) -> tuple[str, ...]:
    """The ids of the whole list that have neither a rule nor a note why they have none."""
    listed = source.read_general("whole_list")["whole_list"]
    ruleset = ruleset or rules.shipped_rules()
    known = {name for name, item in ruleset.items.items() if item.rules or item.without_rule}
    known |= {item.id for item in after_visit.shipped()}
    rows = {one.row for one in ruleset.formulary.classes.values()}
    wanted = [
        *(name for _, place in listed.need("items").entries() for name in place.texts()),
        *listed.need("after_visit").texts(),
    ]
    missing = [name for name in wanted if name not in known]
    missing += [row for row in listed.need("medicines").texts() if row not in rows]
    few = listed.need("sources").whole() - len(ruleset.sources)
    return (*missing, *([f"{few} sources"] if few else []))


class _Page:
    """Writes the page part by part."""

    def __init__(self, questions: Questionnaire, ruleset: Ruleset) -> None:
        self.questions = questions
        self.spanish = questions.in_language("es")
        self.ruleset = ruleset
        self.teller = Teller(questions, ruleset.settings, ruleset.body)

    def lines(self) -> Iterator[str]:
        """The whole page."""
        version = f"Version `{self.ruleset.version}`, hash `{self.ruleset.hash}`; questionnaire "
        yield from ("# The screening, for sign-off", "", HEAD)
        yield f"{version}`{self.questions.version}`."
        yield from ("", "## How to read it", "", READING)
        yield from self._sections()
        yield from self._switched_off()
        yield from self._settings()
        yield from self._medicines()
        yield from self._after_visit()
        yield from self._regions()
        yield from self._sources()

    def _sections(self) -> Iterator[str]:
        for section in self.questions.sections:
            found = [item for item in self.ruleset.items.values() if item.section == section.id]
            yield from (f"## {section.title}", "")
            for item in sorted(found, key=self._place):
                yield from self._item(item)
            if section.to_come:
                yield from (f"**Still to come:** {_ids(section.to_come)}.", "")

    @cached_property
    def _asked_in(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for place, question in enumerate(self.questions.questions.values()):
            found.setdefault(question.item, place)
        return found

    def _place(self, item: Item) -> tuple[int, str]:
        return self._asked_in.get(item.id, len(self._asked_in) * 100), item.id

    def _item(self, item: Item) -> Iterator[str]:
        yield from (f"### `{item.id}`: {item.title}", "")
        yield from self._marks(item)
        if item.without_rule:
            yield from (f"**No rule, on purpose:** {item.without_rule}", "")
        for question in self.questions.of_item(item.id):
            yield from self._question(question)
        yield from self._rules(item)
        yield from self._words(item)

    def _marks(self, item: Item) -> Iterator[str]:
        marks = ["red flag"] if item.red_flag else []
        marks += [f"at urgent: {item.urgency.replace('_', ' ')}"] if item.urgency else []
        marks += ["therapist only"] if item.private else []
        marks += (
            ["read from the list of medicines where it is left blank"] if item.from_list else []
        )
        if marks:
            yield from (f"*{'; '.join(marks)}*", "")

    def _question(self, question: Question) -> Iterator[str]:
        spanish = self.spanish.questions[question.id]
        yield f"- `{question.id}`: **{question.text}** / *{spanish.text}*"
        if question.hint:
            yield f"  - hint: {question.hint} / *{spanish.hint}*"
        yield f"  - {'; '.join(self._facts(question, spanish))}"

    def _facts(self, question: Question, spanish: Question) -> Iterator[str]:
        if question.choices:
            pairs = zip(question.choices, spanish.choices, strict=True)
            told = [f"{one.text} / *{other.text}* (`{one.slug}`)" for one, other in pairs]
            yield f"{'any of' if question.kind == 'choices' else 'one of'}: {', '.join(told)}"
        else:
            yield question.kind + (f" in {question.unit}" if question.unit else "")
        if question.minimum is not None:
            yield f"from {question.minimum:g} to {question.maximum:g}"
        if question.condition is not None:
            yield f"asked if {self.teller.condition(question.condition)}"
        for said, holds in (
            ("may be left out", question.optional),
            ("none of them may fit", question.may_be_none),
            ("asked again on the day", question.on_the_day),
            ("asked again when another place is wanted", question.at_place),
            ("therapist only", question.private and not self._item_private(question)),
            ("a box in a group", question.grouped),
            ("a question of its own", self._alone(question)),
            ("not asked, found out from other answers", question.asked == "derived"),
            ("asked with the request", question.asked == "request"),
        ):
            if holds:
                yield said
        if question.caution:
            yield f"caution grows: {_caution(question)}"

    def _alone(self, question: Question) -> bool:
        return not (question.grouped or question.is_follow_up) and question.asked == "history"

    def _item_private(self, question: Question) -> bool:
        item = self.ruleset.items.get(question.item)
        return item is not None and item.private

    def _rules(self, item: Item) -> Iterator[str]:
        if not item.rules:
            yield ""
            return
        yield from ("", "| rule | when | level | regions and routes | said to staff |", _bar(5))
        for rule in item.rules:
            cells = (f"`{rule.id}`", self.teller.rule(rule), self._level(rule), self._does(rule))
            yield _row(*cells, " ".join((rule.reason, *rule.notes)).strip())
        yield ""

    def _level(self, rule: Rule) -> str:
        return f"`{rule.level.value}`" + (", cannot be overridden" if rule.binding else "")

    def _does(self, rule: Rule) -> str:
        parts = [f"blocks {self.teller.regions(rule.block)}"] if rule.block else []
        if rule.about is not None:
            parts.append(f"about {self.teller.regions(rule.about)}")
        if rule.see is not None:
            parts.append(f'fires `{rule.see.item}` as "{rule.see.answer.replace("_", " ")}"')
        if rule.raises:
            parts.append(f"raises {_ids(rule.raises)} one step (at least `relative`)")
        if rule.tag:
            parts.append(f"counts as {rule.tag}")
        return "; ".join(parts)

    def _words(self, item: Item) -> Iterator[str]:
        for name, text in (
            ("Reason for staff", item.reason),
            *(
                (f"Patient sees ({language}{_variant(key)})", text)
                for language, texts in item.patient.items()
                for key, text in texts.items()
            ),
            ("Therapist does", item.action),
            ("Where sources disagree, and the choice", item.disagreement),
            ("Sources", ", ".join(_cited(item))),
            *((f"Words in a box ({lang})", ", ".join(said)) for lang, said in item.words.items()),
            *(
                (f"Milder words, which are `relative` ({language})", ", ".join(said))
                for language, said in item.mild_words.items()
            ),
            ("Though not in", ", ".join(item.look_alikes)),
            *(
                (f"Words near each other ({language})", "; ".join(map(_near, entries)))
                for language, entries in item.near.items()
            ),
            ("Though not with", ", ".join(item.near_look_alikes)),
            *(
                (f"Words that tell of {language}", ", ".join(sorted(marks)))
                for language, marks in item.other_languages.items()
            ),
        ):
            if text:
                yield f"- **{name}:** {text}"
        if item.words and item.about_now:
            yield "- Words about something long past do not count."
        if item.words and item.about_ever:
            yield '- "Not any more" beside these words says that it was so once, and counts.'
        if item.words_settle:
            yield '- "Not sure" beside words, a place or a side that name it counts as "yes".'
        yield ""

    def _switched_off(self) -> Iterator[str]:
        if not self.ruleset.switched_off:
            return
        yield from ("## Rules that are not run", "")
        for name, one in self.ruleset.switched_off.items():
            yield f"- `{name}` ({self.teller.rule(one.rule)}): {one.reason}"
        yield ""

    def _settings(self) -> Iterator[str]:
        yield from ("## Numbers to sign", "")
        yield from ("No source fixes these; each is a setting of the ruleset.", "")
        yield from ("| setting | value | means | verified |", _bar(4))
        for setting in sorted(self.ruleset.settings.values(), key=_name):
            value, verified = (
                f"{setting.value:g} {setting.unit}",
                "yes" if setting.verified else "no",
            )
            yield _row(f"`{setting.name}`", value, setting.means, verified)
        yield ""

    def _medicines(self) -> Iterator[str]:
        formulary = self.ruleset.formulary
        listed: dict[str, set[str]] = {}
        for name, meanings in formulary.names.items():
            for _, medicine_class in meanings:
                listed.setdefault(medicine_class, set()).add(" ".join(name))
        many = len(formulary.names)
        yield from ("## Medicines", "", f"{many} names, written without accents and capitals.", "")
        yield from ("| class | row of the table | counts as | groups | names |", _bar(5))
        for key, one in formulary.classes.items():
            counts = [f"`{one.item}`, by its rules on medicines"] if one.item else []
            counts += [f'asks {_ids(one.asks)}; beside a "no" `{one.mismatch}`'] if one.asks else []
            counts += ["therapist only"] if one.private else []
            counts += ["now and then: none"] if one.occasional_is_harmless else []
            counts += ["its rules say how long after a stop"] if one.stopped_by_rule else []
            groups = ", ".join(sorted(one.groups - {key}))
            names = ", ".join(sorted(listed.get(key, ())))
            yield _row(f"`{key}`", one.row, "; ".join(counts) or "known, no finding", groups, names)
        yield ""

    def _after_visit(self) -> Iterator[str]:
        yield from ("## After a visit", "", AFTER_A_VISIT, "")
        yield from ("| id | class | reported | told | how often | staff | sources |", _bar(7))
        for one in after_visit.shipped():
            yield _row(
                f"`{one.id}`", _class(one), " / ".join(one.report.values()),
                " / ".join(one.told.values()), one.frequency,
                one.staff + (f" ([unverified]: {one.unverified})" if one.unverified else ""),
                ", ".join(_notes(one.sources)),
            )  # fmt: skip
        yield ""

    def _regions(self) -> Iterator[str]:
        body = self.ruleset.body
        yield from ("## Regions", "", WHERE, "", "| region | sides | next to it |", _bar(3))
        for base, kind in body.kinds.items():
            sides = {"none": "none", "halves": "may be named by half"}.get(kind, "left, right")
            near = sorted(body.neighbours[base], key=list(body.kinds).index)
            yield _row(f"`{base}`: {body.label(base)}", sides, ", ".join(near))
        yield ""
        for name, regions in body.groups.items():
            yield f"- group {name}: {', '.join(regions)}"
        yield ""

    def _sources(self) -> Iterator[str]:
        yield from ("## Sources, and how much of each was read", "", READ, "")
        for key, citation in self.ruleset.sources.items():
            yield f"- {key}: {citation}"


def _variant(key: str) -> str:
    return "" if key == "default" else f", {key}"


def _caution(question: Question) -> str:
    if isinstance(question.caution, str):
        return question.caution
    return " < ".join(", ".join(tier) for tier in question.caution)


def _near(near: Near) -> str:
    """The groups, each in brackets; "and" may stand between some."""
    said = " with ".join(f"({', '.join(group)})" for group in near.groups)
    return f'{said}, also past an "and"' if near.across else said


def _cited(item: Item) -> Iterable[str]:
    return _notes({key: item.source_notes.get(key, "") for key in item.sources})


def _notes(sources: Mapping[str, str]) -> list[str]:
    own = {"OWN": "own knowledge, [unverified]"}
    said = ((key, note or own.get(key, "")) for key, note in sources.items())
    return [f"{key} ({note})" if note else key for key, note in said]


def _class(one: AfterVisit) -> str:
    said = f"{one.kind}, {one.urgency.replace('_', ' ')}" if one.urgency else one.kind
    return f"{said}, reported by staff" if one.by_staff else said


def _name(setting: Setting) -> str:
    return setting.name


def _ids(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _bar(columns: int) -> str:
    return f"|{' --- |' * columns}"
