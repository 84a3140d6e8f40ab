"""The sums above the task: what is printed gives what is printed above it."""

import pytest
from recompute import sums_in, value_of, wrong_sums
from scoring_cast import a_plan, a_report, a_run, a_task

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
    teller = Teller(language=language, titles=TITLES)
    told = [text for unit in result.units for text in teller.unit(unit, result)]
    told += teller.plan(result, a_plan(*TASKS).actions)
    assert [wrong for text in told for wrong in wrong_sums(text)] == []
    assert sum(sums_in(text) for text in told) == 5  # three units, one action, the plan


def test_a_units_sum_names_weight_share_and_score_of_each_task() -> None:
    result = a_result()
    unit = next(one for one in result.units if one.unit == "U1")
    told = Teller(language="en", titles=TITLES).unit(unit, result)
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
    told = Teller(language="en", titles=TITLES).unit(unit, result)
    assert told[1].endswith("so it is not assessed")


def test_the_calculator_finds_a_wrong_sum() -> None:
    assert wrong_sums("S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.00") == []
    assert wrong_sums("S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.01") != []
    assert value_of("max(0, 100 − 10 × 3)") == 70
