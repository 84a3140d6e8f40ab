"""Each verb of the office stands for one decision, with all that was said."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duban.simulate.verbs import VERBS, decision_of
from shared.contracts.decisions import (
    Adjustment,
    Award,
    Cancellation,
    Confirmation,
    Decision,
    Exemption,
    Extension,
    Merger,
    Penalty,
    Rating,
    Suspension,
    UnitSplit,
    Veto,
)

UNIT: dict[str, Any] = {"unit": "U1"}
ONE: dict[str, Any] = {"task": "T1"}
SAID = [
    (
        "extend",
        {**ONE, **UNIT, "period": "2022-B2", "working_days": 3, "reason": "storm"},
        Extension(**ONE, **UNIT, period="2022-B2", working_days=3, reason="storm"),
    ),
    (
        "exempt",
        {**ONE, **UNIT, "id": "X1", "kind": "E1", "periods": ["2022-B2"], "matter": "storm"},
        Exemption(**ONE, **UNIT, id="X1", kind="E1", periods=("2022-B2",), matter="storm"),
    ),
    (
        "adjust",
        {**ONE, "indicator": "I", "target": "95", "effective": "2022-B4", "mode": "rebase"},
        Adjustment(**ONE, indicator="I", target=Decimal(95), effective="2022-B4", mode="rebase"),
    ),
    (
        "adjust",
        {**ONE, "due": "2022-11-30", "effective": "2022-B4", "approver": "the mayor"},
        Adjustment(**ONE, due=date(2022, 11, 30), effective="2022-B4", approver="the mayor"),
    ),
    ("adjust", {"confirm": {**ONE, "by": "the mayor"}}, Confirmation(**ONE, by="the mayor")),
    ("confirm", {**ONE, "by": "the mayor"}, Confirmation(**ONE, by="the mayor")),
    (
        "task",
        {"id": "T1", "suspend": ["2022-B4", "2022-B5"], "extend": True, "document": "No. 7"},
        Suspension(**ONE, periods=("2022-B4", "2022-B5"), extend=True, document="No. 7"),
    ),
    ("task", {"id": "T1", "cancel": True}, Cancellation(**ONE)),
    (
        "award",
        {**UNIT, "level": "provincial", "points": "1", "matter": "M1"},
        Award(**UNIT, level="provincial", points=Decimal(1), matter="M1"),
    ),
    (
        "penalty",
        {**UNIT, "points": "2", "matter": "M1", "uncapped": True},
        Penalty(**UNIT, points=Decimal(2), matter="M1", uncapped=True),
    ),
    ("veto", {**UNIT, "matter": "M1", "cap": "fair"}, Veto(**UNIT, matter="M1", cap="fair")),
    (
        "rating",
        {**UNIT, "year": 2022, "score": "85"},
        Rating(**UNIT, year=2022, score=Decimal(85)),
    ),
    (
        "merge",
        {"units": ["X", "Y"], "into": "Z", "effective": "2022-B4"},
        Merger(units=("X", "Y"), into="Z", effective="2022-B4"),
    ),
    (
        "split",
        {"unit": "X", "tasks": {"T1": "Y", "T2": "Z"}, "effective": "2022-B4"},
        UnitSplit(unit="X", tasks={"T1": "Y", "T2": "Z"}, effective="2022-B4"),
    ),
]


@pytest.mark.parametrize(("verb", "said", "meant"), SAID)
def test_a_verb_of_the_office_is_its_decision(
    verb: str, said: dict[str, Any], meant: Decision
) -> None:
    assert decision_of(VERBS[verb].model_validate_json(json.dumps(said))) == meant


def test_a_task_that_joins_keeps_all_that_was_said_of_it() -> None:
    task = {
        "id": "T9",
        "title": "A late promise",
        "weight": "5",
        "start": "2022-07-01",
        "due": "2022-12-31",
        "measure": "percent",
        "assignments": [{"unit": "U1", "role": "lead", "valid": {"from": "2022-07-01"}}],
    }
    said = {"add": {"action": "A1", **task}, "reason": "asked for in July"}
    decision = decision_of(VERBS["task"].model_validate_json(json.dumps(said)))
    meant = decision.model_dump(mode="json", by_alias=True)
    assert (meant["type"], meant["action"]) == ("add", "A1")
    assert meant["reason"] == "asked for in July"
    plain = ("id", "weight", "start", "due", "measure")
    assert [meant["task"][name] for name in plain] == [task[name] for name in plain]
    assert meant["task"]["assignments"][0]["valid"]["from"] == "2022-07-01"


@pytest.mark.parametrize(
    "said",
    [
        {"id": "T1"},
        {"id": "T1", "cancel": True, "suspend": ["2022-B4"]},
        {"cancel": True},
        {"id": "T1", "suspend": []},
    ],
)
def test_a_task_changes_in_one_way_at_a_time(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"write one of|name the task|at least 1"):
        VERBS["task"].model_validate_json(json.dumps(said))


def test_an_adjustment_says_of_which_task_and_from_when() -> None:
    with pytest.raises(ValueError, match="name the task, and the period"):
        VERBS["adjust"].model_validate_json(json.dumps({"task": "T1", "target": "3"}))
