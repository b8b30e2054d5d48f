"""`clinic screen`, `clinic questionnaire` and `clinic rules`, without a database."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clinic.commands import screening
from clinic.screening import questionnaire, rules
from tests.unit.screening.harmless import HARMLESS

HARMLESS_JSON = {"as_of": "2026-11-22", "answers": dict(HARMLESS)}


def screen(text: str, *options: str) -> Result:
    return CliRunner().invoke(screening.screen, ["-", *options], input=text)


def changed(**answers: Any) -> str:
    return json.dumps({"as_of": "2026-11-22", "answers": {**HARMLESS, **answers}})


def test_one_intake_is_screened() -> None:
    result = screen(json.dumps(HARMLESS_JSON, indent=2), "--json")

    assert result.exit_code == 0
    told = json.loads(result.output)
    assert told["level"] == "none"
    assert told["bookable"] is True
    assert told["ruleset"]["complete"] is True


def test_many_intakes_are_screened_one_a_line() -> None:
    lines = "\n".join([changed(), "", changed(medicines=["elaquis"]), changed(pregnancy="yes")])

    result = screen(lines, "--json")

    assert [json.loads(line)["level"] for line in result.output.splitlines()] == [
        "none",
        "absolute",
        "absolute",
    ]


def test_a_file_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "intake.json"
    file.write_text(json.dumps(HARMLESS_JSON), "utf-8")

    result = CliRunner().invoke(screening.screen, [str(file)])

    assert result.exit_code == 0
    assert result.output.startswith("none as of 2026-11-22")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (changed(nothing="no"), "nothing"),
        (changed(diabetes="maybe"), "diabetes"),
        (changed(minor="1980-13-01"), "minor"),
        (changed(wanted_regions=["toe"]), "wanted_regions"),
        ('{"answers": {"diabetes.a1c": NaN}}', "diabetes.a1c"),
        ('{"answers": {"diabetes": "no", "diabetes": "yes"}}', "diabetes"),
        ('{"as_of": "tomorrow", "answers": {}}', "as_of"),
        ('{"answers": []}', "answers"),
        ("[]", "answers"),
        ("{", "JSON"),
        ("", "JSON"),
        ('{"answers": {}, "earlier": [{"question": "diabetes"}]}', "earlier"),
    ],
)
def test_what_cannot_be_read_is_named_and_ends_with_2(text: str, named: str) -> None:
    result = screen(text, "--json")

    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert named in line


def test_a_bad_line_among_many_is_named_by_its_number() -> None:
    result = screen(f"{changed()}\n{changed(diabetes='maybe')}\n", "--json")

    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    assert "line 2: diabetes" in result.stderr


def test_the_day_can_be_given() -> None:
    surgery = {
        "surgery-recent": "yes",
        "surgery-recent.date": "2026-11-02",
        "surgery-recent.regions": ["knee-left"],
        "surgery-recent.kind": "other",
        "surgery-recent.healed": "yes",
    }
    text = changed(**surgery)

    levels = [
        json.loads(screen(text, "--json", "--as-of", day).output)["level"]
        for day in ("2026-12-13", "2026-12-14")
    ]

    assert levels == ["absolute", "relative"]


def test_a_day_that_is_none_ends_with_2() -> None:
    assert screen(changed(), "--as-of", "soon").exit_code == 2


def test_another_ruleset_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    stricter = rules.shipped_rules().with_settings({"low-bmi.slim": 40})
    file.write_text(stricter.to_document(), "utf-8")

    told = json.loads(screen(changed(), "--json", "--ruleset", str(file)).output)

    assert told["level"] == "precaution"
    assert told["ruleset"]["hash"] == stricter.hash


def test_earlier_answers_are_part_of_the_input() -> None:
    earlier = {"question": "rf-chest-breath", "value": "yes", "level": "urgent", "kind": "changed"}
    text = json.dumps({**HARMLESS_JSON, "earlier": [earlier]})

    assert json.loads(screen(text, "--json").output)["level"] == "absolute"


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_question_is_listed(language: str) -> None:
    result = CliRunner().invoke(
        screening.questionnaire_commands, ["show", "--json", "--language", language]
    )

    told = json.loads(result.output)
    shipped = questionnaire.shipped(language)
    assert [question["id"] for question in told["questions"]] == list(shipped.questions)
    for question in told["questions"]:
        assert {"id", "text", "type", "choices", "condition"} <= set(question)


def test_the_questions_can_be_read_without_json() -> None:
    result = CliRunner().invoke(screening.questionnaire_commands, ["show"])

    assert "Do you have diabetes?" in result.output


@pytest.mark.parametrize(
    "group",
    [screening.questionnaire_commands, screening.rules_commands],
    ids=["questions", "rules"],
)
def test_lint_finds_no_error_in_what_ships(group: Any) -> None:
    result = CliRunner().invoke(group, ["lint"])

    assert result.exit_code == 0
    assert "0 errors" in result.output


def test_many_lines_come_out_in_their_order_from_every_core_and_stop_at_a_broken_one() -> None:
    ages = [f"{1940 + number % 80}-05-05" for number in range(2 * screening.FEW)]
    lines = [changed(minor=born) for born in ages]

    result = screen("\n".join([*lines, changed(nothing="no"), changed()]), "--json")

    alone = [screen(line, "--json").stdout for line in lines[::97]]
    assert result.stdout.splitlines(keepends=True)[::97] == alone
    assert len(result.stdout.splitlines()) == len(lines)
    assert result.exit_code == 2
    assert f"line {len(lines) + 1}: nothing: no such question" in result.stderr
