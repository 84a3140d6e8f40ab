"""`duban route`: who hears of what, tried before it is in force."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from duban.cli.door import AsJson, Door, say
from duban.cli.files import bytes_of, routes_file

_TOLD: Final = ("addressee", "channel", "recipient", "route", "group", "effect", "reason", "until")

File = Annotated[Path, typer.Argument(metavar="FILE", help="Routes, in YAML or JSON.")]


def apply(file: File, *, as_json: AsJson = False) -> None:
    """Put routes in force; the secrets of new endpoints are shown this once.

    Example: duban route apply routes.yaml
    """
    document = routes_file(file, bytes_of(file))
    with Door() as door:
        answer = door.ask("notify", "PUT", "/v1/routes", body=document)
    secrets = [
        f"secret of {name}, shown this once: {one}" for name, one in answer["secrets"].items()
    ]
    say(answer, f"routes version {answer['version']} are in force", *secrets, as_json=as_json)


def show(*, as_json: AsJson = False) -> None:
    """Print the routes in force.

    Example: duban route show --json
    """
    with Door() as door:
        answer = door.ask("notify", "GET", "/v1/routes")
    say(answer, f"routes version {answer['version']}", _lines(answer["notify"]), as_json=as_json)


def rehearse(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit concerned.")],
    *,
    kind: Annotated[str, typer.Option(help="The kind of alert: lag, early, overdue …")] = "lag",
    level: Annotated[str | None, typer.Option(help="yellow or red.")] = None,
    task: Annotated[str | None, typer.Option(help="The task it is about.")] = None,
    role: Annotated[
        str | None, typer.Option(help="Whom a step of the ladder tells, for kind escalation.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When it is raised, as 2022-05-18T20:00:00+08:00; now.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Try these routes, not those in force.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who would hear of an alert, when and by which route, and who would not. Nobody is told.

    Example: duban route test fuzhou-3820 science-bureau --kind lag --level red --task A1.T1
    """
    asked: dict[str, Any] = {"plan": plan, "unit": unit, "kind": kind}
    given = {"level": level, "task": task, "role": role, "at": at}
    asked |= {name: value for name, value in given.items() if value is not None}
    if file is not None:
        asked["notify"] = routes_file(file, bytes_of(file))["notify"]
    with Door() as door:
        answer = door.ask("notify", "POST", "/v1/routes/test", body=asked)
    missed = [f"not told: {one['addressee']} ({one['reason']})" for one in answer["not_told"]]
    say(
        answer,
        f"taken by {', '.join(answer['routes'])}",
        _table(answer["told"]),
        *missed,
        as_json=as_json,
    )


def _table(told: list[Mapping[str, Any]]) -> Table:
    table = Table(*_TOLD, box=None, pad_edge=False)
    for one in told:
        table.add_row(*("" if one[name] is None else str(one[name]) for name in _TOLD))
    return table


def _lines(notify: Mapping[str, Any]) -> Table:
    table = Table("route", "takes", "to", box=None, pad_edge=False)
    waiting = [(f"routes[{n}]", one) for n, one in enumerate(notify["routes"])]
    while waiting:
        path, one = waiting.pop(0)
        match = {name: value for name, value in one.get("match", {}).items() if value}
        takes = "; ".join(f"{name}: {value}" for name, value in match.items()) or "everything"
        table.add_row(path, takes, _to(one.get("to")))
        children = [(f"{path}.routes[{n}]", child) for n, child in enumerate(one.get("routes", ()))]
        waiting[:0] = children
    table.add_row("default", "all others", _to(notify["default"].get("to")))
    return table


def _to(recipients: list[Mapping[str, str]] | None) -> str:
    named = [one.get("endpoint") or one.get("role") or "" for one in recipients or ()]
    return ", ".join(named) or "—"
