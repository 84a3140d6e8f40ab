"""A target split over units is loaded as one task for each (assessment 4.1)."""

import json
from decimal import Decimal
from fractions import Fraction

from plan_cast import edited, plan_of

from intake.domain.plan_check import check_plan
from intake.domain.plan_normal import normalise
from intake.domain.splitting import split
from shared.contracts.plan import Divided, Task

TASK = {
    "id": "T1",
    "title": "T1",
    "weight": "10",
    "start": "2022-01-01",
    "due": "2022-12-31",
    "assignments": [{"unit": "U1", "role": "lead"}, {"unit": "U9", "role": "cooperating"}],
}


def a_task(**indicator: object) -> Task:
    figure = {"id": "I1", "title": "I", "kind": "cumulative", "target": "90", **indicator}
    return Task.model_validate_json(json.dumps({**TASK, "indicators": [figure]}))


def test_each_unit_has_its_own_task_part_and_share_of_the_weight() -> None:
    one, two, three = split(
        a_task(split={"U1": "60", "U2": "20", "U3": "10"}, year_targets={"2022": "45"})
    )
    assert [part.id for part in (one, two, three)] == ["T1.U1", "T1.U2", "T1.U3"]
    assert [part.indicators[0].id for part in (one, two, three)] == ["I1", "I1", "I1"]
    assert [str(part.indicators[0].target) for part in (one, two, three)] == ["60", "20", "10"]
    assert [(a.unit, a.role) for a in two.assignments] == [("U2", "lead")]
    assert (two.own_weight, two.part_of, two.parts) == (Fraction(10, 3), "T1", 3)
    assert two.indicators[0].divided is not None
    assert two.indicators[0].divided == Divided(part=Decimal(20), whole=Decimal(90))


def test_where_units_are_listed_each_must_reach_the_whole() -> None:
    one, two = split(a_task(kind="maintain", split=["U1", "U2"]))
    assert [str(part.indicators[0].target) for part in (one, two)] == ["90", "90"]
    assert one.own_weight == 5  # half of ten
    assert one.indicators[0].divided is None


def test_a_split_plan_is_normal_once_and_its_parts_share_one_figure_id() -> None:
    figure = 'target: "100", year_targets'
    text = edited(figure, figure.replace(", ", ", split: [port, parks], "))
    others = ("trees.alive", "trees.growth")
    lines = [line for line in text.splitlines() if not any(one in line for one in others)]
    plan = normalise(plan_of("\n".join(lines)))
    tasks = [task.id for task in plan.actions[0].tasks]
    assert tasks == ["quay", "trees.port", "trees.parks", "hall"]
    assert normalise(plan) == plan
    assert [one.code for one in check_plan(plan, lambda _: None).errors] == []
