"""Whether words that leave the clinic by mail give something away.

A letter may lie open on a screen that others see. So it names no medicine, no condition that the
history knows, and not what the clinic's therapists do. Whether a sentence denies the word does
not matter here: "you are not pregnant" tells as much.
"""

from __future__ import annotations

from functools import cache

from clinic.screening import medicine_list, rules, words
from clinic.screening.words import Tokens

# What the screening's own lists do not hold as a single word, in both languages, without accents.
TOO_TELLING = """
acupuncture, acupuntura, aguja, agujas, allergic, allergy, alergia, alergico, alergica, anemia,
anticoagulant, anticoagulants, anticoagulante, anticoagulantes, arthritis, artritis, asthma, asma,
biopsy, biopsia, blood pressure, blood thinner, blood thinners, cancer, chemotherapy, convulsiones,
quimioterapia, depression, depresion, diabetes, diabetic, diabetico, diabetica, diagnosis,
diagnosed, diagnostico, embarazada, embarazo, epilepsy, epilepsia, heart disease, hepatitis,
herpes, hiv, infection, infeccion, medical history, needle, needles, needling, pacemaker,
marcapasos, pregnancy, pregnant, presion arterial, puncion, seizure, seizures, stroke, surgery,
cirugia, test result, test results, tumor, tumour, vih
"""


def telling(text: str, *, apart_from: str = "") -> tuple[str, ...]:
    """Name the words of a text that give something away, as typed without accents, in order.

    ``apart_from`` is what may stand there all the same: the clinic's own name.
    """
    plain = words.plain(text)
    if apart_from:
        plain = plain.replace(words.plain(apart_from), " ")
    found = [*_phrases_in(words.tokens(plain)), *_medicines_in(plain)]
    return tuple(dict.fromkeys(found))


def _phrases_in(said: Tokens) -> list[str]:
    known = _known()
    longest = max(len(phrase) for phrase in known)
    return [
        " ".join(said[start : start + size])
        for start in range(len(said))
        for size in range(1, longest + 1)
        if said[start : start + size] in known and start + size <= len(said)
    ]


def _medicines_in(text: str) -> list[str]:
    return [words.plain(hit.name) for hit in medicine_list.shipped().mentioned(text)]


@cache
def _known() -> frozenset[Tokens]:
    """Every phrase that tells of something: the lay words of the rules, and those above."""
    own = {words.tokens(phrase) for phrase in TOO_TELLING.split(",")}
    return frozenset(own | {phrase for _, phrase in rules.shipped_rules().phrases})
