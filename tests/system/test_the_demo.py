"""A year of the real plan, from the first token to the closing account, over HTTP and SMTP."""

import asyncio
import hashlib
import io
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from demo_cast import EXAMPLES, SEED, entries, on_stage, released, scenario
from peers import free_ports
from peers.kafka import Kafka
from peers.postgres import Postgres
from recompute import sums_in, wrong_sums
from rich.console import Console

from duban import demo
from duban.demo import cast
from duban.demo.account import account_of, print_account
from duban.demo.progress import Progress
from duban.demo.receivers import text_of
from duban.demo.script import Entry
from duban.demo.stage import Stage
from duban.house import Engines, Ports
from shared.kit import logs
from shared.kit.bus.kafka import KafkaBus
from shared.kit.foundation import TOPICS

Digests = list[tuple[str, int, str]]


@pytest.fixture
def real(postgres: Postgres, tmp_path: Path) -> Iterator[Engines]:
    """Apache Kafka, and three databases on PostgreSQL."""
    kafka = Kafka(tmp_path / "kafka")
    kafka.start()
    mark = uuid4().hex
    yield Engines(
        bus=KafkaBus(servers=kafka.servers, topics=TOPICS),
        databases={
            service: postgres.create(f"{service}_{mark}")
            for service in ("intake", "scoring", "notify")
        },
    )
    kafka.kill()


def two_ports() -> tuple[int, int]:
    hook, smtp = free_ports(2)
    return hook, smtp


def simulated(folder: Path, timeline: Sequence[Entry]) -> Digests:
    """What `duban simulate` publishes of the same entries."""
    folder.mkdir(parents=True, exist_ok=True)
    return digests_of(play(scenario(folder, timeline)))


