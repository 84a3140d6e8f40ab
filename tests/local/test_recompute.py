"""`duban verify --recompute` makes every publication again from the journal, byte for byte."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban
from local.test_simulate import invest, publish, report, town, written
from sqlalchemy import select
from sqlalchemy.engine import RowMapping

from duban.simulate.house import House
from duban.simulate.play import play
from duban.simulate.scenario import read_scenario
from scoring.api.documents import document_set
from scoring.domain.documents import canonical
from shared.contracts import topics

APPEAL = {"period": "2022-B2", "unit": "U1", "item": "T1", "grounds": "a digit was lost"}


def a_history(folder: Path) -> Path:
    """Two periods, one corrected twice so that the later one follows, an evaluation and the year.

    T2 is hidden; U2 becomes part of U1.
    """
    plan = town(
        invest("T1", start="2022-01-01"),
        {**invest("T2", "U2"), "publish": False},
        invest("T3", "U2"),
        evaluations=[{"id": "look", "as_of": "2022-08-31"}],
    )
    plan["plan"]["calendar"] = {"cadence": "half_year"}
    plan["plan"]["activate_from"] = "2022-H1"
    plan["plan"]["evaluations"] = [{"id": "look", "as_of": "2022-09-30"}]
    better = {"task": "T1", "unit": "U1", "period": "2022-H1", "values": {"T1.I": "46"}}
    return written(
        folder,
        plan,
        report("2022-06-29T10:00:00+08:00", "T1", period="2022-H1", values={"T1.I": "30"}),
        report("2022-06-29T10:00:00+08:00", "T2", "U2", period="2022-H1", values={"T2.I": "45"}),
        report("2022-06-29T10:00:00+08:00", "T3", "U2", period="2022-H1", values={"T3.I": "20"}),
        publish("2022-07-20T10:00:00+08:00", "2022-H1"),
        {"at": "2022-07-21T10:00:00+08:00", "appeal": {**APPEAL, "period": "2022-H1"}},
        {
            "at": "2022-07-22T10:00:00+08:00",
            "merge": {"units": ["U2"], "into": "U1", "effective": "2022-H2"},
        },
        {"at": "2022-10-10T10:00:00+08:00", "publish": {"period": "look"}},
        report("2022-12-29T10:00:00+08:00", "T1", period="2022-H2", values={"T1.I": "90"}),
        report("2022-12-29T10:00:00+08:00", "T2", period="2022-H2", values={"T2.I": "80"}),
        publish("2023-01-20T10:00:00+08:00", "2022-H2"),
        {"at": "2023-01-20T11:00:00+08:00", "year": {"year": 2022}},
        {
            "at": "2023-01-21T10:00:00+08:00",
            "decide": {"upheld": True, "reason": "it was lost", "submit": better},
        },
        {"at": "2023-01-22T10:00:00+08:00", "correct": {"period": "2022-H1", "zero": ["T3"]}},
        until="2023-02-01T10:00:00+08:00",
    )


def kept(folder: Path, *, full: bool = True) -> tuple[Path, list[str]]:
    """The journal and the documents that a history leaves behind, as files."""
    events = asyncio.run(_played(a_history(folder), full=full))
    lines = []
    for event in events:
        head = {
            "id": event["event_id"],
            "type": event["type"],
            "time": event["time"].isoformat(),
            "subject": event["subject"],
            "key": event["key"],
            "number": event["position"],
        }
        lines.append(f'{json.dumps(head)[:-1]}, "data": {event["data"]}}}\n')
    journal = folder / "journal.ndjson"
    journal.write_text("".join(lines))
    return journal, sorted(map(str, folder.glob("documents-*.json")))


async def _played(file: Path, *, full: bool) -> Sequence[RowMapping]:
    """What intake said; the documents are left beside the scenario."""
    scenario = read_scenario(file, file.read_bytes())  # noqa: ASYNC240  # nobody else waits
    async with House(start=scenario.start) as house:
        assert await play(scenario, house, lambda _: None) == []
        rows = await house.scoring.publications.all(plan=None, drafts=False, kind=None)
        for number, row in enumerate(rows):
            leaves = await house.scoring.publications.leaves(row)
            body = document_set(row, row.manifest or "", leaves, full=full)
            file.with_name(f"documents-{number}.json").write_bytes(canonical(body))
        table = house.intake.parts.tables.journal
        said = select(table).where(table.c.topic == topics.INTAKE).order_by(table.c.position)
        async with house.intake.parts.db.read() as session:
            return (await session.execute(said)).mappings().all()


def recomputed(duban: Duban, journal: Path, documents: list[str]) -> tuple[int, Any]:
    result = duban("verify", *documents, "--recompute", "--journal", str(journal), "--json")
    return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr


@pytest.mark.parametrize("full", [True, False])
def test_every_publication_is_made_again_byte_for_byte(
    duban: Duban,
    tmp_path: Path,
    full: bool,  # which copy
) -> None:
    journal, documents = kept(tmp_path, full=full)
    # H1 three times, H2 at least once, the evaluation, the year three times.
    assert len(documents) >= 8  # as said
    status, told = recomputed(duban, journal, documents)
    assert (status, told["remade"]) == (0, [])
    assert len(told["publications"]) == len(documents)


def test_a_report_that_was_changed_afterwards_is_found_out(duban: Duban, tmp_path: Path) -> None:
    journal, documents = kept(tmp_path)
    text = journal.read_text()
    assert text.count('"T1.I":"30"') == 1
    journal.write_text(text.replace('"T1.I":"30"', '"T1.I":"31"'))
    status, told = recomputed(duban, journal, documents)
    assert status == 1
    where = [(one["publication"], one["where"]) for one in told["remade"]]
    assert ("town 2022-H1 v1", "unit U1, T1, score") in where


def test_a_publication_before_those_given_is_missed(duban: Duban, tmp_path: Path) -> None:
    journal, documents = kept(tmp_path)
    first = next(
        name
        for name in documents
        if '"period":"2022-H1"' in Path(name).read_text()
        and '"version":1' in Path(name).read_text()
    )
    documents.remove(first)
    status, told = recomputed(duban, journal, documents)
    assert status == 1
    assert "not_recomputed" in told
    assert "is missing" in told


def test_a_journal_that_is_cut_short_is_told(duban: Duban, tmp_path: Path) -> None:
    journal, documents = kept(tmp_path)
    lines = journal.read_text().split("\n")
    journal.write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    status, told = recomputed(duban, journal, documents)
    assert status == 1
    assert "the journal has no cut-off" in told


def test_a_document_that_is_none_is_told_without_a_crash(duban: Duban, tmp_path: Path) -> None:
    journal, documents = kept(tmp_path)
    for name in documents:
        text = Path(name).read_text().replace('"cutoff"', '"cut_off"')
        Path(name).write_text(text)
    status, told = recomputed(duban, journal, documents)
    assert status == 1
    assert "needed" in str(told) or "cannot be made again" in str(told)


def test_an_empty_journal_is_told(duban: Duban, tmp_path: Path) -> None:
    journal, documents = kept(tmp_path)
    journal.write_text("")
    status, told = recomputed(duban, journal, documents)
    assert status == 1
    assert "not_recomputed" in told
