"""The account of the demo: who is behind and why, who moved, what was sent, where to look."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from duban.demo import cast
from duban.demo.progress import Progress
from duban.demo.receivers import Received, text_of
from duban.demo.stage import DRAFTER, Stage
from duban.house import Ports

_LIGHTS: Final = ("green", "yellow", "red", "blue", "grey")
_MOVERS: Final = 4
_RANKS: Final = 5
_EXPLAINED: Final = "A2.T1"
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the year came to; publications are the latest versions, in order of periods."""

    titles: Mapping[str, str]
    publications: Sequence[Json]
    year: Json
    why: Mapping[str, str]
    explanation: Sequence[str]
    alerts: Sequence[Json]
    progress: Progress
    received: Received

    def as_json(self) -> dict[str, Any]:
        """The same for a machine."""
        names = ("plan", "period", "version", "digest", "plan_score", "rates", "tasks", "units")
        return {
            "seed": self.progress.seed,
            "publications": [{name: one[name] for name in names} for one in self.publications],
            "year": self.year,
            "receipts": self.progress.receipts,
            "alerts": self.alerts,
            "webhooks": [
                {"id": one.id, "verified": one.verified, **one.body}
                for one in self.received.webhooks
            ],
            "mails": [
                {"to": str(one["to"]), "subject": str(one["subject"])}
                for one in self.received.mails
            ],
        }


async def account_of(stage: Stage, progress: Progress, received: Received) -> Account:
    """Ask the services what the year came to."""
    plan = (await stage.ask("intake", f"/v1/plans/{cast.PLAN}"))["document"]
    listed = (await stage.ask("scoring", "/v1/publications", plan=cast.PLAN))["items"]
    periods = sorted({one["period"] for one in listed if not one["period"].endswith("-year")})
    address = f"/v1/publications/{cast.PLAN}"
    publications = [await stage.ask("scoring", f"{address}/{period}") for period in periods]
    last = publications[-1]
    why = {}
    for line in _behind(last):
        told = await _explained(stage, last["period"], line["task"])
        why[line["task"]] = next((text for text in told if text.startswith("Light")), "")
    return Account(
        titles=_titles(plan),
        publications=publications,
        year=await stage.ask("scoring", f"/v1/years/{cast.PLAN}/{cast.YEAR}"),
        why=why,
        explanation=await _explained(stage, periods[1], _EXPLAINED),
        alerts=await _alerts(stage),
        progress=progress,
        received=received,
    )


def print_account(console: Console, account: Account, ports: Ports, inbox_url: str) -> None:
    """One page on the console."""
    console.rule(f"[bold]{account.titles[cast.PLAN]} · the year {cast.YEAR}")
    console.print(_periods(account))
    console.print(_behind_table(account))
    _moved(console, account)
    console.print(_ranking(account))
    console.print("[bold]How one line came about[/bold] (duban explain):")
    for sentence in account.explanation:
        console.print(f"  {sentence}", highlight=False, soft_wrap=True)
    _messages(console, account)
    console.print("\n[bold]Where to look[/bold]")
    for what, url in _places(ports, inbox_url):
        console.print(f"  {what:<22} {url}", highlight=False)
    console.print("  To sign in as the office, paste this token:", highlight=False)
    console.print(f"  {account.progress.tokens[DRAFTER]}", highlight=False, soft_wrap=True)


async def _explained(stage: Stage, period: str, task: str) -> Sequence[str]:
    address = f"/v1/publications/{cast.PLAN}/{period}/tasks/{task}/explanation"
    told: Sequence[str] = (await stage.ask("scoring", address, lang="en"))["text"]
    return told


def _periods(account: Account) -> Table:
    table = Table(title="Period by period", title_justify="left")
    for name in ("period", "owed", "on time", "late", "missing", "on-time rate", "plan score"):
        table.add_column(name, justify="left" if name == "period" else "right")
    table.add_column("tasks by light")
    for one in account.publications:
        rates, lights = one["rates"], Counter(task["light"] for task in one["tasks"])
        corrected = f" (v{one['version']})" if one["version"] > 1 else ""
        table.add_row(
            f"{one['period']}{corrected}",
            *(str(rates[name]) for name in ("expected", "on_time", "late", "missing")),
            f"{rates['on_time_rate']} %",
            one["plan_score"],
            "  ".join(f"[{_colour(name)}]{lights[name]} {name}[/]" for name in _LIGHTS),
        )
    return table


def _behind(publication: Json) -> list[Json]:
    behind = [line for line in publication["tasks"] if line["light"] in {"red", "yellow"}]
    return sorted(behind, key=lambda line: (line["light"], Decimal(line["score"])))


