"""`duban submit`: send one report, or a batch of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from duban.cli.door import AsJson, Door, Stop, progress, say
from duban.cli.files import reports_of

_ROUTE: Final = "/v1/submissions"
_OF_THE_ITEM: Final = {403, 404, 409, 422}


def submit(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A report in JSON or YAML; a JSON array; or .ndjson."),
    ],
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell the outcome, store nothing; of a batch, each alone."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send one report (报送) and print its receipt, or a batch and print what became of each.

    Example: duban submit report.json --dry-run
    """
    reports = reports_of(file)
    with Door() as door:
        if isinstance(reports, dict):
            params = {"dry_run": "true"} if dry_run else None
            receipt = door.ask("intake", "POST", _ROUTE, params=params, body=reports)
            say(receipt, *_receipt(receipt), as_json=as_json)
            return
        with progress(f"sending {len(reports)} reports") as tell:
            if dry_run:
                items = []
                for number, report in enumerate(reports, start=1):
                    tell(f"trying report {number} of {len(reports)}")
                    items.append(_rehearsed(door, report))
            else:
                items = door.ask("intake", "POST", f"{_ROUTE}/batch", body=reports)["items"]
    say({"items": items}, *_outcomes(items), as_json=as_json)
    refused = sum("problem" in item for item in items)
    if refused:
        raise Stop("items_refused", f"{refused} of {len(items)} reports were refused")


def _rehearsed(door: Door, report: object) -> dict[str, Any]:
    """What would become of one item; what is wrong with the request itself ends it all."""
    ref = report.get("ref") if isinstance(report, dict) else None
    alone = report
    if isinstance(report, dict):
        alone = {name: value for name, value in report.items() if name != "ref"}
    try:
        receipt = door.ask("intake", "POST", _ROUTE, params={"dry_run": "true"}, body=alone)
    except Stop as stop:
        if stop.answered not in _OF_THE_ITEM:
            raise
        return {"ref": ref, "status": stop.answered, "problem": stop.body()}
    return {"ref": ref, "status": 200, "receipt": receipt}


def _receipt(receipt: Mapping[str, Any]) -> list[str]:
    return [
        f"received {receipt['id']}" if receipt["id"] else "would be received; nothing was stored",
        f"  at {receipt['received_at']}: {_timely(receipt)}",
        f"  for {receipt['period']}, due {receipt['due']}, closes {receipt['close']}",
        f"  the values hold for {receipt['as_of']}; plan version {receipt['plan_version']}",
        f"  digest {receipt['digest']}",
    ]


def _timely(receipt: Mapping[str, Any]) -> str:
    if receipt["timeliness"] == "late":
        return f"{receipt['late_days']} working days late"
    return (
        "on time"
        if receipt["timeliness"] == "on_time"
        else "after the close, so it counts as missing"
    )


def _outcomes(items: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for number, item in enumerate(items, start=1):
        name = f"{number} {item['ref']}" if item["ref"] else f"{number}"
        if "receipt" in item:
            receipt = item["receipt"]
            known = receipt["id"] or "would be received"
            lines.append(f"{name}: {known}, {receipt['period']}, {_timely(receipt)}")
            continue
        problem = item["problem"]
        lines.append(f"{name}: refused, {problem['code']}: {problem['detail']}")
        lines += [f"  {one['path']}: {one['message']}" for one in problem.get("errors", ())]
    return lines
