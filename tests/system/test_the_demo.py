"""One period of the real plan, from the first token to a mailbox, through real HTTP and SMTP."""

import hashlib
import io
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from peers import free_ports
from peers.kafka import Kafka
from peers.postgres import Postgres
from rich.console import Console

from duban import demo
from duban.demo import cast
from duban.demo.account import print_account
from duban.demo.receivers import Received, receivers, text_of
from duban.demo.stage import Played, Stage
from duban.house import Engines, House, Outgoing, Ports, listening, open_house
from duban.settled import settle
from shared.kit import logs
from shared.kit.bus.kafka import KafkaBus
from shared.kit.clock import MovableClock
from shared.kit.foundation import TOPICS

EXAMPLES = Path(__file__).parents[2] / "examples" / "fuzhou"


@dataclass(frozen=True)
class Evening:
    """The demo after it was played: what it did, what arrived, where its data is."""

    played: Played
    received: Received
    folder: Path
    ports: Ports


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


@asynccontextmanager
async def house_at(
    folder: Path, ports: Ports, outgoing: Outgoing, engines: Engines | None = None
) -> AsyncIterator[tuple[House, MovableClock]]:
    clock = MovableClock(path=folder / "business-time", start=cast.OPENING)
    async with open_house(
        folder=folder, clock=clock, ports=ports, outgoing=outgoing, engines=engines
    ) as house:
        yield house, clock


async def play(folder: Path, ports: Ports, engines: Engines | None = None) -> Evening:
    """Play the demo; on the embedded default every consumer then hears everything once more."""
    hook_port, smtp_port = free_ports(2)
    outgoing = Outgoing(smtp_port=smtp_port, allow_targets=f"127.0.0.1/32:{hook_port}")
    async with receivers(http_port=hook_port, smtp_port=smtp_port) as received:
        opened = house_at(folder, ports, outgoing, engines)
        async with opened as (house, clock), listening(house.apps):
            stage = Stage(
                house=house,
                ports=ports,
                clock=clock,
                received=received,
                hook_url=f"http://127.0.0.1:{hook_port}/hook",
                examples=EXAMPLES,
                tell=lambda _step: None,
            )
            played = await stage.play()
        if engines is not None:
            return Evening(played, received, folder, ports)
        before = (digests(folder), len(received.webhooks), len(received.mails))
        forget_offsets(folder)
        async with house_at(folder, ports, outgoing) as (house, clock), listening(house.apps):
            await settle(house, clock=clock)
        assert (digests(folder), len(received.webhooks), len(received.mails)) == before
    return Evening(played, received, folder, ports)


def forget_offsets(folder: Path) -> None:
    """Let every consumer begin at the first event again."""
    with sqlite3.connect(folder / "bus.db") as log:
        assert log.execute("DELETE FROM commits").rowcount > 0


def digests(folder: Path) -> dict[str, str]:
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
async def test_the_demo_publishes_and_tells_whom_it_concerns_once(
    tmp_path: Path, ports: Ports
) -> None:
    says_what_it_should(await play(tmp_path, ports))


@pytest.mark.system
@pytest.mark.timeout(400)
async def test_the_demo_is_the_same_on_kafka_and_postgresql(
    tmp_path: Path, ports: Ports, real: Engines
) -> None:
    says_what_it_should(await play(tmp_path, ports, real))


def says_what_it_should(evening: Evening) -> None:
    """The publication, the webhooks, the mails and the account of the evening."""
    lines = {line["task"]: line for line in evening.played.publication["tasks"]}
    rates = evening.played.publication["rates"]
    assert len(lines) == 46
    assert (rates["late"], rates["missing"]) == (1, 1)
    assert rates["on_time"] == rates["expected"] - 2

    (silent,), (late,), (repaired,) = cast.SILENT, cast.LATE, cast.SLIPS
    assert lines[silent]["score"] == "0.00"
    assert lines[silent]["light"] in {"yellow", "red"}
    assert (lines[late]["t"], lines[late]["score"]) == ("80.00", "98.00")
    assert (lines[repaired]["t"], lines[repaired]["light"]) == ("100.00", "green")

    behind = {task for task, line in lines.items() if line["light"] in {"yellow", "red"}}
    hooks = evening.received.webhooks
    lag = [one for one in hooks if one.body["data"]["kind"] == "lag"]
    assert all(one.verified for one in hooks)
    assert len({one.id for one in hooks}) == len(hooks)
    assert sorted(one.body["data"]["task"]["id"] for one in lag) == sorted(behind)
    overdue = {
        one.body["data"]["task"]["id"] for one in hooks if one.body["data"]["kind"] == "overdue"
    }
    assert overdue == cast.SILENT | cast.LATE

    mailed = [str(mail["to"]) for mail in evening.received.mails]
    for task in behind:
        assert f"reporter.{lines[task]['unit']}@fuzhou.example" in mailed

    told = told_on_a_console(evening)
    assert all(f"│ {task} " in told for task in behind)
    assert "How one line came about" in told
    for mail in evening.received.mails:
        assert str(mail["subject"]) in told
    assert text_of(evening.received.mails[-1]).splitlines()[0] in told
    assert evening.played.tokens["office drafter"] in told


def told_on_a_console(evening: Evening) -> str:
    """The account of the demo as a wide console shows it."""
    console = Console(file=io.StringIO(), width=200)
    print_account(console, evening.played, evening.received, Ports(), "http://127.0.0.1:8004")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


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
        assert demo.run_demo(folder=tmp_path, once=True, as_json=False) == 1
    assert kept.exists()
    assert "end what uses them" in " ".join(capsys.readouterr().err.split())
