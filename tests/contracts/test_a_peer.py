"""docs/events.md is enough: a program written after it follows Duban on a real Kafka."""

import ast
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from contracts import peer
from contracts.peer import Peer
from docs.generate.examples import example, names
from peers.kafka import Kafka

from shared.kit.bus.base import Message
from shared.kit.bus.kafka import KafkaBus
from shared.kit.foundation import TOPICS

CITY, DISTRICT, REPORT = "fuzhou-3820", "gulou-2021", "s-3f2b7c9d1e"


class Installation:
    """Topics of its own on the broker, on which the golden records are said."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self._name = f"peer-{uuid4().hex}"
        self._bus = KafkaBus(
            servers=servers,
            topics=[replace(topic, name=self._topic(topic.name)) for topic in TOPICS],
        )
        self._producer = self._bus.producer()

    async def start(self) -> None:
        await self._bus.start()

    async def close(self) -> None:
        await self._producer.close()
        await self._bus.close()

    async def say(self, *wanted: str) -> None:
        """Send golden records, each key's in the order of its numbers."""
        records = sorted(map(example, wanted), key=lambda one: int(one.headers["ce_sequence"]))
        await self._producer.send(
            [
                Message(
                    topic=self._topic(one.topic),
                    key=one.key,
                    value=one.data,
                    headers=tuple((name, text.encode()) for name, text in one.headers.items()),
                )
                for one in records
            ]
        )

    async def heard_by(self, listener: Peer, *, events: int) -> None:
        """Let a peer listen until it has taken in so many events and dropped what came twice."""
        await listener.listen(
            servers=self.servers,
            topics=[self._topic(topic.name) for topic in TOPICS],
            group=f"{self._name}-archive",
            until=lambda one: len(one.heard) + one.duplicates + one.kept >= events,
        )

    def _topic(self, name: str) -> str:
        return f"{self._name}.{name}"


@asynccontextmanager
async def installed(kafka: Kafka) -> AsyncIterator[Installation]:
    here = Installation(kafka.servers)
    await here.start()
    try:
        yield here
    finally:
        await here.close()


def test_the_peer_knows_nothing_of_ours() -> None:
    tree = ast.parse(Path(peer.__file__).read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported == {"aiokafka", "asyncio", "collections", "hashlib", "json", "typing"}


@pytest.mark.enable_socket
@pytest.mark.system
async def test_a_peer_follows_a_report_from_its_receipt_to_the_message(kafka: Kafka) -> None:
    listener = Peer()
    async with installed(kafka) as here:
        await here.say(*names())
        await here.heard_by(listener, events=len(names()))
    assert listener.follow(REPORT) == {
        "intake": ["submission.accepted", "submission.returned", "submission.verified"],
        "scoring": ["unit.published: 88.00, yellow"],
        "notify": [
            "alert.raised: yellow",
            "delivery.finished: delivered",
            "alert.resolved: on_schedule",
        ],
    }
    assert listener.plans == {f"{CITY} 1": "whole", f"{DISTRICT} 1": "whole"}
    assert listener.publications == {
        f"{CITY} 2021-B2": ["development-reform-commission"],
        f"{DISTRICT} 2021-B2": ["housing-office"],
    }
    assert listener.waiting == set()


@pytest.mark.enable_socket
@pytest.mark.system
async def test_a_peer_drops_what_comes_twice_and_goes_on_where_it_left_off(kafka: Kafka) -> None:
    listener = Peer()
    city = [name for name in names() if example(name).key == CITY]
    async with installed(kafka) as here:
        await here.say(*city)
        await here.heard_by(listener, events=len(city))
        await here.say(*city)
        await here.heard_by(listener, events=2 * len(city))
    assert len(listener.heard) == listener.duplicates == len(city)


@pytest.mark.enable_socket
@pytest.mark.system
async def test_a_gap_stops_one_key_until_the_missing_event_comes(kafka: Kafka) -> None:
    listener = Peer()
    missing = "duban.scoring.unit.published.v1"
    others = [name for name in names() if name != missing]
    async with installed(kafka) as here:
        await here.say(*others)
        await here.heard_by(listener, events=len(others))
        assert listener.waiting == {CITY}
        assert listener.publications == {f"{DISTRICT} 2021-B2": ["housing-office"]}
        await here.say(missing)
        await here.heard_by(listener, events=len(others) + 1)
    assert listener.waiting == set()
    assert f"{CITY} 2021-B2" in listener.publications
