"""The newest report of each of many obligations, found by one statement."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, String, TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.tables import UtcInstant

Obligation = tuple[str, str, str, str]
"""Plan, task, unit and period."""


class Latest(NamedTuple):
    """What the next report of the obligation has to be held against."""

    id: str
    digest: str
    received_at: datetime
    plan_version: int
    returned: bool


# By number from the end, since an obligation that is reported daily has many.
_QUERY: Final = """
SELECT s.plan, s.task, s.unit, s.period,
       s.id, s.digest, s.received_at, s.plan_version, s.returned_at
FROM ({asked}) AS asked JOIN submissions AS s ON s.number = (
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


async def latest_of(
    session: AsyncSession, obligations: Collection[Obligation]
) -> dict[Obligation, Latest]:
    """The newest report of each obligation that has one."""
    if not obligations:
        return {}
    if session.get_bind().dialect.name == "postgresql":
        columns = zip(*obligations, strict=True)
        arrays = {name: list(one) for name, one in zip(_NAMES, columns, strict=True)}
        rows = await session.execute(_FROM_ARRAYS, arrays)
    else:
        rows = await session.execute(_FROM_JSON, {"asked": json.dumps(list(obligations))})
    return {
        (row.plan, row.task, row.unit, row.period): Latest(
            id=row.id,
            digest=row.digest,
            received_at=row.received_at,
            plan_version=row.plan_version,
            returned=row.returned_at is not None,
        )
        for row in rows
    }
