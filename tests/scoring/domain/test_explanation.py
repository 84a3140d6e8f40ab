"""A line in words: what a unit reads to recompute its score by hand."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from string import Formatter

import pytest
from scoring_cast import (
    SHANGHAI,
    Json,
    a_milestone,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    instant,
    the_line,
)

from scoring.domain.bending import FORMULAS as BENDS
from scoring.domain.exact import write_exact
from scoring.domain.explanation import explain
from scoring.domain.formulas import FORMULAS
from scoring.domain.phrases import CALCULATIONS, NAMES, PHRASES
from scoring.domain.task_line import Bend, TaskLine
from shared.contracts.plan import Language
from shared.contracts.values import Text

TITLES = {
    "T1": Text(zh="台江投资", en="Taijiang investment"),
    "U1": Text(zh="市科技局", en="Science bureau"),
    "I1": Text(zh="投资额", en="Investment"),
}
INVESTMENT = a_task(indicators=[an_indicator("I1", target="254.6")])
REPORT = a_report(
    values={"I1": "76.38"},
    received="2022-05-13T09:00:00",
    marks=Decimal(10),
    submission="S-1",
)


def told(line: TaskLine, language: Language = "en") -> tuple[str, ...]:
    return explain(line, language=language, titles=TITLES, tz=SHANGHAI)


def test_every_printed_number_stands_at_the_end_of_its_sum() -> None:
    assert told(the_line(a_run(INVESTMENT, reports=[REPORT]))) == (
        "T1 Taijiang investment · Science bureau · 2022-B2",
        "Investment: E = months gone by ÷ months in all = 4 ÷ 12 = 1/3 ≈ 0.3333",
        "Investment: a = value ÷ target = 76.38 ÷ 254.6 = 0.3",
        "Report S-1 received 2022-05-13 09:00:00, due 2022-05-10: 3 days late",
        "R = a ÷ E = 0.3 ÷ (1/3) = 0.9000",
        "P = 100 × min(1, max(0, 0.3 ÷ (1/3))) = 90.00",
        "T = max(0, 100 − 10 × 3) = 70.00",
        "1 of 1 required fields filled: Q = max(0, 100 × 1 ÷ 1 − 10) = 90.00",
        "S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.00",
        "Light yellow: R is below the green threshold",
        "Counts for Science bureau: weight 10 × share 1",
        "Rulebook town-rules, version 1",
    )


def test_the_same_is_told_in_chinese() -> None:
    lines = told(the_line(a_run(INVESTMENT, reports=[REPORT])), "zh-CN")
    assert lines[0] == "T1 台江投资 · 市科技局 · 2022-B2"
    assert lines[1] == "投资额: E = 已过月数 ÷ 总月数 = 4 ÷ 12 = 1/3 ≈ 0.3333"
    assert lines[3] == "报送 S-1 收到于 2022-05-13 09:00:00，截止 2022-05-10：迟报 3 天"
    assert lines[8:10] == (
        "S = 0.8 × 90 + 0.1 × 70 + 0.1 × 90 = 88.00",
        "亮灯 黄：R 低于绿灯线",
    )


def test_a_deduction_is_part_of_the_sum() -> None:
    rules = a_rulebook(lateness={"mode": "deduction"})
    line = the_line(a_run(INVESTMENT, reports=[REPORT], rulebook=rules))
    assert "S = 0.9 × 90 + 0.1 × 90 − 0.5 × 3 = 88.50" in told(line)


def test_several_parts_are_weighed_before_the_eyes() -> None:
    task = a_task(
        measure="both",
        indicators=[an_indicator("I1", "level", baseline="-20", target="100", weight="2")],
        milestones=[
            a_milestone("M1", "2022-03-31", weight="30", partial=True),
            a_milestone("M2", "2022-04-30", weight="70"),
        ],
        expectation={"curve": None},
    )
    line = the_line(a_run(task, reports=[a_report(values={"I1": "10"}, milestones={"M1": "0.5"})]))
    sums = told(line)
    assert (
        "Milestones (weight 1): a = weight of nodes done ÷ weight of all nodes = "
        "(30 × 0.5 + 70 × 0) ÷ (30 + 70) = 0.15"
    ) in sums
    assert (
        "Investment (weight 2): a = (value − baseline) ÷ (target − baseline) = "
        "(10 − (-20)) ÷ (100 − (-20)) = 0.25"
    ) in sums
    assert "P = 100 × (1 × 0.15 + 2 × 0.75) ÷ (1 + 2) = 55.00" in sums


def test_silence_is_told_with_its_window() -> None:
    sums = told(the_line(a_run(INVESTMENT)))
    assert "No report received; due 2022-05-10, closed 2022-05-17" in sums
    assert "Not reported: P = T = Q = S = 0" in sums


def test_a_repair_tells_which_instant_was_charged() -> None:
    kept = a_report(
        values={"I1": "76.38"},
        received="2022-05-12T09:00:00",
        timely_at=instant("2022-05-10T09:00:00"),
        submission="S-2",
    )
    assert (
        "Report S-2 received 2022-05-12 09:00:00, due 2022-05-10: on time, "
        "timeliness goes by the first report, 2022-05-10 09:00:00"
    ) in told(the_line(a_run(INVESTMENT, reports=[kept])))


def test_what_was_left_blank_is_named() -> None:
    line = the_line(a_run(INVESTMENT, reports=[a_report()]))
    assert (
        "0 of 1 required fields filled, missing: I1: Q = max(0, 100 × 0 ÷ 1 − 0) = 0.00"
    ) in told(line)


EVERY_LINE = [
    (a_task(start="2022-11-01"), {}),
    (a_task(due="2021-12-31", start="2021-01-01"), {}),
    (a_task(assumed=["due"]), {}),
    (a_task(indicators=[an_indicator("I1", cadence="annual")]), {}),
    (a_task(milestones=[a_milestone("M1", "2022-12-31")]), {}),
    (a_task(indicators=[an_indicator("I1", data_from="statistics")]), {}),
    (a_task(), {"T1": 2022}),
    (a_task(due="2023-12-31"), {"T1": 2021}),
    (a_task(measure="percent"), {}),
    (a_task(measure="yes_no", due="2022-04-30"), {}),
    (a_task(indicators=[an_indicator("I1", "hold")]), {}),
    (a_task(indicators=[an_indicator("I1", "maintain", tolerance="0")]), {}),
    (a_task(indicators=[an_indicator("I1", "at_most", baseline="200")]), {}),
    (a_task(indicators=[an_indicator("I1"), an_indicator("I2", data_from="statistics")]), {}),
]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("task", "finished"), EVERY_LINE)
def test_every_line_has_words(
    task: Json, finished: dict[str, int | None], language: Language
) -> None:
    report = a_report(values={"I1": "40"}, percent="40")
    line = the_line(a_run(task, reports=[report], finished=finished))
    read_back = TaskLine.model_validate_json(line.model_dump_json())
    assert told(read_back, language) == told(line, language)
    assert len(told(line, language)) > 3


def worked_out(calculation: str, operands: Mapping[str, Fraction]) -> Fraction:
    """What a pocket calculator makes of the printed sum."""
    signs = {"÷": "/", "×": "*", "−": "-", "²": "**2", "³": "**3", "≥": ">=", "≤": "<="}
    written = {name: f"(Fraction('{write_exact(of)}'))" for name, of in operands.items()}
    text = calculation.format(**written)
    for sign, operator in signs.items():
        text = text.replace(sign, operator)
    tools = {"Fraction": Fraction, "max": max, "min": min}
    return Fraction(eval(text, {"__builtins__": {}}, tools))  # noqa: S307  # our own sums


DATES: Json = {"start": "2021-01-01", "due": "2025-12-31"}
POINTS = [{"by": "2022-01-31", "share": "0.1"}, {"by": "2025-12-31", "share": "1"}]
CURVES: list[Json] = [
    *(
        {"curve": form, "basis": basis}
        for form in ("linear", "smooth")
        for basis in ("month", "day")
    ),
    *({"curve": "table", "table": POINTS, "between": form} for form in ("linear", "step")),
    *(
        {"curve": "yearly", "inside": form, "basis": basis}
        for form in ("linear", "smooth")
        for basis in ("month", "day")
    ),
]
FIGURES: list[Json] = [
    an_indicator("I1", "growth"),
    an_indicator("I1", "at_most", baseline="200"),
    an_indicator("I1", "hold", target="30"),
    an_indicator("I1", "maintain"),
    an_indicator("I1", "about", target="42"),
    an_indicator("I1", "about", tolerance="1"),
    an_indicator("I1", "about", baseline="10"),
    an_indicator("I1", "range", target="45", target_high="120"),
    an_indicator("I1", "ceiling", target="140"),
    an_indicator("I1", "ceiling", tolerance="0"),
    an_indicator("I1", "relation", target=None),
    *(an_indicator("I1", "cumulative", expectation=curve) for curve in CURVES),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: f"{one['kind']}")
@pytest.mark.parametrize("period", ["2022-B2", "2025-B4"])
def test_the_printed_operands_recompute_the_printed_number(figure: Json, period: str) -> None:
    task = a_task(indicators=[figure], expectation={"curve": "smooth"}, **DATES)
    report = a_report(
        period=period, values={"I1": "40"}, relations={"I1": (Decimal("6.1"), Decimal("6.7"))}
    )
    (part,) = the_line(a_run(task, period=period, reports=[report])).parts
    assert part.a == worked_out(CALCULATIONS[part.formula], part.operands)
    e = part.bends[0].operands["expected"] if part.bends else part.e
    if part.curve_operands:
        assert e == worked_out(CALCULATIONS[part.curve], part.curve_operands)
    for bend in part.bends:
        assert bend.operands["expected"] == e
        e = worked_out(CALCULATIONS[bend.formula], bend.operands)
    assert e == part.e


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: f"{one['kind']}")
def test_every_kind_and_curve_has_words(figure: Json, language: Language) -> None:
    pairs = {"I1": (Decimal(6), Decimal(7))}
    report = a_report(values={"I1": "40"}, relations=pairs)
    line = the_line(a_run(a_task(indicators=[figure], **DATES), reports=[report]))
    read_back = TaskLine.model_validate_json(line.model_dump_json())
    assert told(read_back, language) == told(line, language)


def test_a_compound_rate_is_told_year_by_year() -> None:
    task = a_task(indicators=[an_indicator("I1", "compound", target="7")], **DATES)
    reports = [
        a_report(period=f"{year}-B6", values={"I1": rate})
        for year, rate in (("2021", "8"), ("2022", "4"), ("2023", "6"))
    ]
    sums = told(the_line(a_run(task, period="2023-B6", reports=reports)))
    assert any(
        one.startswith(
            "Investment: index of all years (2021, 2022, 2023) = "
            "(1 + 8 ÷ 100) × (1 + 4 ÷ 100) × (1 + 6 ÷ 100) = 1.190592; "
            "a = ln(index of all years) ÷ (years × ln(1 + target ÷ 100)) = "
            "ln(1.190592) ÷ (5 × ln(1 + 7 ÷ 100)) = 0.5156"
        )
        for one in sums
    )


def test_a_ceiling_tells_what_is_allowed_and_how_that_came() -> None:
    task = a_task(indicators=[an_indicator("I1", "ceiling", target="120")])
    sums = told(the_line(a_run(task, reports=[a_report(values={"I1": "44"})])))
    assert sums[1:4] == (
        "Investment: E = months gone by ÷ months in all = 4 ÷ 12 = 1/3 ≈ 0.3333",
        "Investment: the ceiling allows 1/3 of it by now, and is to be kept: E = 1",
        (
            "Investment: a = max(0, 1 − max(0, value − share allowed so far × target) ÷ "
            "(tolerance × share allowed so far × target)) = "
            "max(0, 1 − max(0, 44 − (1/3) × 120) ÷ (0.2 × (1/3) × 120)) = 0.5"
        ),
    )


def test_what_nobody_has_graded_is_said_to_be_so() -> None:
    sums = told(the_line(a_run(a_task(measure="rubric"), reports=[a_report()])))
    assert "Reviewer's grade: nobody has graded it yet: not counted in this period" in sums
    assert "Not counted: there are no data yet" in sums
    graded = told(the_line(a_run(a_task(measure="rubric"), reports=[a_report(rubric="C")])))
    assert "Reviewer's grade: a = credit for the grade = 0.6" in graded


def test_each_bend_of_a_curve_is_told_with_its_sum() -> None:
    line = the_line(a_run(INVESTMENT, period="2022-B5", reports=[a_report(period="2022-B5")]))
    operands = {"expected": Fraction(5, 6), "eve": Fraction(1, 3), "rested": Fraction(2, 3)}
    bend = Bend(formula="expectation.resumed/1", operands=operands, e=Fraction(2, 3))
    part = line.parts[0].model_copy(update={"e": bend.e, "bends": (bend,)})
    sums = told(line.model_copy(update={"parts": (part,)}))
    assert sums[1].endswith("10 ÷ 12 = 5/6 ≈ 0.8333")
    assert sums[2] == (
        "Investment: rested: what is left is caught up by the old last day: "
        "E = E on the eve + (1 − E on the eve) × (E so far − E on the last day of rest) ÷ "
        "(1 − E on the last day of rest) = "
        "(1/3) + (1 − (1/3)) × ((5/6) − (2/3)) ÷ (1 − (2/3)) = 2/3 ≈ 0.6667"
    )


def test_both_languages_know_every_phrase_and_every_formula() -> None:
    assert PHRASES["zh-CN"].keys() == PHRASES["en"].keys()
    assert NAMES["zh-CN"].keys() == NAMES["en"].keys()
    assert FORMULAS.keys() | BENDS.keys() <= CALCULATIONS.keys()
    assert BENDS.keys() <= PHRASES["en"].keys()
    names = {name for text in CALCULATIONS.values() for _, name, _, _ in Formatter().parse(text)}
    assert names - {None} <= NAMES["en"].keys()
