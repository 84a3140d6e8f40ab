"""A Kafka cluster as its administrator sees it: how to reach it, its topics, its health."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.kit.bus.base import BusUnavailable, Topic

log = structlog.get_logger(__name__)

BATCH_BYTES: Final = 1_048_588
"""Kafka's own bound of a batch; one message of `MAX_MESSAGE_BYTES` and its frame fit into it."""
METADATA_SECONDS: Final = 10
"""How old may be what a client knows of topics and brokers."""

_START_SECONDS: Final = 10.0
_REQUEST_SECONDS: Final = 5.0
_HEALTH_SECONDS: Final = 2.0
_HEALTH_KEPT_SECONDS: Final = 1.0
_HANG_UP_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
_REPLICAS_FOR_TWO: Final = 3


@dataclass(frozen=True, kw_only=True)
class KafkaSecurity:
    """How a client proves who it is, and knows whom it speaks to."""

    protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    """The file of the authority that signed Kafka's certificate; without it, the system's."""

    def arguments(self) -> dict[str, Any]:
        """What aiokafka's clients take.

        Raises:
            ValueError: name and password are missing, or `ca` is no certificate.
        """
        found: dict[str, Any] = {"security_protocol": self.protocol.upper()}
        if self.protocol.endswith("ssl"):
            try:
                found["ssl_context"] = ssl.create_default_context(cafile=self.ca)
            except OSError as error:
                raise ValueError(f"{self.ca} cannot be read as a certificate: {error}") from error
        if self.protocol.startswith("sasl"):
            if not self.username or not self.password:
                raise ValueError(f"{self.protocol} needs a username and a password")
            found["sasl_mechanism"] = self.mechanism
            found["sasl_plain_username"] = self.username
            found["sasl_plain_password"] = self.password
        return found


class KafkaCluster:
    """One cluster and the topics that must be on it."""

    def __init__(
        self, *, servers: str, topics: Sequence[Topic], security: KafkaSecurity, replication: int
    ) -> None:
        self.topics = {topic.name: topic for topic in topics}
        self.arguments = {"bootstrap_servers": servers, **security.arguments()}
        """What every client of this cluster takes."""
        self.closed = False
        self._servers = servers
        self._replication = replication
        self._declared = False
        self._declaring = asyncio.Lock()
        self._probing = asyncio.Lock()
        self._probe: AIOKafkaAdminClient | None = None
        self._healthy_until = 0.0
        self._healthy = False

    async def declare(self) -> None:
        """Make sure, once, that the topics exist as declared.

        Raises:
            BusUnavailable: the cluster does not answer, or refuses to make one.
            ValueError: a topic exists with another number of partitions.
        """
        async with self._declaring:
            if not self._declared:
                async with self._administering(_START_SECONDS) as admin:
                    await self._make_topics(admin)
                self._declared = True

    def doubt(self) -> None:
        """A client failed: let the next one look whether the topics are still there."""
        self._declared = False

    async def members(self, group: str) -> frozenset[str]:
        """The ids of the members that Kafka knows in a group.

        Raises:
            BusUnavailable: the cluster does not answer.
        """
        async with self._administering(_REQUEST_SECONDS) as admin:
            (answer,) = await admin.describe_consumer_groups([group])
        return frozenset(
            member["member_id"]
            for told in answer.to_object()["groups"]
            for member in told["members"]
        )

    async def healthy(self) -> bool:
        """Whether the cluster answers now, or did within the last second."""
        clock = asyncio.get_running_loop().time
        async with self._probing:
            if clock() > self._healthy_until:
                self._healthy = await self._answers()
                self._healthy_until = clock() + _HEALTH_KEPT_SECONDS
            return self._healthy and not self.closed

    async def close(self) -> None:
        """Let go of the connection; what is asked from now on is refused."""
        self.closed = True
        probe, self._probe = self._probe, None
        if probe is not None:
            await _hang_up(probe)

    async def _answers(self) -> bool:
        if self.closed:
            return False
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                if self._probe is None:
                    self._probe = await self._connect()
                await self._probe.describe_topics([])
        except (KafkaError, OSError):
            probe, self._probe = self._probe, None
            if probe is not None:
                await _hang_up(probe)
            return False
        return True

    async def _make_topics(self, admin: AIOKafkaAdminClient) -> None:
        """Ask for what is missing until all is there: others may be making the same topics."""
        while True:
            told = await admin.describe_topics(list(self.topics))
            found = {one["topic"]: len(one["partitions"]) for one in told if not one["error_code"]}
            for name, partitions in found.items():
                refuse_other_partitions(self.topics[name], partitions)
            missing = [topic for topic in self.topics.values() if topic.name not in found]
            if not missing:
                return
            answer = await admin.create_topics([self._new(topic) for topic in missing])
            for name, code, *why in answer.topic_errors:
                if code not in {0, TopicAlreadyExistsError.errno}:
                    raise for_code(code)(f"{name}: {why}")
            await asyncio.sleep(_LOOK_SECONDS)

    def _new(self, topic: Topic) -> NewTopic:
        settings = {
            "cleanup.policy": "compact" if topic.compacted else "delete",
            "max.message.bytes": str(BATCH_BYTES),
            "retention.ms": "-1",  # who comes late reads from the first record
            "retention.bytes": "-1",
        }
        if self._replication >= _REPLICAS_FOR_TWO:
            settings["min.insync.replicas"] = "2"  # what is acknowledged outlives a broker
        # aiokafka takes -1, Kafka's own number of replicas, only beside a (here empty) plan.
        plan: dict[int, list[int]] | None = {} if self._replication == -1 else None
        return NewTopic(topic.name, topic.partitions, self._replication, plan, settings)

    @asynccontextmanager
    async def _administering(self, within: float) -> AsyncIterator[AIOKafkaAdminClient]:
        try:
            async with asyncio.timeout(within):
                admin = await self._connect()
                try:
                    yield admin
                finally:
                    await _hang_up(admin)
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"Kafka at {self._servers}: {told(error)}") from error

    async def _connect(self) -> AIOKafkaAdminClient:
        admin = AIOKafkaAdminClient(
            request_timeout_ms=int(_REQUEST_SECONDS * 1000), **self.arguments
        )
        try:
            await admin.start()
        except BaseException:
            await _hang_up(admin)
            raise
        return admin


def refuse_other_partitions(topic: Topic, partitions: int) -> None:
    """A topic must have as many partitions as declared, for its keys to stay where they are.

    Raises:
        ValueError: it has another number.
    """
    if partitions != topic.partitions:
        raise ValueError(
            f"{topic.name} has {partitions} partitions, not {topic.partitions}: "
            "another number would send its keys elsewhere"
        )


def told(error: BaseException) -> str:
    """An error in words; some have none of their own."""
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or repr(error)


async def _hang_up(admin: AIOKafkaAdminClient) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_HANG_UP_SECONDS):
            await admin.close()
