"""`duban plan`: check a file, apply it, show what is in force."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from duban.cli.door import AsJson, Door, Language, Stop, progress, say, segment
from duban.cli.files import bytes_of, located, media_type, plan_file, rulebook_file

if TYPE_CHECKING:
    from intake.service.files import PlanFile
    from shared.contracts.plan import PlanDocument

_CHANGES_SHOWN: Final = 20

PlanPath = Annotated[Path, typer.Argument(metavar="FILE", help="A plan, in YAML or JSON.")]
RulebookPath = Annotated[Path | None, typer.Option("--rulebook", help="A rulebook of this plan.")]


def check(file: PlanPath, *, rulebook: RulebookPath = None, as_json: AsJson = False) -> None:
    """Name every error of a plan file with its line and its mend; nothing is sent.

    Example: duban plan check examples/fuzhou/plan.yaml
    """
    read = plan_file(file, bytes_of(file))
    rules = rulebook_file(rulebook, bytes_of(rulebook), read.plan.plan) if rulebook else None
    counts = _counts(read.plan)
    codes = Counter(notice.code for notice in read.notices)
    shown = [notice for notice in read.notices if notice.code != "assumed"]
    answer = {
        "plan": read.plan.plan.id,
        "rulebook": rules.id if rules else None,
        **counts,
        "confirmed": codes["assumed"],
        "unconfirmed": codes["unconfirmed"],
        "notices": [asdict(notice) for notice in read.notices],
    }
    say(
        answer,
        f"{read.plan.plan.id}: " + ", ".join(f"{count} {what}" for what, count in counts.items()),
        f"assumed: {codes['assumed']} confirmed, {codes['unconfirmed']} not confirmed yet",
        *(located(file, notice) for notice in shown),
        f"no errors, and none in rulebook {rules.id}" if rules else "no errors",
        as_json=as_json,
    )


def apply(
    file: PlanPath,
    *,
    rulebook: RulebookPath = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell the effect, change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a version of a plan in force, and hand its contacts to the notify service.

    Example: duban plan apply plan.yaml --rulebook rulebook.yaml --dry-run
    """
    data = bytes_of(file)
    read = plan_file(file, data)
    rules = bytes_of(rulebook) if rulebook else b""
    adopted = rulebook_file(rulebook, rules, read.plan.plan) if rulebook else None
    plan = read.plan.plan.id
    with Door() as door, progress(f"applying {plan}"):
        applied = door.ask(
            "intake",
            "PUT",
            f"/v1/plans/{segment(plan)}",
            params={"dry_run": "true"} if dry_run else None,
            file=(data, media_type(file)),
        )
        if not dry_run:
            _send_contacts(door, read, applied["version"])
        if adopted and rulebook and not dry_run:
            door.ask(
                "intake",
                "PUT",
                f"/v1/rulebooks/{segment(adopted.id)}",
                params={"plan": plan},
                file=(rules, media_type(rulebook)),
            )
    rules_line = f"rulebook {adopted.id} version {adopted.version}" if adopted else None
    answer = {**applied, "contacts": len(read.contacts), "rulebook": rules_line}
    say(answer, *_told(applied, read, rules_line), as_json=as_json)


def show(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    *,
    lang: Language = "zh-CN",
    as_json: AsJson = False,
) -> None:
    """Show a plan as it is in force: its actions and tasks, who leads them, by when.

    Example: duban plan show fuzhou-3820 --lang en
    """
    with Door() as door:
        answer = door.ask("intake", "GET", f"/v1/plans/{segment(plan)}")
    document = answer["document"]
    language = "en" if lang == "en" else "zh"
    say(
        answer,
        f"{plan} version {answer['version']}: {document['plan']['title'][language]}",
        *(_table(action, language) for action in document["actions"]),
        _owed(answer["activate_from"]),
        as_json=as_json,
    )


