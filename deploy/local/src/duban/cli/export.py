"""`duban export`: what happened, as a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from duban.cli.door import AsJson, Door, Stop, progress, say, segment

_PAGE: Final = 5000
YEAR: Final = "-year"
"""How the publication of a year is told from those of periods."""


def scenario(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it is written; else it is printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a plan's history as a scenario, for `duban simulate` to play again.

    Played again it releases publications with the same digests; with one line changed it tells
    what would have been.

    Example: duban export scenario fuzhou-3820 --out year.json
    """
    from duban.simulate.record import NotExportable, scenario_of  # noqa: PLC0415  # keeps help quick

    with Door() as door, progress(f"reading what happened to {plan}"):
        events = list(map(json.loads, journal_lines(door, plan)))
        publications = list(_publications(door, plan))
    try:
        written = scenario_of(events, publications)
    except NotExportable as reason:
        raise Stop("not_supported", f"{plan} cannot be written as a scenario: {reason}") from None
    if out is None:
        typer.echo(json.dumps(written, ensure_ascii=False, indent=None if as_json else 1))
        return
    _write(out, json.dumps(written, ensure_ascii=False, indent=1) + "\n")
    entries = len(written["timeline"])
    answer = {"plan": plan, "file": str(out), "entries": entries}
    say(answer, f"{out}: {entries} entries; play it with: duban simulate {out}", as_json=as_json)


def journal(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it is written; else it is printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write all that intake has said of a plan, one event a line, in order (NDJSON).

    From it and the documents of its publications `duban verify --recompute` makes each again.

    Example: duban export journal fuzhou-3820 --out journal.ndjson
    """
    with Door() as door, progress(f"reading the journal of {plan}"):
        lines = list(journal_lines(door, plan))
    if not lines:
        raise Stop("unknown_plan", f"intake knows no plan {plan}")
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    _write(out, "".join(f"{line}\n" for line in lines))
    answer = {"plan": plan, "file": str(out), "events": len(lines)}
    say(answer, f"{out}: {len(lines)} events", as_json=as_json)


def journal_lines(door: Door, plan: str) -> Iterator[str]:
    """The plan's events as intake wrote them, page by page."""
    after = 0
    while True:
        params = {"plan": plan, "after": str(after), "limit": str(_PAGE)}
        lines = door.lines("intake", "/v1/journal", params=params)
        if not lines:
            return
        yield from lines
        after = json.loads(lines[-1])["number"]


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        raise Stop("unwritable_file", f"{out} cannot be written: {why}", status=2) from None


def _publications(door: Door, plan: str) -> Iterator[dict[str, Any]]:
    """What was released of the plan, periods and years, each with its manifest."""
    listed = door.ask("scoring", "GET", "/v1/publications", params={"plan": plan})["items"]
    for one in listed:
        if one["state"] == "published":
            period = str(one["period"])
            route = f"/v1/publications/{segment(plan)}/{segment(period)}"
            if period.endswith(YEAR):
                route = f"/v1/years/{segment(plan)}/{segment(period.removesuffix(YEAR))}"
            yield door.ask("scoring", "GET", route, params={"version": str(one["version"])})
