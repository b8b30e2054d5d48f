"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta

# A Monday morning in winter, away from every change of the clocks.
MONDAY_MORNING = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class FixedClock:
    """Answers the same instant until `advance` or `set_to`; call it where a clock is wanted."""

    def __init__(self, instant: datetime = MONDAY_MORNING) -> None:
        self.set_to(instant)

    def __call__(self) -> datetime:
        return self._instant

    @property
    def now(self) -> datetime:
        """The instant this clock stands at."""
        return self._instant

    def set_to(self, instant: datetime) -> datetime:
        """Stand at another instant, which must be aware."""
        if instant.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._instant = instant.astimezone(UTC)
        return self._instant

    def advance(self, **spans: float) -> datetime:
        """Move on by the spans of a timedelta: advance(minutes=5)."""
        self._instant += timedelta(**spans)
        return self._instant
