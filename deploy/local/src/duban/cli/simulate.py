"""`duban simulate`: what the rules make of a plan and of what happens to it."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from duban.cli.door import AsJson, progress, say
from shared.contracts import lean

if TYPE_CHECKING:
    from rich.table import Table

    from duban.simulate.account import Account

_YEAR: Final = (
    "unit", "periods", "attainment", "overshoot", "bonus", "deductions", "score", "rank", "grade",
    "reasons",
)  # fmt: skip
_ALERT: Final = ("at", "kind", "task", "unit", "level", "to", "reason", "state")
_TASK: Final = (
    "task", "unit", "light", "a", "e", "r", "p", "t", "q", "score", "left_out", "flags",
)  # fmt: skip


def simulate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A scenario, in YAML or JSON: see the example.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Play a plan, a rulebook and dated events through the very rules of the services.

    Nothing is sent and nothing is kept; the same file always gives the same answer. A scenario:

      plan: plan.yaml                 # a plan file beside it, or the plan itself
      rulebook: {coverage_guard: "0.4"}     # only what differs from the defaults
      timeline:
        - {at: "2022-05-09T10:00:00+08:00",
           submit: {task: T1, unit: U1, period: 2022-B2, values: {I1: "76.38"}}}
        - {at: "2022-05-10T10:00:00+08:00",
           verify: {submission: last, task: T1, unit: U1, period: 2022-B2, marks: "5"}}
        - {at: "2022-05-18T09:30:00+08:00", publish: {period: 2022-B2}}
      until: "2022-06-30T18:00:00+08:00"

    Example: duban simulate examples/scenarios/first-look.yaml
    """
    _load_lightly()
    with _silence():
        account = asyncio.run(_played(file))
    say(account.members(), *(() if as_json else _told(account)), as_json=as_json)


def _load_lightly() -> None:
    """Import the services as a command wants them that ends in a second."""
    lean.LEAN = True
    gc.disable()  # what is imported stays: looking through it again and again frees nothing
    import duban.simulate.account  # noqa: F401, PLC0415  # with it comes everything

    gc.freeze()
    gc.enable()
    lean.LEAN = False


@contextmanager
def _silence() -> Iterator[None]:
    """What the services would log of days that never were concerns nobody."""
    import structlog  # noqa: PLC0415  # it comes with the services

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


async def _played(file: Path) -> "Account":
    from duban.cli.files import bytes_of, problems_stop  # noqa: PLC0415  # as above
    from duban.simulate.account import account_of  # noqa: PLC0415  # as above
    from duban.simulate.house import House  # noqa: PLC0415  # as above
    from duban.simulate.play import play  # noqa: PLC0415  # as above
    from duban.simulate.scenario import read_scenario  # noqa: PLC0415  # as above
    from duban.simulate.timeline import Refused  # noqa: PLC0415  # as above
    from shared.kit.documents import DocumentError  # noqa: PLC0415  # as above

    try:
        scenario = read_scenario(file, bytes_of(file))
        async with House(start=scenario.start) as house:
            with progress(f"simulating {scenario.plan}") as tell:
                refused = await play(scenario, house, tell)
            return await account_of(house, refused, timezone=scenario.timezone)
    except DocumentError as error:
        raise problems_stop(file, error.problems, status=2) from None
    except Refused as error:
        raise problems_stop(error.file or file, error.problems, status=1) from None


def _told(account: "Account") -> Iterator[Any]:
    """The account for a person: each publication, what people were told, what was refused."""
    for publication in account.publications:
        version = f" version {publication['version']}" if publication["version"] > 1 else ""
        yield f"{publication['period']}{version}: plan score {_or_dash(publication['plan_score'])}"
        yield _rates(publication["rates"])
        yield _ranking(publication["units"])
        yield _lines(publication["tasks"])
        yield f"digest {publication['digest']}\n"
    for year in account.years:
        yield f"{year['year']}, version {year['version']}"
        yield _table("year", _YEAR, year["units"])
    if account.alerts:
        yield _table("alerts", _ALERT, account.alerts)
    if account.refused:
        yield _table("refused", ("at", "code", "what"), account.refused)
    kinds = Counter(alert["kind"] for alert in account.alerts)
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    yield (
        f"{len(account.publications)} publications, {len(account.alerts)} alerts"
        + (f" ({counted})" if counted else "")
        + f", {len(account.refused)} refused"
    )


def _rates(rates: Mapping[str, Any]) -> str:
    return (
        f"reports: {rates['expected']} expected, {rates['on_time']} on time, {rates['late']} late, "
        f"{rates['missing']} missing; on-time rate {_or_dash(rates['on_time_rate'])} %"
    )


def _ranking(units: Sequence[Mapping[str, Any]]) -> "Table":
    last = len(units) + 1
    ordered = sorted(units, key=lambda one: (one["group"], one["rank"] or last, one["unit"]))
    return _table("units", ("group", "rank", "unit", "score", "grade", "reasons"), ordered)


def _lines(tasks: Sequence[Mapping[str, Any]]) -> "Table":
    order = {"red": 0, "yellow": 1}
    ordered = sorted(tasks, key=lambda one: (order.get(one["light"], 2), one["task"]))
    return _table("tasks, those behind first", _TASK, ordered)


def _table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> "Table":
    from rich.table import Table  # noqa: PLC0415  # machines do without it

    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    return table


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else _or_dash(value)


def _or_dash(value: object) -> str:
    return "–" if value is None else str(value)
