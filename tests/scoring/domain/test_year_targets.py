"""What a figure has attained of its target for the year 2022, by hand (assessment 4.14)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from scoring_cast import Json, a_report, a_rulebook, a_task, an_indicator, the_period, the_task

from scoring.domain.facts import Report
from scoring.domain.reading import read
from scoring.domain.year_result import TargetTerm
from scoring.domain.year_targets import YearOf, overshoot, terms_of
from shared.calendar.periods import PeriodScheme
from shared.contracts.rulebook import OvershootBonus

LONG = {"start": "2021-01-01", "due": "2025-12-31"}
THIS = {"2022": "20"}


def terms(
    task: Json, *reports: Report, year: int = 2022, weight: int = 10, **settings: object
) -> tuple[TargetTerm, ...]:
    """The terms of a task at the end of a year."""
    last = the_period(f"{year}-B6")
    known = read(
        reports, unit="U1", period=last, scheme=PeriodScheme(cadence="bimonthly"), close_end=None
    )
    of = YearOf(
        year=year,
        last=date(year, 12, 31),
        ends=last.last,
        reading=known,
        rulebook=a_rulebook(**settings),
    )
    return terms_of(the_task(task), Fraction(weight), of)


def a_of(
    kind: str,
    *reported: tuple[str, str],
    year: int = 2022,
    **fields: Any,  # noqa: ANN401  # any field of a figure
) -> Fraction | None:
    """What one figure of 2021 to 2025 has attained; each report is its period and its value."""
    own = LONG | {name: fields.pop(name) for name in ("start", "due") if name in fields}
    task = a_task(indicators=[an_indicator("I", kind, **fields)], **own)
    reports = [a_report(period=period, values={"I": value}) for period, value in reported]
    (term,) = terms(task, *reports, year=year)
    return term.a


def has(kind: str, *, year: int = 2022, **fields: Any) -> bool:  # noqa: ANN401  # any field of a figure
    own = LONG | {name: fields.pop(name) for name in ("start", "due") if name in fields}
    task = a_task(indicators=[an_indicator("I", kind, **fields)], **own)
    return bool(terms(task, year=year))


def test_a_running_total_counts_what_the_year_added_to_the_end_of_the_year_before() -> None:
    assert a_of(
        "cumulative", ("2021-B6", "35"), ("2022-B3", "40"), ("2022-B6", "50"), year_targets=THIS
    ) == Fraction(3, 4)


def test_a_total_that_began_in_the_year_counts_from_nothing() -> None:
    assert a_of("cumulative", ("2022-B6", "15"), year_targets=THIS) == Fraction(3, 4)


def test_a_value_dated_in_the_year_before_is_where_the_year_began_whenever_it_came() -> None:
    task = a_task(indicators=[an_indicator("I", year_targets=THIS)], **LONG)
    late = a_report(period="2022-B1", as_of="2022-02-28", values={"I": "36"})
    eve = a_report(period="2021-B6", received="2022-04-01T10:00", values={"I": "30"})
    (term,) = terms(task, late, eve)
    assert term.a == Fraction(6, 20)


def test_a_year_in_which_nothing_was_added_has_attained_nothing() -> None:
    assert a_of("cumulative", ("2021-B6", "35"), year_targets=THIS) == 0


@pytest.mark.parametrize(
    ("kind", "fields", "value", "a"),
    [
        # The level to reach by the year's end, from the indicator's own baseline.
        ("level", {"baseline": "50", "target": "100", "year_targets": {"2022": "70"}}, "60", "1/2"),
        ("level", {"ratio": True, "year_targets": {"2022": "80"}}, "60", "3/4"),
        ("level", {"baseline": "50", "year_targets": {"2022": "50"}}, "50", "1"),
        ("level", {"baseline": "50", "year_targets": {"2022": "50"}}, "45", "1/2"),
        ("at_most", {"baseline": "110", "target": "80", "year_targets": {"2022": "100"}}, "104",
         "3/5"),
        ("at_most", {"baseline": "90", "target": "80", "year_targets": {"2022": "100"}}, "105",
         "3/4"),
        ("hold", {"target": "10", "year_targets": {"2022": "20"}}, "21", "3/4"),
        ("maintain", {"target": "10", "year_targets": {"2022": "20"}}, "19", "3/4"),
        ("ceiling", {"target": "100", "year_targets": {"2022": "50"}}, "55", "0.5"),
        ("rank", {"target": "5", "year_targets": {"2022": "10"}}, "12", "4/5"),
        ("growth", {"target": "8", "year_targets": {"2022": "6"}}, "3", "1/2"),
        ("compound", {"target": "7", "year_targets": {"2022": "6"}}, "3", "1/2"),
        ("recurring", {"target": "8", "year_targets": {"2022": "6"}}, "3", "1/2"),
        ("range", {"baseline": "50", "target": "90", "target_high": "99",
                   "year_targets": {"2022": "70"}}, "60", "1/2"),
        ("range", {"target": "90", "target_high": "99", "year_targets": {"2022": "70"}}, "63",
         "1/2"),
        ("about", {"target": "90", "year_targets": {"2022": "100"}}, "95", "1"),
        ("about", {"baseline": "55", "target": "90", "year_targets": {"2022": "100"}}, "75",
         "1/2"),
        ("about", {"baseline": "99", "target": "120", "year_targets": {"2022": "100"}}, "90",
         "14/19"),  # 5 below 95, credit ends at 19 below
    ],
)  # fmt: skip
def test_each_kind_is_held_against_its_target_of_the_year(
    kind: str, fields: Mapping[str, Any], value: str, a: str
) -> None:
    assert a_of(kind, ("2022-B6", value), **fields) == Fraction(a)


@pytest.mark.parametrize("kind", ["hold", "maintain", "growth", "rank", "range", "about"])
def test_what_is_expected_in_full_at_any_time_has_a_target_in_each_year(kind: str) -> None:
    extra = {"target_high": "120"} if kind == "range" else {}
    assert [has(kind, year=year, **extra) for year in (2021, 2022, 2025)] == [True] * 3


def test_what_recurs_has_its_target_in_each_year_and_only_the_years_own_total() -> None:
    assert a_of("recurring", ("2021-B6", "90"), ("2022-B6", "40")) == Fraction(2, 5)
    assert a_of("recurring", ("2021-B6", "90")) == 0


@pytest.mark.parametrize("kind", ["cumulative", "compound", "ceiling", "yes_no"])
def test_any_other_kind_has_its_target_in_the_year_it_is_due_in(kind: str) -> None:
    assert [has(kind, year=year) for year in (2024, 2025)] == [False, True]


def test_a_ceiling_without_a_target_of_the_year_counts_only_when_due() -> None:
    kept = a_of("ceiling", ("2022-B6", "110"), due="2022-12-31")
    assert kept == Fraction(1, 2)  # 10 over 100, credit ends at 20 over


def test_a_figure_due_in_the_year_has_attained_what_it_has_of_its_whole_target() -> None:
    assert a_of("cumulative", ("2021-B6", "50"), ("2022-B6", "80"), due="2022-10-31") == Fraction(
        4, 5
    )


def test_a_year_that_the_year_targets_leave_out_has_no_target() -> None:
    assert not has("cumulative", year=2023, year_targets=THIS)
    assert not has("maintain", year=2023, year_targets=THIS)


def test_a_year_before_the_figure_begins_or_after_it_is_due_has_none() -> None:
    assert not has("maintain", year=2021, start="2022-01-01")
    assert not has("maintain", year=2023, due="2022-12-31")


def test_a_relation_counts_each_year_without_any_target() -> None:
    pair = {"id": "I", "title": "I", "kind": "relation"}
    task = a_task(indicators=[pair], **LONG)
    report = a_report(
        period="2022-B6", relations={"I": (Decimal("5.25"), Decimal(6))}
    )  # 0.25 beyond the half point that is allowed
    (term,) = terms(task, report)
    assert term.a == Fraction(1, 2)


def test_a_compound_figure_takes_the_rate_of_the_year() -> None:
    rates = (("2021-B6", "9"), ("2022-B6", "6"))
    assert a_of("compound", *rates, target="7", year_targets={"2022": "8"}) == Fraction(3, 4)


def test_strict_is_ignored_in_a_target_of_the_year() -> None:
    firms: dict[str, Any] = {"strict": True, "integer": True, "baseline": "180", "target": "300"}
    assert a_of("level", ("2022-B6", "280"), year_targets={"2022": "280"}, **firms) == 1


def test_a_strict_figure_due_in_the_year_has_the_ordinary_attainment() -> None:
    firms: dict[str, Any] = {"strict": True, "integer": True, "baseline": "189", "target": "280"}
    assert a_of("level", ("2022-B6", "280"), due="2022-12-31", **firms) == Fraction(91, 92)


def test_a_fall_is_shown_as_it_is() -> None:
    assert a_of("cumulative", ("2021-B6", "35"), ("2022-B6", "30"), year_targets=THIS) == Fraction(
        -1, 4
    )


def test_the_figures_that_have_a_target_share_the_tasks_weight() -> None:
    figures = [
        an_indicator("I1", weight="1", year_targets=THIS),
        an_indicator("I2", weight="3", year_targets=THIS),
        an_indicator("I3", weight="6"),  # due in 2025 only
    ]
    found = terms(a_task(indicators=figures, **LONG), weight=14)
    assert [(one.indicator, one.weight) for one in found] == [
        ("I1", Fraction(7, 2)),
        ("I2", Fraction(21, 2)),
    ]


@pytest.mark.parametrize(
    ("source", "a"), [("unit", Fraction(0)), ("statistics", None), ("third_party", None)]
)
def test_without_any_value_a_unit_has_attained_nothing_and_another_source_is_no_term(
    source: str, a: Fraction | None
) -> None:
    assert a_of("cumulative", year_targets=THIS, data_from=source) == a


def test_the_last_counted_value_is_flagged_where_it_is_not_of_the_years_end() -> None:
    task = a_task(indicators=[an_indicator("I", year_targets=THIS)], **LONG)
    (early,) = terms(task, a_report(period="2022-B5", values={"I": "15"}))
    (full,) = terms(task, a_report(period="2022-B6", values={"I": "15"}))
    assert (early.a, early.final) == (Fraction(3, 4), False)
    assert (full.a, full.final) == (Fraction(3, 4), True)


@pytest.mark.parametrize(
    ("a", "points"),
    [("0.9", 0), ("1", 0), ("1.09", 0), ("1.1", 1), ("1.29", 2), ("1.5", 5), ("3", 5)],
)
def test_each_whole_step_over_the_target_earns_its_points_up_to_the_most(
    a: str, points: int
) -> None:
    assert overshoot(Fraction(a), OvershootBonus()) == points


def test_the_overshoot_bonus_can_be_switched_off() -> None:
    assert overshoot(Fraction(3), None) == 0


def test_a_value_of_the_last_week_is_final_though_the_year_goes_on() -> None:
    scheme = PeriodScheme(cadence="weekly")
    week = scheme.parse("2021-W51")  # it ends on 26 December
    task = a_task(indicators=[an_indicator("I", year_targets={"2021": "20"})], **LONG)
    report = replace(a_report(values={"I": "15"}), period=week.id, as_of=week.last)
    of = YearOf(
        year=2021,
        last=date(2021, 12, 31),
        ends=week.last,
        reading=read([report], unit="U1", period=week, scheme=scheme, close_end=None),
        rulebook=a_rulebook(),
    )
    (term,) = terms_of(the_task(task), Fraction(1), of)
    assert (term.a, term.final) == (Fraction(3, 4), True)
