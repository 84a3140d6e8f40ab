"""Working days without an answer: what counts, and what they lead to."""

from datetime import date

import pytest

from notify.domain.silence import Silence, expiry, first_steps, next_step, repeats
from shared.calendar.workdays import WorkingDays
from shared.contracts.plan import LadderStep

WORKDAYS = WorkingDays()
LADDER = (
    LadderStep(after_working_days=0, role="reporter"),
    LadderStep(after_working_days=3, role="head"),
    LadderStep(after_working_days=5, role="office"),
)


def day(text: str) -> date:
    return date.fromisoformat(f"2022-{text}")


@pytest.mark.parametrize(
    ("days", "on"), [(0, "09-29"), (1, "09-30"), (2, "10-08"), (3, "10-09"), (5, "10-11")]
)
def test_days_are_working_days_across_a_holiday_with_make_up_days(days: int, on: str) -> None:
    silence = Silence(since=day("09-29"))
    assert silence.day_of(days, WORKDAYS) == day(on)
    assert silence.days(day(on), WORKDAYS) == days


def test_an_answer_stops_the_count_until_it_expires_and_then_it_goes_on() -> None:
    silence = Silence(since=day("05-16"))
    until = expiry(day("05-18"), working_days=3, workdays=WORKDAYS)
    assert until == day("05-23")
    answered = silence.answered(day("05-18"), until=until, workdays=WORKDAYS)
    assert answered.days(day("05-23"), WORKDAYS) == 2
    assert answered.day_of(3, WORKDAYS) == day("05-24")


def test_what_is_due_already_is_due_when_the_answer_expires() -> None:
    answered = Silence(since=day("05-23"), before=4)
    assert answered.day_of(3, WORKDAYS) == day("05-23")


def test_an_answer_holds_until_a_year_without_a_holiday_table_begins_and_then_day_by_day() -> None:
    last = max(WORKDAYS.loaded_years())
    for given, until in (((last, 12, 30), (last + 1, 1, 1)), ((last + 1, 3, 4), (last + 1, 3, 5))):
        held = expiry(date(*given), working_days=3, workdays=WORKDAYS)
        assert held == date(*until)


def test_no_day_of_a_year_without_a_holiday_table_counts() -> None:
    last = max(WORKDAYS.loaded_years())
    silence = Silence(since=date(last, 12, 1), before=1)
    end_of_year = silence.days(date(last, 12, 31), WORKDAYS)
    assert silence.days(date(last + 1, 2, 1), WORKDAYS) == end_of_year > 1
    assert Silence(since=date(last + 1, 1, 4)).days(date(last + 1, 2, 1), WORKDAYS) == 0


def test_silence_that_begins_on_a_day_off_is_looked_at_on_a_working_day() -> None:
    assert Silence(since=day("05-21")).day_of(0, WORKDAYS) == day("05-23")


def test_the_steps_without_a_wait_are_told_with_the_alert() -> None:
    assert first_steps(LADDER) == 1
    assert first_steps(()) == 0
    assert next_step(LADDER, 1) == LADDER[1]
    assert next_step(LADDER, 3) is None


def test_repeats_come_after_growing_waits() -> None:
    assert repeats((1, 2, 4, 8)) == (1, 3, 7, 15)
    assert repeats(()) == ()
