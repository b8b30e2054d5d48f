"""Broken data is refused with file and line, in words a therapist understands."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clinic.screening import lint, questionnaire, rules, source
from clinic.screening.source import BrokenData, Data
from tests.unit.screening.harmless import copied, read

ITEM, SPANISH = "items/diabetes.yaml", "es/diabetes.yaml"
ACTION = "Check sensation, skin, circulation; avoid feet if numb; eat before; glucose tabs ready."
SECTIONS = "sections.yaml"
MEDICINES = "medicines.yaml"
BREAKS = [
    (SECTIONS, "topics: [heart, lymph]", "topics: [heart]", "'lymph' stands on no page"),
    (SECTIONS, "topics: [surgery]", "topics: [surgery, lymph]", "'lymph' stands on two pages"),
    (SECTIONS, "topics: [surgery]", "topics: [surgeon]", "there is no section 'surgeon'"),
    (SECTIONS, "items: [communication-needs,", "items: [rf-hot-joint,", "stands in two groups"),
    (SECTIONS, "items: [communication-needs,", "items: [shyness,", "there is no item 'shyness'"),
    (MEDICINES, "    row: Aspirin\n", "", "must say which row of the medicine table"),
    (MEDICINES, "[zantac, xanax]", "[zantac, xanaxx]", "there is no medicine 'xanaxx'"),
    (MEDICINES, "item: steroids-oral", "item: diabetes", "no rule of 'diabetes' speaks of these"),
    (MEDICINES, "item: steroids-oral", "item: steroids", "there is no item 'steroids'"),
    (ITEM, "level: precaution", "level: grave", "'grave' is not one of"),
    (ITEM, "answer: numb-feet}", "answer: cold-feet}", "'cold-feet' is not an answer of"),
    (ITEM, "question: diabetes.unstable", "question: diabetes.often", "which is not asked"),
    (ITEM, "setting: diabetes.a1c-limit", "setting: diabetes.a1c", "there is no setting"),
    (ITEM, "[lower-leg, ankle-foot]", "[lower-leg, toes]", "the region 'toes' is unknown"),
    (ITEM, "  - id: control\n", "  - id: controlled\n", "there are two rules 'controlled'"),
    (ITEM, "  - PHYSIOMAN\n", "  - NOBODY\n", "'NOBODY' is not in sources.yaml"),
    (ITEM, "section: immunity", "section: sugar", "there is no section 'sugar'"),
    (ITEM, "answer: not_sure, level", "answer: maybe, level", "'maybe' is not an answer of"),
    (ITEM, "    minimum: 3\n", "    minimum: low\n", "a number belongs here"),
    (ITEM, "    kind: number\n", "    kind: numeral\n", "'numeral' is not one of"),
    (ITEM, "    caution: higher\n", "", "'caution' must say which answers are graver"),
    (ITEM, 'reason: "Diabetes:', 'raeson: "Diabetes:', "'raeson' is not known here"),
    (ITEM, "item: diabetes\n", "item: sugar\n", "must say 'item: diabetes'"),
    (ITEM, 'operator: "=", answer: sores', 'operator: "~", answer: sores', "'~' is not one of"),
    (ITEM, "  diabetes:\n", "  diabetes: [\n", "not readable"),
    (ITEM, "order: 80\n", "order: 80\norder: 81\n", "'order' is there twice"),
    (SPANISH, "      sores: Llagas en los pies\n", "", "the answer 'sores' is not in 'es'"),
    (SPANISH, "    text: ¿Usa insulina?\n", "    hint: x\n", "not in 'es'"),
    (SPANISH, "  default: Gracias.", "  later: Gracias.", "this text is not in 'es'"),
    (SPANISH, "words: [", "wordz: [", "the lay words are not in 'es'"),
    (ITEM, "    minimum: 3\n", "    minimum: 30\n", "the minimum is above the maximum"),
    (ITEM, f"action: {ACTION}\n", "", "'action' is missing"),
    (ITEM, "patient:\n  default: Thanks.", "patient:\n  later: Thanks.", "'default' is missing"),
    (SPANISH, "item: diabetes", "item: diabete", "must say 'item: diabetes'"),
    (SPANISH, "item: diabetes\n", "", "'item' is missing"),
    ("items/lung-disease.yaml", "answer: asthma}", "answer: cough}", "is not an answer of"),
    (
        "items/needle-phobia.yaml",
        "caution: [[fine], [a-bit-nervous], [very-scared]]",
        "caution: [[fine], [very-scared]]",
        "does not say how grave 'a-bit-nervous' is",
    ),
    (
        "items/lung-field-precautions.yaml",
        "items-tagged: lung-field-precaution,",
        "items-tagged: lung-precaution,",
        "no rule has the tag 'lung-precaution'",
    ),
    (
        "items/surgery-recent.yaml",
        "since: surgery-recent.date",
        "since: surgery-recent.kind",
        "'surgery-recent.kind' is not a date",
    ),
    (
        "items/diabetes.yaml",
        'question: diabetes.a1c, operator: "<"',
        'question: diabetes.insulin, operator: "<"',
        "'diabetes.insulin' is not a number",
    ),
    (
        "items/lung-disease.yaml",
        'show: {question: lung-disease.which, operator: "=", answer: asthma}',
        'show: {question: lung-disease.asthma, operator: "=", answer: mild}',
        "can never be reached",
    ),
    ("items/rf-chest-breath.yaml", "urgency: emergency\n", "", "say 'urgency: emergency'"),
    ("items/needle-phobia.yaml", "answer: very-scared, level", "answer: fine, level", "no rule"),
    ("items/anticoagulant.yaml", "see: blood-thinner-unknown", "see: thinner", "which there is"),
    ("items/antiplatelet.yaml", "{medicine: p2y12}", "{medicine: p2y}", "no group of medicines"),
    ("items/surgery-recent.yaml", "side: surgery-recent.side", "side: surgery-recent.kind", "side"),
    ("medicines.yaml", "item: low-platelets", "item: platelets", "there is no item 'platelets'"),
    ("regions.yaml", "next: [forearm]", "next: [fore-arm]", "the region 'fore-arm' is unknown"),
]


def shipped_text(file: str) -> str:
    return source.SHIPPED.joinpath(file).read_text(encoding="utf-8")


def broken(file: str, old: str, new: str) -> Data:
    """The shipped data with one file changed."""
    text = shipped_text(file)
    assert old in text
    place = source.from_yaml(text.replace(old, new, 1), file)
    data, (folder, _, name) = source.shipped(), file.rpartition("/")
    name = name.removesuffix(".yaml")
    if folder == "items":
        return replace(data, items={**data.items, name: place})
    if folder:
        spanish = {**data.translations[folder], name: place}
        return replace(data, translations={**data.translations, folder: spanish})
    return replace(data, general={**data.general, name: place})


@pytest.mark.parametrize(("file", "old", "new", "said"), BREAKS)
def test_a_fault_is_named(file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(BrokenData) as refused:
        lint.refuse(broken(file, old, new))

    assert said in str(refused.value)
    assert refused.value.line > 0


def test_the_line_is_that_of_the_fault() -> None:
    line = shipped_text(ITEM).partition("level: precaution")[0].count("\n") + 1

    with pytest.raises(BrokenData) as refused:
        rules.from_data(broken(ITEM, "level: precaution", "level: grave"))

    assert str(refused.value).startswith(f"{ITEM}:{line}: ")


def test_a_questionnaire_with_a_fault_is_refused_too(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / SPANISH).unlink()

    with pytest.raises(BrokenData, match="not in 'es'"):
        questionnaire.from_data(read(folder))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "sections.yaml").unlink()

    with pytest.raises(BrokenData, match=r"sections\.yaml: the file is missing"):
        read(folder)


def expecting(folder: Path, item: str) -> Path:
    """The folder, its list of allergies naming one more item."""
    file = folder / "sections.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("items: [metal-allergy", f"items: [{item}, metal-allergy"), "utf-8"
    )
    return folder


def test_what_ships_has_no_error() -> None:
    found = list(lint.problems(source.read_folder()))

    assert [str(problem) for problem in found if problem.severity == "error"] == []


def test_what_is_still_to_come_is_named_and_counts_as_not_sure(tmp_path: Path) -> None:
    folder = expecting(copied(tmp_path), "next-item")
    rule = folder / "items/rf-night-pain.yaml"
    text = rule.read_text("utf-8")
    rule.write_text(text.replace("question: cancer-current", "question: next-item"), "utf-8")

    found = [str(problem) for problem in lint.problems(read(folder))]

    assert any("still to come in this section" in text and "next-item" in text for text in found)
    assert any("'next-item', which is still to come: counts as not sure" in one for one in found)


def test_an_item_is_one_file_and_its_spanish(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "items/latex-allergy.yaml").write_text(
        """item: latex-allergy
