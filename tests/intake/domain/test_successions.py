"""Units merge and split: who answers for what from the day on (assessment 4.14, 4.17)."""

import json
from datetime import date
from typing import Any

import pytest
from intake_cast import at
from pydantic import TypeAdapter

from intake.domain.amending import AmendedPlan, Basis, amend, carried
from intake.domain.decision_check import refusals_of
from intake.domain.plan_normal import normalise
from shared.calendar.plan import PlanCalendar
from shared.contracts.decisions import Decision
from shared.contracts.plan import PlanDocument

READ: TypeAdapter[Decision] = TypeAdapter(Decision)
Held = tuple[str, str, str | None, str | None, str | None]
"""Unit, role, share, first day, last day."""

MERGE = {"type": "merge", "units": ["X", "Y"], "into": "Z", "effective": "2022-B4"}
SPLIT = {"type": "split", "unit": "X", "tasks": {"T1": "Y"}, "effective": "2022-B4"}
LAST, FIRST = "2022-06-30", "2022-07-01"


def holding(
    unit: str, role: str = "lead", share: str | None = None, **valid: str
) -> dict[str, Any]:
    return {"unit": unit, "role": role, "share": share, "valid": valid}


def a_plan(*assignments: dict[str, Any], **more: Any) -> PlanDocument:  # noqa: ANN401  # JSON
    task = {
        "id": "T1",
        "title": "T1",
        "weight": "10",
        "start": "2022-01-01",
        "due": "2022-12-31",
        "milestones": [
            {"id": "m1", "title": "m1", "due": "2022-03-31", "unit": "X"},
            {"id": "m2", "title": "m2", "due": "2022-12-31", "unit": "X"},
        ],
        "assignments": list(assignments),
    }
    plan = {
        "plan": {"id": "p", "title": "P", "start": "2022-01-01", "end": "2023-12-31", **more},
        "groups": [{"id": "g", "title": "G"}],
        "units": [{"id": unit, "title": unit, "group": "g"} for unit in "XYZW"],
        "actions": [{"id": "A", "title": "A", "tasks": [task]}],
    }
    return normalise(PlanDocument.model_validate_json(json.dumps(plan)))


def against(document: PlanDocument, after: AmendedPlan | None = None) -> Basis:
    held, amended = after or (document, {})
    return Basis(
        name="d-0",
        document=held,
        amended=amended,
        calendar=PlanCalendar(dates=document.plan),
        published={"2022-B1": date(2022, 2, 28), "2022-B2": date(2022, 4, 30)},
        now=at("2022-05-06 10:00"),
    )


def decided(said: dict[str, Any], document: PlanDocument) -> PlanDocument:
    decision, basis = READ.validate_json(json.dumps(said)), against(document)
    assert refusals_of(decision, basis) == []
    return amend(decision, basis)[0]


def refused(said: dict[str, Any], document: PlanDocument) -> list[tuple[str, str]]:
    decision = READ.validate_json(json.dumps(said))
    return [(one.code, one.path) for one in refusals_of(decision, against(document))]


def held_in(document: PlanDocument) -> list[Held]:
    [task] = document.actions[0].tasks
    return [
        (
            one.unit,
            one.role,
            None if one.share is None else str(one.share.normalize()),
            one.valid.from_.isoformat() if one.valid.from_ else None,
            one.valid.to.isoformat() if one.valid.to else None,
        )
        for one in task.assignments
    ]


def test_what_the_merged_held_passes_to_their_successor_from_the_period_on() -> None:
    new = decided(MERGE, a_plan(holding("X"), holding("W", "cooperating")))
    assert held_in(new) == [
        ("X", "lead", None, None, LAST),
        ("W", "cooperating", None, None, None),
        ("Z", "lead", None, FIRST, None),
    ]
    ends = {unit.id: unit.valid.to for unit in new.units}
    assert ends == {"X": date(2022, 6, 30), "Y": date(2022, 6, 30), "Z": None, "W": None}


def test_of_two_roles_the_successor_keeps_the_larger() -> None:
    new = decided(
        MERGE, a_plan(holding("Z", "cooperating"), holding("X"), holding("Y", "supervising"))
    )
    assert ("Z", "lead", None, FIRST, None) in held_in(new)
    assert ("Z", "cooperating", None, None, LAST) in held_in(new)
    assert [one[0] for one in held_in(new) if one[3] == FIRST] == ["Z"]