def play(file: Path) -> dict[str, Any]:
    """What `duban simulate --json` prints of a scenario."""
    command = [sys.executable, "-m", "duban", "simulate", str(file), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def digests_of(told: dict[str, Any]) -> Digests:
    assert told["refused"] == []
    found = [(one["period"], one["version"], one["digest"]) for one in told["publications"]]
    found += [(f"{one['year']}-year", one["version"], one["digest"]) for one in told["years"]]
    return sorted(found)


def forget_offsets(folder: Path) -> None:
    """Let every consumer begin at the first event again."""
    with sqlite3.connect(folder / "bus.db") as log:
        assert log.execute("DELETE FROM commits").rowcount > 0


def tables(folder: Path) -> dict[str, str]:
    """What each service's tables hold, but for what a restart rightly touches."""
    found = {}
    for service in ("intake", "scoring", "notify"):
        with sqlite3.connect(folder / f"{service}.db") as database:
            names = [
                name
                for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
                if name not in {"credentials", "sqlite_sequence"}
            ]
            state = {
                name: sorted(map(repr, database.execute(f"SELECT * FROM {name}")))  # noqa: S608
                for name in names
            }
        found[service] = hashlib.sha256(repr(sorted(state.items())).encode()).hexdigest()
    return found


@pytest.mark.system
@pytest.mark.timeout(900)
async def test_a_year_of_the_city_is_played_told_and_played_again(
    tmp_path: Path, ports: Ports
) -> None:
    timeline, folder, hook = entries(), tmp_path / "demo", two_ports()
    async with on_stage(folder, ports, timeline=timeline, hook=hook) as (stage, _, received):
        await stage.play()
        live = await released(stage)
        progress = Progress(path=folder / "demo.json", seed=SEED)
        account = await account_of(stage, progress, received)
        exported = await asyncio.to_thread(export, ports, progress.tokens, tmp_path)
        sums = [text for one in live for text in await explained(stage, one[0])]
    before = tables(folder), len(received.webhooks), len(received.mails)

    # Eight releases: six periods, a correction, the year; and the same bytes by simulation.
    assert [one[:2] for one in live] == [
        ("2021-B1", 1),
        ("2021-B2", 1),
        ("2021-B3", 1),
        ("2021-B3", 2),
        ("2021-B4", 1),
        ("2021-B5", 1),
        ("2021-B6", 1),
        ("2021-year", 1),
    ]
    assert await asyncio.to_thread(simulated, tmp_path / "script", timeline) == live
    assert digests_of(await asyncio.to_thread(play, exported)) == live

    # Every printed sum of every line, unit, action and of the plan gives what is printed.
    assert sum(map(sums_in, sums)) > 5000  # some 8,000
    assert [wrong for text in sums for wrong in wrong_sums(text)] == []

    # The year has what it is to have.
    receipts = account.progress.receipts
    assert receipts["on_time"] > 8 * receipts["late"] > 0
    lines = {
        one["period"]: {line["task"]: line for line in one["tasks"]} for one in account.publications
    }
    assert lines["2021-B2"]["A7.T2"]["score"] == "0.00"  # silent
    assert lines["2021-B3"]["A7.T2"]["light"] == "red"  # silent again
    assert lines["2021-B4"]["A6.T3"]["left_out"] == "suspended"
    assert lines["2021-B4"]["A8.T1"]["left_out"] == "exempt"
    assert lines["2021-B3"]["A5.T1"]["flags"] == ["corrected"]
    assert lines["2021-B2"]["A5.T3"]["t"] == "100.00"  # returned, and repaired in time

    # Everybody concerned was told, once, with a signature that holds.
    hooks = received.webhooks
    assert all(one.verified for one in hooks)
    assert len({one.id for one in hooks}) == len(hooks) > 0
    console = Console(file=io.StringIO(), width=200)
    print_account(console, account, Ports(), "http://127.0.0.1:8004")
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    for part in ("Period by period", "Who is behind", "Who moved", "Sent", "Where to look"):
        assert part in told
    assert text_of(received.mails[-1]).splitlines()[0] in told

    # Hearing everything once more changes nothing and tells nobody.
    forget_offsets(folder)
    async with on_stage(folder, ports, timeline=timeline, hook=hook) as (stage, _, again):
        await stage.play()
        assert await released(stage) == live
    assert (tables(folder), len(again.webhooks), len(again.mails)) == before


async def explained(stage: Stage, period: str) -> list[str]:
    """All that is told of a period's numbers."""
    if period.endswith("-year"):
        return []
    address = f"/v1/publications/{cast.PLAN}/{period}"
    whole = await stage.ask("scoring", address)
    told: list[str] = (await stage.ask("scoring", f"{address}/explanation", lang="en"))["text"]
    for unit in whole["units"]:
        path = f"{address}/units/{unit['unit']}/explanation"
        answer = await stage.ask("scoring", path, lang="en")
        told += answer["text"]
        told += [text for item in answer["items"] for text in item["text"]]
    return told


def export(ports: Ports, tokens: dict[str, str], folder: Path) -> Path:
    """What `duban export scenario` writes of the year that was played."""
    out = folder / "exported.json"
    command = [sys.executable, "-m", "duban", "export", "scenario", cast.PLAN, "--out", str(out)]
    env = os.environ | {
        "DUBAN_TOKEN": tokens["office drafter"],
        "DUBAN_INTAKE_URL": ports.url("intake"),
        "DUBAN_SCORING_URL": ports.url("scoring"),
    }
    subprocess.run(command, check=True, env=env, capture_output=True)  # noqa: S603  # ours
    return out


@pytest.mark.system
@pytest.mark.timeout(600)
async def test_the_demo_is_the_same_on_kafka_and_postgresql(
    tmp_path: Path, ports: Ports, real: Engines
) -> None:
    timeline = entries(through="2021-B2")
    async with on_stage(tmp_path / "demo", ports, timeline=timeline, engines=real) as (
        stage,
        _,
        _r,
    ):
        await stage.play()
        live = await released(stage)
    assert live == await asyncio.to_thread(simulated, tmp_path / "script", timeline)


_ALONE = """
import asyncio, shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from demo_cast import entries, on_stage
from duban.house import Ports
from shared.kit import logs

async def main() -> None:
    logs.set_up(form="plain", level="ERROR")
    intake, scoring, notify, hook, smtp = map(int, sys.argv[3:])
    ports = Ports(intake=intake, scoring=scoring, notify=notify)
    timeline = entries(through="2021-B1")
    folder, receivers = Path(sys.argv[2]), (hook, smtp)
    if not (folder / "demo.json").exists():
        shutil.rmtree(folder, ignore_errors=True)  # not furnished yet: begun anew
    async with on_stage(folder, ports, timeline=timeline, hook=receivers) as (stage, _, _received):
        await stage.play()

asyncio.run(main())
"""


@pytest.mark.system
@pytest.mark.timeout(600)
async def test_a_demo_that_is_killed_goes_on_where_it_was(tmp_path: Path, ports: Ports) -> None:
    timeline, folder, hook = entries(through="2021-B1"), tmp_path / "demo", two_ports()
    chance, kills = random.Random(7), 0  # noqa: S311  # moments, no secret
    places = [ports.intake, ports.scoring, ports.notify, *hook]
    here = str(Path(__file__).parents[1])

    while True:
        one = subprocess.Popen(  # noqa: ASYNC220, S603  # ours, and it is killed
            [sys.executable, "-c", _ALONE, here, str(folder), *map(str, places)],
        )
        if kills == 3:
            assert await asyncio.to_thread(one.wait) == 0
            break
        while one.poll() is None and not (folder / "demo.json").exists():  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)  # until it is furnished there is nothing to go on with
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(one.wait, chance.uniform(1, 6))
        one.kill()
        await asyncio.to_thread(one.wait)
        kills += 1
    async with on_stage(folder, ports, timeline=timeline, hook=hook) as (stage, _, received):
        await stage.play()
        live = await released(stage)
    assert live == await asyncio.to_thread(simulated, tmp_path / "script", timeline)
    assert len({one.id for one in received.webhooks}) == len(received.webhooks)


@pytest.mark.system
def test_a_second_demo_is_refused_and_leaves_the_first_ones_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(logs, "set_up", lambda **_how: None)  # pytest keeps the logs
        monkeypatch.setattr(demo, "SMTP_PORT", mine)
        monkeypatch.setattr(demo, "HOOK_PORT", taken.getsockname()[1])
        monkeypatch.chdir(EXAMPLES.parents[1])
        kept = tmp_path / "intake.db"
        kept.touch()
        status = demo.run_demo(folder=tmp_path, once=True, fresh=True, seed=1, as_json=False)
        assert status == 1
    assert kept.exists()
    assert "end what uses them" in " ".join(capsys.readouterr().err.split())
