"""Every kind of figure alone, with the figures of the worked examples and of the table's edges."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_cast import Json, a_task, an_indicator, the_task

from scoring.domain.attainment import Figure, attain
from scoring.domain.exact import rounded
from scoring.domain.figures import dated
from scoring.domain.kinds import always_expected, in_year_only, is_done
from shared.contracts.plan import Indicator
from shared.contracts.rulebook import Tolerances

FIVE_YEARS = {"start": "2021-01-01", "due": "2025-12-31"}


def indicator(kind: str, **fields: object) -> Indicator:
    fact: Json = an_indicator("I1", kind, **fields)
    task = the_task(a_task(indicators=[fact], **FIVE_YEARS))
    return dated(task, task.indicators[0], date(2022, 4, 30))


def a_of(figure: Figure | str, kind: str, /, *, allowed: str = "1", **fields: object) -> Fraction:
    value = Fraction(figure) if isinstance(figure, str) else figure
    tolerances = Tolerances()
    return attain(
        indicator(kind, **fields), value, tolerances=tolerances, allowed=Fraction(allowed)
    ).a


@pytest.mark.parametrize(("value", "a"), [("6", "3/4"), ("10", "5/4"), ("-2", "0")])
def test_a_years_growth_attains_its_share_of_the_target(value: str, a: str) -> None:
    assert a_of(value, "growth", target="8") == Fraction(a)


@pytest.mark.parametrize(
    ("value", "a"),
    [("10", "1"), ("1", "1"), ("11", "9/10"), ("15", "1/2"), ("20", "0"), ("31", "0")],
)
def test_a_rank_beyond_the_first_loses_credit_up_to_twice_as_far(value: str, a: str) -> None:
    assert a_of(value, "rank", target="10") == Fraction(a)


def test_to_be_strictly_before_a_rank_is_one_rank_less() -> None:
    assert a_of("10", "rank", target="10", strict=True, integer=True) == Fraction(8, 9)


@pytest.mark.parametrize(
    ("own", "other", "a"),
    [
        ("6.1", "6.4", "1"),
        ("5.9", "6.4", "1"),
        ("5.8", "6.4", "4/5"),
        ("5.4", "6.4", "0"),
        ("-3", "6.4", "0"),
        ("7", "-1", "1"),
    ],
)
def test_a_rate_in_step_with_another_may_stay_half_a_point_behind(
    own: str, other: str, a: str
) -> None:
    assert a_of((Fraction(own), Fraction(other)), "relation", target=None) == Fraction(a)


def test_a_relation_may_name_its_own_points() -> None:
    pair = (Fraction("4.4"), Fraction("6.4"))
    assert a_of(pair, "relation", target=None, tolerance="1.6") == Fraction(3, 4)


@pytest.mark.parametrize(
    ("value", "allowed", "a"),
    [
        ("40", "0.5", "1"),
        ("50", "0.5", "1"),
        ("55", "0.5", "1/2"),  # 5 over, of the 10 that 20 % of 50 are
        ("60", "0.5", "0"),
        ("0", "0", "1"),
        ("0.01", "0", "0"),
        ("105", "1", "3/4"),
    ],
)
def test_a_ceiling_allows_the_expected_share_of_it(value: str, allowed: str, a: str) -> None:
    assert a_of(value, "ceiling", allowed=allowed, target="100") == Fraction(a)


def test_a_ceilings_own_tolerance_is_a_share_of_what_is_allowed() -> None:
    assert a_of("55", "ceiling", allowed="0.5", target="100", tolerance="0.4") == Fraction(3, 4)
    assert a_of("50.01", "ceiling", allowed="0.5", target="100", tolerance="0") == 0
    assert a_of("0", "ceiling", target="0") == 1
    assert a_of("1", "ceiling", target="0") == 0


@pytest.mark.parametrize(
    ("value", "fields", "a"),
    [
        ("95", {}, "1"),
        ("93.1", {}, "9/10"),  # 1.9 below 95, of the 19 that 20 % of it are
        ("120", {}, "1"),
        ("90", {"tolerance": "0.10"}, "1"),
        ("86", {"baseline": "80"}, "2/5"),  # 6 of the 15 from 80 to 95
        ("95", {"baseline": "80"}, "1"),
        ("77", {"baseline": "80"}, "-1/5"),
    ],
)
def test_about_a_target_counts_from_a_twentieth_below_it(
    value: str, fields: Mapping[str, str], a: str
) -> None:
    assert a_of(value, "about", target="100", **fields) == Fraction(a)


@pytest.mark.parametrize(
    ("value", "fields", "a"),
    [
        ("60", {}, "1"),
        ("200", {}, "1"),
        ("57", {}, "3/4"),  # 3 below, of the 12 that 20 % of 60 are
        ("57", {"tolerance": "6"}, "1/2"),
        ("50", {"baseline": "40"}, "1/2"),
        ("90", {"baseline": "40"}, "5/2"),
    ],
)
def test_a_range_is_reached_at_its_lower_end(value: str, fields: Mapping[str, str], a: str) -> None:
    assert a_of(value, "range", target="60", target_high="80", **fields) == Fraction(a)


def test_a_compound_rate_comes_its_way_in_logarithms() -> None:
    """W15: 8, 4 and 6 of five years at 7 %."""
    grown = {2021: Fraction(8), 2022: Fraction(4), 2023: Fraction(6)}
    a = a_of(grown, "compound", target="7")
    assert str(rounded(a, 6)) == "0.515679"
    assert str(rounded(a / Fraction(3, 5), 4)) == "0.8595"
    assert a_of(grown, "compound", target="7", years=5) == a


def test_the_published_share_of_an_energy_target_is_reproduced() -> None:
    a = a_of({2021: Fraction("-4.87")}, "compound", target="-17", years=1)
    assert str(rounded(100 * a, 1)) == "26.8"


def test_half_the_years_at_the_rate_are_exactly_half_the_way() -> None:
    kept = {year: Fraction(7) for year in range(2021, 2025)}
    assert a_of({2021: kept[2021]}, "compound", target="7", years=2) == Fraction(1, 2)
    assert a_of(kept, "compound", target="7", years=4) == 1
    assert a_of({2021: Fraction(0)}, "compound", target="7") == 0


def test_a_compound_figure_is_kept_to_thirty_four_digits() -> None:
    # ln 1.08 / (5 · ln 1.07), by another program
    a = a_of({2021: Fraction(8)}, "compound", target="7")
    assert str(rounded(a, 34)) == "0.2274980150273433975167748121041336"


@pytest.mark.parametrize("rate", ["-100", "-250"])
def test_a_rate_that_leaves_nothing_says_to_have_it_corrected(rate: str) -> None:
    with pytest.raises(ValueError, match="have it corrected"):
        a_of({2021: Fraction(rate)}, "compound", target="7")


ALWAYS: list[tuple[str, Json]] = [
    ("growth", {}),
    ("rank", {}),
    ("relation", {"target": None}),
    ("ceiling", {}),
    ("hold", {}),
    ("maintain", {}),
    ("range", {"target_high": "120"}),
    ("about", {}),
]
TIMED: list[tuple[str, Json]] = [
    ("cumulative", {}),
    ("compound", {}),
    ("recurring", {}),
    ("level", {"baseline": "1"}),
    ("range", {"target_high": "120", "baseline": "1"}),
    ("about", {"baseline": "1"}),
    ("at_most", {"baseline": "120"}),
    ("yes_no", {}),
]


def test_what_is_kept_ranked_related_or_renewed_is_always_expected() -> None:
    assert [kind for kind, fields in ALWAYS if not always_expected(indicator(kind, **fields))] == []
    assert [kind for kind, fields in TIMED if always_expected(indicator(kind, **fields))] == []


def test_only_what_lasts_can_be_done() -> None:
    lasting = {"cumulative", "level", "range", "about", "at_most", "yes_no"}
    every = [*ALWAYS, *TIMED]
    found = {kind for kind, fields in every if is_done(indicator(kind, **fields), Fraction(1))}
    assert found == lasting
    assert not any(is_done(indicator(kind, **fields), Fraction(3)) for kind, fields in ALWAYS)


def test_a_rank_counts_in_the_year_only_and_so_does_what_comes_slower() -> None:
    assert in_year_only(indicator("rank"), "bimonthly")
    assert in_year_only(indicator("cumulative", cadence="quarterly"), "bimonthly")
    assert not in_year_only(indicator("cumulative", cadence="bimonthly"), "bimonthly")
    assert not in_year_only(indicator("growth"), "bimonthly")


@pytest.mark.parametrize(
    ("kind", "better"),
    [
        ("growth", "100"),
        ("rank", "99"),
        ("ceiling", "99"),
        ("cumulative", "101"),
        ("maintain", "101"),
        ("hold", "99"),
    ],
)
def test_strictly_in_whole_numbers_is_one_better(kind: str, better: str) -> None:
    strictly: Json = {"strict": True, "integer": True, "target": "100"}
    if kind == "growth":
        assert a_of("101", kind, **strictly) == 1
    assert a_of("100", kind, **strictly) < 1
    assert kind == "growth" or a_of(better, kind, **strictly) == 1


amounts = st.decimals(min_value=-50, max_value=300, places=2).map(Fraction)
KINDS: list[tuple[str, Json]] = [*ALWAYS[:2], *ALWAYS[3:], *TIMED[:-1]]


@given(st.sampled_from(KINDS), amounts, amounts, st.integers(0, 6))
def test_a_better_value_never_attains_less(
    kind: tuple[str, Json], one: Fraction, other: Fraction, sixths: int
) -> None:
    name, fields = kind
    falling = name in {"rank", "ceiling", "hold", "at_most"}
    worse, better = sorted((one, other), reverse=falling)

    def a(value: Fraction) -> Fraction:
        figure: Figure = {2021: value} if name == "compound" else value
        return a_of(figure, name, allowed=f"{sixths}/6", **fields)

    assert a(worse) <= a(better)


@given(amounts, amounts, amounts)
def test_a_better_own_rate_never_attains_less(
    one: Fraction, other: Fraction, held: Fraction
) -> None:
    worse, better = sorted((one, other))
    assert a_of((worse, held), "relation", target=None) <= a_of(
        (better, held), "relation", target=None
    )
