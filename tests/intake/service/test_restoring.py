"""Intake restored from a backup has again what it acknowledged after it, and nothing twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, edited, report, running, trees
from kit_cast import Backup, back_up, restore, until

from intake.config import MIGRATIONS
from intake.service.restoring import MEMORY
from intake.store.tables import Base, kit
from shared.contracts import topics
from shared.contracts.intake import ObligationOverdue, WorkdayBegan
from shared.kit import log_guard as guard_module
from shared.kit.adopt import Adopted, Irretrievable, adopt
from shared.kit.bus.base import BusUnavailable
from shared.kit.db import Database
from shared.kit.foundation import topics_of
from shared.kit.log_guard import LogGuard

STATE = {
    "submissions": ("number",),
    "plan_versions": (),
    "decisions": ("number",),
    "cutoffs": ("number",),
    "credentials": ("last_used_at",),
    "timers": (),
    "journal": ("position", "sent_at"),
    "journal_sequences": (),
}
"""What must be as it was; columns that tell of the database alone are left out."""
EXTEND = {"type": "extend", "task": "hall", "unit": "east", "period": "2022-B2"}
EXCUSE = {"type": "exempt", "id": "X1", "task": "trees", "unit": "works", "kind": "E2"}
RULEBOOK = "rulebook: {id: strict, version: 1}\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_AGAIN_SECONDS", 0.05)


def state(town: Town) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold; of a token's events the newest, which is all that the log keeps."""
    newest = {(row["topic"], row["key"]): row["last"] for row in town.stored("journal_sequences")}

    def counts(table: str, row: dict[str, Any]) -> bool:
        of_a_token = table == "journal" and row["topic"] == topics.CREDENTIALS
        return not of_a_token or row["sequence"] == newest[row["topic"], row["key"]]

    return {
        table: sorted(
            (
                {name: one for name, one in row.items() if name not in apart}
                for row in town.stored(table)
                if counts(table, row)
            ),
            key=str,
        )
        for table, apart in STATE.items()
    }


async def backed_up(town: Town) -> Backup:
    await all_sent(town)
    return await back_up(town.intake.parts.db, Base.metadata)


async def all_sent(town: Town) -> None:
    await until(lambda: all(row["sent_at"] is not None for row in town.stored("journal")))


@asynccontextmanager
async def restored(before: Town, backup: Backup) -> AsyncIterator[Town]:
    """Intake started anew on its database as the backup has it."""
    db = Database(url=before.settings.database, migrations=MIGRATIONS)
    await restore(db, backup)
    await db.close()
    async with running(before.folder, databases=before.databases) as town:
        town.tokens = before.tokens
        yield town


async def adopt_it(town: Town, **options: Any) -> Adopted:  # noqa: ANN401  # as `adopt` takes them
    parts = town.intake.parts
    return await adopt(
        bus=town.bus,
        db=parts.db,
        tables=kit,
        guard=parts.guard,
        topics=topics_of("intake"),
        memory=MEMORY,
        clock=town.clock,
        **options,
    )


async def journal_of(town: Town) -> str:
    async with plainly(town) as web:
        return str((await web.get("/readyz")).json()["checks"]["journal"])


