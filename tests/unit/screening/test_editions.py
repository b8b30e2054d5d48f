"""What a draft may change in a ruleset, what it may not, and what differs between two versions."""

import json
from datetime import date

import pytest

from clinic.screening import editions, outcome, questionnaire, rules
from clinic.screening.editions import Changes, Unfit
from clinic.screening.levels import Level
from clinic.screening.source import BrokenData

BASE = rules.shipped_rules()
WHY = ("covered_elsewhere", "The therapist asks this in person.")
TODAY = date(2026, 11, 23)


def test_no_change_is_the_same_version() -> None:
    assert editions.apply(BASE, Changes()) == BASE


def test_another_figure_is_another_version_with_the_same_logic() -> None:
    changed = editions.apply(BASE, Changes(values={"surgery-recent.hold-weeks": 8}))

    assert changed.settings["surgery-recent.hold-weeks"].value == 8
    (hold,) = (one for one in changed.items["surgery-recent"].rules if one.id == "under-6-weeks")
    assert hold.reason == "Under 8 weeks ago, or the date is not known."
    assert changed.hash != BASE.hash
    assert editions.fits(changed)
    assert not editions.is_newer(BASE, changed)


def test_a_verified_figure_is_part_of_what_is_signed() -> None:
    changed = editions.apply(BASE, Changes(verified={"surgery-recent.hold-weeks": True}))

    assert changed.settings["surgery-recent.hold-weeks"].verified
    assert changed.hash != BASE.hash


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("surgery-recent.hold-weeks", 60),  # a slip of the hand
        ("surgery-recent.hold-weeks", 1),
        ("surgery-recent.hold-weeks", 6.5),  # whole weeks
        ("surgery-recent.review-months", 5),  # nobody is asked about more than 4
        ("diabetes.a1c-limit", -8),
        ("minor.adult-from", 17),  # consent of a guardian is nobody's to lower
        ("minor.adult-from", 19),
        ("no-such.figure", 1),
    ],
)
def test_a_figure_out_of_its_bounds_is_refused(name: str, value: float) -> None:
    with pytest.raises(Unfit, match=name):
        editions.apply(BASE, Changes(values={name: value}))


def test_a_rule_that_is_switched_off_never_fires_and_its_item_is_named() -> None:
    name = next(
        rules.name_of(rule)
        for rule in editions.every_rule(BASE, "neck-front-wanted")
        if rules.may_be_off(rule)
    )
    off = editions.apply(BASE, Changes(off={name: WHY}))
    answers = {"wanted_regions": ["neck-front"], "minor": "1980-04-02"}

    before, after = (
        outcome.screen(questionnaire.shipped(), one, answers, as_of=TODAY) for one in (BASE, off)
    )

    assert before.finding("neck-front-wanted") is not None
    assert after.finding("neck-front-wanted") is None
    assert after.as_json()["ruleset"]["switched_off"] == ["neck-front-wanted"]
    assert outcome.from_json(after.as_bytes()) == after
    assert "switched_off" not in before.as_json()["ruleset"]


def test_the_switch_and_its_reason_are_part_of_the_document() -> None:
    off = editions.apply(BASE, Changes(off={"diabetes/feet": WHY}))
    other = editions.apply(BASE, Changes(off={"diabetes/feet": (WHY[0], "Another sentence.")}))

    assert rules.from_document(off.document) == off
    assert off.switched_off["diabetes/feet"].reason == WHY[1]
    assert len({BASE.hash, off.hash, other.hash}) == 3
    assert editions.apply(off, Changes(on=("diabetes/feet",))) == BASE


def test_what_is_urgent_binding_or_unknown_is_never_switched_off() -> None:
    kept = [rule for rule in editions.every_rule(BASE) if not rules.may_be_off(rule)]

    assert {"minor/age-not-known", "low-bmi/not-known"} <= {rules.name_of(rule) for rule in kept}
    assert {rule.item for rule in kept} >= {"minor", "medicine-not-recognised", "rf-chest-breath"}
    for rule in editions.every_rule(BASE):
        assert not (rule.level is Level.URGENT and rules.may_be_off(rule))
    for rule in kept:
        with pytest.raises(Unfit):
            editions.apply(BASE, Changes(off={rules.name_of(rule): WHY}))


def test_a_document_that_switches_such_a_rule_off_is_refused() -> None:
    value = json.loads(BASE.document)
    value["switched_off"] = {
        "minor/no-guardian-consent": {"code": "evidence", "reason": "Somebody edited the file."}
    }

    with pytest.raises(BrokenData, match="may be switched off"):
        rules.from_document(json.dumps(value))


def test_without_the_branch_of_not_sure_the_gravest_branch_counts() -> None:
    off = editions.apply(BASE, Changes(off={"diabetes/not-sure": WHY}))
    answers = {"diabetes": "not_sure", "wanted_regions": ["knee-left"], "minor": "1980-04-02"}

    found = outcome.screen(questionnaire.shipped(), off, answers, as_of=TODAY).finding("diabetes")

    assert found is not None
    assert found.level >= Level.RELATIVE


def test_newer_files_are_told_and_take_the_figures_of_the_version_in_force_along() -> None:
    running = editions.apply(
        BASE, Changes(values={"surgery-recent.hold-weeks": 8}, off={"diabetes/feet": WHY})
    )
    value = json.loads(BASE.document)
    value["items"]["diabetes"]["reason"] = "Another wording."
    worded = rules.from_document(json.dumps(value))

    assert editions.is_newer(worded, running)
    carried = editions.apply(worded, editions.carried(worded, running))
    assert carried.settings["surgery-recent.hold-weeks"].value == 8
    assert set(carried.switched_off) == {"diabetes/feet"}


def test_other_logic_does_not_fit_the_questions_but_other_wording_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worded, weighed = json.loads(BASE.document), json.loads(BASE.document)
    worded["items"]["diabetes"]["reason"] = "Another wording."
    weighed["items"]["diabetes"]["rules"][-1]["level"] = "absolute"

    monkeypatch.setattr(rules, "shipped_rules", lambda: rules.from_document(json.dumps(worded)))
    assert editions.fits(BASE)
    monkeypatch.setattr(rules, "shipped_rules", lambda: rules.from_document(json.dumps(weighed)))
    assert not editions.fits(BASE)


def test_two_versions_are_compared_by_figure_switch_and_item() -> None:
    changes = Changes(values={"diabetes.a1c-limit": 9}, off={"diabetes/feet": WHY})
    found = editions.compare(BASE, editions.apply(BASE, changes))

    (setting,) = found.settings
    assert setting.before is not None
    assert setting.after is not None
    assert (setting.name, setting.before.value, setting.after.value) == ("diabetes.a1c-limit", 8, 9)
    assert [rules.name_of(one.rule) for one in found.switched_off] == ["diabetes/feet"]
    assert (found.items_changed, found.items_added, found.lists_changed) == ((), (), False)
    assert editions.compare(BASE, BASE).same


def test_the_changes_of_a_draft_are_read_back() -> None:
    changes = Changes({"a.b": 1}, {"a.b": True}, {"a/b": WHY}, ("c/d",))

    assert editions.read(changes.to_text()) == changes


def test_a_reason_that_names_a_figure_that_there_is_not_is_refused() -> None:
    value = json.loads(BASE.document)
    value["items"]["surgery-recent"]["rules"][0]["reason"] = "Under {surgery-recent.weeks} weeks."

    with pytest.raises(BrokenData, match=r"surgery-recent\.weeks"):
        rules.from_document(json.dumps(value))
