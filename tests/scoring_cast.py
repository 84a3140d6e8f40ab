"""A small town for the tests of the rules: three units, one plan, and the reports they send."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from scoring.domain.facts import MilestoneReport, PlanFacts, Previous, Report, RunFacts
from scoring.domain.period_run import run_period
from scoring.domain.task_line import TaskLine
from shared.calendar.periods import Period, PeriodScheme
from shared.calendar.windows import Window, window_of
from shared.calendar.workdays import WorkingDays
from shared.contracts.plan import PlanDocument, Task
from shared.contracts.rulebook import Rulebook

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = WorkingDays()
Json = dict[str, Any]


def an_indicator(name: str = "I1", kind: str = "cumulative", **fields: object) -> Json:
    """A figure to reach, 100 unless told otherwise."""
    target = {} if kind == "yes_no" else {"target": "100"}
    return {"id": name, "title": name, "kind": kind, **target, **fields}


def a_milestone(name: str, due: str, **fields: object) -> Json:
    """A node of a task."""
    return {"id": name, "title": name, "due": due, **fields}


def a_task(name: str = "T1", **fields: object) -> Json:
    """A promise of the science bureau (U1) for 2022, measured by one running total of 100."""
    task: Json = {
        "id": name,
        "title": name,
        "weight": "10",
        "start": "2022-01-01",
        "due": "2022-12-31",
        "action": "A1",
        "assignments": [{"unit": "U1", "role": "lead"}],
        **fields,
    }
    if "indicators" not in task and "milestones" not in task and "measure" not in task:
        task["indicators"] = [an_indicator(f"{name}.I")]
    if "measure" not in task:
        task["measure"] = "milestones" if "milestones" in task else "indicators"
    curve = "steps" if task["measure"] == "milestones" else "linear"
    task["expectation"] = {"curve": curve, **task.get("expectation", {})}
    return task


def a_plan(
    *tasks: Json,
    units: Mapping[str, str] | None = None,
    actions: Mapping[str, str] | None = None,
    cadence: str = "bimonthly",
) -> PlanFacts:
    """A plan for 2021-2025. `units` maps a unit to its group, `actions` an action to its weight."""
    units = units or {"U1": "departments", "U2": "departments", "U3": "departments"}
    actions = actions or {"A1": "1"}
    loose = [{**task} for task in tasks]
    document = PlanDocument.model_validate_json(
        json.dumps(
            {
                "plan": {
                    "id": "town",
                    "title": "Town",
                    "start": "2021-01-01",
                    "end": "2025-12-31",
                    "calendar": {"cadence": cadence},
                },
                "groups": [{"id": group, "title": group} for group in sorted(set(units.values()))],
                "units": [{"id": u, "title": u, "group": g} for u, g in units.items()],
                "actions": [
                    {
                        "id": action,
                        "title": action,
                        "weight": weight,
                        "tasks": [
                            {key: value for key, value in task.items() if key != "action"}
                            for task in loose
                            if task["action"] == action
                        ],
                    }
                    for action, weight in actions.items()
                ],
            }
        ),
        extra="forbid",
    )
    return PlanFacts(
        head=document.plan,
        version=1,
        groups=document.groups,
        units=document.units,
        actions=document.actions,
        tasks=tuple((action.id, task) for action in document.actions for task in action.tasks),
    )


def the_task(task: Json) -> Task:
    """The task as the rules see it."""
    return a_plan(task).tasks[0][1]


def a_rulebook(**settings: object) -> Rulebook:
    """The default rulebook with what differs."""
    return Rulebook.model_validate_json(
        json.dumps({"id": "town-rules", "version": 1, **settings}), extra="forbid"
    )


def the_period(name: str) -> Period:
    """The bimonthly, or annual, period of this id."""
    scheme = PeriodScheme(cadence="bimonthly" if "-B" in name else "annual")
    return scheme.parse(name)


def the_window(name: str) -> Window:
    """Due 5 working days after the period, closing 5 later."""
    return window_of(
        the_period(name),
        workdays=WORKDAYS,
        due_working_days=5,
        close_working_days=5,
        open_working_days=3,
    )


def instant(text: str) -> datetime:
    """A local instant of the town, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def a_report(
    task: str = "T1",
    period: str = "2022-B2",
    *,
    unit: str = "U1",
    received: str | None = None,
    values: Mapping[str, str] | None = None,
    milestones: Mapping[str, str | None] | None = None,
    percent: str | None = None,
    as_of: str | None = None,
    **fields: Any,  # noqa: ANN401  # any field of a report
) -> Report:
    """A report received at noon after the period unless told otherwise.

    A milestone's word is the day it was done, "0.9" for a part of it, or None to take it back.
    """
    last = the_period(period).last
    noon = datetime.combine(last + timedelta(days=1), time(12), SHANGHAI).astimezone(UTC)
    received_at = instant(received) if received else noon
    return Report(
        **{
            "submission": f"{task}/{period}/{received_at:%m%d%H%M%S}",
            "task": task,
            "unit": unit,
            "period": period,
            "position": int(received_at.timestamp()),
            "received_at": received_at,
            "timely_at": received_at,
            "as_of": date.fromisoformat(as_of) if as_of else last,
            "values": {name: Decimal(value) for name, value in (values or {}).items()},
            "milestones": None
            if milestones is None
            else {name: _said(word) for name, word in milestones.items()},
            "percent": None if percent is None else Decimal(percent),
            **fields,
        }
    )


def a_run(
    *tasks: Json,
    period: str = "2022-B2",
    reports: Iterable[Report] = (),
    rulebook: Rulebook | None = None,
    previous: Previous | None = None,
    finished: Mapping[str, int | None] | None = None,
    plan: PlanFacts | None = None,
) -> RunFacts:
    """What the run of `period` sees."""
    return RunFacts(
        plan=plan or a_plan(*tasks),
        rulebook=rulebook or a_rulebook(),
        period=the_period(period),
        window=the_window(period),
        tz=SHANGHAI,
        workdays=WORKDAYS,
        reports=tuple(reports),
        previous=previous,
        finished=finished or {},
    )


def the_line(run: RunFacts) -> TaskLine:
    """The line of the only task of a run."""
    (line,) = run_period(run).tasks
    return line


def printed(line: TaskLine, *names: str) -> tuple[str | None, ...]:
    """The printed numbers of a line, as text."""
    row = line.model_dump(mode="json")
    return tuple(row[name] for name in names)


def _said(word: str | None) -> MilestoneReport:
    if word is None:
        return MilestoneReport()
    if "-" in word:
        return MilestoneReport(completed_on=date.fromisoformat(word))
    return MilestoneReport(share=Decimal(word))


WEIGHTLESS = a_task(start="2022-02-01", milestones=[a_milestone("T1.m", "2022-02-09", weight="0")])
"""A task whose plan should have been refused: who hears of it all the same cannot score it.

It begins later than a house of these tests, so that it is a draft that finds out.
"""
NOT_SCORED = "milestones that weigh nothing cannot be scored: mend the plan"
