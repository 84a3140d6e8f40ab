"""Expected progress alone: smooth, table and yearly curves, by hand from the rule text."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_cast import Json

from scoring.domain.exact import rounded
from scoring.domain.expectation import Expected, expected
from shared.contracts.plan import Expectation

JANUARY_1, DECEMBER_31 = date(2022, 1, 1), date(2022, 12, 31)
QUARTERS = [
    {"by": "2022-03-31", "share": "0.10"},
    {"by": "2022-06-30", "share": "0.35"},
    {"by": "2022-09-30", "share": "0.70"},
    {"by": "2022-12-31", "share": "1"},
]
PLACES = {"2021": "0.15", "2022": "0.35", "2023": "0.6", "2024": "0.8", "2025": "1"}


def on(day: date, curve: Json, *, start: date = JANUARY_1, due: date = DECEMBER_31) -> Expected:
    expectation = Expectation.model_validate(curve, strict=False)
    return expected(expectation, start=start, due=due, day=day, nodes=())


def five_years(day: date, **curve: object) -> Fraction:
    whole = {"curve": "yearly", **curve}
    return on(day, whole, start=date(2021, 1, 1), due=date(2025, 12, 31)).e


@pytest.mark.parametrize(
    ("day", "e"),
    [
        (date(2022, 4, 30), "7/27"),
        (date(2022, 6, 30), "1/2"),
        (date(2022, 10, 31), "25/27"),
        (date(2021, 12, 31), "0"),
        (date(2022, 12, 31), "1"),
        (date(2023, 6, 30), "1"),
    ],
)
def test_an_s_curve_expects_less_first_and_more_later(day: date, e: str) -> None:
    assert on(day, {"curve": "smooth"}).e == Fraction(e)


def test_an_s_curve_by_days_bends_the_days() -> None:
    tau = Fraction(120, 365)
    bent = on(date(2022, 4, 30), {"curve": "smooth", "basis": "day"})
    assert (bent.formula, bent.e) == ("expectation.smooth_day/1", 3 * tau**2 - 2 * tau**3)


@pytest.mark.parametrize(
    ("day", "linear", "step"),
    [
        (date(2022, 3, 30), "0", "0"),
        (date(2022, 3, 31), "0.10", "0.10"),
        (date(2022, 4, 30), "0.182418", "0.10"),
        (date(2022, 6, 30), "0.35", "0.35"),
        (date(2022, 12, 30), "0.996739", "0.70"),
        (date(2022, 12, 31), "1", "1"),
        (date(2023, 1, 31), "1", "1"),
    ],
)
def test_a_table_is_followed_between_its_points_or_stepped_along(
    day: date, linear: str, step: str
) -> None:
    """W17, with its edges; on 30 December 91 of 92 days from 0.70 to 1 are gone."""
    table = {"curve": "table", "table": QUARTERS}
    assert rounded(on(day, table).e, 6) == rounded(Fraction(linear), 6)
    assert on(day, table | {"between": "step"}).e == Fraction(step)


def test_a_table_that_ends_early_expects_all_from_its_last_point_on() -> None:
    table = {"curve": "table", "table": [{"by": "2022-02-28", "share": "1"}]}
    assert [on(date(2022, 2, day), table).e for day in (27, 28)] == [0, 1]
    assert on(date(2022, 11, 30), table).e == 1


def test_a_table_that_ends_late_is_over_on_the_due_day_and_not_begun_before_the_start() -> None:
    table = {
        "curve": "table",
        "table": [{"by": "2021-06-30", "share": "0.5"}, {"by": "2023-12-31", "share": "1"}],
    }
    days = (date(2021, 12, 31), date(2022, 1, 1), date(2022, 12, 31))
    before, first, last = (on(day, table | {"between": "step"}).e for day in days)
    assert [before, first, last] == [0, Fraction(1, 2), 1]


def test_the_yearly_plan_of_the_school_places_stands_at_19_of_40() -> None:
    e = five_years(date(2023, 6, 30), yearly=PLACES)
    assert e == Fraction(19, 40)
    assert str(rounded(Fraction("9.2") / 20 / e, 4)) == "0.9684"
    assert str(rounded(Fraction("9.2") / 20 / five_years(date(2023, 6, 30)), 4)) == "0.9200"


@pytest.mark.parametrize(
    ("day", "e"),
    [
        (date(2020, 12, 31), "0"),
        (date(2021, 12, 31), "0.15"),
        (date(2022, 3, 31), "0.2"),
        (date(2025, 12, 31), "1"),
        (date(2026, 2, 28), "1"),
    ],
)
def test_a_yearly_plan_has_its_share_at_each_years_end(day: date, e: str) -> None:
    assert five_years(day, yearly=PLACES) == Fraction(e)


def test_inside_a_year_a_yearly_plan_may_be_smooth_and_by_days() -> None:
    april = date(2022, 4, 30)
    assert five_years(april, yearly=PLACES, inside="smooth") == Fraction("0.15") + Fraction(
        "0.2"
    ) * Fraction(7, 27)
    assert five_years(april, basis="day") == Fraction(1, 5) + Fraction(1, 5) * Fraction(120, 365)


def test_a_yearly_plan_without_shares_gives_each_year_touched_an_equal_part() -> None:
    # 1 July 2021 … 30 June 2023 touches three years; of 2021 and 2023 only half a year is inside
    bounds = {"start": date(2021, 7, 1), "due": date(2023, 6, 30)}
    days = (date(2021, 9, 30), date(2021, 12, 31), date(2022, 6, 30), date(2023, 3, 31))
    found = [on(day, {"curve": "yearly"}, **bounds).e for day in days]
    assert found == [Fraction(1, 6), Fraction(1, 3), Fraction(1, 2), Fraction(5, 6)]


CURVES: list[Json] = [
    *({"curve": "linear", "basis": basis} for basis in ("month", "day")),
    *({"curve": "smooth", "basis": basis} for basis in ("month", "day")),
    *({"curve": "table", "table": QUARTERS, "between": form} for form in ("linear", "step")),
    {"curve": "steps"},
    {"curve": "yearly"},
    {"curve": "yearly", "inside": "smooth", "basis": "day"},
    {"curve": "yearly", "yearly": {"2021": "0.1", "2022": "0.1", "2023": "0.7", "2024": "1"}},
]
days = st.dates(date(2021, 1, 1), date(2024, 12, 31))


@given(st.sampled_from(CURVES), days, st.integers(0, 800), days, days)
def test_expected_progress_never_falls_from_nothing_to_the_whole(
    curve: Json, start: date, length: int, one: date, other: date
) -> None:
    due = start + timedelta(days=length)
    earlier, later = (on(day, curve, start=start, due=due).e for day in sorted((one, other)))
    assert 0 <= earlier <= later <= 1
    assert on(start - timedelta(days=1), curve, start=start, due=due).e == 0
    assert on(due, curve, start=start, due=due).e == 1
