"""The formulas alone, with the figures of the worked examples."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from scoring_cast import Json, a_task, an_indicator, the_task

from scoring.domain.attainment import attain
from scoring.domain.exact import RoundingMode, rounded, write_exact, write_weight
from scoring.domain.expectation import expected, linear_by_day, linear_by_month, steps
from scoring.domain.kinds import always_expected, is_done
from shared.contracts.plan import Expectation, Indicator
from shared.contracts.rulebook import Tolerances

JANUARY_1, DECEMBER_31 = date(2022, 1, 1), date(2022, 12, 31)
TOLERANCES = Tolerances()


def indicator(kind: str, **fields: object) -> Indicator:
    fact: Json = an_indicator("I1", kind, **fields)
    return the_task(a_task(indicators=[fact])).indicators[0]


def attainment(value: str, kind: str, **fields: object) -> Fraction:
    return attain(indicator(kind, **fields), Fraction(value), tolerances=TOLERANCES).a


def done(one: Indicator, value: str) -> bool:
    return is_done(one, attain(one, Fraction(value), tolerances=TOLERANCES).a)


def test_a_running_total_attains_its_share_of_the_target() -> None:
    assert attainment("76.38", "cumulative", target="254.6") == Fraction(3, 10)


def test_a_level_counts_from_its_baseline() -> None:
    assert attainment("220", "level", baseline="189", target="280") == Fraction(31, 91)


def test_a_level_below_its_baseline_is_shown_below_zero() -> None:
    assert attainment("180", "level", baseline="189", target="280") == Fraction(-9, 91)


def test_a_level_without_baseline_counts_whole_only_by_explicit_choice() -> None:
    assert attainment("220", "level", ratio=True, target="280") == Fraction(220, 280)
    with pytest.raises(ValueError, match="I1 has no baseline"):
        attainment("220", "level", target="280")


@pytest.mark.parametrize(("value", "a"), [("104", "3/10"), ("88", "11/10"), ("110", "0")])
def test_a_level_to_bring_down_counts_the_way_down(value: str, a: str) -> None:
    assert attainment(value, "at_most", baseline="110", target="90") == Fraction(a)


@pytest.mark.parametrize(
    ("value", "a"), [("6", "1"), ("5", "1"), ("6.3", "3/4"), ("7.2", "0"), ("7.5", "0")]
)
def test_a_limit_held_loses_credit_over_its_tolerance(value: str, a: str) -> None:
    assert attainment(value, "hold", target="6") == Fraction(a)
    assert attainment(value, "at_most", target="6") == Fraction(a)
    assert attainment(value, "at_most", target="6", baseline="5.9") == Fraction(a)


@pytest.mark.parametrize(("value", "a"), [("100", "1"), ("120", "1"), ("95", "3/4"), ("79", "0")])
def test_a_level_maintained_loses_credit_below_it(value: str, a: str) -> None:
    assert attainment(value, "maintain", target="100") == Fraction(a)


def test_an_indicator_may_name_its_own_tolerance() -> None:
    assert attainment("6.3", "hold", target="6", tolerance="0.6") == Fraction(1, 2)


@pytest.mark.parametrize(
    ("kind", "kept", "broken"), [("hold", "0", "0.000001"), ("maintain", "0", "-0.000001")]
)
def test_a_target_of_zero_is_kept_or_not(kind: str, kept: str, broken: str) -> None:
    assert attainment(kept, kind, target="0") == 1
    assert attainment(broken, kind, target="0") == 0
    assert attainment("-0.1" if kind == "maintain" else "0.1", kind, target="0", tolerance="1") == (
        Fraction(9, 10)
    )


def test_yes_or_no_is_all_or_nothing() -> None:
    assert [attainment(value, "yes_no") for value in ("1", "0")] == [1, 0]


def test_to_exceed_a_target_is_more_than_to_reach_it() -> None:
    exceed = indicator("level", baseline="189", target="280", strict=True)
    assert attainment("280", "level", baseline="189", target="280", strict=True) == 1
    assert not done(exceed, "280")
    assert done(exceed, "280.1")
    assert done(indicator("level", baseline="189", target="280"), "280")


def test_to_exceed_in_whole_numbers_is_one_more_throughout() -> None:
    exceed = indicator("level", baseline="189", target="280", strict=True, integer=True)
    assert attain(exceed, Fraction(280), tolerances=TOLERANCES).a == Fraction(91, 92)
    assert not done(exceed, "280")
    assert done(exceed, "281")


def test_what_is_held_is_never_done() -> None:
    assert always_expected(indicator("at_most", target="6"))
    assert not always_expected(indicator("at_most", target="90", baseline="110"))
    assert not done(indicator("at_most", target="6"), "1")
    assert done(indicator("at_most", target="90", baseline="110"), "90")
    assert not done(indicator("at_most", target="90", baseline="110", strict=True), "90")


def test_a_target_without_a_way_to_go_says_to_mend_the_plan() -> None:
    with pytest.raises(ValueError, match="mend the plan"):
        attainment("5", "level", baseline="100", target="100")


@pytest.mark.parametrize(
    ("day", "by_month", "by_day"),
    [
        (date(2022, 4, 30), Fraction(1, 3), Fraction(24, 73)),
        (date(2022, 5, 15), Fraction(4 * 31 + 15, 12 * 31), Fraction(135, 365)),
        (date(2022, 6, 30), Fraction(1, 2), Fraction(181, 365)),
        (date(2021, 12, 31), Fraction(0), Fraction(0)),
        (date(2023, 1, 1), Fraction(1), Fraction(1)),
    ],
)
def test_time_gone_by_is_what_is_expected(day: date, by_month: Fraction, by_day: Fraction) -> None:
    assert linear_by_month(JANUARY_1, DECEMBER_31, day).e == by_month
    assert linear_by_day(JANUARY_1, DECEMBER_31, day).e == by_day
    day_basis = Expectation(basis="day")
    assert expected(day_basis, start=JANUARY_1, due=DECEMBER_31, day=day, nodes=()).e == by_day


def test_the_expectation_of_15_may_prints_as_in_the_rule_text() -> None:
    day = date(2022, 5, 15)
    assert str(rounded(linear_by_month(JANUARY_1, DECEMBER_31, day).e, 6)) == "0.373656"
    assert str(rounded(linear_by_day(JANUARY_1, DECEMBER_31, day).e, 6)) == "0.369863"


def test_a_start_inside_a_month_counts_the_days_left_of_it() -> None:
    covered = linear_by_month(date(2022, 1, 17), date(2022, 2, 28), date(2022, 1, 31))
    assert covered.e == Fraction(15, 31) / (Fraction(15, 31) + 1)


def test_steps_expect_what_was_due_by_weight() -> None:
    nodes = ((date(2021, 6, 30), Fraction(30)), (date(2021, 12, 31), Fraction(70)))
    assert [steps(nodes, day).e for day in (date(2021, 6, 29), date(2021, 6, 30))] == [
        0,
        Fraction(3, 10),
    ]


def test_a_start_after_the_due_day_is_refused() -> None:
    with pytest.raises(ValueError, match="mend the plan"):
        expected(Expectation(), start=DECEMBER_31, due=JANUARY_1, day=JANUARY_1, nodes=())


@pytest.mark.parametrize(
    ("value", "mode", "printed"),
    [
        ("88.125", "half_up", "88.13"),
        ("88.125", "half_even", "88.12"),
        ("88.135", "half_even", "88.14"),
        ("-2.345", "half_up", "-2.35"),
        ("-2.345", "half_even", "-2.34"),
        ("84.4449", "half_up", "84.44"),
        ("89.995", "half_up", "90.00"),
        ("-0.001", "half_up", "0.00"),
        ("0", "half_up", "0.00"),
    ],
)
def test_a_number_is_rounded_once(value: str, mode: RoundingMode, printed: str) -> None:
    assert str(rounded(Fraction(value), 2, mode)) == printed


def test_rounding_keeps_every_digit_of_a_large_number() -> None:
    assert str(rounded(Fraction(10**40) / 3, 2)) == "3" * 40 + ".33"
    assert rounded(Fraction(5, 2), 0) == Decimal(3)


def test_an_exact_number_is_written_in_full() -> None:
    written = [write_exact(Fraction(text)) for text in ("3/10", "26/43", "-5/4", "100", "1/128")]
    assert written == ["0.3", "26/43", "-1.25", "100", "0.0078125"]


def test_a_weight_has_six_places_only_where_it_does_not_end() -> None:
    assert [write_weight(Fraction(text)) for text in ("14", "7/20", "14/3")] == [
        "14",
        "0.35",
        "4.666667",
    ]
