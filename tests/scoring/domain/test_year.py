"""The roll-up of a year, by hand: periods, targets, ratings, events, ranks (assessment 4.14)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_cast import (
    SHANGHAI,
    Json,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_period,
)
from scoring_year_cast import (
    PERIODS,
    Scores,
    a_year,
    award,
    flat,
    of_unit,
    penalty,
    rating,
    row,
    unit,
    veto,
    waiver,
)

from scoring.domain.facts import Entered, PlanFacts
from scoring.domain.period_run import run_period
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_result import YearResult
from scoring.domain.year_run import run_year
from shared.contracts.decisions import UNAMENDED, Amended, Change


def test_the_year_is_the_mean_of_the_periods_and_what_was_attained_of_the_targets() -> None:
    year = a_year(
        a_task(), scores={"U1": ["80", "85", "90", "70", "95", "90"]}, values={"T1.I": "90"}
    )
    # A = 510/6 = 85, B = 90; 51 + 36
    assert row(year, "periods", "attainment", "score") == ("85.00", "90.00", "87.00")
    assert unit(year).weights == {"periods": Fraction(3, 5), "attainment": Fraction(2, 5)}


def test_a_null_period_drops_out_of_the_mean() -> None:
    year = a_year(
        a_task(), scores={"U1": [None, "80", None, "90", "70", "90"]}, values={"T1.I": "100"}
    )
    assert row(year, "periods", "score") == ("82.50", "89.50")  # 49.5 + 40


def test_the_mean_of_the_periods_is_exact_where_it_enters_the_sum() -> None:
    # A = 250.01/3 = 83.33667 printed 83.34; 0.6·A = 50.002, 0.4·B = 20
    year = a_year(a_task(), scores={"U1": ["83.33", "83.33", "83.35"]}, values={"T1.I": "50"})
    assert row(year, "periods", "score") == ("83.34", "70.00")


def test_a_unit_without_any_score_has_no_year() -> None:
    year = a_year(a_task(), scores={"U1": [None] * 6, "U2": flat("80")}, values={"T1.I": "100"})
    assert row(year, "score", "rank", "grade", "reasons") == (
        None,
        None,
        None,
        ["no_counted_task"],
    )


def test_without_a_target_of_the_year_the_periods_weigh_alone() -> None:
    year = a_year(a_task(due="2023-12-31"), scores={"U1": flat("85")})
    assert row(year, "attainment", "score", "reasons") == (None, "85.00", ["no_year_target"])


def test_a_public_rating_enters_by_its_weight() -> None:
    settings: Json = {"year": {"periods": "0.5", "attainment": "0.3", "public": "0.2"}}
    told: Json = {"scores": {"U1": flat("80")}, "values": {"T1.I": "90"}}
    rated = a_year(a_task(), entries=[rating("70")], **told, **settings)
    assert row(rated, "public", "score") == ("70.00", "81.00")  # 40 + 27 + 14
    without = a_year(a_task(), **told, **settings)
    assert row(without, "public", "score") == (None, "83.75")  # (40 + 27) / 0.8


def test_the_newest_rating_of_the_year_counts_and_by_default_none_does() -> None:
    ratings = [rating("50"), rating("70"), rating("10", 2021)]
    year = a_year(a_task(), scores={"U1": flat("80")}, values={"T1.I": "80"}, entries=ratings)
    assert row(year, "public", "score") == ("70.00", "80.00")


# ---- the targets -------------------------------------------------------------------------------


def test_targets_weigh_by_the_task_and_the_share_of_the_last_period() -> None:
    moved = [
        {"unit": "U1", "role": "lead", "valid": {"to": "2022-10-31"}},
        {"unit": "U3", "role": "lead", "valid": {"from": "2022-11-01"}},
        {"unit": "U2", "role": "cooperating"},
    ]
    year = a_year(
        a_task("T1", weight="20", assignments=moved),
        of_unit("U2", "T2"),
        scores={"U1": flat("80"), "U2": flat("80"), "U3": flat("80")},
        values={"T1.I": "50"},
        reports=[a_report("T2", "2022-B6", unit="U2", values={"T2.I": "80"})],
    )
    # U2: 20·0.3 = 6 at 50 and 10 at 80
    assert row(year, "attainment", of="U2") == ("68.75",)
    assert row(year, "attainment", of="U3") == ("50.00",)
    assert row(year, "attainment", of="U1") == (None,)


def test_two_figures_of_a_task_weigh_by_their_part_of_it() -> None:
    figures = [an_indicator("T1.I", weight="1"), an_indicator("T1.J", weight="3")]
    task = a_task("T1", weight="5", indicators=figures)
    both = a_report("T1", "2022-B6", values={"T1.I": "100", "T1.J": "20"})
    year = a_year(task, a_task("T2", weight="15"), scores={"U1": flat("80")}, reports=[both],
                  values={"T2.I": "60"})  # fmt: skip
    # T1 40 by 5, T2 60 by 15
    assert row(year, "attainment") == ("55.00",)


def test_an_attainment_counts_within_0_and_1() -> None:
    long = {"start": "2021-01-01", "due": "2023-12-31"}
    down = a_task("T1", indicators=[an_indicator("T1.I", year_targets={"2022": "10"})], **long)
    eve = a_report("T1", "2021-B6", values={"T1.I": "50"})
    year = a_year(
        down, a_task("T2"), scores={"U1": flat("80")}, reports=[eve],
        values={"T1.I": "40", "T2.I": "104"},
    )  # fmt: skip
    assert row(year, "attainment") == ("50.00",)
    assert [one.a for one in unit(year).target_terms] == [Fraction(-1), Fraction(26, 25)]


def amended(plan: PlanFacts, task: str, **what: object) -> PlanFacts:
    return replace(plan, amended={task: UNAMENDED.model_copy(update=what)})


def test_a_task_cancelled_in_the_year_is_no_part_of_its_targets() -> None:
    plan = a_plan(a_task("T1"), a_task("T2"))
    told: Json = {"scores": {"U1": flat("80")}, "values": {"T1.I": "90"}}
    gone = amended(plan, "T2", cancelled_on=date(2022, 5, 5))
    assert row(a_year(plan=gone, **told), "attainment") == ("90.00",)
    later = amended(plan, "T2", cancelled_on=date(2023, 1, 5))
    assert row(a_year(plan=later, **told), "attainment") == ("45.00",)


def test_an_unconfirmed_task_is_no_part_of_the_targets() -> None:
    year = a_year(
        a_task("T1"), a_task("T2", assumed=["due"]), scores={"U1": flat("80")},
        values={"T1.I": "90", "T2.I": "10"},
    )  # fmt: skip
    assert row(year, "attainment") == ("90.00",)


def test_an_adjustment_carries_new_targets_of_the_year() -> None:
    long = {"start": "2021-01-01", "due": "2023-12-31"}
    task = a_task("T1", indicators=[an_indicator("T1.I", year_targets={"2022": "40"})], **long)
    change = Change.model_validate(
        {
            "decision": "d1", "mode": "same_curve", "indicator": "T1.I", "target": None,
            "due": None, "year_targets": {"2022": Decimal(80)},
            "first": date(2022, 7, 1), "effective": "2022-B4",
        }
    )  # fmt: skip
    plan = replace(a_plan(task), amended={"T1": Amended.model_validate(
        {**UNAMENDED.model_dump(), "changes": (change,)})})  # fmt: skip
    year = a_year(plan=plan, scores={"U1": flat("80")}, values={"T1.I": "40"})
    assert row(year, "attainment") == ("50.00",)


def test_a_source_that_is_not_out_is_dropped_and_the_coverage_shown() -> None:
    statistics = a_task("T2", weight="30", indicators=[an_indicator(data_from="statistics")])
    year = a_year(a_task("T1"), statistics, scores={"U1": flat("80")}, values={"T1.I": "90"})
    assert row(year, "attainment", "reasons") == ("90.00", [])
    assert unit(year).coverage == Fraction(1, 4)


def test_a_unit_that_never_reported_its_figure_has_attained_nothing_of_it() -> None:
    year = a_year(a_task("T1"), a_task("T2"), scores={"U1": flat("80")}, values={"T1.I": "90"})
    assert row(year, "attainment", "reasons") == ("45.00", [])
    assert unit(year).coverage == 1


# ---- overshoot and events ----------------------------------------------------------------------


def test_overshoot_is_averaged_by_the_weights_of_the_targets() -> None:
    year = a_year(
        a_task("T1", weight="30"), a_task("T2", weight="10"), scores={"U1": flat("80")},
        values={"T1.I": "125", "T2.I": "100"},
    )  # fmt: skip
    # two whole steps on 30 of 40; 48 + 40 + 1.5
    assert row(year, "overshoot", "score") == ("1.50", "89.50")


def test_overshoot_stands_beside_the_cap_of_the_bonus() -> None:
    year = a_year(a_task(), scores={"U1": flat("70")}, values={"T1.I": "200"}, entries=[award("9")])
    assert row(year, "overshoot", "bonus", "score") == ("5.00", "5.00", "92.00")  # 42 + 40 + 10


def test_bonus_and_deductions_have_caps_and_false_data_stands_outside() -> None:
    entries = [
        award("3"),
        award("4", "M2"),
        penalty("8"),
        penalty("7"),
        penalty("6", uncapped=True),
    ]
    year = a_year(a_task(), scores={"U1": flat("90")}, values={"T1.I": "90"}, entries=entries)
    assert row(year, "bonus", "deductions", "score") == ("5.00", "16.00", "79.00")


def test_events_of_another_year_or_unit_do_not_count() -> None:
    entries = [award("3", on="2021-12-31"), award("3", on="2023-01-01"), award("2", unit="U2")]
    year = a_year(a_task(), scores={"U1": flat("90")}, values={"T1.I": "90"}, entries=entries)
    assert row(year, "bonus", "score") == ("0.00", "90.00")


def test_an_exemption_waives_the_penalty_of_its_matter_only() -> None:
    entries = [penalty("2", "P1"), penalty("3", "P2")]
    year = a_year(
        a_task(), scores={"U1": flat("90")}, values={"T1.I": "90"}, entries=entries,
        exemptions=[waiver(matter="P1")],
    )  # fmt: skip
    assert row(year, "deductions", "score") == ("3.00", "87.00")


def test_the_bonus_lifts_up_to_the_floor_guard_and_prints_what_was_added() -> None:
    # 33 + 24 + overshoot 0 = 57
    year = a_year(
        a_task(), scores={"U1": flat("55")}, values={"T1.I": "60"},
        entries=[award("5"), penalty("2")],
    )  # fmt: skip
    assert row(year, "bonus", "deductions", "score") == ("3.00", "2.00", "58.00")


def test_the_floor_guard_looks_at_the_sum_with_the_overshoot() -> None:
    # 18 + 40 = 58, overshoot 5 makes 63: above the guard all counts
    year = a_year(a_task(), scores={"U1": flat("30")}, values={"T1.I": "150"}, entries=[award("5")])
    assert row(year, "bonus", "score") == ("5.00", "68.00")


@pytest.mark.parametrize(
    ("scores", "value", "entries", "score"),
    [("100", "200", [award("5")], "100.00"), ("5", "0", [penalty("9")], "0.00")],
)
def test_a_year_stays_within_0_and_100(
    scores: str, value: str, entries: list[Entered], score: str
) -> None:
    year = a_year(a_task(), scores={"U1": flat(scores)}, values={"T1.I": value}, entries=entries)
    assert row(year, "score") == (score,)


# ---- ranks and grades --------------------------------------------------------------------------


FOUR = dict.fromkeys(("U1", "U2", "U3", "U4"), "departments")


def four(u1: str, u2: str, u3: str, u4: str, **of: Sequence[object]) -> YearResult:
    """Four units with no target of the year, so that the year is the mean of the periods."""
    tasks = [
        a_task(f"T{n}", due="2023-12-31", assignments=[{"unit": f"U{n}", "role": "lead"}])
        for n in range(1, 5)
    ]
    scores = {name: flat(score) for name, score in zip(FOUR, (u1, u2, u3, u4), strict=True)}
    return a_year(plan=a_plan(*tasks, units=FOUR), scores=scores, **of)  # type: ignore[arg-type]


def test_units_are_ranked_within_their_group_and_the_seats_are_counted() -> None:
    year = four("95", "92", "85", "50")  # one seat of four
    assert [(one.rank, one.grade, one.reasons) for one in year.units] == [
        (1, "excellent", ("no_year_target",)),
        (2, "good", ("no_year_target", "no_seat")),
        (3, "good", ("no_year_target",)),
        (4, "poor", ("no_year_target",)),
    ]


@pytest.mark.parametrize("cap", ["fair", "poor"])
def test_a_veto_caps_the_grade_not_the_score_and_the_seat_passes_on(cap: str) -> None:
    year = four("95", "92", "85", "50", entries=[veto(cap)])
    assert row(year, "score", "rank", "grade", "reasons") == (
        "95.00",
        1,
        cap,
        ["no_year_target", "vetoed"],
    )
    assert row(year, "grade", of="U2") == ("excellent",)


def test_a_veto_never_lifts_a_grade_and_is_of_its_year() -> None:
    year = four("95", "92", "85", "50", entries=[veto("fair", "U4"), veto("poor", on="2021-12-31")])
    assert (row(year, "grade", of="U4"), row(year, "grade")) == (("poor",), ("excellent",))


def test_false_data_of_a_task_it_leads_cap_a_unit_at_good() -> None:
    year = four("95", "92", "85", "50", zeroed=["T1", "T3"])
    assert row(year, "grade", "reasons") == ("good", ["no_year_target", "vetoed"])
    assert row(year, "grade", of="U2") == ("excellent",)
    assert row(year, "grade", "reasons", of="U3") == ("good", ["no_year_target", "vetoed"])


def test_false_data_do_not_cap_a_unit_that_only_helped() -> None:
    helped = [{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}]
    year = a_year(
        a_task(assignments=helped), scores={"U1": flat("95"), "U2": flat("85")},
        values={"T1.I": "100"}, zeroed=["T1"],
    )  # fmt: skip
    assert "vetoed" not in unit(year, "U2").reasons


def test_fewer_assessed_periods_than_wanted_are_shown_and_not_ranked() -> None:
    sparse = [None] * 4 + ["80", "90"]
    year = a_year(
        a_task(), of_unit("U2", "T2"), scores={"U1": sparse, "U2": flat("80"), "U3": flat("70")},
        values={"T1.I": "90"},
    )  # fmt: skip
    assert row(year, "score", "rank", "grade", "reasons") == (
        "87.00",
        None,
        None,
        ["few_periods"],
    )
    assert [unit(year, name).rank for name in ("U2", "U3")] == [2, 1]


def test_where_the_year_owes_fewer_periods_all_of_them_are_enough() -> None:
    scores: Scores = {"U1": ["80", "90"], "U2": ["80", None]}
    year = a_year(a_task(), of_unit("U2", "T2"), scores=scores, values={"T1.I": "90"})
    assert (unit(year).reasons, unit(year, "U2").reasons) == ((), ("few_periods",))


def test_who_is_alone_in_a_group_has_a_grade_without_quota_and_no_rank() -> None:
    plan = a_plan(a_task(), units={"U1": "parks", "U2": "departments"})
    year = a_year(plan=plan, scores={"U1": flat("95")}, values={"T1.I": "100"})
    assert row(year, "rank", "grade") == (None, "excellent")


# ---- actions, figures, refusals ----------------------------------------------------------------


def test_an_actions_year_is_the_mean_of_its_periods_and_the_plans_of_its_actions() -> None:
    plan = a_plan(a_task("T1"), a_task("T2", action="A2"), actions={"A1": "1", "A2": "3"})
    periods = []
    for name, one, two in (("2022-B5", "80", "60"), ("2022-B6", "90", None)):
        result = run_period(a_run(plan=plan, period=name))
        scores = {"A1": one, "A2": two}
        told = tuple(
            action.model_copy(
                update={"score": None if (s := scores[action.action]) is None else Decimal(s)}
            )
            for action in result.actions
        )
        periods.append((the_period(name), result.model_copy(update={"actions": told})))
    year = run_year(
        YearFacts(
            plan=plan, rulebook=a_rulebook(), year=2022, tz=SHANGHAI, periods=tuple(periods),
            owed=2, reports=(),
        )
    )  # fmt: skip
    assert [str(one.score) for one in year.actions] == ["85.00", "60.00"]
    assert str(year.plan_score) == "66.25"


def with_figure(**figure: object) -> PlanFacts:
    """A plan with one figure of its own, from 2021 to 2025."""
    plan = a_plan(a_task())
    whole = {**an_indicator("G1"), "reporter": "U2", "cadence": "annual", **figure}
    head = plan.head.model_dump(mode="json", by_alias=True) | {"indicators": [whole]}
    return replace(plan, head=type(plan.head).model_validate_json(json.dumps(head)))


def test_a_figure_of_the_plan_is_shown_with_its_light_and_enters_no_score() -> None:
    told = a_report("town", "2022-B6", unit="U2", values={"G1": "36"})
    year = a_year(
        plan=with_figure(), scores={"U1": flat("80")}, values={"T1.I": "80"}, reports=[told]
    )
    (figure,) = year.summary()["figures"]
    # two years of five: e = 0.4, r = 0.9
    assert figure == {
        "of": "town",
        "indicator": "G1",
        "a": "0.3600",
        "e": "0.4000",
        "r": "0.9000",
        "light": "yellow",
    }
    assert row(year, "score", of="U2") == (None,)
    assert row(year, "score") == ("80.00",)


def test_a_figure_without_data_is_grey() -> None:
    year = a_year(plan=with_figure(), scores={"U1": flat("80")})
    (figure,) = year.figures
    assert (figure.a, figure.r, figure.light) == (None, None, "grey")


def test_a_figure_that_is_kept_is_expected_in_full() -> None:
    told = a_report("town", "2022-B6", unit="U2", values={"G1": "95"})
    plan = with_figure(kind="maintain")
    year = a_year(plan=plan, scores={"U1": flat("80")}, reports=[told])
    (figure,) = year.summary()["figures"]
    assert (figure["a"], figure["e"], figure["light"]) == ("0.7500", "1.0000", "red")


# ---- properties --------------------------------------------------------------------------------


@given(low=st.integers(0, 300), more=st.integers(0, 100), before=st.integers(0, 100))
def test_raising_a_value_never_lowers_the_year(low: int, more: int, before: int) -> None:
    long = {"start": "2021-01-01", "due": "2023-12-31"}
    task = a_task("T1", indicators=[an_indicator("T1.I", year_targets={"2022": "40"})], **long)
    eve = a_report("T1", "2021-B6", values={"T1.I": str(before)})
    found = [
        unit(
            a_year(task, scores={"U1": flat("50", 3)}, reports=[eve], values={"T1.I": str(value)},
                   entries=[award("5")])
        ).score
        for value in (low, low + more)
    ]  # fmt: skip
    assert found[0] is not None
    assert found[1] is not None
    assert found[0] <= found[1]


@given(order=st.permutations(["T1", "T2", "T3"]))
def test_the_order_of_units_and_tasks_does_not_matter(order: list[str]) -> None:
    def year(names: Sequence[str]) -> YearResult:
        units = {name.replace("T", "U"): "departments" for name in names}
        tasks = [of_unit(name.replace("T", "U"), name) for name in names]
        scores = {"U1": flat("91", 3), "U2": flat("91", 3), "U3": flat("70", 3)}
        return a_year(plan=a_plan(*tasks, units=units), scores=scores, values={"T1.I": "90"})

    assert year(order) == year(["T1", "T2", "T3"])


def test_periods_weigh_as_the_rulebook_lists_them() -> None:
    # 0.1 x 60 + 0.1 x 60 + 0.2 x 80 + 0.2 x 80 + 0.2 x 90 + 0.2 x 90 = 80.00
    listed = ["0.1", "0.1", "0.2", "0.2", "0.2", "0.2"]
    scores = {"U1": ["60.00", "60.00", "80.00", "80.00", "90.00", "90.00"]}
    year = a_year(a_task(), scores=scores, year={"period_weights": listed})
    assert row(year, "periods") == ("80.00",)
    # Without the first four: (0.2 x 90 + 0.2 x 70) / 0.4.
    late = a_year(
        a_task(), scores={"U1": ["90.00", "70.00"]}, year={"period_weights": listed}, owed=2
    )
    assert row(late, "periods") == ("80.00",)
    # A period that was not assessed leaves the sum: (0.1 x 60 + 0.2 x 90) / 0.3.
    gaps = {"U1": ["60.00", None, None, None, None, "90.00"]}
    year = a_year(a_task(), scores=gaps, year={"period_weights": listed})
    assert row(year, "periods") == ("80.00",)


def test_a_list_of_another_length_than_the_year_is_refused() -> None:
    with pytest.raises(ValueError, match="2022 has 6 periods, the list 2"):
        a_year(a_task(), scores={"U1": flat("60.00")}, year={"period_weights": ["0.5", "0.5"]})


def test_tasks_may_be_averaged_first() -> None:
    """X weighs 10 and counts in six periods, Y weighs 30 and counts in the last two."""
    plan = a_plan(
        a_task("X", measure="percent"),
        a_task("Y", weight="30", measure="percent", start="2022-09-01"),
    )
    periods = []
    for place, name in enumerate(PERIODS):
        reports = [
            a_report("X", name, percent="0" if place < 3 else "100"),  # half of six
            a_report("Y", name, percent="100"),
        ]
        periods.append(
            (the_period(name), run_period(a_run(plan=plan, period=name, reports=reports)))
        )
    facts = YearFacts(
        plan=plan, rulebook=a_rulebook(year={"order": "task_first"}), year=2022, tz=SHANGHAI,
        periods=tuple(periods), owed=6, reports=(),
    )  # fmt: skip
    # X: T and Q alone give 20 three times, then 100; Y 100 twice.
    [x, y] = unit(run_year(facts)).task_terms
    assert [(one.task, str(one.weight), len(one.scores)) for one in (x, y)] == [
        ("X", "10", 6),
        ("Y", "30", 2),
    ]
    # (10 x 60 + 30 x 100) / 40; by periods it would be the mean of 20, 20, 20, 100, 100, 100.
    assert row(run_year(facts), "periods") == ("90.00",)
    by_period = replace(facts, rulebook=a_rulebook())
    assert row(run_year(by_period), "periods") == ("60.00",)


def test_the_overshoot_may_be_switched_off_or_set() -> None:
    values = {"T1.I": "135"}

    def earned(bonus: Json | None) -> tuple[object, ...]:
        year = {"overshoot_bonus": bonus}
        scores = {"U1": flat("60.00")}
        return row(a_year(a_task(), scores=scores, values=values, year=year), "overshoot")

    assert earned({}) == ("3.00",)
    assert earned(None) == ("0.00",)
    assert earned({"step": "0.20", "points": "1.5", "max": "5"}) == ("1.50",)


def test_events_inside_a_period_are_not_added_again_in_the_year() -> None:
    """U1 has 60 in B2 before its award, and no score in B3."""
    plan = a_plan(a_task("X", measure="percent"))
    decided = (award("2", "M1", on="2022-03-01"), penalty("3", on="2022-06-01"))
    settings = a_rulebook(events={"level": "period"})
    periods = []
    for name in ("2022-B2", "2022-B3"):
        told = [a_report("X", name, percent="100")] if name == "2022-B2" else []
        run = replace(
            a_run(plan=plan, period=name, reports=told, rulebook=settings), entries=decided
        )
        result = run_period(run)
        if name == "2022-B3":
            gone = result.units[0].model_copy(update={"score": None})
            result = result.model_copy(update={"units": (gone, *result.units[1:])})
        periods.append((the_period(name), result))
    facts = YearFacts(
        plan=plan, rulebook=settings, year=2022, tz=SHANGHAI, periods=tuple(periods), owed=2,
        reports=(), entries=decided,
    )  # fmt: skip
    year = unit(run_year(facts))
    assert (str(year.bonus), str(year.deductions)) == ("0.00", "3.00")
