"""A report enters or is refused by rules; each refusal names its code and its field."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from intake_cast import LAKE_TOWN, at, edited, plan_of, report, trees

from intake.domain.admission import Counted, Known, admit, as_of
from intake.domain.reported import Refusal, what_is_reported
from shared.contracts.decisions import Amended, Rest
from shared.contracts.submission import Submission

NOTHING = Known(counted={}, done=frozenset())
NOW = at("2022-05-06 10:00")
END_OF_B1 = date(2022, 2, 28)

QUAY = """\
      - id: quay
        title: Figures of every kind
        weight: "1"
        start: 2021-01-01
        due: 2023-12-31
        assignments: [{unit: water, role: lead}]
        indicators:
          - {id: opened, title: Opened, kind: yes_no, target: "1"}
          - {id: rescued, title: Rescued, kind: recurring, target: "10"}
          - {id: level, title: Level, kind: level, baseline: "-5", target: "5"}
          - {id: held, title: Held, kind: hold, target: "5"}
          - {id: rate, title: Rate, kind: compound, target: "7"}
"""
PIER = """\
      - id: pier
        title: Open the pier
        weight: "1"
        start: 2021-01-01
        due: 2023-12-31
        measure: yes_no
        assignments: [{unit: water, role: lead}]
"""
MORE = LAKE_TOWN + QUAY + PIER


def submission(body: Mapping[str, Any]) -> Submission:
    return Submission.model_validate_json(json.dumps(body), extra="forbid")


def refusals(
    body: Mapping[str, Any], text: str = MORE, *, known: Known = NOTHING, now: str = ""
) -> list[Refusal]:
    plan, calendar = plan_of(text)
    instant = at(now) if now else NOW
    return admit(submission(body), plan=plan, calendar=calendar, known=known, now=instant)


def refused(
    body: Mapping[str, Any], text: str = MORE, *, known: Known = NOTHING, now: str = ""
) -> list[tuple[str, str]]:
    """Code and field of each refusal."""
    return [(one.code, one.path) for one in refusals(body, text, known=known, now=now)]


def counted(day: date = END_OF_B1, **totals: str) -> Known:
    """What the latest publication counted, all on one day."""
    return Known(
        counted={name: Counted(total=Decimal(one), as_of=day) for name, one in totals.items()},
        done=frozenset({"drawings"}),
    )


def quay(**values: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return report("quay", "water", values=values)


@pytest.mark.parametrize(
    "body",
    [
        trees("40"),
        report("trees", "water"),
        report("clean", "works", values={"clarity": "61.5"}, no_data=["survey"]),
        report("bridge", "east", milestones={"drawings": "2022-03-15", "opening": {"share": "0"}}),
        report("hall", "east", percent="37.5"),
        report("pier", "water", percent="100"),
        report("lake-plan", "water", values={"visitors": "12"}),
        quay(opened="1", rescued="0", level="-3.5", held="-1"),
    ],
    ids=lambda body: body["task"],
)
def test_what_the_plan_asks_for_is_admitted(body: dict[str, Any]) -> None:
    assert refused(body) == []


def test_a_compound_rate_that_leaves_nothing_is_refused() -> None:
    assert refused(quay(rate="-99.9")) == []
    assert refused(quay(rate="-100")) == [("wrong_value", "values.rate")]


def test_a_report_is_for_a_period_of_the_plan() -> None:
    for period in ("2022-B7", "2022-Q1", "2024-B1"):
        assert refused(trees() | {"period": period}) == [("unknown_period", "period")]


def test_a_report_is_for_a_task_of_the_plan() -> None:
    assert refused(report("lake", "water")) == [("unknown_task", "task")]


@pytest.mark.parametrize(
    ("task", "unit", "period"),
    [
        ("trees", "works", "2022-B2"),  # it cooperates
        ("trees", "nobody", "2022-B2"),
        ("bridge", "works", "2022-B2"),  # it led until 15 April
        ("bridge", "east", "2022-B1"),
        ("lake-plan", "works", "2022-B2"),  # the water bureau is its reporter
        ("A1", "water", "2022-B2"),  # the action has no figures
    ],
)
def test_only_who_answers_for_it_reports_a_task(task: str, unit: str, period: str) -> None:
    assert refused(report(task, unit, period)) == [("wrong_unit", "unit")]


def test_reports_are_taken_from_the_periods_first_day_on() -> None:
    body = trees() | {"period": "2022-B3"}
    assert refused(body, now="2022-04-30 23:59") == [("too_early", "period")]
    assert refused(body, now="2022-05-01 00:00") == []


@pytest.mark.parametrize(
    ("day", "inside"),
    [("2020-12-31", False), ("2021-01-01", True), ("2022-04-30", True), ("2022-05-01", False)],
)
def test_a_value_holds_for_a_day_between_the_tasks_start_and_the_periods_end(
    day: str, inside: bool
) -> None:
    assert refused(trees(as_of=day)) == ([] if inside else [("as_of_outside", "as_of")])


def test_a_value_cannot_be_older_than_its_task() -> None:
    body = report("hall", "east", percent="10", as_of="2022-03-19")
    assert refused(body) == [("as_of_outside", "as_of")]
    assert refused(body | {"as_of": "2022-03-20"}) == []


def test_nothing_is_reported_for_a_period_before_the_task_begins() -> None:
    assert refused(report("hall", "east", "2022-B1", percent="10")) == [("as_of_outside", "as_of")]


def test_values_hold_for_the_periods_last_day_unless_the_report_says_otherwise() -> None:
    _, calendar = plan_of()
    period = calendar.period("2022-B2")
    assert as_of(submission(trees()), period) == date(2022, 4, 30)
    assert as_of(submission(trees(as_of="2022-04-02")), period) == date(2022, 4, 2)


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (report("trees", "water", values={"clarity": "1"}), "unknown_item", "values.clarity"),
        (report("trees", "water", no_data=["clarity"]), "unknown_item", "no_data"),
        (
            report("bridge", "east", milestones={"planted": "2022-04-01"}),
            "unknown_item",
            "milestones.planted",
        ),
        (report("hall", "east", milestones={"hall": None}), "unknown_item", "milestones.hall"),
        (report("lake-plan", "water", percent="5"), "unknown_field", "percent"),
        (trees(percent="5"), "unknown_field", "percent"),
        (report("trees", "water", no_data=["planted"]), "no_data_refused", "no_data"),
        (
            report("clean", "works", values={"survey": "2"}, no_data=["survey"]),
            "no_data_refused",
            "no_data",
        ),
    ],
)
def test_a_report_names_only_what_its_task_has(body: dict[str, Any], code: str, path: str) -> None:
    assert refused(body) == [(code, path)]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (trees("-1"), "values.planted"),
        (trees("40.5"), "values.planted"),
        (
            report("trees", "water", values={"planted": {"own": "1", "other": "2"}}),
            "values.planted",
        ),
        (quay(opened="100"), "values.opened"),
        (quay(opened="0.5"), "values.opened"),
        (quay(rescued="-1"), "values.rescued"),
        (report("pier", "water", percent="50"), "percent"),
        (report("bridge", "east", milestones={"drawings": {"share": "1"}}), "milestones.drawings"),
    ],
)
def test_a_value_fits_what_it_measures(body: dict[str, Any], path: str) -> None:
    assert refused(body) == [("wrong_value", path)]


def test_a_node_is_reported_once_it_is_done() -> None:
    done = report("bridge", "east", milestones={"drawings": "2022-05-07"})
    assert refused(done, now="2022-05-06 23:59") == [("done_in_future", "milestones.drawings")]
    assert refused(done, now="2022-05-07 00:00") == []


def test_a_node_cannot_be_done_after_its_task_was_closed() -> None:
    text = edited("due: 2023-06-30\n        assignments", "due: 2022-06-30\n        assignments")
    text = edited("due: 2023-06-30, partial", "due: 2022-06-30, partial", text)
    closed = report("bridge", "east", "2022-B6", milestones={"opening": "2023-01-01"})
    refusal = [("wrong_value", "milestones.opening")]
    assert refused(closed, text, now="2023-01-04 09:00") == refusal
    closed["milestones"] = {"opening": "2022-12-31"}
    assert refused(closed, text, now="2023-01-04 09:00") == []


def test_each_figure_of_a_funnel_is_at_most_the_one_before() -> None:
    narrow = report("trees", "water", values={"planted": "40", "alive": "41"})
    assert refused(narrow) == [("funnel", "values.alive")]
    narrow["values"]["alive"] = "40"
    assert refused(narrow) == []


def test_a_total_does_not_fall_below_what_was_counted() -> None:
    known = counted(planted="40")
    assert refused(trees("39"), known=known) == [("total_fell", "values.planted")]
    assert refused(trees("40"), known=known) == []


def test_a_total_that_falls_is_taken_with_a_correction() -> None:
    body = trees("39", correction={"reason": "counted twice"})
    assert refused(body, known=counted(planted="40")) == []


def test_a_percentage_does_not_fall() -> None:
    body = report("hall", "east", percent="20")
    assert refused(body, known=counted(percent="30")) == [("total_fell", "percent")]
    assert refused(body, known=counted(percent="20")) == []


def test_a_level_may_fall() -> None:
    assert refused(quay(level="-4", held="2"), known=counted(level="3", held="5")) == []


def test_a_recurring_total_begins_anew_each_year() -> None:
    fallen = quay(rescued="2")
    assert refused(fallen, known=counted(END_OF_B1, rescued="9")) == [
        ("total_fell", "values.rescued")
    ]
    assert refused(fallen, known=counted(date(2021, 12, 31), rescued="9")) == []


@pytest.mark.parametrize("taken_back", [None, {"share": "0.9"}])
def test_a_node_that_was_published_as_done_stays_done(taken_back: object) -> None:
    text = edited("due: 2022-03-31}", "due: 2022-03-31, partial: true}", MORE)
    body = report("bridge", "east", milestones={"drawings": taken_back})
    refusal = [("total_fell", "milestones.drawings")]
    assert refused(body, text, known=counted()) == refusal
    assert refused(body | {"correction": {"reason": "redrawn"}}, text, known=counted()) == []
    assert refused(body, text) == []


def test_a_node_that_is_not_named_again_stays_done() -> None:
    assert refused(report("bridge", "east", milestones={}), known=counted()) == []


def test_every_reason_is_named_at_once() -> None:
    body = report(
        "trees",
        "water",
        "2022-B3",
        values={"planted": "4.5", "alive": "5", "clarity": "1"},
        no_data=["alive"],
        percent="5",
        as_of="2022-07-01",
    )
    assert refused(body, known=counted(planted="40"), now="2022-04-30 12:00") == [
        ("too_early", "period"),
        ("as_of_outside", "as_of"),
        ("unknown_item", "values.clarity"),
        ("no_data_refused", "no_data"),
        ("unknown_field", "percent"),
        ("wrong_value", "values.planted"),
        ("funnel", "values.alive"),
        ("total_fell", "values.planted"),
    ]


def test_a_refusal_says_how_to_mend_it() -> None:
    (fell,) = refusals(trees("39"), known=counted(planted="40"))
    assert "40" in fell.message
    assert '"correction"' in fell.message
    (early,) = refusals(trees() | {"period": "2022-B4"})
    assert "2022-07-01" in early.message
    (unknown,) = refusals(report("trees", "water", values={"plantd": "1"}))
    assert "alive, planted" in unknown.message


@pytest.mark.parametrize(("extend", "found"), [(True, []), (False, ["wrong_value"])])
def test_a_node_is_done_until_the_task_closes_by_its_moved_day(
    *, extend: bool, found: list[str]
) -> None:
    plan, calendar = plan_of(edited("end: 2023-12-31", "end: 2024-12-31", MORE))
    body = submission(report("bridge", "east", "2023-B6", milestones={"opening": "2024-01-10"}))
    first, last = date(2022, 7, 1), date(2023, 2, 28)  # due on 30 June 2023, then in 2024
    rest = Rest(periods=("2022-B4",), first=first, last=last, extend=extend)
    subject = what_is_reported(
        plan, body, calendar.period("2023-B6"), {"bridge": Amended(rests=(rest,))}
    )
    refused = admit(
        body,
        plan=plan,
        calendar=calendar,
        known=NOTHING,
        now=at("2024-02-20 10:00"),
        subject=subject,
    )
    assert [one.code for one in refused] == found
