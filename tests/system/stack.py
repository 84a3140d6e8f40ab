"""The services as an operator runs them: processes of their own, on Kafka and PostgreSQL."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from peers import HOST, free_ports
from peers.kafka import Kafka
from peers.postgres import Postgres
from system.night import Office, eventually

from duban.demo.receivers import Received, receivers
from shared.contracts.topics import PARTITIONS

SERVICES: Final = ("intake", "scoring", "notify")


class Replica:
    """One process of one service."""

    def __init__(self, *, service: str, name: str, log: Path, settings: dict[str, str]) -> None:
        self.service = service
        (self.port,) = free_ports(1)
        self.url = f"http://{HOST}:{self.port}"
        prefix = f"{service.upper()}_"
        own = {"port": str(self.port), "member": name}
        self._environment = {
            **{name: value for name, value in os.environ.items() if "_" not in name},
            **{prefix + key.upper(): value for key, value in (settings | own).items()},
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `ready` tells when it serves."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, "-m", self.service, "serve"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def run(self, *words: str) -> str:
        """Run another of the service's commands to its end; return what it printed."""
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", self.service, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order, as an orchestrator does."""
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(timeout=60) == 0, self.said()
            self._process = None

    async def ready(self) -> bool:
        """Whether it says that it is ready."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"{self.service} ended: {self.said()}")
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(f"{self.url}/readyz")).is_success
        return False

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text()[-4000:]


class Stack:
    """A number of replicas of each service on one broker and one PostgreSQL server."""

    def __init__(
        self,
        *,
        folder: Path,
        postgres: Postgres,
        kafka: Kafka,
        replicas: int = 1,
        notify: dict[str, str] | None = None,
    ) -> None:
        """`notify` are further settings of that service: the mail server, allowed targets."""
        self.postgres = postgres
        self.kafka = kafka
        mark = uuid4().hex[:12]
        self.databases = {service: f"{service}_{mark}" for service in SERVICES}
        shared = {"kafka": kafka.servers, "session_secret": "a secret of this test"}
        self.replicas: dict[str, list[Replica]] = {}
        for service in SERVICES:
            settings = shared | {"database": postgres.create(self.databases[service])}
            if service == "scoring":
                settings["intake_url"] = self.replicas["intake"][0].url
            if service == "notify":
                settings |= notify or {}
            self.replicas[service] = [
                Replica(
                    service=service,
                    name=f"{service}-{number}",
                    log=folder / f"{service}-{number}.log",
                    settings=settings,
                )
                for number in range(replicas)
            ]

    @property
    def everybody(self) -> list[Replica]:
        """Every replica of every service."""
        return [one for replicas in self.replicas.values() for one in replicas]

    def urls(self, service: str) -> list[str]:
        """Where the replicas of a service answer."""
        return [one.url for one in self.replicas[service]]

    async def start(self) -> None:
        """Migrate, start every replica, and wait until all are ready."""
        for replicas in self.replicas.values():
            await asyncio.to_thread(replicas[0].run, "migrate")
        for one in self.everybody:
            one.start()
        await self.all_ready()

    async def all_ready(self, *, seconds: float = 90) -> None:
        """Wait until every replica says that it is ready."""

        async def ready() -> bool:
            return all([await one.ready() for one in self.everybody])

        await eventually(ready, seconds=seconds)

    def kill(self) -> None:
        """End every replica."""
        for one in self.everybody:
            one.kill()

    def ask(self, service: str, sql: str) -> str:
        """What a service's database answers."""
        return self.postgres.execute(sql, database=self.databases[service])


@asynccontextmanager
async def open_stack(
    folder: Path, postgres: Postgres, kafka: Kafka, *, replicas: int = 1
) -> AsyncIterator[tuple[Stack, Office, Received]]:
    """A stack that is ready, its office with a plan and a route, and what the receiver got."""
    hook_port, smtp_port = free_ports(2)
    notify = {"smtp_port": str(smtp_port), "allow_targets": f"127.0.0.1/32:{hook_port}"}
    stack = Stack(folder=folder, postgres=postgres, kafka=kafka, replicas=replicas, notify=notify)
    async with receivers(http_port=hook_port, smtp_port=smtp_port) as received:
        try:
            await stack.start()
            operator = stack.replicas["intake"][0].run("bootstrap", "--holder", "operator")
            office = Office(
                intake=stack.urls("intake")[0], notify=stack.urls("notify")[0], operator=operator
            )
            await office.prepare(hook=f"http://127.0.0.1:{hook_port}/hook", received=received)
            yield stack, office, received
        finally:
            stack.kill()


async def in_the_log(kafka: Kafka, topic: str) -> dict[str, list[int]]:
    """The numbers of each key's events in a topic, in the order of the log."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        assigned = [TopicPartition(topic, place) for place in range(PARTITIONS)]
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        numbers: dict[str, list[int]] = defaultdict(list)
        while any([await consumer.position(one) < ends[one] for one in assigned]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    headers = dict(record.headers)
                    numbers[record.key.decode()].append(int(headers["ce_sequence"]))
        return numbers
    finally:
        await consumer.stop()


def first_times(numbers: list[int]) -> list[int]:
    """The numbers without their repeats."""
    return list(dict.fromkeys(numbers))
