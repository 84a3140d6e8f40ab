"""Many rows in one statement, as fast as each database takes them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Table, TextClause, bindparam, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession


async def insert_rows(
    session: AsyncSession,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    once: str | None = None,
) -> None:
    """Insert rows in their order; each has the same columns. Nothing is done for none.

    Where `once` names a unique column, a row whose value of it is there already is left out.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        names = tuple(rows[0])
        columns = {name: [row[name] for row in rows] for name in names}
        await session.execute(_from_arrays(table, names, once), columns)
    elif once is None:
        await session.execute(insert(table), rows)
    else:
        await session.execute(insert(table).on_conflict_do_nothing(index_elements=[once]), rows)


@cache
def _from_arrays(table: Table, names: tuple[str, ...], once: str | None) -> TextClause:
    """One statement for any number of rows: it is prepared once, and sent once a page."""
    columns = ", ".join(f'"{name}"' for name in names)
    arrays = ", ".join(f":{name}" for name in names)
    statement = f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays})'  # noqa: S608  # our own names
    if once is not None:
        statement += f' ON CONFLICT ("{once}") DO NOTHING'
    return text(statement).bindparams(
        *(bindparam(name, type_=ARRAY(table.c[name].type)) for name in names)
    )
