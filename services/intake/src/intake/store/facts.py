"""What a page of reports is held against: one statement, whatever the number of its reports."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, String, TextClause, bindparam, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.tables import UtcInstant

Obligation = tuple[str, str, str, str]
"""Plan, task, unit and period."""


class Latest(NamedTuple):
    """The newest report of an obligation."""

    id: str
    digest: str
    received_at: datetime
    plan_version: int
    returned: bool


class Cut(NamedTuple):
    """The latest publication of a plan: its period, and the last report it could count."""

    period: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """By plan its newest version and its latest publication, by obligation its newest report."""

    versions: dict[str, int]
    cuts: dict[str, Cut]
    latest: dict[Obligation, Latest]


# The newest report is looked for from the end: one that is sent daily has many before it.
_QUERY: Final = """
SELECT asked.plan, asked.task, asked.unit, asked.period,
       (SELECT max(version) FROM plan_versions AS one WHERE one.plan = asked.plan) AS version,
       published.period AS published, published.number AS cut,
       newest.id, newest.digest, newest.received_at, newest.plan_version, newest.returned_at
FROM ({asked}) AS asked
LEFT JOIN published ON published.plan = asked.plan AND published.last_day = (
    SELECT max(last_day) FROM published AS one WHERE one.plan = asked.plan
)
LEFT JOIN submissions AS newest ON newest.number = (
    SELECT number FROM submissions AS one
    WHERE one.plan = asked.plan AND one.task = asked.task
      AND one.unit = asked.unit AND one.period = asked.period
    ORDER BY number DESC LIMIT 1
)
"""
_NAMES: Final = ("plan", "task", "unit", "period")
_INSTANTS: Final = {"received_at": UtcInstant(), "returned_at": UtcInstant()}


def _query(asked: str) -> TextClause:
    return text(_QUERY.format(asked=asked))


_ARRAYS: Final = ", ".join(f":{name}" for name in _NAMES)
_MEMBERS: Final = ", ".join(
    f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(_NAMES)
)
_FROM_ARRAYS: Final = (
    _query(f"SELECT * FROM unnest({_ARRAYS}) AS asked ({', '.join(_NAMES)})")  # noqa: S608  # ours
    .bindparams(*(bindparam(name, type_=ARRAY(String)) for name in _NAMES))
    .columns(**_INSTANTS)
)
_FROM_JSON: Final = _query(f"SELECT {_MEMBERS} FROM json_each(:asked)").columns(**_INSTANTS)  # noqa: S608  # ours


async def facts_of(session: AsyncSession, obligations: Collection[Obligation]) -> Facts:
    """What is known of these obligations and their plans; nothing of a plan that is not there."""
    if not obligations:
        return Facts(versions={}, cuts={}, latest={})
    if session.get_bind().dialect.name == "postgresql":
        columns = zip(*obligations, strict=True)
        arrays = {name: list(one) for name, one in zip(_NAMES, columns, strict=True)}
        return _read(await session.execute(_FROM_ARRAYS, arrays))
    return _read(await session.execute(_FROM_JSON, {"asked": json.dumps(list(obligations))}))


def _read(rows: Iterable[Row[tuple[object, ...]]]) -> Facts:
    facts = Facts(versions={}, cuts={}, latest={})
    for row in rows:
        if row.version is None:
            continue
        facts.versions[row.plan] = row.version
        if row.published is not None:
            facts.cuts[row.plan] = Cut(row.published, row.cut)
        if row.id is not None:
            facts.latest[row.plan, row.task, row.unit, row.period] = Latest(
                id=row.id,
                digest=row.digest,
                received_at=row.received_at,
                plan_version=row.plan_version,
                returned=row.returned_at is not None,
            )
    return facts
