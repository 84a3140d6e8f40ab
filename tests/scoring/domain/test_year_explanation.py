"""A unit's year in words: every sum follows from the numbers it prints (assessment 4.14, 4.18)."""

from collections.abc import Mapping
from typing import get_args

import pytest
from recompute import sums_in, wrong_sums
from scoring_cast import a_plan, a_report, a_rulebook, a_task, an_indicator
from scoring_year_cast import a_year, award, flat, penalty, rating, unit, veto, waiver

from scoring.domain.year_explanation import YearTeller
from scoring.domain.year_result import YearReason, YearResult
from shared.contracts.plan import Language
from shared.contracts.values import Text

LANGUAGES = get_args(Language)
TITLES = {"T1": Text(zh="投资", en="Investment"), "U1": Text(zh="科技局", en="Science bureau")}


def told(year: YearResult, language: Language, of: str = "U1") -> list[str]:
    teller = YearTeller(language=language, titles=TITLES, rulebook=a_rulebook())
    return list(teller.unit(unit(year, of), year))


def full_year(weights: Mapping[str, str] | None = None) -> YearResult:
    """A running total, a level, a growth, ratings, every kind of event; one figure without data."""
    plan = a_plan(
        a_task(
            "T1",
            indicators=[
                an_indicator("T1.I", year_targets={"2022": "60"}),
                an_indicator(
                    "T1.L", "level", baseline="30", target="97", year_targets={"2022": "80"}
                ),
                an_indicator("T1.S", "maintain", target="7", data_from="statistics"),
            ],
            due="2025-12-31",
        ),
        a_task("T2", weight="7", indicators=[an_indicator("T2.I", "growth", target="8")]),
    )
    reports = [
        a_report("T1", "2022-B6", values={"T1.I": "70", "T1.L": "81"}),
        a_report("T2", "2022-B5", values={"T2.I": "3"}),
    ]
    events = [
        award("2", "M1"),
        award("1", "M1"),
        award("4.5", "M2"),
        penalty("3", "P1"),
        penalty("9", "P2"),
        penalty("1.5", "P3"),
        penalty("4", "P4", uncapped=True),
        veto("fair"),
        rating("88.5"),
    ]
    return a_year(
        scores={"U1": ["91.37", "88.02", None, "90.00", "70.55", "83.19"]},
        plan=plan,
        reports=reports,
        entries=events,
        exemptions=[waiver(matter="P3")],
        year=weights or {},
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sum_of_a_full_year_follows_in_both_languages(language: Language) -> None:
    weights = {"periods": "0.5", "attainment": "0.3", "public": "0.2"}
    lines = told(full_year(weights), language)
    assert [wrong for line in lines for wrong in wrong_sums(line)] == []
    # A, three attainments, B, overshoot, bonus, deductions, the year.
    assert sum(sums_in(line) for line in lines) >= 9  # as listed


@pytest.mark.parametrize("language", LANGUAGES)
def test_terms_without_a_value_leave_the_sum_and_the_rest_is_weighed_anew(
    language: Language,
) -> None:
    year = a_year(a_task("T1", due="2025-12-31"), scores={"U1": ["81.00", "82.01"]})
    lines = told(year, language)
    assert [wrong for line in lines for wrong in wrong_sums(line)] == []
    assert any("(0.6 × 81.505) ÷ 0.6" in line for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_periods_of_unlike_weight_are_told_with_their_weights(language: Language) -> None:
    listed = ["0.1", "0.1", "0.2", "0.2", "0.2", "0.2"]
    scores = {"U1": ["60.00", "60.00", "80.00", "80.00", None, "90.00"]}
    lines = told(a_year(a_task("T1"), scores=scores, year={"period_weights": listed}), language)
    assert [wrong for line in lines for wrong in wrong_sums(line)] == []
    assert any("0.1 × 60.00 + 0.2 × 80.00 + 0.2 × 80.00 + 0.2 × 90.00" in line for line in lines)


def test_what_counts_and_what_does_not_is_told_in_words() -> None:
    lines = told(full_year(), "en")
    assert lines[0] == "Science bureau · the year 2022"
    assert "2022-B3 not assessed, left out" in lines
    assert any(
        line.startswith("T1 Investment · T1.I (weight 10/3): a = (total at") for line in lines
    )
    assert any("T1.S: its source has no data, left out" in line for line in lines)
    assert any("not of the year's end" in line for line in lines)
    assert any("Award M1" in line and "below another award" in line for line in lines)
    assert any("Penalty P3" in line and "waived by the exemption X1" in line for line in lines)
    assert any("Penalty P4" in line and "outside the cap" in line for line in lines)
    assert any("Bonus = min(2 + 4.5, 5) = 5" in line for line in lines)
    assert any("Deductions = min(3 + 9, 10) + 4 = 14" in line for line in lines)
    assert any("fire: fair is the best grade left" in line for line in lines)


def test_a_bonus_below_the_floor_is_told_to_count_up_to_it() -> None:
    low = a_year(a_task("T1"), scores={"U1": flat("80.00")}, entries=[award("5")])
    # 0.6 x 80 + 0.4 x 0 = 48: the whole bonus fits. At 57 only 3 of 5 count.
    assert not any("counts up to" in line for line in told(low, "en"))
    near = a_year(a_task("T1"), scores={"U1": flat("95.00")}, entries=[award("5")])
    lines = told(near, "en")
    assert "Below 60 a bonus counts up to 60: 3 is added" in lines
    assert any(line.endswith("= 60.00") for line in lines if line.startswith("Year ="))


def test_a_unit_that_was_never_assessed_is_told_so() -> None:
    lines = told(a_year(a_task("T1"), scores={"U1": flat("80.00")}), "en", of="U2")
    assert "No period was assessed: there is no score of the year" in lines
    assert not any(line.startswith("Year =") for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words(language: Language) -> None:
    teller = YearTeller(language=language, titles={}, rulebook=a_rulebook())
    assert all(teller.say(reason) for reason in get_args(YearReason))
