"""Working days: the official table with make-up days, a plan's additions, and years not loaded."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar.workdays import WorkingDays, YearNotLoaded

OFFICIAL = WorkingDays()
LAST_YEAR = max(OFFICIAL.loaded_years())
DAYS = st.dates(min_value=date(2005, 1, 1), max_value=date(2025, 1, 1))
ONE_DAY = timedelta(days=1)
# A loaded machine may be slow at any moment: no example fails for its duration.
at_leisure = settings(deadline=None)


def added(
    year: int, *, rest: frozenset[date] = frozenset(), work: frozenset[date] = frozenset()
) -> WorkingDays:
    return WorkingDays(additions={year: (rest, work)})


def test_the_official_table_of_2022_rests_over_labour_day_and_works_the_saturday_after() -> None:
    may = [date(2022, 4, 29) + n * ONE_DAY for n in range(10)]
    worked = [day for day in may if OFFICIAL.is_working(day)]
    assert worked == [date(2022, 4, 29), date(2022, 5, 5), date(2022, 5, 6), date(2022, 5, 7)]


def test_a_make_up_sunday_is_worked_and_an_ordinary_sunday_is_not() -> None:
    assert OFFICIAL.is_working(date(2022, 4, 24))
    assert not OFFICIAL.is_working(date(2022, 4, 17))


def test_the_fifth_working_day_after_april_2022_is_the_tenth_of_may() -> None:
    assert OFFICIAL.add(date(2022, 4, 30), 5) == date(2022, 5, 10)


def test_days_are_counted_backwards_over_days_off() -> None:
    assert OFFICIAL.add(date(2022, 5, 1), -3) == date(2022, 4, 27)
    assert OFFICIAL.add(date(2022, 5, 5), -1) == date(2022, 4, 29)


def test_no_working_day_on_is_the_day_itself_even_a_day_off() -> None:
    assert OFFICIAL.add(date(2022, 5, 1), 0) == date(2022, 5, 1)


def test_the_next_working_day_from_a_day_off_is_the_first_one_after_it() -> None:
    assert OFFICIAL.next_from(date(2022, 4, 30)) == date(2022, 5, 5)
    assert OFFICIAL.next_from(date(2022, 5, 7)) == date(2022, 5, 7)


def test_a_count_leaves_out_its_first_day_and_takes_in_its_last() -> None:
    assert OFFICIAL.count(date(2022, 5, 10), date(2022, 5, 13)) == 3
    assert OFFICIAL.count(date(2022, 5, 10), date(2022, 5, 10)) == 0
    assert OFFICIAL.count(date(2022, 5, 13), date(2022, 5, 10)) == 0


@pytest.mark.parametrize("year", [2003, LAST_YEAR + 1])
def test_a_year_not_loaded_is_refused_and_the_message_says_how_to_mend_it(year: int) -> None:
    with pytest.raises(YearNotLoaded, match=rf"{year}.*`calendar.holidays`") as refused:
        OFFICIAL.is_working(date(year, 6, 1))
    assert refused.value.year == year
    assert year not in OFFICIAL.loaded_years()


def test_counting_into_a_year_not_loaded_is_refused() -> None:
    eve = date(LAST_YEAR, 12, 31)
    with pytest.raises(YearNotLoaded):
        OFFICIAL.add(eve, 1)
    with pytest.raises(YearNotLoaded):
        OFFICIAL.count(eve, eve + ONE_DAY)


def test_only_the_days_looked_at_need_a_loaded_year() -> None:
    outside = date(2003, 12, 31)
    assert OFFICIAL.count(outside, date(2004, 1, 2)) == 1
    assert OFFICIAL.add(outside, 1) == date(2004, 1, 2)
    assert OFFICIAL.add(outside, 0) == outside


def test_an_addition_loads_a_year_with_ordinary_weekends() -> None:
    monday, saturday = date(2101, 1, 3), date(2101, 1, 8)
    plan = added(2101, rest=frozenset({monday}), work=frozenset({saturday}))
    week = [monday + n * ONE_DAY for n in range(7)]
    assert [plan.is_working(day) for day in week] == [False, True, True, True, True, True, False]
    assert plan.loaded_years() == OFFICIAL.loaded_years() | {2101}


def test_an_empty_addition_says_that_the_year_has_only_weekends() -> None:
    plan = added(2101)
    assert plan.add(date(2101, 1, 7), 1) == date(2101, 1, 10)


def test_an_addition_does_not_load_the_neighbouring_year() -> None:
    with pytest.raises(YearNotLoaded) as refused:
        added(2101).add(date(2101, 12, 31), 1)
    assert refused.value.year == 2102


def test_an_added_rest_day_overrides_an_official_make_up_day() -> None:
    plan = added(2022, rest=frozenset({date(2022, 5, 7)}))
    assert plan.add(date(2022, 4, 30), 5) == date(2022, 5, 11)


def test_added_work_days_override_official_holidays() -> None:
    plan = added(2022, work=frozenset(date(2022, 5, n) for n in (2, 3, 4)))
    assert plan.add(date(2022, 4, 30), 5) == date(2022, 5, 6)


def test_an_addition_to_a_loaded_year_keeps_the_rest_of_the_official_table() -> None:
    plan = added(2022, rest=frozenset({date(2022, 5, 9)}))
    assert plan.add(date(2022, 4, 30), 5) == date(2022, 5, 11)
    assert plan.is_working(date(2022, 5, 7))


def test_the_notice_of_a_year_may_name_days_of_the_year_before() -> None:
    plan = added(2022, rest=frozenset({date(2021, 12, 31)}), work=frozenset({date(2021, 12, 25)}))
    assert not plan.is_working(date(2021, 12, 31))
    assert plan.is_working(date(2021, 12, 25))


def test_a_day_added_both_as_rest_and_as_work_is_refused() -> None:
    day = frozenset({date(2022, 5, 9)})
    with pytest.raises(ValueError, match=r"2022-05-09.*keep one"):
        added(2022, rest=day, work=day)
    with pytest.raises(ValueError, match=r"2022-05-09.*keep one"):
        WorkingDays(additions={2022: (day, frozenset()), 2023: (frozenset(), day)})


@at_leisure
@given(day=DAYS, n=st.integers(min_value=1, max_value=60))
def test_counting_to_the_nth_working_day_after_gives_n(day: date, n: int) -> None:
    nth = OFFICIAL.add(day, n)
    assert OFFICIAL.is_working(nth)
    assert OFFICIAL.count(day, nth) == n


@at_leisure
@given(day=DAYS, n=st.integers(min_value=1, max_value=60))
def test_the_nth_working_day_before_has_n_working_days_up_to_the_day_before(
    day: date, n: int
) -> None:
    nth = OFFICIAL.add(day, -n)
    assert OFFICIAL.is_working(nth)
    assert OFFICIAL.count(nth - ONE_DAY, day - ONE_DAY) == n


@at_leisure
@given(day=DAYS, n=st.integers(min_value=1, max_value=60))
def test_going_forth_and_back_ends_on_the_working_day_it_began_from(day: date, n: int) -> None:
    start = OFFICIAL.next_from(day)
    assert OFFICIAL.add(OFFICIAL.add(start, n), -n) == start


@at_leisure
@given(days=st.tuples(DAYS, st.integers(0, 200), st.integers(0, 200)))
def test_counts_of_adjoining_spans_add_up(days: tuple[date, int, int]) -> None:
    first, ahead, further = days
    middle = first + ahead * ONE_DAY
    last = middle + further * ONE_DAY
    assert OFFICIAL.count(first, middle) + OFFICIAL.count(middle, last) == OFFICIAL.count(
        first, last
    )
