"""The rules that run: the version in force, else the one that ships.

The row is asked each time, in the transaction that screens, so that what another process has put
in force is seen at once; what its document says is read once per process. Where newer questions
and rules have come with the program, both are run and the graver result counts, until a lead
therapist approves the newer ones; then nobody is cleared by a screening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import select

from clinic.extensions import db
from clinic.models import RulesetVersion
from clinic.screening import editions, outcome, questionnaire, rules, stored
from clinic.screening.outcome import EarlierAnswer, Screening
from clinic.screening.rules import Ruleset
from clinic.screening.stored import KeptRules

IN_FORCE = "in_force"
KEPT = 8  # versions whose documents a process keeps understood


@dataclass(frozen=True)
class Running:
    """What screens an intake at this moment.

    ``beside`` is the ruleset that ships where it does not belong to the one in force.
    """

    ruleset: Ruleset
    is_in_force: bool
    beside: Ruleset | None = None

    @property
    def every(self) -> tuple[Ruleset, ...]:
        """Each ruleset that is run, the one that counts first."""
        return (self.ruleset,) if self.beside is None else (self.ruleset, self.beside)

    @property
    def clears(self) -> bool:
        """Whether a screening may clear: complete, in force, and fit for the questions."""
        return self.is_in_force and self.ruleset.complete and self.beside is None

    def used(self, screening: Screening) -> Ruleset:
        """The ruleset that a screening was made by."""
        return next(one for one in self.every if one.hash == screening.ruleset.hash)

    def gravest(self, screened: Callable[[Ruleset], Screening]) -> Screening:
        """Screen by each ruleset that runs; the graver result counts."""
        found = screened(self.ruleset)
        return found if self.beside is None else outcome.graver(found, screened(self.beside))

    def screen(
        self,
        answers: Mapping[str, object],
        *,
        as_of: date,
        earlier: Sequence[EarlierAnswer] = (),
    ) -> Screening:
        """Screen answers that today's questionnaire can read."""
        asked = questionnaire.shipped()
        return self.gravest(
            lambda one: outcome.screen(asked, one, answers, as_of=as_of, earlier=earlier)
        )


def running() -> Running:
    """Tell which rules run, as the open transaction sees it."""
    shipped = rules.shipped_rules()
    digest = digest_in_force()
    if digest is None:
        return Running(shipped, is_in_force=False)
    kept = version(digest)
    if not kept.whole or kept.ruleset.hash != digest:  # nobody is screened by what is broken
        return Running(shipped, is_in_force=False)
    beside = None if editions.fits(kept.ruleset) else shipped
    return Running(kept.ruleset, is_in_force=True, beside=beside)


def digest_in_force() -> str | None:
    """Return the hash of the version in force, if there is one."""
    with db.session.no_autoflush:
        query = select(RulesetVersion.hash).where(RulesetVersion.state == IN_FORCE)
        return db.session.scalars(query).one_or_none()


def version(digest: str) -> KeptRules:
    """Read a stored version, or the one that ships; raise NoResultFound if there is none."""
    shipped = rules.shipped_rules()
    if shipped.hash == digest:
        return KeptRules(shipped, whole=True)
    return _read(digest)


@lru_cache(maxsize=KEPT)
def _read(digest: str) -> KeptRules:
    with db.session.no_autoflush:
        query = select(RulesetVersion.document).where(RulesetVersion.hash == digest)
        return stored.read_rules(db.session.scalars(query).one(), digest)
