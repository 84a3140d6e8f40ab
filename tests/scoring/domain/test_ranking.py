"""Ranks, seats and grades: the worked examples W11 and W12, and what breaks a tie."""

from collections import Counter
from decimal import Decimal

import pytest
from scoring_cast import a_plan, a_report, a_rulebook, a_run, a_task, the_period

from scoring.domain.facts import Previous, PreviousLine
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.ranking import Contender, Place, placed

TIED = ["91.24", "88.50", "88.50", "88.50", "80.00"]
ELEVEN = ["95.10", "93.40", "92.00", "92.00", "91.50", "88.20", "85.00", "80.00", "79.99", "60.00", "59.99"]  # fmt: skip  # noqa: E501  # one row of the example


def places(*groups: list[str], **rulebook: object) -> dict[str, Place]:
    """The places of groups of scores; the units of the first are A00, A01 …, of the next B00 …"""
    named = {
        letter: {f"{letter}{n:02}": Contender(score=Decimal(one)) for n, one in enumerate(scores)}
        for letter, scores in zip("ABCDE", groups, strict=False)
    }
    return placed(named, a_rulebook(**rulebook))


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("competition", [1, 2, 2, 2, 5]),
        ("dense", [1, 2, 2, 2, 3]),
        ("modified", [1, 4, 4, 4, 5]),
        ("ordinal", [1, 2, 3, 4, 5]),
    ],
)
def test_equal_scores_are_ranked_as_the_rulebook_says(ranking: str, expected: list[int]) -> None:
    assert [one.rank for one in places(TIED, ranking=ranking).values()] == expected


def test_who_is_alone_in_a_group_has_no_rank_but_any_grade() -> None:
    alone = places(["95.00"])["A00"]
    assert (alone.rank, alone.grade, alone.no_seat) == (None, "excellent", False)


@pytest.mark.parametrize(
    ("ties", "counts", "without"),
    [
        ("exclude_all", (2, 6, 2, 1), ["A02", "A03", "A04"]),
        ("include_all", (4, 4, 2, 1), ["A04"]),
        ("tie_break", (3, 5, 2, 1), ["A03", "A04"]),
    ],
)
def test_a_tie_at_the_last_seat_is_settled_as_the_rulebook_says(
    ties: str, counts: tuple[int, ...], without: list[str]
) -> None:
    found = places(ELEVEN, quota={"ties": ties})
    grades = Counter(one.grade for one in found.values())
    assert tuple(grades[name] for name in ("excellent", "good", "fair", "poor")) == counts
    assert [unit for unit, one in found.items() if one.no_seat] == without
    assert [one.rank for one in found.values()] == [1, 2, 3, 3, 5, 6, 7, 8, 9, 10, 11]


def test_in_a_group_of_three_nobody_has_a_seat() -> None:
    assert {one.grade for one in places(["95", "94", "93"]).values()} == {"good"}


def of(n: int) -> list[str]:
    """`n` different scores, all over the threshold."""
    return [str(Decimal(100) - Decimal(one) / 4) for one in range(n)]


def test_a_pool_gives_small_groups_the_seats_their_fractions_come_to() -> None:
    # floor(0.3 x 30) = 9; the floors are 3, 0, 2, 2; the remainders .3, .9, .1, .7.
    found = places(of(11), of(3), of(7), of(9), quota={"small_groups": "pool"})
    seats = Counter(unit[0] for unit, one in found.items() if one.grade == "excellent")
    assert seats == {"A": 3, "B": 1, "C": 2, "D": 3}


def test_a_pool_leaves_out_groups_of_one_and_gives_equal_remainders_to_the_larger() -> None:
    # 0.3 x (6 + 16) = 6.6: six seats, the floors are 1 and 4, the remainders .8 and .8.
    found = places(of(6), of(16), of(1), quota={"small_groups": "pool"})
    seats = Counter(unit[0] for unit, one in found.items() if one.grade == "excellent")
    assert seats == {"A": 1, "B": 5, "C": 1}


UNITS = ("U1", "U2", "U3")


def tied(
    *, percents: dict[str, tuple[str, str]], last: dict[str, str] | None = None, **rulebook: object
) -> PeriodResult:
    """Three units with two tasks each, done to these percentages of what is expected (1/3)."""
    plan = a_plan(
        *(
            a_task(f"{unit}.{n}", measure="percent", assignments=[{"unit": unit, "role": "lead"}])
            for unit in UNITS
            for n in (1, 2)
        )
    )
    reports = [
        a_report(f"{unit}.{n}", unit=unit, percent=percent)
        for unit, both in percents.items()
        for n, percent in enumerate(both, start=1)
    ]
    before = Previous(
        period=the_period("2022-B1"),
        lines=dict[str, PreviousLine](),
        scores={unit: Decimal(score) for unit, score in (last or {}).items()},
    )
    run = a_run(
        plan=plan,
        reports=reports,
        previous=before,
        rulebook=a_rulebook(ranking="ordinal", **rulebook),
    )
    return run_period(run)


def order(result: PeriodResult) -> list[str]:
    return [one.unit for one in sorted(result.units, key=lambda one: one.rank or 0)]


def test_of_equal_scores_fewer_red_tasks_rank_first() -> None:
    # 24 % of 33.33 is R = 0.72, red; 32 % is 0.96, green; 28 % is 0.84, yellow: all mean 84 %.
    percents = {"U1": ("24", "32"), "U2": ("28", "28"), "U3": ("24", "32")}
    result = tied(percents=percents)
    assert len({one.score for one in result.units}) == 1
    assert order(result) == ["U2", "U1", "U3"]


def test_what_the_list_names_first_decides_and_at_last_the_id() -> None:
    percents = {"U1": ("28", "28"), "U2": ("28", "28"), "U3": ("24", "32")}
    last = {"U1": "70.00", "U2": "80.00", "U3": "90.00"}
    assert order(tied(percents=percents, last=last)) == ["U2", "U1", "U3"]
    assert order(tied(percents=percents, last=last, tie_break=["last_period"])) == [
        "U3",
        "U2",
        "U1",
    ]
    assert order(tied(percents=percents)) == ["U1", "U2", "U3"]
