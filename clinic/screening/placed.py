"""Questions about the place that is to be treated: an answer holds for that place and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinic.screening import asking, regions
from clinic.screening.conditions import UNSURE
from clinic.screening.questionnaire import Questionnaire


def ids(questions: Questionnaire) -> tuple[str, ...]:
    """The questions about the wanted place, with what hangs on them."""
    first = (question.id for question in questions.questions.values() if question.at_place)
    return asking.own_ids(questions, first)


def moved(before: object, wanted: object) -> bool:
    """Whether a place is wanted now of which nothing was said, or none is named any more."""
    then, now = _named(before), _named(wanted)
    if then == now:
        return False
    if not now or now & set(UNSURE):  # none named counts as every place
        return True
    return not regions.expand(now) <= regions.expand(then - set(UNSURE))


def still_said(
    questions: Questionnaire, last: Mapping[str, object], *, before: object, wanted: object
) -> dict[str, object]:
    """The answers of an earlier time without those about another place than is wanted now."""
    gone = set(ids(questions)) if moved(before, wanted) else set()
    return {key: value for key, value in last.items() if key not in gone}


def _named(wanted: object) -> frozenset[str]:
    listed: Iterable[object] = wanted if isinstance(wanted, list | tuple) else ()
    return frozenset(str(one) for one in listed)
