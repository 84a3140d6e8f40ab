"""The account of the demo: who is behind and why, what was sent to whom, where to look."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from duban.demo import cast
from duban.demo.receivers import Received, text_of
from duban.demo.stage import Played
from duban.house import Ports

_RANKS = 5


def print_account(
    console: Console, played: Played, received: Received, ports: Ports, inbox_url: str
) -> None:
    """One page on the console."""
    titles = _titles(played.plan)
    publication = played.publication
    rates = publication["rates"]
    console.rule(f"[bold]{titles[cast.PLAN]} · bulletin {cast.PERIOD}")
    console.print(
        f"Reports: {rates['expected']} owed, {rates['on_time']} on time, {rates['late']} late, "
        f"{rates['missing']} missing; on-time rate {rates['on_time_rate']} %. "
        f"Plan score {publication['plan_score']}."
    )
    console.print(_behind(publication, titles))
    console.print(_ranking(publication, titles))
    console.print("[bold]How one line came about[/bold] (duban explain):")
    for sentence in played.explanation:
        console.print(f"  {sentence}", highlight=False, soft_wrap=True)
    _messages(console, received)
    console.print("\n[bold]Where to look[/bold]")
    for what, url in _places(ports, inbox_url):
        console.print(f"  {what:<22} {url}", highlight=False)
    console.print("  To sign in as the office, paste this token:", highlight=False)
    console.print(f"  {played.tokens['office drafter']}", highlight=False, soft_wrap=True)


def as_json(played: Played, received: Received) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "publication": {
            name: played.publication[name]
            for name in ("plan", "period", "version", "digest", "plan_score", "rates", "tasks")
        },
        "receipts": played.receipts,
        "webhooks": [
            {"id": one.id, "verified": one.verified, **one.body} for one in received.webhooks
        ],
        "mails": [{"to": str(one["to"]), "subject": str(one["subject"])} for one in received.mails],
    }


def _behind(publication: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    table = Table(title="Behind", title_justify="left")
    for name in ("task", "unit", "light", "actual", "expected", "score"):
        table.add_column(name)
    behind = (line for line in publication["tasks"] if line["light"] in {"red", "yellow"})
    for line in sorted(behind, key=lambda line: (line["light"], Decimal(line["score"]))):
        table.add_row(
            f"{line['task']} {titles[line['task']]}",
            titles[line["unit"]],
            f"[{line['light']}]{line['light']}[/]",
            f"{Decimal(line['a']):.2%}",
            f"{Decimal(line['e']):.2%}",
            line["score"],
        )
    return table


def _ranking(publication: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    ranked = [unit for unit in publication["units"] if unit["rank"] is not None]
    table = Table(
        title="Ranking (first and last of each group)", title_justify="left", caption_justify="left"
    )
    for name in ("group", "rank", "unit", "score", "grade"):
        table.add_column(name)
    for group in sorted({unit["group"] for unit in ranked}):
        mine = sorted(
            (unit for unit in ranked if unit["group"] == group), key=lambda unit: unit["rank"]
        )
        shown = mine if len(mine) <= _RANKS else [*mine[:2], *mine[-2:]]
        for unit in shown:
            name = titles[unit["unit"]]
            table.add_row(group, str(unit["rank"]), name, unit["score"], unit["grade"])
    if any("no_seat" in unit["reasons"] for unit in ranked):
        table.caption = (
            "Excellent needs the score and a seat: at most 30 % of a group, and of those who tie "
            "at the last seat nobody."
        )
    return table


def _messages(console: Console, received: Received) -> None:
    verified = sum(one.verified for one in received.webhooks)
    console.print(
        f"\n[bold]Sent[/bold]: {len(received.webhooks)} webhooks ({verified} with a signature that "
        f"holds), {len(received.mails)} e-mails"
    )
    addressees: dict[str, list[str]] = {}
    for mail in received.mails:
        addressees.setdefault(str(mail["subject"]), []).append(str(mail["to"]).partition("@")[0])
    for subject, people in addressees.items():
        console.print(f"  {subject} → {', '.join(people)}", highlight=False, soft_wrap=True)
    if received.mails:
        console.print(f"\nThe last of them, to {received.mails[-1]['to']}:", highlight=False)
        for line in text_of(received.mails[-1]).splitlines():
            console.print(f"  {line}" if line else "", highlight=False, soft_wrap=True)


def _places(ports: Ports, inbox_url: str) -> Iterator[tuple[str, str]]:
    scoring = ports.url("scoring")
    yield "bulletin", f"{scoring}/bulletin/{cast.PLAN}/{cast.PERIOD}"
    yield "board (sign in)", f"{scoring}/board?plan={cast.PLAN}"
    yield "what was received", inbox_url
    yield "alerts (sign in)", f"{ports.url('notify')}/alerts"
    for service in ("intake", "scoring", "notify"):
        yield f"API of {service}", f"{ports.url(service)}/docs"


def _titles(plan: Mapping[str, Any]) -> dict[str, str]:
    named = [plan["plan"], *plan["units"], *plan["actions"]]
    named += [task for action in plan["actions"] for task in action["tasks"]]
    return {one["id"]: one["title"]["en"] for one in named}
