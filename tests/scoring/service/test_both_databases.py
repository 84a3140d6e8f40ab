"""A publication is the same bytes, whatever database it was computed on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import Databases, PostgresDatabases, SqliteDatabases
from peers import HOST
from scoring_cast import a_task
from scoring_house import AFTER_B1, PLAN, House, adopted, listening_house
from sqlalchemy import select

from scoring.store.tables import LeafRow
from shared.contracts.scoring import PublicationReleased, UnitPublished

NAMES = ("b", "B", "a-1", "a.1", "a1", "A", "Z", "z", "9", "10", "2")
"""Ids that a dictionary puts into another order than their characters' numbers do."""


@pytest.fixture
def each(
    on_sqlite: SqliteDatabases, on_postgres: PostgresDatabases
) -> Iterator[tuple[Databases, Databases]]:
    yield on_sqlite, on_postgres
    on_postgres.take_back()


async def published(folder: Path, databases: Databases) -> list[Any]:
    """All that leaves the house when its period is published, and where its tasks are listed."""
    async with listening_house(folder, databases=databases) as house:
        await said_by(house)
        row = await house.publish("2022-B1")
        async with house.db.read() as session:
            leaves = (await session.execute(select(LeafRow))).scalars()
            kept = {one.unit: (one.document, one.digest) for one in leaves}
        return [
            row.manifest,
            row.result,
            row.digest,
            kept,
            list(await house.board()),
            await house.said(UnitPublished),
            await house.said(PublicationReleased),
        ]


async def said_by(house: House) -> None:
    leads = dict.fromkeys(NAMES, "departments")
    tasks = [a_task(f"T{name}", assignments=[{"unit": name, "role": "lead"}]) for name in NAMES]
    await house.hear_plan(*tasks, units=leads)
    await house.hear(adopted())
    house.at("2022-03-01T09:00")
    for number, name in enumerate(NAMES[:-2]):
        values = {f"T{name}.I": str(5 + number % 3)}
        await house.hear_report(
            f"T{name}", "2022-B1", unit=name, values=values, submission=f"s-{name}"
        )
    house.at(AFTER_B1)


@pytest.mark.allow_hosts([HOST])
async def test_a_publication_is_the_same_bytes_on_both_databases(
    tmp_path: Path, each: tuple[Databases, Databases]
) -> None:
    here, there = [await published(tmp_path / str(number), one) for number, one in enumerate(each)]
    assert here[0] is not None
    assert here == there
    assert here[4] == sorted(f"T{name}" for name in NAMES)
    assert PLAN in here[0]