def _counts(plan: "PlanDocument") -> dict[str, int]:
    tasks = [task for action in plan.actions for task in action.tasks]
    indicators = [
        *plan.plan.indicators,
        *(one for action in plan.actions for one in action.indicators),
    ]
    return {
        "actions": len(plan.actions),
        "tasks": len(tasks),
        "milestones": sum(len(task.milestones) for task in tasks),
        "indicators": len(indicators) + sum(len(task.indicators) for task in tasks),
        "units": len(plan.units),
    }


def _send_contacts(door: Door, read: "PlanFile", version: int) -> None:
    """A file without contacts leaves those that notify has."""
    if not read.contacts:
        return
    plan = read.plan.plan.id
    seed = [
        {"scope": one.scope, "subject": one.id, **one.contact.model_dump(mode="json")}
        for one in read.contacts
    ]
    try:
        door.ask("notify", "PUT", f"/v1/contacts/{segment(plan)}", body=seed)
    except Stop as stop:
        detail = (
            f"{plan} version {version} is in force, its contacts are not stored ({stop.detail}): "
            "apply the file again, it changes nothing else"
        )
        raise Stop(stop.code, detail, errors=stop.errors, lines=stop.lines) from None


def _told(applied: Mapping[str, Any], read: "PlanFile", rulebook: str | None) -> list[str]:
    would = "would be " if applied["dry_run"] else ""
    lines = [f"{applied['plan']}: version {applied['version']} {would or 'is '}in force"]
    lines += _changes(applied["changes"])
    lines.append(
        f"{len(applied['notices'])} notices: `duban plan check` lists them"
        if applied["notices"]
        else "no notices"
    )
    if read.contacts:
        lines.append(f"{len(read.contacts)} contacts {would or 'are '}handed to notify")
    if rulebook:
        lines.append(f"{rulebook} {would or 'is '}adopted")
    return [*lines, _owed(applied["owed_from"])]


def _changes(changes: Sequence[str]) -> list[str]:
    """Each change, or where they are many their number by kind and the first of them."""
    if not changes:
        return ["nothing has changed"]
    if len(changes) <= _CHANGES_SHOWN:
        return [f"  {change}" for change in changes]
    kinds = Counter(_kind(change) for change in changes)
    counted = ", ".join(
        f"{count} {what}{'s' if count > 1 else ''} {how}"
        for (what, how), count in sorted(kinds.items())
    )
    more = f"  … and {len(changes) - _CHANGES_SHOWN} more"
    return [
        f"{len(changes)} changes: {counted}",
        *(f"  {change}" for change in changes[:_CHANGES_SHOWN]),
        more,
    ]


def _kind(change: str) -> tuple[str, str]:
    """The kind of a change as intake words it: "task T1 added", or "task T1: weight 1 -> 2"."""
    what = change.split(" ", 1)[0]
    how = next((word for word in ("added", "removed") if change.endswith(f" {word}")), "changed")
    return what, how


def _owed(period: str | None) -> str:
    return (
        f"reports are owed from {period} on" if period else "no report is owed: every window closed"
    )


def _table(action: Mapping[str, Any], language: str) -> Table:
    title = f"{action['id']} {action['title'][language]} (weight {action['weight']})"
    table = Table(title=title, title_justify="left")
    for name in ("task", "title", "lead", "weight", "measure", "due"):
        table.add_column(name, justify="right" if name == "weight" else "left")
    for task in action["tasks"]:
        table.add_row(
            task["id"],
            task["title"][language],
            "\n".join(_leads(task["assignments"])),
            task["weight"],
            task["measure"],
            task["due"],
        )
    return table


def _leads(assignments: Sequence[Mapping[str, Any]]) -> list[str]:
    leads = []
    for one in assignments:
        if one["role"] == "lead":
            days = (("from", one["valid"]["from"]), ("to", one["valid"]["to"]))
            leads.append(" ".join([one["unit"], *(f"{word} {day}" for word, day in days if day)]))
    return leads