def _behind_table(account: Account) -> Table:
    last = account.publications[-1]
    table = Table(title=f"Who is behind at the end of {last['period']}, and why")
    table.title_justify = "left"
    for name in ("task", "unit", "light", "actual", "expected", "score", "why"):
        table.add_column(name)
    for line in _behind(last):
        table.add_row(
            f"{line['task']} {account.titles[line['task']]}",
            account.titles[line["unit"]],
            f"[{line['light']}]{line['light']}[/]",
            f"{Decimal(line['a']):.1%}",
            f"{Decimal(line['e']):.1%}",
            line["score"],
            account.why[line["task"]].partition(": ")[2],
        )
    return table


def _moved(console: Console, account: Account) -> None:
    """Who rose and fell in the ranking of their group, from the first period to the last."""
    first, last = (
        {unit["unit"]: unit for unit in account.publications[place]["units"]} for place in (0, -1)
    )
    moves = [
        (first[unit]["rank"] - last[unit]["rank"], unit)
        for unit in last
        if last[unit]["rank"] is not None and first.get(unit, {}).get("rank") is not None
    ]
    moves.sort(key=lambda move: (-abs(move[0]), move[1]))
    console.print("[bold]Who moved[/bold], from the first period to the last:")
    for by, unit in moves[:_MOVERS]:
        arrow = "▲" if by > 0 else "▼"
        console.print(
            f"  {arrow} {account.titles[unit]}: {first[unit]['rank']} → {last[unit]['rank']} of "
            f"{last[unit]['group']}, score {first[unit]['score']} → {last[unit]['score']}",
            highlight=False,
        )


def _ranking(account: Account) -> Table:
    units = account.year["result"]["units"]
    table = Table(title=f"The year {cast.YEAR} (first and last of each group)")
    table.title_justify = "left"
    for name in ("group", "rank", "unit", "periods", "targets", "year", "grade"):
        table.add_column(name)
    for group in sorted({unit["group"] for unit in units}):
        mine = sorted(
            (unit for unit in units if unit["group"] == group and unit["rank"] is not None),
            key=lambda unit: unit["rank"],
        )
        for unit in mine if len(mine) <= _RANKS else [*mine[:2], *mine[-2:]]:
            table.add_row(
                group,
                str(unit["rank"]),
                account.titles[unit["unit"]],
                unit["periods"] or "–",
                unit["attainment"] or "–",
                unit["score"],
                unit["grade"] or ", ".join(unit["reasons"]),
            )
    return table


def _messages(console: Console, account: Account) -> None:
    received = account.received
    verified = sum(one.verified for one in received.webhooks)
    console.print(
        f"\n[bold]Sent[/bold]: {len(received.webhooks)} webhooks ({verified} with a signature that "
        f"holds), {len(received.mails)} e-mails"
    )
    kinds = Counter((one["kind"], one["state"]) for one in account.alerts)
    for (kind, state), count in sorted(kinds.items()):
        console.print(f"  {kind:<8} {state:<9} {count:>4} alerts", highlight=False)
    people = Counter(str(one["to"]).partition("@")[0] for one in received.mails)
    told = ", ".join(f"{name} {count}" for name, count in people.most_common(_RANKS))
    console.print(f"  most mail went to: {told}", highlight=False, soft_wrap=True)
    if received.mails:
        console.print(f"\nThe last of them, to {received.mails[-1]['to']}:", highlight=False)
        for line in text_of(received.mails[-1]).splitlines():
            console.print(f"  {line}" if line else "", highlight=False, soft_wrap=True)


def _places(ports: Ports, inbox_url: str) -> Iterator[tuple[str, str]]:
    scoring = ports.url("scoring")
    yield "the last bulletin", f"{scoring}/bulletin/{cast.PLAN}/{cast.YEAR}-B6"
    yield "a corrected one", f"{scoring}/bulletin/{cast.PLAN}/{cast.CORRECTION.period}"
    yield "board (sign in)", f"{scoring}/board?plan={cast.PLAN}"
    yield "what was received", inbox_url
    yield "alerts (sign in)", f"{ports.url('notify')}/alerts"
    for service in ("intake", "scoring", "notify"):
        yield f"API of {service}", f"{ports.url(service)}/docs"


async def _alerts(stage: Stage) -> list[Json]:
    """Every alert of the year, page by page."""
    found: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        page = await stage.ask("notify", "/v1/alerts", plan=cast.PLAN, limit="500", **cursor)
        found += page["items"]
        if page["cursor"] is None:
            return found
        cursor = {"cursor": page["cursor"]}


def _titles(plan: Json) -> dict[str, str]:
    named = [plan["plan"], *plan["units"], *plan["actions"]]
    named += [task for action in plan["actions"] for task in action["tasks"]]
    return {one["id"]: one["title"]["en"] for one in named}


def _colour(light: str) -> str:
    return {"grey": "bright_black"}.get(light, light)
