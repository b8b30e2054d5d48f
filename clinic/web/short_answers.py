"""Questions that people ask, answered in short: the landing page and its copy for machines."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


@dataclass(frozen=True)
class Said:
    """A sentence or two, and the keys of the sources that they rest on."""

    text: LazyString
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShortAnswer:
    """One question with its answer, part by part."""

    key: str
    question: LazyString
    said: tuple[Said, ...]

    @property
    def text(self) -> str:
        """Return the whole answer without its sources."""
        return " ".join(str(part.text) for part in self.said)


ACUPUNCTURE = ShortAnswer(
    "acupuncture",
    _("Is it acupuncture?"),
    (
        Said(
            _(
                "The needle is the same kind. Acupuncture comes with a traditional theory. Dry "
                "needling is explained with muscles and nerves. Some acupuncture groups say it is "
                "acupuncture under another name; physical therapy groups say it is not."
            ),
            ("qhc", "asa", "apta13"),
        ),
        Said(
            _(
                "For low back pain, a review found needling better than acupuncture right after "
                "treatment, and no difference later. Most of those studies could be biased."
            ),
            ("hu",),
        ),
        Said(_("Ask your therapist about their training.")),
    ),
)
OTHERS = (
    ShortAnswer(
        "does-it-hurt",
        _("Does it hurt?"),
        (
            Said(
                _(
                    "It can. You may feel a quick prick, then often an ache, a cramp or a twitch. "
                    "People differ, so nobody can tell how much it will hurt you."
                )
            ),
            Said(_("Therapists noted pain in about 3 to 6 of 100 treatments."), ("brady", "boyce")),
            Said(
                _(
                    "People who were asked themselves tell of more: after acupuncture, 29.7 "
                    "percent had something unpleasant, such as pain or a bruise."
                ),
                ("macpherson",),
            ),
            Said(_("Say stop at any time, and we stop.")),
        ),
    ),
    ShortAnswer(
        "nerves",
        _("Can the needle touch a nerve?"),
        (
            Said(
                _(
                    "Yes. How often is not known: we found no count of it. A zap or tingle that is "
                    "gone in seconds is expected."
                )
            ),
            Said(
                _("Therapists noted numbness in 0.01 percent of 7,629 dry needling treatments."),
                ("brady",),
            ),
            Said(
                _(
                    "Among 229,230 people who had acupuncture, the problem that lasted longest was "
                    "an injured leg nerve: 180 days."
                ),
                ("witt",),
            ),
            Said(_("Numbness or weakness that stays is not expected: get help right away.")),
        ),
    ),
    ShortAnswer(
        "a-good-sign",
        _("Are side effects a sign that it works?"),
        (
            Said(
                _(
                    "No. To think so can be dangerous, because it makes people wait. In one series "
                    "of collapsed lungs, people had told the person who needled them how they "
                    "felt, and were not told to get care."
                ),
                ("intjem",),
            ),
            Said(_("If something worries you, get help. You do not need to ask us first.")),
        ),
    ),
    ShortAnswer(
        "pregnancy",
        _("Can I have it while I am pregnant?"),
        (
            Said(
                _(
                    "We wait with needles, and plan your care with you and your care team. Other "
                    "care is ready for you."
                )
            ),
            Said(
                _(
                    "In 1999 the World Health Organization said of acupuncture in pregnancy: not "
                    "unless it is needed, and then only with great caution."
                ),
                ("who",),
            ),
            Said(
                _(
                    "A review from 2015 found no objective sign of harm from acupuncture in trials "
                    "with 823 women and in a group of 5,885. The two do not agree, so we take the "
                    "careful way."
                ),
                ("carr",),
            ),
        ),
    ),
    ShortAnswer(
        "water-and-heat",
        _("Should I drink a lot of water, or use heat?"),
        (
            Said(
                _(
                    "Advice on this conflicts. No study that we read shows that drinking more "
                    "helps, or that anything is “flushed out”. Do what feels good, and ask your "
                    "therapist before you take a pain medicine."
                )
            ),
        ),
    ),
    ShortAnswer(
        "giving-blood",
        _("Can I give blood afterwards?"),
        (
            Said(
                _(
                    "Ask the blood service first: rules differ. In Australia only plasma is taken "
                    "in the first 24 hours, and only if the needles were sterile and used once."
                ),
                ("lifeblood",),
            ),
        ),
    ),
)
ALL = (ACUPUNCTURE, *OTHERS)
