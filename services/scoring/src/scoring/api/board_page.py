"""The board as its page shows it: filtered, counted by light, the worst first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from scoring.api.page_sight import LIGHTS
from scoring.store.tables import StandingRow
from shared.contracts.plan import Task


class Asked(BaseModel):
    """What the reader asked for; empty text asks for everything, a label is "name: value"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    plan: str = ""
    action: str = ""
    unit: str = ""
    light: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """The rows that fit, and what there is to choose from.

    `lights` counts the rows that fit but for the light, so that its numbers do not follow it.
    Actions and units stand by id with the plan in which they have their titles.
    """

    rows: tuple[StandingRow, ...]
    lights: Mapping[str, int]
    actions: Mapping[str, str]
    units: Mapping[str, str]
    labels: tuple[str, ...]
    asked: Asked


def board(
    every: Sequence[StandingRow], *, tasks: Mapping[tuple[str, str], Task], asked: Asked
) -> Board:
    """The standings a reader may see (`every`), as asked; `tasks` by plan and id."""
    labels = {(row.plan, row.task): _labels(tasks.get((row.plan, row.task))) for row in every}
    fitting = [row for row in every if _fits(row, asked, labels[row.plan, row.task])]
    return Board(
        rows=tuple(
            sorted(
                (row for row in fitting if asked.light in {"", row.light}),
                key=_urgency,
            )
        ),
        lights=Counter(row.light for row in fitting),
        actions={row.action: row.plan for row in every},
        units={row.unit: row.plan for row in every},
        labels=_in_order(one for of in labels.values() for one in of),
        asked=asked,
    )


def _fits(row: StandingRow, asked: Asked, labels: Iterable[str]) -> bool:
    plain = all(
        getattr(asked, name) in {"", getattr(row, name)} for name in ("plan", "action", "unit")
    )
    return plain and (not asked.label or asked.label in labels)


def _labels(task: Task | None) -> tuple[str, ...]:
    return () if task is None else tuple(f"{name}: {said}" for name, said in task.labels.items())


def _in_order(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(labels)))


def _urgency(row: StandingRow) -> tuple[int, Decimal, str, str]:
    return LIGHTS.index(row.light), -Decimal(row.gap or 0), row.plan, row.task
