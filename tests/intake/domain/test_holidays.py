"""What a plan makes of the holiday tables that were loaded for every plan."""

from datetime import date

import pytest
from intake_cast import LAKE_TOWN, plan_of

from intake.domain.holidays import in_force, joined, missing_ahead, with_tables
from shared.calendar.plan import PlanCalendar
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.plan import HolidayYear

NEW_YEAR, MAY, OCTOBER = date(2031, 1, 1), date(2031, 5, 1), date(2031, 10, 4)


def year(
    number: int = 2031, *, rest: tuple[date, ...] = (), work: tuple[date, ...] = ()
) -> HolidayYear:
    return HolidayYear(year=number, rest=rest, work=work)


def test_a_table_adds_the_days_of_which_the_plan_says_nothing() -> None:
    own = [year(rest=(MAY,))]
    table = year(rest=(NEW_YEAR,), work=(OCTOBER,))
    assert joined(own, [table]) == (year(rest=(MAY, NEW_YEAR), work=(OCTOBER,)),)


def test_a_plans_own_word_on_a_day_wins_both_ways() -> None:
    own = [year(rest=(OCTOBER,), work=(MAY,))]
    assert joined(own, [year(rest=(MAY,), work=(OCTOBER,))]) == tuple(own)


def test_an_empty_table_makes_a_year_known_that_was_not() -> None:
    assert joined([], [year()]) == (year(),)
    assert joined([], [year(2022)]) == ()


def test_a_plan_takes_the_tables_of_its_own_years_and_of_the_one_after() -> None:
    plan, _ = plan_of()  # 2021 to 2023
    tables = [year(number, rest=(date(number, 6, 1),)) for number in range(2019, 2027)]
    taken = with_tables(plan, (), tables).plan.calendar.holidays
    assert [one.year for one in taken] == [2021, 2022, 2023, 2024]


def test_a_plan_to_which_no_table_adds_is_the_same() -> None:
    plan, _ = plan_of()
    assert with_tables(plan, (), [year()]) is plan


def test_a_table_that_is_taken_back_leaves_the_plans_own_days() -> None:
    plan, _ = plan_of()
    own = (year(2022, rest=(date(2022, 5, 9),)),)
    more = with_tables(plan, own, [year(2022, rest=(date(2022, 6, 1),))])
    assert with_tables(more, own, []).plan.calendar.holidays == own


def test_the_table_in_force_has_each_day_once_in_order() -> None:
    table = in_force(year(2022, work=(date(2022, 10, 7),), rest=(date(2022, 10, 8),)), 2022)
    assert date(2022, 10, 7) in table.work
    assert date(2022, 10, 7) not in table.rest
    assert date(2022, 10, 8) in table.rest
    assert date(2022, 10, 8) not in table.work
    assert list(table.rest) == sorted(set(table.rest))


def test_a_year_of_which_nothing_is_known_has_no_table() -> None:
    with pytest.raises(YearNotLoaded):
        in_force(None, 2031)
    assert in_force(year(), 2031) == year()


def test_the_first_year_that_a_coming_window_needs_is_seen_with_the_days_until_it() -> None:
    plan, calendar = plan_of(LAKE_TOWN.replace("2023-12-31", "2031-12-31"))
    assert missing_ahead(calendar, date(2026, 11, 2)) == (2027, 60)
    assert missing_ahead(calendar, date(2027, 3, 1)) == (2027, 0)
    loaded = PlanCalendar(dates=with_tables(plan, (), [year(2027)]).plan)
    assert missing_ahead(loaded, date(2027, 3, 1)) == (2028, 306)


def test_a_plan_whose_years_are_all_known_misses_none() -> None:
    _, calendar = plan_of()
    assert missing_ahead(calendar, date(2022, 5, 1)) is None
