"""What spares the engine from asking every rule never hides one that would fire."""

from hypothesis import given, settings

from clinic.screening import answers, engine, plans, rules
from clinic.screening.intake import Intake as Read
from tests.property.screening.intakes import ASKED, TODAY, Intake, intakes

RULES = rules.shipped_rules()
PLANS = plans.of(ASKED, RULES)


@settings(max_examples=40)
@given(intakes())
def test_an_item_of_which_nothing_speaks_has_no_verdict(intake: Intake) -> None:
    read = Read.of(ASKED, RULES, answers.read(intake, ASKED), TODAY)

    silent = PLANS.by_item.keys() - engine.speaking(PLANS, read)

    assert silent
    assert not [name for name in silent if engine.verdict_on(PLANS.by_item[name], read)]