@asynccontextmanager
async def plainly(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(town.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as web:
        yield web


async def until_trusted(town: Town) -> None:
    async def trusted() -> bool:
        return await journal_of(town) == "ok"

    await until(trusted)


async def decide(town: Town, said: dict[str, Any]) -> httpx.Response:
    return await town.post(f"/v1/plans/{PLAN}/decisions", said, by="office")


async def a_week(town: Town) -> None:
    """Reports, reviews, decisions, versions of the plan, tokens, a mark, and days that pass."""
    first = await town.accepted(trees("30"))
    await town.accepted(report("bridge", "east", milestones={"drawings": "2022-04-20"}))
    verified = await town.post(
        f"/v1/submissions/{first['id']}/verify", {"marks": "1.5", "reason": "late"}, by="office"
    )
    again = await town.post(
        f"/v1/submissions/{first['id']}/verify", {"marks": "0.5", "reason": "no map"}, by="office"
    )
    applied = await town.apply(edited("Plant trees", "Plant many trees"))
    extended = await decide(town, {**EXTEND, "working_days": 2})
    excused = await decide(town, EXCUSE)
    figure = await town.post(
        f"/v1/submissions/{first['id']}/verify", {"values": {"planted": "29"}}, by="office"
    )
    cut = await town.post(f"/v1/plans/{PLAN}/cutoffs", by="office")
    await town.move_to("2022-05-09 12:00")
    second = await town.accepted(trees("40"))
    sent_back = await town.post(
        f"/v1/submissions/{second['id']}/return", {"reason": "which lake?"}, by="office"
    )
    issued = await town.issue("newcomer", "submit", unit="east")
    revoked = await town.post(f"/v1/tokens/{issued['id']}/revoke", by="operator")
    await town.move_to("2022-05-12 12:00")
    answers = (verified, again, applied, extended, excused, figure, cut, sent_back, revoked)
    assert all(one.is_success for one in answers), [one.text for one in answers]


async def after_its_week(
    folder: Path, databases: Databases, *, of_nothing: bool = False
) -> tuple[Town, Backup]:
    """A town after its week, ended, and its backup from before, or from before everything."""
    async with running(folder, databases=databases) as town:
        backup = await backed_up(town)
        await town.open()
        assert (await town.apply()).is_success
        await town.accepted(trees("20"))
        if not of_nothing:
            backup = await backed_up(town)
        await a_week(town)
        await all_sent(town)
        assert town.said(ObligationOverdue)
        assert town.said(WorkdayBegan)
    return town, backup


@pytest.fixture
async def restorable(tmp_path: Path, databases: Databases) -> tuple[Town, Backup]:
    return await after_its_week(tmp_path, databases)


@pytest.mark.parametrize("of_nothing", [False, True], ids=["older backup", "empty database"])
async def test_all_that_was_acknowledged_after_the_backup_is_there_again(
    tmp_path: Path, databases: Databases, of_nothing: bool
) -> None:
    before, backup = await after_its_week(tmp_path, databases, of_nothing=of_nothing)
    wanted = state(before)
    async with restored(before, backup) as town:
        await until(lambda: town.intake.parts.guard.refusal() is not None)
        assert "python -m intake adopt" in await journal_of(town)
        async with plainly(town) as web:
            refused = await web.post("/v1/submissions", json=trees(), headers=town.bearer("water"))
        assert (refused.status_code, refused.json()["code"]) == (503, "behind_the_log")

        await adopt_it(town)

        assert state(town) == wanted
        await until_trusted(town)
        await town.settle()
        assert state(town) == wanted, "what time brought before, it does not bring again"


async def test_new_events_follow_what_was_said_before_the_restore(
    restorable: tuple[Town, Backup],
) -> None:
    before, backup = restorable
    last = {row["key"]: row["last"] for row in before.stored("journal_sequences")}[PLAN]
    async with restored(before, backup) as town:
        await adopt_it(town)
        await until_trusted(town)
        receipt = await town.accepted(trees("50", note="repaired"))
        await all_sent(town)
        numbers = {row["event_id"]: row["sequence"] for row in town.stored("journal")}
        assert numbers[receipt["id"]] == last + 1
        shown = await town.get("/v1/submissions", plan=PLAN)
        assert shown.json()["items"][0]["id"] == receipt["id"]


async def test_a_mark_lies_behind_the_reports_that_came_before_it(
    restorable: tuple[Town, Backup],
) -> None:
    before, backup = restorable
    async with restored(before, backup) as town:
        await adopt_it(town)
        (cut,) = town.stored("cutoffs")
        numbers = sorted(row["number"] for row in town.stored("submissions"))
        assert len(numbers) == 4
        assert cut["number"] == numbers[2]


async def test_what_was_taken_in_while_the_log_was_away_follows_what_was_forgotten(
    restorable: tuple[Town, Backup], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, backup = restorable

    async def away(_guard: LogGuard) -> None:
        raise BusUnavailable("Kafka is away")

    with monkeypatch.context() as while_away:
        while_away.setattr(LogGuard, "forgotten", away)
        async with restored(before, backup) as town:
            newest = await town.accepted(trees("60"))
    async with running(before.folder, databases=before.databases) as town:
        town.tokens = before.tokens
        await adopt_it(town)
        await until_trusted(town)
        assert (await town.owed(period="2022-B2"))["trees"]["submission"] == newest["id"]
        await all_sent(town)
        order = sorted(
            (row["sequence"], row["event_id"])
            for row in town.stored("journal")
            if row["type"].startswith("duban.intake.submission.accepted")
        )
        numbers = sorted((row["number"], row["id"]) for row in town.stored("submissions"))
        assert [name for _, name in order] == [name for _, name in numbers]
        assert order[-1][1] == newest["id"]
        (cut,) = town.stored("cutoffs")
        assert cut["number"] == numbers[2][0], "it came after the mark"


async def test_a_report_that_is_sent_again_after_the_restore_has_its_first_receipt(
    restorable: tuple[Town, Backup],
) -> None:
    before, backup = restorable
    (first,) = [row for row in before.stored("submissions") if row["task"] == "bridge"]
    async with restored(before, backup) as town:
        await adopt_it(town)
        await until_trusted(town)
        again = await town.submit(report("bridge", "east", milestones={"drawings": "2022-04-20"}))
        assert again.json()["id"] == first["id"]


async def test_a_rulebook_whose_reach_no_event_tells_is_named_before_anything_is_adopted(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases) as before:
        await before.open()
        assert (await before.apply(LAKE_TOWN)).is_success
        backup = await backed_up(before)
        assert (await before.put("/v1/rulebooks/strict", RULEBOOK)).is_success
        await before.accepted(trees("30"))
        await all_sent(before)
    async with restored(before, backup) as town:
        held = state(town)
        with pytest.raises(Irretrievable, match="rulebook strict version 1, adopted for lake-plan"):
            await adopt_it(town)
        assert state(town) == held

        adopted = await adopt_it(town, accept_losses=True)

        assert len(adopted.losses) == 1
        await until_trusted(town)
        assert len(town.stored("submissions")) == 1
        assert (await town.put("/v1/rulebooks/strict", RULEBOOK)).is_success


async def test_a_rulebook_that_is_known_is_no_loss_where_a_new_plan_was_told_of_it(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases) as before:
        await before.open()
        assert (await before.put("/v1/rulebooks/strict", RULEBOOK)).is_success
        backup = await backed_up(before)
        assert (await before.apply(LAKE_TOWN)).is_success
        await all_sent(before)
        wanted = state(before)
    async with restored(before, backup) as town:
        await adopt_it(town)
        assert state(town) == wanted
