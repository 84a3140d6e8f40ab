"""The sums above the task: what is printed gives what is printed above it."""

from dataclasses import replace

import pytest
from recompute import sums_in, value_of, wrong_sums
from scoring_cast import a_plan, a_report, a_rulebook, a_run, a_task
from scoring_year_cast import award, penalty

from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.sums import Teller
from shared.contracts.plan import Language
from shared.contracts.values import Text

TITLES = {"U1": Text(zh="市科技局", en="Science bureau"), "T1": Text(zh="投资", en="Investment")}
TASKS = (
    a_task("T1", weight="20"),
    a_task(
        "T2",
        weight="15",
        assignments=[{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}],
    ),
    a_task("T3", weight="15", assignments=[{"unit": "U3", "role": "lead"}]),
)


def a_result() -> PeriodResult:
    reports = [
        a_report("T1", values={"T1.I": "20"}),
        a_report("T2", values={"T2.I": "34"}),
        a_report("T3", unit="U3", values={"T3.I": "34"}),
    ]
    return run_period(a_run(*TASKS, reports=reports))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_sum_gives_the_score_it_explains(language: Language) -> None:
    result = a_result()
    teller = Teller(language=language, titles=TITLES, rulebook=a_rulebook())
    told = [text for unit in result.units for text in teller.unit(unit, result)]
    told += teller.plan(result, a_plan(*TASKS).actions)
    assert [wrong for text in told for wrong in wrong_sums(text)] == []
    assert sum(sums_in(text) for text in told) == 5  # three units, one action, the plan


def test_a_units_sum_names_weight_share_and_score_of_each_task() -> None:
    result = a_result()
    unit = next(one for one in result.units if one.unit == "U1")
    told = Teller(language="en", titles=TITLES, rulebook=a_rulebook()).unit(unit, result)
    assert told[:3] == (
        "T1 Investment: weight 20 × share 1, score 68.00",
        "T2 T2: weight 15 × share 0.7, score 100.00",
        (
            "Science bureau: U = Σ(weight × share × score) ÷ Σ(weight × share) = "
            "(20 × 68.00 + 10.5 × 100.00) ÷ (20 + 10.5) = 79.02"
        ),
    )


def test_a_unit_without_a_counted_task_is_not_assessed() -> None:
    result = run_period(a_run(a_task("T1", start="2022-09-01")))
    unit = next(one for one in result.units if one.unit == "U1")
    told = Teller(language="en", titles=TITLES, rulebook=a_rulebook()).unit(unit, result)
    assert told[1].endswith("so it is not assessed")


def test_the_calculator_finds_a_wrong_sum() -> None:
    assert wrong_sums("S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.00") == []
    assert wrong_sums("S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.01") != []
    assert value_of("max(0, 100 − 10 × 3)") == 70


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_events_inside_a_period_are_put_into_its_sum(language: Language) -> None:
    book = a_rulebook(events={"level": "period", "bonus_max": "3"})
    entries = (
        award("2", on="2022-04-01"),
        award("2", "M2", on="2022-04-01"),
        penalty("1.5", on="2022-04-02"),
        penalty("20", "P2", on="2022-04-02", uncapped=True),
    )
    run = a_run(TASKS[0], reports=[a_report("T1", values={"T1.I": "20"})])
    result = run_period(replace(run, rulebook=book, entries=entries))
    unit = next(one for one in result.units if one.unit == "U1")
    # 68 and at most 3 of the 4 points, without 1.5 and 20.
    assert str(unit.score) == "49.50"
    told = Teller(language=language, titles=TITLES, rulebook=book).unit(unit, result)
    assert [wrong for text in told for wrong in wrong_sums(text)] == []
    assert any("68.00" in text and text.endswith("= 49.50") for text in told)
    assert sum(map(sums_in, told)) == 3  # bonus, deductions, the whole


@pytest.mark.parametrize(
    ("ranking", "why"),
    [
        ("competition", "Rank 2 of 3 ranked units in departments: 1 have a better score"),
        ("dense", "Rank 2 of 3 ranked units in departments: 1 better scores stand above"),
        (
            "modified",
            "Rank 3 of 3 ranked units in departments: 3, with itself, have at least this score",
        ),
        (
            "ordinal",
            (
                "Rank 3 of 3 ranked units in departments: 1 have a better score, 1 with the same "
                "one come first (fewer red tasks, more progress, more on time, better in the "
                "period before, the earlier id)"
            ),
        ),
    ],
)
def test_a_rank_is_told_by_the_rulebooks_way_to_rank(ranking: str, why: str) -> None:
    book = a_rulebook(ranking=ranking)
    tasks = [
        a_task(f"T{number}", assignments=[{"unit": f"U{number}", "role": "lead"}])
        for number in (1, 2, 3)
    ]
    reports = [
        a_report(f"T{number}", unit=f"U{number}", values={f"T{number}.I": value})
        for number, value in ((1, "34"), (2, "20"), (3, "20"))
    ]
    result = run_period(replace(a_run(*tasks, reports=reports), rulebook=book))
    last = next(one for one in result.units if one.unit == "U3")
    told = Teller(language="en", titles={}, rulebook=book).unit(last, result)
    assert why in told
