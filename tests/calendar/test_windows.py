"""Windows and lateness: when a report is due, until when it is taken, and how late one came."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar.periods import Cadence, PeriodScheme
from shared.calendar.windows import LatenessUnit, Timeliness, Window, timeliness, window_of
from shared.calendar.workdays import WorkingDays, YearNotLoaded

CHINA = ZoneInfo("Asia/Shanghai")
OFFICIAL = WorkingDays()
BIMONTHLY = PeriodScheme(cadence="bimonthly")
CADENCES: tuple[Cadence, ...] = (
    "weekly",
    "monthly",
    "bimonthly",
    "quarterly",
    "half_year",
    "annual",
)
# A loaded machine may be slow at any moment: no example fails for its duration.
at_leisure = settings(deadline=None)


def the_window(
    period: str = "2022-B2",
    *,
    workdays: WorkingDays = OFFICIAL,
    due: int = 5,
    close: int = 5,
    opens: int = 3,
) -> Window:
    return window_of(
        BIMONTHLY.parse(period),
        workdays=workdays,
        due_working_days=due,
        close_working_days=close,
        open_working_days=opens,
    )


B2 = the_window()


def sent(
    local: str, *, window: Window = B2, unit: LatenessUnit = "working_day", tz: ZoneInfo = CHINA
) -> Timeliness:
    received = datetime.fromisoformat(local).replace(tzinfo=tz).astimezone(UTC)
    return timeliness(received, window, tz, OFFICIAL, unit)


def late(days: int) -> Timeliness:
    return Timeliness(status="late", late_days=days)


ON_TIME = Timeliness(status="on_time", late_days=0)
MISSING = Timeliness(status="missing", late_days=0)


def test_b2_of_2022_opens_27_april_is_due_10_may_and_closes_17_may() -> None:
    assert (B2.open, B2.due, B2.close) == (date(2022, 4, 27), date(2022, 5, 10), date(2022, 5, 17))


def test_the_days_of_a_window_are_settings() -> None:
    window = the_window(due=1, close=0, opens=0)
    assert (window.open, window.due, window.close) == (
        date(2022, 4, 30),
        date(2022, 5, 5),
        date(2022, 5, 5),
    )


def test_a_plans_own_holidays_move_its_window() -> None:
    town_festival = WorkingDays(additions={2022: (frozenset({date(2022, 5, 9)}), frozenset())})
    window = the_window(workdays=town_festival)
    assert (window.due, window.close) == (date(2022, 5, 11), date(2022, 5, 18))


def test_a_due_day_lasts_until_the_next_local_midnight() -> None:
    assert B2.due_end(CHINA) == datetime(2022, 5, 10, 16, tzinfo=UTC)
    assert B2.close_end(CHINA) == datetime(2022, 5, 17, 16, tzinfo=UTC)
    assert B2.due_end(CHINA).tzinfo is UTC
    assert B2.close_end(CHINA).tzinfo is UTC


def test_midnight_is_that_of_the_plans_own_time_zone() -> None:
    assert B2.due_end(ZoneInfo("Asia/Urumqi")) == datetime(2022, 5, 10, 18, tzinfo=UTC)


def test_the_last_microsecond_of_the_due_day_is_on_time_and_midnight_is_late() -> None:
    assert sent("2022-05-10T23:59:59.999999") == ON_TIME
    assert sent("2022-05-11T00:00:00") == late(1)


def test_the_last_microsecond_of_the_closing_day_is_late_and_midnight_is_missing() -> None:
    assert sent("2022-05-17T23:59:59.999999") == late(5)
    assert sent("2022-05-18T00:00:00") == MISSING


def test_a_report_inside_the_period_is_on_time() -> None:
    assert sent("2022-03-01T00:00:00") == ON_TIME


def test_no_report_is_missing() -> None:
    assert timeliness(None, B2, CHINA, OFFICIAL, "working_day") == MISSING


def test_a_report_on_friday_13_may_is_three_days_late() -> None:
    assert sent("2022-05-13T12:00") == late(3)


def test_a_report_on_monday_16_may_is_four_working_or_six_calendar_days_late() -> None:
    assert sent("2022-05-16T12:00") == late(4)
    assert sent("2022-05-16T12:00", unit="calendar_day") == late(6)


def test_a_report_on_a_day_off_counts_as_the_next_working_day() -> None:
    assert sent("2022-05-14T12:00") == sent("2022-05-15T12:00") == late(4)


def test_by_calendar_days_a_report_on_a_day_off_counts_its_own_day() -> None:
    assert sent("2022-05-14T12:00", unit="calendar_day") == late(4)
    assert sent("2022-05-15T12:00", unit="calendar_day") == late(5)


def test_a_report_on_the_day_off_right_after_due_is_already_one_day_late() -> None:
    due_on_friday = the_window(due=2)
    assert due_on_friday.due == date(2022, 5, 6)
    make_up_saturday, sunday = "2022-05-07T12:00", "2022-05-08T12:00"
    assert sent(make_up_saturday, window=due_on_friday) == late(1)
    assert sent(sunday, window=due_on_friday) == late(2)
    due_on_saturday = the_window(due=3)
    assert sent(sunday, window=due_on_saturday) == late(1)


def test_the_day_of_receipt_is_local_to_the_plan() -> None:
    received = datetime(2022, 5, 12, 16, 30, tzinfo=UTC)
    assert timeliness(received, B2, CHINA, OFFICIAL, "working_day") == late(3)
    assert timeliness(received, B2, CHINA, OFFICIAL, "calendar_day") == late(3)


def test_where_close_is_due_nothing_is_late() -> None:
    strict = the_window(close=0)
    assert sent("2022-05-10T23:59:59", window=strict) == ON_TIME
    assert sent("2022-05-11T00:00:00", window=strict) == MISSING


def test_a_window_that_reaches_into_a_year_not_loaded_is_refused() -> None:
    year = max(OFFICIAL.loaded_years())
    with pytest.raises(YearNotLoaded) as refused:
        the_window(f"{year}-B6")
    assert refused.value.year == year + 1
    assert the_window(f"{year}-B5").due.year == year


def test_loading_the_next_year_mends_the_window_that_reaches_into_it() -> None:
    year = max(OFFICIAL.loaded_years())
    new_year = frozenset({date(year + 1, 1, 1)})
    loaded = WorkingDays(additions={year + 1: (new_year, frozenset())})
    window = the_window(f"{year}-B6", workdays=loaded)
    assert date(year + 1, 1, 1) < window.due < window.close


@pytest.mark.parametrize(
    ("opens", "due", "close"),
    [
        (date(2022, 5, 1), date(2022, 5, 10), date(2022, 5, 17)),
        (date(2022, 4, 27), date(2022, 4, 30), date(2022, 5, 17)),
        (date(2022, 4, 27), date(2022, 5, 10), date(2022, 5, 9)),
    ],
)
def test_a_window_out_of_order_is_refused(opens: date, due: date, close: date) -> None:
    with pytest.raises(ValueError, match="the window of 2022-B2 must open by"):
        Window(period=B2.period, open=opens, due=due, close=close)


@at_leisure
@given(
    cadence=st.sampled_from(CADENCES),
    day=st.dates(min_value=date(2006, 1, 1), max_value=date(2023, 1, 1)),
    due=st.integers(1, 60),
    close=st.integers(0, 60),
    opens=st.integers(0, 60),
)
def test_a_window_opens_by_the_last_day_is_due_after_it_and_closes_no_earlier(
    cadence: Cadence, day: date, due: int, close: int, opens: int
) -> None:
    window = window_of(
        PeriodScheme(cadence=cadence).containing(day),
        workdays=OFFICIAL,
        due_working_days=due,
        close_working_days=close,
        open_working_days=opens,
    )
    assert window.open <= window.period.last < window.due <= window.close
    assert OFFICIAL.count(window.period.last, window.due) == due
    assert OFFICIAL.count(window.due, window.close) == close


@at_leisure
@given(
    hours=st.integers(0, 24 * 30),
    wait=st.integers(0, 24 * 30),
    unit=st.sampled_from(("working_day", "calendar_day")),
)
def test_a_later_report_is_never_less_late(hours: int, wait: int, unit: LatenessUnit) -> None:
    earlier = datetime(2022, 4, 25, tzinfo=UTC) + timedelta(hours=hours)
    worse = ["on_time", "late", "missing"]
    one = timeliness(earlier, B2, CHINA, OFFICIAL, unit)
    other = timeliness(earlier + timedelta(hours=wait), B2, CHINA, OFFICIAL, unit)
    assert worse.index(one.status) <= worse.index(other.status)
    assert other.status == "missing" or one.late_days <= other.late_days
    assert (one.status == "late") == (one.late_days >= 1)
