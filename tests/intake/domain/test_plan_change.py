"""What a new version of a plan changes is told line by line; what was published stays."""

# ruff: noqa: E501  # a row of a table is one line

from datetime import date

import pytest
from plan_cast import HARBOUR_CITY, edited, plan_of

from intake.domain.plan_change import changes, refusals
from intake.domain.plan_normal import normalise

TO_B4 = {"2021-B3": date(2021, 6, 30), "2021-B4": date(2021, 8, 31)}
HALL = HARBOUR_CITY[HARBOUR_CITY.index("      - id: hall") :]
NEW_TASK = HALL.replace("hall", "pier").replace("2021-01-01", "2021-07-01")


def refused(text: str, published: dict[str, date] | None = None) -> list[tuple[str, str]]:
    old, new = normalise(plan_of(HARBOUR_CITY)), normalise(plan_of(text))
    problems = refusals(old, new, TO_B4 if published is None else published)
    return [(one.code, one.path) for one in problems]


def told(text: str) -> list[str]:
    old, new = normalise(plan_of(HARBOUR_CITY)), normalise(plan_of(text))
    return [str(change) for change in changes(old, new)]


def test_the_same_file_changes_nothing() -> None:
    assert told(HARBOUR_CITY) == []
    assert refused(HARBOUR_CITY) == []


def test_a_first_version_adds_everything_and_nothing_comes_too_late() -> None:
    new = normalise(plan_of(HARBOUR_CITY))
    added = [(change.kind, change.id) for change in changes(None, new)]
    assert ("added", "quay") in added
    assert {kind for kind, _ in added} == {"added"}
    assert refusals(None, new, TO_B4) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (HALL, "", "task hall removed"),
        (HALL, HALL + NEW_TASK, "task pier added"),
        ('target: "100"', 'target: "90"', "indicator trees.planted: target '100' -> '90'"),
        ("due: 2021-06-30", "due: 2021-07-31", "milestone quay.plans: due '2021-06-30' -> '2021-07-31'"),
        ('weight: "20"', 'weight: "25"', "task quay: weight '20' -> '25'"),
        ("title: Open the hall", "title: Close it", "task hall: title 'Open the hall' -> 'Close it'"),
        ("title: Plans", "title: {zh: 图, en: Plans}", "milestone quay.plans: title 'Plans' -> '图' / 'Plans'"),
        (HALL, "  - id: A2\n    title: Other\n    tasks:\n" + HALL, "task hall: belongs to 'A1' -> 'A2'"),
    ],
)  # fmt: skip
def test_each_change_is_one_readable_line(old: str, new: str, line: str) -> None:
    assert line in told(edited(old, new))


def test_another_ladder_is_a_change() -> None:
    ladder = "escalation: {ladder: [{after_working_days: 0, role: head}]}\n"
    assert len(told(HARBOUR_CITY + ladder)) == 1


def test_a_published_task_must_not_be_dropped() -> None:
    assert refused(edited(HALL, "")) == [("task_dropped", "actions")]
    assert refused(edited(HALL, ""), {}) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('target: "100"', 'target: "90"', "actions[0].tasks[1]"),
        ('weight: "20"', 'weight: "25"', "actions[0].tasks[0]"),
        ("due: 2021-06-30", "due: 2021-07-31", "actions[0].tasks[0]"),
        ("measure: percent", "measure: yes_no", "actions[0].tasks[2]"),
        ("unit: schools, role: lead", "unit: port, role: lead", "actions[0].tasks[2]"),
        ("cadence: bimonthly", "cadence: bimonthly\n    due_working_days: 6", "plan.calendar"),
    ],
)
def test_a_change_that_touches_a_published_period_is_refused_and_names_it(
    old: str, new: str, path: str
) -> None:
    assert refused(edited(old, new)) == [("period_published", path)]
    (problem,) = refusals(
        normalise(plan_of(HARBOUR_CITY)), normalise(plan_of(edited(old, new))), TO_B4, lambda _: 7
    )
    assert "2021-B4" in problem.message
    assert problem.line == 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HALL, HALL + NEW_TASK),
        ("title: Build the quay", "title: Build the great quay"),
        ("confirmed_by: the mayor", "confirmed_by: the council"),
        ('target: "3", cadence', 'target: "4", cadence'),
        (
            "[{unit: schools, role: lead}]",
            (
                "[{unit: schools, role: lead, valid: {to: 2021-08-31}},"
                " {unit: port, role: lead, valid: {from: 2021-09-01}}]"
            ),
        ),
        ("end: 2025-12-31\n  act", "end: 2026-12-31\n  act"),
    ],
    ids=["new task", "title", "confirmed", "slower figure", "lead later", "longer plan"],
)
def test_what_leaves_published_periods_alone_may_change(old: str, new: str) -> None:
    assert told(edited(old, new)) != []
    assert refused(edited(old, new)) == []


def test_a_task_that_had_not_begun_may_change_and_go() -> None:
    text = edited(
        "start: 2021-01-01\n        due: 2022-12-31", "start: 2021-09-01\n        due: 2022-12-31"
    )
    old = normalise(plan_of(text))
    without = normalise(plan_of(HARBOUR_CITY[: HARBOUR_CITY.index("      - id: hall")]))
    assert refusals(old, without, TO_B4) == []
