"""Opening hours, zones and slots: what a clinic posts is what it offers, in every zone."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from clinic.booking import calendar
from clinic.booking.calendar import Closure, NeverOpen, Slot, UnfitTime, WeeklyHours

NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)

SPRING_NIGHT = date(2026, 3, 8)
AUTUMN_NIGHT = date(2026, 11, 1)
TUESDAY = date(2026, 12, 1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def posted(day: date, opens: str, closes: str) -> WeeklyHours:
    return WeeklyHours(day.weekday(), time.fromisoformat(opens), time.fromisoformat(closes))


def slots_on(
    day: date,
    *hours: WeeklyHours,
    zone: str = NEW_YORK,
    length: timedelta = HALF_HOUR,
    step: timedelta = HALF_HOUR,
    until: date | None = None,
    taken: tuple[datetime, ...] = (),
    closures: tuple[Closure, ...] = (),
    earliest: datetime = LONG_AGO,
    buffer: timedelta = timedelta(0),
) -> tuple[Slot, ...]:
    return calendar.free_slots(
        hours,
        zone=zone,
        length=length,
        step=step,
        first_day=day,
        last_day=until or day,
        taken=taken,
        closures=closures,
        earliest=earliest,
        buffer=buffer,
    )


def walls(slots: tuple[Slot, ...]) -> list[str]:
    """Each start as the wall shows it, with the offset that tells a repeated hour apart."""
    return [f"{calendar.local(slot.starts_at, slot.zone):%H:%M%z}" for slot in slots]


class TestAtoms:
    def test_a_visit_is_named_in_five_minute_pieces_with_the_buffer_after_it(self) -> None:
        pieces = calendar.atoms(
            utc("2026-12-01T14:00"), utc("2026-12-01T14:15"), buffer=timedelta(minutes=10)
        )

        assert [f"{piece:%H:%M}" for piece in pieces] == [
            "14:00", "14:05", "14:10", "14:15", "14:20",
        ]  # fmt: skip
        assert all(piece.tzinfo is UTC for piece in pieces)

    def test_the_same_instants_give_the_same_atoms_in_whatever_zone_they_are_written(self) -> None:
        start = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK), fold=1)
        end = datetime(2026, 11, 1, 2, 0, tzinfo=ZoneInfo(NEW_YORK))

        pieces = calendar.atoms(start, end)

        assert pieces == calendar.atoms(utc("2026-11-01T06:30"), utc("2026-11-01T07:00"))

    def test_a_visit_across_the_repeated_hour_takes_the_time_that_really_passes(self) -> None:
        start = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK))
        end = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK), fold=1)

        assert len(calendar.atoms(start, end)) == 12

    @pytest.mark.parametrize(
        ("starts_at", "ends_at", "why"),
        [
            (naive("2026-12-01T14:00"), utc("2026-12-01T14:30"), "without a zone"),
            (utc("2026-12-01T14:00"), naive("2026-12-01T15:00"), "without a zone"),
            (utc("2026-12-01T14:02"), utc("2026-12-01T14:30"), "five-minute grid"),
            (utc("2026-12-01T14:00"), utc("2026-12-01T14:30:01"), "five-minute grid"),
            (utc("2026-12-01T14:00:00.000001"), utc("2026-12-01T14:30"), "five-minute grid"),
            (utc("2026-12-01T14:30"), utc("2026-12-01T14:00"), "not after its start"),
            (utc("2026-12-01T14:30"), utc("2026-12-01T14:30"), "not after its start"),
        ],
    )
    def test_an_unfit_visit_is_refused_and_the_message_says_why(
        self, starts_at: datetime, ends_at: datetime, why: str
    ) -> None:
        with pytest.raises(UnfitTime, match=why):
            calendar.atoms(starts_at, ends_at)

    @pytest.mark.parametrize("minutes", [-5, 7])
    def test_an_unfit_buffer_is_refused(self, minutes: int) -> None:
        with pytest.raises(UnfitTime, match="buffer"):
            calendar.atoms(
                utc("2026-12-01T14:00"),
                utc("2026-12-01T14:30"),
                buffer=timedelta(minutes=minutes),
            )


class TestPostedHours:
    @pytest.mark.parametrize(
        ("weekday", "opens", "closes", "why"),
        [
            (7, time(9), time(17), "weekday"),
            (-1, time(9), time(17), "weekday"),
            (0, time(17), time(9), "not after it opens"),
            (0, time(9), time(9), "not after it opens"),
            (0, time(9, 1), time(17), "five minutes"),
            (0, time(9), time(17, 0, 30), "five minutes"),
            (0, time(9, tzinfo=UTC), time(17), "without a zone"),
        ],
    )
    def test_hours_that_cannot_be_kept_are_refused(
        self, weekday: int, opens: time, closes: time, why: str
    ) -> None:
        with pytest.raises(UnfitTime, match=why):
            WeeklyHours(weekday, opens, closes)

    def test_hours_and_closures_that_end_before_they_begin_are_refused(self) -> None:
        with pytest.raises(UnfitTime, match="before 2026-12-02"):
            WeeklyHours(0, time(9), time(17), date(2026, 12, 2), date(2026, 12, 1))
        with pytest.raises(UnfitTime, match="before 2026-12-02"):
            Closure(date(2026, 12, 2), date(2026, 12, 1))

    def test_hours_hold_on_their_weekday_from_their_first_to_their_last_day(self) -> None:
        hours = WeeklyHours(1, time(9), time(10), date(2026, 12, 8), date(2026, 12, 15))

        slots = slots_on(date(2026, 11, 1), hours, until=date(2026, 12, 31), length=HOUR, step=HOUR)

        assert [calendar.visit_on(slot.starts_at, NEW_YORK) for slot in slots] == [
            date(2026, 12, 8),
            date(2026, 12, 15),
        ]


class TestFreeSlots:
    def test_the_first_starts_at_opening_and_the_last_ends_at_closing(self) -> None:
        slots = slots_on(TUESDAY, posted(TUESDAY, "09:00", "17:00"))

        assert slots[0] == Slot(utc("2026-12-01T14:00"), utc("2026-12-01T14:30"), NEW_YORK)
        assert slots[-1] == Slot(utc("2026-12-01T21:30"), utc("2026-12-01T22:00"), NEW_YORK)
        assert len(slots) == 16

    def test_none_reaches_beyond_closing(self) -> None:
        slots = slots_on(TUESDAY, posted(TUESDAY, "09:00", "10:40"), length=timedelta(minutes=45))

        assert walls(slots) == ["09:00-0500", "09:30-0500"]

    def test_none_bridges_the_lunch_break(self) -> None:
        morning, afternoon = posted(TUESDAY, "09:00", "12:00"), posted(TUESDAY, "13:00", "15:00")

        slots = slots_on(TUESDAY, afternoon, morning, length=HOUR)

        assert walls(slots) == [
            "09:00-0500", "09:30-0500", "10:00-0500", "10:30-0500", "11:00-0500",
            "13:00-0500", "13:30-0500", "14:00-0500",
        ]  # fmt: skip

    def test_hours_posted_twice_list_a_start_once(self) -> None:
        slots = slots_on(
            TUESDAY, posted(TUESDAY, "09:00", "10:00"), posted(TUESDAY, "09:00", "10:30")
        )

        assert walls(slots) == ["09:00-0500", "09:30-0500", "10:00-0500"]

    def test_what_is_taken_is_left_out_together_with_its_buffer(self) -> None:
        buffer = timedelta(minutes=10)
        taken = calendar.atoms(utc("2026-12-01T15:00"), utc("2026-12-01T15:30"), buffer=buffer)

        slots = slots_on(TUESDAY, posted(TUESDAY, "09:00", "12:00"), taken=taken, buffer=buffer)

        assert walls(slots) == ["09:00-0500", "11:00-0500", "11:30-0500"]

    def test_taken_time_written_in_the_clinics_own_zone_is_understood(self) -> None:
        repeated = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK), fold=1)

        slots = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "01:00", "02:00"), taken=(repeated,))

        assert walls(slots) == ["01:00-0400", "01:30-0400", "01:00-0500"]

    def test_the_buffer_may_run_past_closing(self) -> None:
        slots = slots_on(TUESDAY, posted(TUESDAY, "09:00", "10:00"), buffer=timedelta(minutes=15))

        assert walls(slots) == ["09:00-0500", "09:30-0500"]

    def test_none_starts_before_the_earliest_moment(self) -> None:
        slots = slots_on(
            TUESDAY, posted(TUESDAY, "09:00", "11:00"), earliest=utc("2026-12-01T14:30")
        )

        assert walls(slots) == ["09:30-0500", "10:00-0500", "10:30-0500"]

    def test_closed_days_have_none_both_ends_included(self) -> None:
        every_day = tuple(WeeklyHours(day, time(9), time(10)) for day in range(7))

        slots = slots_on(
            date(2026, 12, 21),
            *every_day,
            until=date(2026, 12, 28),
            length=HOUR,
            step=HOUR,
            closures=(Closure(date(2026, 12, 23), date(2026, 12, 26)),),
        )

        assert [calendar.visit_on(slot.starts_at, NEW_YORK).day for slot in slots] == [
            21, 22, 27, 28,
        ]  # fmt: skip

    def test_no_days_no_slots(self) -> None:
        hours = posted(TUESDAY, "09:00", "17:00")

        assert slots_on(TUESDAY, hours, until=TUESDAY - timedelta(days=1)) == ()
        assert slots_on(TUESDAY) == ()

    def test_closing_at_midnight_means_the_end_of_the_day(self) -> None:
        slots = slots_on(TUESDAY, posted(TUESDAY, "23:00", "00:00"))

        assert walls(slots) == ["23:00-0500", "23:30-0500"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("length", timedelta(0)),
            ("length", timedelta(minutes=-30)),
            ("length", timedelta(minutes=32)),
            ("step", timedelta(0)),
            ("step", timedelta(minutes=1)),
            ("buffer", timedelta(minutes=-5)),
        ],
    )
    def test_unfit_lengths_steps_and_buffers_are_refused(self, name: str, value: timedelta) -> None:
        with pytest.raises(UnfitTime, match=name):
            slots_on(TUESDAY, posted(TUESDAY, "09:00", "17:00"), **{name: value})  # type: ignore[arg-type]  # one name at a time

    def test_naive_or_off_grid_moments_are_refused_even_where_nothing_is_open(self) -> None:
        with pytest.raises(UnfitTime, match="without a zone"):
            slots_on(TUESDAY, earliest=naive("2026-12-01T00:00"))
        with pytest.raises(UnfitTime, match="without a zone"):
            slots_on(TUESDAY, taken=(naive("2026-12-01T00:00"),))
        with pytest.raises(UnfitTime, match="five-minute grid"):
            slots_on(TUESDAY, taken=(utc("2026-12-01T14:01"),))

    @pytest.mark.parametrize(
        "zone", ["", "Mars/Olympus", "../../etc/passwd", "New York", "America", "\0"]
    )
    def test_an_unknown_zone_is_refused(self, zone: str) -> None:
        with pytest.raises(UnfitTime, match="no such time zone"):
            slots_on(TUESDAY, posted(TUESDAY, "09:00", "17:00"), zone=zone)


class TestNightsOnWhichTheClockChanges:
    def test_the_skipped_half_past_two_is_never_offered(self) -> None:
        slots = slots_on(SPRING_NIGHT, posted(SPRING_NIGHT, "01:00", "04:00"))

        assert walls(slots) == [
            "01:00-0500", "01:30-0500", "03:00-0400", "03:30-0400",
        ]  # fmt: skip

    def test_opening_inside_the_skipped_hour_opens_when_the_clock_has_jumped(self) -> None:
        slots = slots_on(SPRING_NIGHT, posted(SPRING_NIGHT, "02:30", "04:00"))

        assert walls(slots) == ["03:00-0400", "03:30-0400"]

    def test_closing_inside_the_skipped_hour_closes_when_the_clock_jumps(self) -> None:
        slots = slots_on(SPRING_NIGHT, posted(SPRING_NIGHT, "01:00", "02:30"), length=HALF_HOUR)

        assert walls(slots) == ["01:00-0500", "01:30-0500"]
        assert slots[-1].ends_at == at(NEW_YORK, "2026-03-08T03:00")

    def test_a_visit_across_the_jump_lasts_as_long_as_any_other(self) -> None:
        slots = slots_on(SPRING_NIGHT, posted(SPRING_NIGHT, "01:30", "04:00"), length=HOUR)

        assert slots[0].ends_at - slots[0].starts_at == HOUR
        assert calendar.local(slots[0].ends_at, NEW_YORK).time() == time(3, 30)

    def test_half_past_one_is_offered_twice_and_told_apart(self) -> None:
        slots = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "01:00", "02:30"))

        assert walls(slots) == [
            "01:00-0400", "01:30-0400", "01:00-0500", "01:30-0500", "02:00-0500",
        ]  # fmt: skip
        first, second = slots[1], slots[3]
        assert second.starts_at - first.starts_at == HOUR
        assert calendar.spoken_time(first.starts_at, NEW_YORK, "en") == "1:30 AM EDT"
        assert calendar.spoken_time(second.starts_at, NEW_YORK, "en") == "1:30 AM EST"

    def test_only_the_first_half_past_one_is_offered_where_the_clinic_closes_before_the_second(
        self,
    ) -> None:
        slots = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "00:30", "01:45"), length=ATOM)

        assert walls(slots) == ["00:30-0400", "01:00-0400", "01:30-0400"]

    def test_nothing_lies_in_the_part_of_the_repeated_hour_before_opening(self) -> None:
        # From 1:30 EDT on it is open; at 2:00 EDT the clock shows 1:00 again, before opening.
        slots = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "01:30", "03:00"))
        hours_long = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "01:30", "03:00"), length=HOUR)

        assert walls(slots) == ["01:30-0400", "01:30-0500", "02:00-0500", "02:30-0500"]
        assert walls(hours_long) == ["01:30-0500", "02:00-0500"]

    def test_hours_inside_the_repeated_hour_are_kept_once(self) -> None:
        hours = posted(AUTUMN_NIGHT, "01:15", "01:45")

        assert walls(slots_on(AUTUMN_NIGHT, hours)) == ["01:15-0400"]
        assert slots_on(AUTUMN_NIGHT, hours, length=timedelta(minutes=45)) == ()

    def test_lord_howe_turns_back_by_half_an_hour(self) -> None:
        night = date(2026, 4, 5)  # 2:00 becomes 1:30

        slots = slots_on(night, posted(night, "01:00", "02:30"), zone=LORD_HOWE)

        assert walls(slots) == ["01:00+1100", "01:30+1100", "01:30+1030", "02:00+1030"]

    def test_lord_howe_jumps_by_half_an_hour(self) -> None:
        night = date(2026, 10, 4)  # 2:00 becomes 2:30

        slots = slots_on(
            night, posted(night, "01:30", "03:00"), zone=LORD_HOWE, step=timedelta(minutes=15),
            length=timedelta(minutes=15),
        )  # fmt: skip

        assert walls(slots) == ["01:30+1030", "01:45+1030", "02:30+1100", "02:45+1100"]

    def test_a_day_that_a_zone_left_out_has_no_slots(self) -> None:
        skipped = date(2011, 12, 30)  # Samoa crossed the date line

        slots = slots_on(skipped, posted(skipped, "09:00", "17:00"), zone="Pacific/Apia")

        assert slots == ()

    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            (zone, day)
            for zone in (NEW_YORK, LORD_HOWE, "Asia/Kathmandu", "America/Phoenix")
            for day in (SPRING_NIGHT, AUTUMN_NIGHT, date(2026, 4, 5), date(2026, 10, 4), TUESDAY)
        ],
    )
    def test_first_and_last_slot_equal_the_posted_hours_in_every_zone(
        self, zone: str, day: date
    ) -> None:
        for opens, closes in (("09:00", "17:00"), ("00:00", "06:00"), ("00:00", "00:00")):
            slots = slots_on(day, posted(day, opens, closes), zone=zone)

            first, last = slots[0].starts_at, slots[-1].ends_at
            assert f"{calendar.local(first, zone):%H:%M}" == opens
            assert f"{calendar.local(last, zone):%H:%M}" == closes
            assert calendar.visit_on(first, zone) == day

    def test_no_zone_has_a_later_day_than_the_latest(self) -> None:
        for hour in range(24):
            now = datetime(2026, 12, 31, hour, 30, tzinfo=UTC)

            days = {calendar.visit_on(now, zone) for zone in available_timezones()}

            assert calendar.latest_day(now) == max(days)

    def test_a_week_across_each_night_keeps_the_posted_wall_clock(self) -> None:
        every_day = tuple(WeeklyHours(day, time(9), time(17)) for day in range(7))

        for night in (SPRING_NIGHT, AUTUMN_NIGHT):
            slots = slots_on(night - timedelta(days=3), *every_day, until=night + timedelta(days=3))
            by_day = {f"{calendar.local(s.starts_at, NEW_YORK):%H:%M}" for s in slots}

            assert len(slots) == 7 * 16
            assert min(by_day) == "09:00"
            assert max(by_day) == "16:30"


class TestDisplay:
    def test_an_instant_is_shown_by_the_wall_clock_of_its_zone(self) -> None:
        instant = utc("2026-12-02T03:30")

        assert calendar.visit_on(instant, NEW_YORK) == date(2026, 12, 1)
        assert calendar.visit_on(instant, "Asia/Kathmandu") == date(2026, 12, 2)
        assert f"{calendar.local(instant, 'Asia/Kathmandu'):%H:%M}" == "09:15"

    def test_a_naive_time_is_refused(self) -> None:
        for show in (calendar.local, calendar.visit_on):
            with pytest.raises(UnfitTime, match="without a zone"):
                show(naive("2026-12-01T00:00"), NEW_YORK)

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", "Tuesday, December 1, 2026 at 9:00 AM EST"),
            ("en_US", "Tuesday, December 1, 2026 at 9:00 AM EST"),
            ("es", "martes 1 de diciembre de 2026, 9:00 a. m. (EST)"),
            ("es-MX", "martes 1 de diciembre de 2026, 9:00 a. m. (EST)"),
            ("xx-pseudo", "Tuesday, December 1, 2026 at 9:00 AM EST"),
            ("", "Tuesday, December 1, 2026 at 9:00 AM EST"),
        ],
    )
    def test_a_time_is_said_in_full_with_its_zone(self, language: str, said: str) -> None:
        assert calendar.spoken(utc("2026-12-01T14:00"), NEW_YORK, language) == said

    @pytest.mark.parametrize(
        ("zone", "said"),
        [
            (NEW_YORK, "4:00 PM EDT"),
            ("America/Phoenix", "1:00 PM MST"),
            ("Asia/Kathmandu", "1:45 AM UTC+05:45"),
            (LORD_HOWE, "6:30 AM UTC+10:30"),
            ("America/Sao_Paulo", "5:00 PM UTC-03:00"),
            ("UTC", "8:00 PM UTC"),
        ],
    )
    def test_the_zone_is_always_printed(self, zone: str, said: str) -> None:
        assert calendar.spoken_time(utc("2026-07-01T20:00"), zone, "en") == said

    def test_noon_and_midnight_read_as_twelve(self) -> None:
        assert calendar.spoken_time(utc("2026-12-01T17:00"), NEW_YORK, "en") == "12:00 PM EST"
        assert calendar.spoken_time(utc("2026-12-01T05:00"), NEW_YORK, "es") == "12:00 a. m. (EST)"

    def test_a_day_is_said_without_a_time(self) -> None:
        assert calendar.spoken_day(TUESDAY, "en") == "Tuesday, December 1, 2026"
        assert calendar.spoken_day(TUESDAY, "es") == "martes 1 de diciembre de 2026"

    @pytest.mark.parametrize("host", ["Asia/Tokyo", "America/New_York", "UTC"])
    def test_the_zone_of_the_machine_changes_nothing(
        self, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", host)
        clock.tzset()
        try:
            slots = slots_on(AUTUMN_NIGHT, posted(AUTUMN_NIGHT, "01:00", "02:00"))
            said = [calendar.spoken(slot.starts_at, NEW_YORK, "en") for slot in slots]
        finally:
            monkeypatch.undo()
            clock.tzset()

        assert said == [
            "Sunday, November 1, 2026 at 1:00 AM EDT",
            "Sunday, November 1, 2026 at 1:30 AM EDT",
            "Sunday, November 1, 2026 at 1:00 AM EST",
            "Sunday, November 1, 2026 at 1:30 AM EST",
        ]


class TestOpenTime:
    WEEK = tuple(WeeklyHours(day, time(9), time(17)) for day in range(5))

    def later(
        self,
        start: datetime,
        hours: float,
        *,
        closures: tuple[Closure, ...] = (),
        posted: tuple[WeeklyHours, ...] = WEEK,
    ) -> str:
        due = calendar.add_open_time(start, timedelta(hours=hours), posted, NEW_YORK, closures)
        return f"{calendar.local(due, NEW_YORK):%a %Y-%m-%d %H:%M}"

    def test_within_a_day_it_is_plain_addition(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-01T10:00"), 4) == "Tue 2026-12-01 14:00"

    def test_what_is_left_at_closing_runs_on_from_the_next_opening(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-01T16:00"), 4) == "Wed 2026-12-02 12:00"

    def test_a_request_sent_on_friday_night_is_not_late_on_monday_morning(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-04T22:00"), 4) == "Mon 2026-12-07 13:00"

    def test_before_opening_the_count_starts_at_opening(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-01T06:00"), 1) == "Tue 2026-12-01 10:00"

    def test_time_that_ends_with_the_day_is_due_at_closing(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-01T09:00"), 8) == "Tue 2026-12-01 17:00"

    def test_closures_do_not_count(self) -> None:
        holidays = (Closure(date(2026, 12, 24), date(2027, 1, 3)),)

        due = self.later(at(NEW_YORK, "2026-12-23T16:00"), 2, closures=holidays)

        assert due == "Mon 2027-01-04 10:00"

    def test_the_order_in_which_hours_are_posted_does_not_matter(self) -> None:
        posted = (WeeklyHours(1, time(13), time(17)), WeeklyHours(1, time(9), time(12)))

        due = self.later(at(NEW_YORK, "2026-12-01T08:00"), 4, posted=posted)

        assert due == "Tue 2026-12-01 14:00"

    def test_a_target_of_more_than_a_year_of_opening_days_is_still_found(self) -> None:
        assert self.later(at(NEW_YORK, "2026-11-30T09:00"), 8 * 300) == "Fri 2028-01-21 17:00"

    def test_overlapping_hours_count_once(self) -> None:
        posted = (
            WeeklyHours(1, time(9), time(17)),
            WeeklyHours(1, time(9), time(12)),
            WeeklyHours(1, time(11), time(18)),
        )

        due = self.later(at(NEW_YORK, "2026-12-01T09:00"), 8.5, posted=posted)

        assert due == "Tue 2026-12-01 17:30"

    def test_no_time_is_due_at_once(self) -> None:
        assert self.later(at(NEW_YORK, "2026-12-05T22:00"), 0) == "Sat 2026-12-05 22:00"

    def test_the_jump_in_spring_shortens_the_night_not_the_opening_time(self) -> None:
        every_night = tuple(WeeklyHours(day, time(0), time(6)) for day in range(7))

        due = self.later(at(NEW_YORK, "2026-03-08T00:00"), 5, posted=every_night)

        assert due == "Sun 2026-03-08 06:00"

    @pytest.mark.parametrize(
        "hours",
        [(), (WeeklyHours(0, time(9), time(17), valid_until=date(2026, 11, 30)),)],
    )
    def test_a_clinic_that_never_opens_again_says_so(self, hours: tuple[WeeklyHours, ...]) -> None:
        with pytest.raises(NeverOpen, match="366 days"):
            self.later(at(NEW_YORK, "2026-12-01T10:00"), 1, posted=hours)

    def test_negative_time_and_naive_starts_are_refused(self) -> None:
        with pytest.raises(UnfitTime, match="not taken away"):
            self.later(at(NEW_YORK, "2026-12-01T10:00"), -1)
        with pytest.raises(UnfitTime, match="without a zone"):
            self.later(naive("2026-12-01T10:00"), 1)

    def test_a_fixed_offset_is_as_good_an_instant_as_any(self) -> None:
        start = datetime(2026, 12, 1, 10, tzinfo=timezone(timedelta(hours=-5)))

        assert self.later(start, 1) == "Tue 2026-12-01 11:00"


def test_starts_are_listed_in_the_order_in_which_they_come() -> None:
    every_day = tuple(WeeklyHours(day, time(0), time(0)) for day in reversed(range(7)))

    slots = slots_on(date(2026, 10, 30), *every_day, until=date(2026, 11, 3))

    assert all(one.starts_at < other.starts_at for one, other in pairwise(slots))
    assert len(slots) == 5 * 48 + 2


ATOM = calendar.ATOM
