"""`duban publish` and `duban explain`: a period on its way out, and how a line came about."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from duban.cli.door import AsJson, Door, Language, Stop, progress, say, segment
from duban.cli.files import reports_of

_POLL_SECONDS: Final = 0.2
_REPORTS: Final = ("expected", "on_time", "late", "missing")
_LIGHTS: Final = ("green", "yellow", "red", "blue", "grey")

Plan = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")]
Period = Annotated[str, typer.Argument(metavar="PERIOD", help="The period's id, as 2021-B1.")]


def draft(
    plan: Plan,
    period: Period,
    *,
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="Draft before the window has closed.")
    ] = None,
    wait: Annotated[int, typer.Option(min=1, help="Seconds to wait for the figures.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Compute a draft from all that has been received, and print its key figures.

    Example: duban publish draft fuzhou-3820 2021-B1
    """
    route = _route(plan, period)
    body = {"force": force} if force is not None else {}
    with Door() as door, progress(f"drafting {plan} {period}"):
        door.ask("scoring", "POST", f"{route}/draft", body=body)
        answer = _computed(door, route, wait)
    if answer["state"] == "failed":
        raise Stop("draft_failed", f"{plan} {period} cannot be computed: {answer['failure']}")
    say(
        answer,
        f"{plan} {period}: {answer['state']}, digest {answer['digest']}",
        *_figures(answer),
        _units(answer),
        f"next, by another holder: duban publish approve {plan} {period}",
        as_json=as_json,
    )


def approve(plan: Plan, period: Period, *, as_json: AsJson = False) -> None:
    """Stand for a draft, as another holder than its drafter.

    Example: duban publish approve fuzhou-3820 2021-B1
    """
    with Door() as door:
        answer = door.ask("scoring", "POST", f"{_route(plan, period)}/approve")
    say(
        answer,
        f"{plan} {period}: approved by {answer['approved_by']}, digest {answer['digest']}",
        f"next, by another holder: duban publish release {plan} {period}",
        as_json=as_json,
    )


def release(plan: Plan, period: Period, *, as_json: AsJson = False) -> None:
    """Publish an approved draft (通报), for good.

    Example: duban publish release fuzhou-3820 2021-B1
    """
    with Door() as door:
        answer = door.ask("scoring", "POST", f"{_route(plan, period)}/release")
    say(
        answer,
        f"{plan} {period}: published by {answer['released_by']} at {answer['released_at']}",
        f"digest {answer['digest']}",
        as_json=as_json,
    )