def test_with_shares_that_are_written_the_successor_keeps_the_sum() -> None:
    whole = a_plan(
        holding("X", share="0.5"),
        holding("Y", "cooperating", "0.2"),
        holding("W", "cooperating", "0.3"),
    )
    assert ("Z", "lead", "0.7", FIRST, None) in held_in(decided(MERGE, whole))
    # Lead 0.70, and of the 0.30 for two who cooperate Y has 0.15: W keeps what is written.
    part = a_plan(holding("X"), holding("Y", "cooperating"), holding("W", "cooperating", "0.15"))
    assert ("Z", "lead", "0.85", FIRST, None) in held_in(decided(MERGE, part))


def test_who_holds_a_task_for_a_while_passes_on_that_while() -> None:
    new = decided(
        MERGE,
        a_plan(holding("X", to="2022-08-31"), holding("W", **{"from": "2022-09-01"})),
    )
    assert ("Z", "lead", None, FIRST, "2022-08-31") in held_in(new)
    assert ("W", "lead", None, "2022-09-01", None) in held_in(new)


def test_milestones_to_come_pass_on_and_those_that_are_past_do_not() -> None:
    [task] = decided(MERGE, a_plan(holding("X"))).actions[0].tasks
    assert [(one.id, one.unit) for one in task.milestones] == [("m1", "X"), ("m2", "Z")]


def test_the_plans_figures_are_reported_by_the_successor() -> None:
    figure = {"id": "G", "title": "G", "kind": "yes_no", "target": "1", "reporter": "Y"}
    new = decided(MERGE, a_plan(holding("X"), indicators=[figure]))
    assert new.plan.indicators[0].reporter == "Z"


def test_a_split_passes_on_the_tasks_it_names_and_leaves_the_unit() -> None:
    new = decided(SPLIT, a_plan(holding("X"), holding("W", "cooperating")))
    assert held_in(new) == [
        ("X", "lead", None, None, LAST),
        ("W", "cooperating", None, None, None),
        ("Y", "lead", None, FIRST, None),
    ]
    assert {unit.valid.to for unit in new.units} == {None}


def test_an_extension_of_what_passes_on_passes_on() -> None:
    document = a_plan(holding("X"))
    more = {"type": "extend", "task": "T1", "unit": "X", "working_days": 3}
    after: AmendedPlan = (document, {})
    for period in ("2022-B3", "2022-B4"):
        after = amend(
            READ.validate_json(json.dumps({**more, "period": period})), against(document, after)
        )
    _, amended = amend(READ.validate_json(json.dumps(MERGE)), against(document, after))
    assert [(one.unit, one.period) for one in amended["T1"].later] == [
        ("X", "2022-B3"),
        ("Z", "2022-B4"),
    ]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({**MERGE, "units": ["X", "Q"]}, [("unknown_unit", "units[1]")]),
        ({**MERGE, "into": "Q"}, [("unknown_unit", "into")]),
        ({**MERGE, "into": "X"}, [("wrong_value", "units[0]")]),
        ({**MERGE, "units": ["X", "X"]}, [("wrong_value", "units[1]")]),
        ({**MERGE, "effective": "2022-B2"}, [("period_published", "effective")]),
        ({**MERGE, "effective": "2022-M07"}, [("unknown_period", "effective")]),
        ({**SPLIT, "tasks": {"T9": "Y"}}, [("unknown_task", "tasks.T9")]),
        ({**SPLIT, "tasks": {"T1": "Q"}}, [("unknown_unit", "tasks.T1")]),
        ({**SPLIT, "tasks": {"T1": "X"}}, [("wrong_value", "tasks.T1")]),
        ({**SPLIT, "unit": "Q"}, [("unknown_unit", "unit")]),
        ({**SPLIT, "unit": "Z"}, [("no_share", "tasks.T1")]),
    ],
)
def test_what_cannot_pass_on_is_refused_with_its_field(
    said: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert refused(said, a_plan(holding("X"))) == found


def test_a_unit_that_has_ended_takes_nothing_and_ends_no_second_time() -> None:
    merged = decided({**MERGE, "units": ["X"]}, a_plan(holding("X")))
    assert refused({**MERGE, "units": ["X"], "into": "W"}, merged) == [
        ("unit_not_valid", "units[0]")
    ]
    assert refused({**MERGE, "units": ["Y"], "into": "X"}, merged) == [("unit_not_valid", "into")]


def test_a_new_file_that_knows_of_no_merger_passes_on_what_it_assigns() -> None:
    filed = a_plan(holding("X"), holding("W", "cooperating"))
    merged = decided(MERGE, filed)
    again = carried(filed, merged, [READ.validate_json(json.dumps(MERGE))])
    assert held_in(again) == held_in(merged)
    assert again.units == merged.units