section: allergies
order: 30
title: Latex allergy
questions:
  latex-allergy:
    text: Are you allergic to latex?
    choices: [yes, no, not_sure]
  latex-allergy.severe:
    text: Was it ever severe?
    choices: [yes, no, not_sure]
    show: {question: latex-allergy, operator: "=", answer: yes}
rules:
  - {id: any, answer: [yes, not_sure], level: precaution}
  - id: severe
    answer: yes
    when: {question: latex-allergy.severe, operator: "=", answer: yes}
    level: relative
reason: Latex-free gloves needed.
patient: {default: Thanks. We will use latex-free gloves.}
action: Latex-free room.
sources: [OWN]
""",
        "utf-8",
    )
    (folder / "es/latex-allergy.yaml").write_text(
        """item: latex-allergy
questions:
  latex-allergy:
    text: ¿Es alérgico o alérgica al látex?
  latex-allergy.severe:
    text: ¿Alguna vez fue grave?
patient: {default: Gracias. Usaremos guantes sin látex.}
""",
        "utf-8",
    )

    data = read(folder)
    asked, ruleset = questionnaire.from_data(data, "es"), rules.from_data(data)

    assert asked.questions["latex-allergy"].text.startswith("¿Es alérgico")
    assert asked.section("allergies").question_ids[:2] == (
        "metal-allergy",
        "metal-allergy.severity",
    )
    assert "latex-allergy" not in ruleset.to_come
    assert ruleset.hash != rules.shipped_rules().hash
    assert asked.hash != questionnaire.shipped().hash


def test_the_ruleset_is_complete_when_every_expected_item_is_there(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    present = {file.stem for file in (folder / "items").iterdir()}
    sections = yaml.safe_load((folder / "sections.yaml").read_text("utf-8"))["sections"]
    expected = {item for section in sections for item in section.get("items", ())}
    for part in ("items", "es"):
        (folder / part / "tattoo.yaml").unlink()

    shipped, without_one = rules.shipped_rules(), rules.from_data(read(folder))

    assert shipped.complete is (expected <= present)
    assert shipped.to_come == expected - present
    assert not without_one.complete
    assert without_one.to_come == shipped.to_come | {"tattoo"}


def test_an_exception_that_holds_no_lay_word_is_refused(tmp_path: Path) -> None:
    file = copied(tmp_path) / "es" / "rf-acute-trauma.yaml"
    file.write_text(file.read_text("utf-8").replace("ondas de choque", "olas del mar"), "utf-8")

    found = [str(problem) for problem in lint.problems(read(tmp_path))]

    assert any("'olas del mar' holds none of the lay words" in problem for problem in found)


def test_an_item_has_rules_or_a_reason_why_it_has_none(tmp_path: Path) -> None:
    file = copied(tmp_path) / "items" / "diabetes.yaml"
    file.write_text(file.read_text("utf-8") + "without_rule: Nobody asked.\n", "utf-8")

    found = [str(problem) for problem in lint.problems(read(tmp_path))]

    assert any("rules or a reason why not, not both" in problem for problem in found)


def test_what_was_read_in_a_source_stands_beside_it(tmp_path: Path) -> None:
    file = copied(tmp_path) / "items" / "diabetes.yaml"
    file.write_text(
        file.read_text("utf-8").replace("  - PHYSIOMAN\n", "  - WHO99: of clinics\n"), "utf-8"
    )

    item = rules.from_data(read(tmp_path)).items["diabetes"]

    assert item.sources[0] == "WHO99"
    assert item.source_notes["WHO99"] == "of clinics"


def test_only_a_red_flag_has_words_that_are_milder(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for name in (ITEM, SPANISH):
        file = folder / name
        file.write_text(file.read_text("utf-8") + "mild_words: [azucar]\n", "utf-8")

    found = [str(problem) for problem in lint.problems(read(tmp_path))]

    assert any("only beside the words of a red flag are some milder" in one for one in found)


def test_a_region_can_be_asked_for_only_in_an_answer_about_regions(tmp_path: Path) -> None:
    file = copied(tmp_path) / "items" / "joint-replacement.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("{named: joint-replacement.regions,", "{named: joint-replacement.infection,"),
        "utf-8",
    )

    found = [str(problem) for problem in lint.problems(read(tmp_path))]

    assert any("'joint-replacement.infection' is not a regions" in one for one in found)


def test_words_near_each_other_are_in_both_languages_and_in_one_group_each(
    tmp_path: Path,
) -> None:
    file = copied(tmp_path) / ITEM
    near = "near:\n  - - [sugar, glucose]\n    - [high, sugar]\nnear_except: [sweet tea]\n"
    file.write_text(file.read_text("utf-8") + near, "utf-8")

    found = [str(problem) for problem in lint.problems(read(tmp_path))]

    assert any("the lay words are not in 'es'" in one for one in found)
    assert any("'sugar' stands twice in these groups" in one for one in found)
    assert any("'sweet tea' holds no word of the groups" in one for one in found)
