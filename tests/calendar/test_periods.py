"""Periods: how each cadence divides time, what its ids are, and which period ends in which."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar.periods import Cadence, Period, PeriodScheme, ends_in, is_slower

CADENCES: tuple[Cadence, ...] = (
    "weekly",
    "monthly",
    "bimonthly",
    "quarterly",
    "half_year",
    "annual",
)
DAYS = st.dates(min_value=date(1970, 1, 1), max_value=date(2200, 12, 31))
SCHEMES = st.builds(
    PeriodScheme, cadence=st.sampled_from(CADENCES), anchor_month=st.integers(1, 12)
)
BIMONTHLY = PeriodScheme(cadence="bimonthly")
FROM_FEBRUARY = PeriodScheme(cadence="bimonthly", anchor_month=2)
ONE_DAY = timedelta(days=1)
# A loaded machine may be slow at any moment: no example fails for its duration.
at_leisure = settings(deadline=None)


def length(period: Period) -> int:
    return (period.last - period.first).days + 1


@pytest.mark.parametrize(
    ("cadence", "period_id", "first", "last"),
    [
        ("weekly", "2021-W07", date(2021, 2, 15), date(2021, 2, 21)),
        ("monthly", "2021-M03", date(2021, 3, 1), date(2021, 3, 31)),
        ("monthly", "2024-M02", date(2024, 2, 1), date(2024, 2, 29)),
        ("bimonthly", "2021-B2", date(2021, 3, 1), date(2021, 4, 30)),
        ("bimonthly", "2021-B6", date(2021, 11, 1), date(2021, 12, 31)),
        ("quarterly", "2021-Q1", date(2021, 1, 1), date(2021, 3, 31)),
        ("half_year", "2021-H2", date(2021, 7, 1), date(2021, 12, 31)),
        ("annual", "2021", date(2021, 1, 1), date(2021, 12, 31)),
    ],
)
def test_an_id_names_a_span_and_both_its_ends_lie_in_it(
    cadence: Cadence, period_id: str, first: date, last: date
) -> None:
    scheme = PeriodScheme(cadence=cadence)
    named = Period(id=period_id, first=first, last=last)
    assert scheme.parse(period_id) == named
    assert scheme.containing(first) == named
    assert scheme.containing(last) == named


def test_the_bimonthly_periods_of_2021_are_59_61_61_62_61_and_61_days_long() -> None:
    periods = BIMONTHLY.between(date(2021, 1, 1), date(2021, 12, 31))
    assert [period.id for period in periods] == [f"2021-B{n}" for n in range(1, 7)]
    assert [length(period) for period in periods] == [59, 61, 61, 62, 61, 61]


def test_new_years_day_of_2021_is_in_week_53_of_2020_which_belongs_to_2021() -> None:
    week = PeriodScheme(cadence="weekly").containing(date(2021, 1, 1))
    assert week == Period(id="2020-W53", first=date(2020, 12, 28), last=date(2021, 1, 3))
    assert week.year == 2021


def test_with_anchor_february_b6_of_2021_ends_in_january_and_belongs_to_2022() -> None:
    period = FROM_FEBRUARY.parse("2021-B6")
    assert (period.first, period.last) == (date(2021, 12, 1), date(2022, 1, 31))
    assert period.year == 2022
    assert FROM_FEBRUARY.following(period).id == "2022-B1"


def test_an_id_carries_the_year_of_its_first_day_wherever_the_count_begins() -> None:
    from_march = PeriodScheme(cadence="bimonthly", anchor_month=3)
    ids = [period.id for period in from_march.between(date(2021, 11, 1), date(2022, 6, 30))]
    assert ids == ["2021-B5", "2022-B6", "2022-B1", "2022-B2"]


@pytest.mark.parametrize("cadence", ["monthly", "quarterly", "half_year", "annual"])
def test_the_anchor_month_moves_bimonthly_periods_only(cadence: Cadence) -> None:
    day = date(2021, 1, 15)
    anchored = PeriodScheme(cadence=cadence, anchor_month=2)
    assert anchored.containing(day) == PeriodScheme(cadence=cadence).containing(day)


@pytest.mark.parametrize(
    ("cadence", "wrong", "example"),
    [
        ("weekly", "2021-W53", "2021-W07"),
        ("weekly", "2021-W00", "2021-W07"),
        ("weekly", "2021-W7", "2021-W07"),
        ("weekly", "9999-W52", "2021-W07"),
        ("monthly", "2021-M13", "2021-M03"),
        ("monthly", "2021-M3", "2021-M03"),
        ("bimonthly", "2021-B7", "2021-B2"),
        ("bimonthly", "2021-B0", "2021-B2"),
        ("bimonthly", "2021-B02", "2021-B2"),
        ("bimonthly", "2021-b2", "2021-B2"),
        ("bimonthly", "2021-Q2", "2021-B2"),
        ("bimonthly", "2021-B２", "2021-B2"),
        ("bimonthly", " 2021-B2", "2021-B2"),
        ("bimonthly", "2021", "2021-B2"),
        ("bimonthly", "", "2021-B2"),
        ("quarterly", "2021-Q5", "2021-Q1"),
        ("half_year", "2021-H3", "2021-H1"),
        ("annual", "0000", "2021"),
        ("annual", "9999", "2021"),
        ("annual", "2021-", "2021"),
        ("annual", "21", "2021"),
    ],
)
def test_what_no_period_is_called_is_refused_with_an_example(
    cadence: Cadence, wrong: str, example: str
) -> None:
    with pytest.raises(ValueError, match=f'no {cadence} period "{wrong}".*like "{example}"'):
        PeriodScheme(cadence=cadence).parse(wrong)


def test_a_plans_periods_are_those_whose_last_day_lies_in_it() -> None:
    from_mid_january = BIMONTHLY.between(date(2021, 1, 15), date(2021, 8, 30))
    assert [period.id for period in from_mid_january] == ["2021-B1", "2021-B2", "2021-B3"]


def test_a_period_that_began_before_the_plan_is_the_plans_if_it_ends_inside() -> None:
    periods = FROM_FEBRUARY.between(date(2021, 1, 1), date(2021, 3, 31))
    assert [period.id for period in periods] == ["2020-B6", "2021-B1"]


def test_a_span_in_which_nothing_ends_has_no_periods() -> None:
    assert BIMONTHLY.between(date(2021, 1, 1), date(2021, 2, 27)) == ()
    assert BIMONTHLY.between(date(2021, 12, 31), date(2021, 1, 1)) == ()


def test_a_five_year_plan_has_thirty_bimonthly_periods_of_1826_days() -> None:
    periods = BIMONTHLY.between(date(2021, 1, 1), date(2025, 12, 31))
    assert len(periods) == 30
    assert sum(length(period) for period in periods) == 1826


def test_cadences_are_ordered_from_weekly_to_annual() -> None:
    for quicker, slower in pairwise(CADENCES):
        assert is_slower(slower, than=quicker)
        assert not is_slower(quicker, than=slower)
        assert not is_slower(quicker, than=quicker)


@pytest.mark.parametrize(
    ("cadence", "where"),
    [
        ("quarterly", ["2021-B2", "2021-B3", "2021-B5", "2021-B6"]),
        ("half_year", ["2021-B3", "2021-B6"]),
        ("annual", ["2021-B6"]),
    ],
)
def test_a_slower_period_ends_in_the_bimonthly_one_that_holds_its_last_day(
    cadence: Cadence, where: list[str]
) -> None:
    year = BIMONTHLY.between(date(2021, 1, 1), date(2021, 12, 31))
    assert [period.id for period in year if ends_in(cadence, period)] == where


def test_a_bimonthly_figure_of_a_monthly_plan_ends_by_the_plans_anchor() -> None:
    january = PeriodScheme(cadence="monthly").parse("2022-M01")
    assert ends_in("bimonthly", january, anchor_month=2)
    assert not ends_in("bimonthly", january)


@at_leisure
@given(scheme=SCHEMES, day=DAYS)
def test_periods_partition_time(scheme: PeriodScheme, day: date) -> None:
    period = scheme.containing(day)
    following = scheme.following(period)
    assert period.first <= day <= period.last
    assert following.first == period.last + ONE_DAY
    assert scheme.preceding(following) == period
    assert scheme.containing(period.first) == scheme.containing(period.last) == period


@at_leisure
@given(scheme=SCHEMES, day=DAYS)
def test_an_id_leads_back_to_the_period_it_names(scheme: PeriodScheme, day: date) -> None:
    period = scheme.containing(day)
    assert scheme.parse(period.id) == period


@at_leisure
@given(scheme=SCHEMES, start=DAYS, days=st.integers(0, 900))
def test_a_plans_periods_follow_one_another_under_different_ids(
    scheme: PeriodScheme, start: date, days: int
) -> None:
    end = start + timedelta(days=days)
    periods = scheme.between(start, end)
    assert all(start <= period.last <= end for period in periods)
    assert all(scheme.following(one) == other for one, other in pairwise(periods))
    assert len({period.id for period in periods}) == len(periods)
    if periods:
        assert scheme.preceding(periods[0]).last < start
        assert scheme.following(periods[-1]).last > end