def correct(
    plan: Plan,
    period: Period,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, as the new version says.")],
    submit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The report as it should have been, in JSON or YAML."),
    ] = None,
    exemption: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An exemption that is to act now.")
    ] = None,
    zero: Annotated[
        list[str] | None, typer.Option(metavar="TASK", help="A task whose data were found false.")
    ] = None,
    appeal: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An appeal that it follows from.")
    ] = None,
    wait: Annotated[int, typer.Option(min=1, help="Seconds to wait for the figures.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Draft the next version of a published period (更正); approve and release it like the first.

    Example: duban publish correct fuzhou-3820 2021-B1 --reason "counted twice" --submit right.json
    """
    route = _route(plan, period)
    body: dict[str, Any] = {
        "reason": reason,
        "exemptions": exemption or [],
        "zero": zero or [],
        "appeals": appeal or [],
    }
    with Door() as door, progress(f"correcting {plan} {period}"):
        if submit is not None:
            report = reports_of(submit)
            decision = {"type": "correct", "reason": reason, "submission": report}
            path = f"/v1/plans/{segment(plan)}/decisions"
            made = door.ask("intake", "POST", path, body=decision)
            body["submissions"] = [made["submission"]]
        _asked(door, f"{route}/correct", body, wait)
        answer = _computed(door, route, wait)
    if answer["state"] == "failed":
        raise Stop("draft_failed", f"{plan} {period} cannot be corrected: {answer['failure']}")
    changed = answer["manifest"]["corrects"]["changed"]
    say(
        answer,
        f"{plan} {period} v{answer['version']}: {answer['state']}, digest {answer['digest']}",
        f"lines that differ: {', '.join(changed) or 'none'}",
        *_figures(answer),
        _units(answer),
        f"next, by another holder: duban publish approve {plan} {period}",
        as_json=as_json,
    )


def explain(
    plan: Plan,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The period's id, or a year.")],
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="The task's id; else the whole plan.")
    ] = None,
    *,
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="A unit: its score, rank and grade.")
    ] = None,
    year: Annotated[
        bool, typer.Option("--year", help="PERIOD is a year: name the unit besides.")
    ] = False,
    lang: Language = "zh-CN",
    as_json: AsJson = False,
) -> None:
    """Tell how a published number came about, down to the reports it rests on.

    Of a task, of a unit, of the actions and the plan, or of a unit's year.

    Example: duban explain fuzhou-3820 2021-B1 A1.T1 --lang en

    Example: duban explain fuzhou-3820 2021 --year --unit science-bureau
    """
    if (task is not None and unit is not None) or (year and (unit is None or task is not None)):
        raise Stop("misuse", "name a task, or a unit; of a year a unit", status=2)
    route = _route(plan, period)
    if year:
        route = f"/v1/years/{segment(plan)}/{segment(period)}"
    if task is not None:
        route += f"/tasks/{segment(task)}"
    elif unit is not None:
        route += f"/units/{segment(unit)}"
    with Door() as door:
        answer = door.ask("scoring", "GET", f"{route}/explanation", params={"lang": lang})
    items = [line for item in answer.get("items", ()) for line in ("", *item["text"])]
    say(answer, *answer["text"], *items, as_json=as_json)


def _asked(door: Door, path: str, body: Mapping[str, Any], wait: int) -> None:
    """Ask for a correction; scoring may not have heard yet of the report that was just entered."""
    until = time.monotonic() + wait
    while True:
        try:
            door.ask("scoring", "POST", path, body=body)
        except Stop as stop:
            if stop.code != "unknown_submission" or time.monotonic() > until:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _route(plan: str, period: str) -> str:
    return f"/v1/publications/{segment(plan)}/{segment(period)}"


def _computed(door: Door, route: str, wait: int) -> dict[str, Any]:
    """The publication, once its figures are there or cannot be."""
    until = time.monotonic() + wait
    while True:
        answer = door.ask("scoring", "GET", route)
        if answer["state"] != "waiting":
            return answer
        if time.monotonic() > until:
            raise Stop(
                "still_waiting",
                f"the draft is not computed after {wait} seconds: `duban doctor` may tell why",
            )
        time.sleep(_POLL_SECONDS)


def _figures(answer: Mapping[str, Any]) -> list[str]:
    rates = answer["rates"]
    lights = Counter(task["light"] for task in answer["tasks"])
    return [
        f"plan score {_or_dash(answer['plan_score'])}",
        "reports: " + ", ".join(f"{rates[how]} {how.replace('_', ' ')}" for how in _REPORTS),
        f"reporting rate {_or_dash(rates['reporting_rate'])} %",
        f"on-time rate {_or_dash(rates['on_time_rate'])} %",
        "tasks: " + ", ".join(f"{lights[light]} {light}" for light in _LIGHTS),
    ]


def _units(answer: Mapping[str, Any]) -> Table:
    table = Table()
    for name in ("group", "rank", "unit", "score", "grade"):
        table.add_column(name, justify="right" if name in {"rank", "score"} else "left")
    ranked = sorted(
        answer["units"], key=lambda one: (one["group"], one["rank"] or len(answer["units"]) + 1)
    )
    for unit in ranked:
        grade = unit["grade"] or ", ".join(unit["reasons"])
        table.add_row(
            unit["group"], _or_dash(unit["rank"]), unit["unit"], _or_dash(unit["score"]), grade
        )
    return table


def _or_dash(number: object) -> str:
    return "–" if number is None else str(number)
