"""Membership of a consumer group on Kafka, and the client that holds it.

Membership is static: Kafka knows a member by its name and keeps its partitions for it while it is
away for less than a session. So a process that is restarted goes on where it was and the others
are not disturbed; from one that stays away they take over after the session. For the same reason
a member says no goodbye when it closes. A client that fails is ended, and a new one joins.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaError

from shared.kit.bus.base import BusUnavailable
from shared.kit.bus.kafka_cluster import METADATA_SECONDS, KafkaCluster, told
from shared.kit.signals import Signal

log = structlog.get_logger(__name__)

_HEARTBEAT_MS: Final = 300
_SESSION_MS: Final = 6_000
_FETCH_MS: Final = 100
"""One fetch is under way at a time: a partition that has new work waits for its end."""
_REQUEST_MS: Final = 15_000
"""More than a rebalance takes: a join is answered when all have joined."""
_IDLE_MS: Final = 3_600_000
_START_SECONDS: Final = 30.0
_CANCEL_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 4.0
_ANSWER_SECONDS: Final = 5.0
_STALL_SECONDS: Final = 15.0
_PAUSE_SECONDS: Final = 1.0
_UUID_LENGTH: Final = 36


class KafkaMember:
    """One member of a group; it joins in the background, again and again if need be."""

    def __init__(
        self,
        *,
        cluster: KafkaCluster,
        group: str,
        topics: Sequence[str],
        member: str,
        taken: Callable[[], None],
    ) -> None:
        """`taken` is called when partitions are taken away, be it to be dealt again."""
        self.client: AIOKafkaConsumer | None = None
        """The client, once it has joined and as long as it works."""
        self.places: list[Place] = []
        """The partitions that are this member's now; whoever reads them may reorder them."""
        self.dealt = False
        """Whether the group has dealt its partitions, though there may be none for this member."""
        self.trouble = ""
        """Why there is no client, where that is known."""
        self.changed = Signal()
        """Raised when partitions were dealt, and when there is trouble."""
        self._cluster = cluster
        self._group = group
        self._topics = tuple(topics)
        self._member = member
        self._taken = taken
        self._known_as = ""
        self._given_up = asyncio.Event()
        self._owed: Mapping[Place, int] = {}
        """Where the partitions ended when they were last looked at, nothing having come since."""
        self._look_at = 0.0
        self.all_is_well()
        self._keeper = asyncio.create_task(self._keep(), name=f"{group} {member}")

    def give_up(self, reason: str) -> None:
        """Replace the client."""
        self.client = None
        self._tell(reason)
        self._given_up.set()

    def all_is_well(self) -> None:
        """Nothing need be looked at for a while."""
        self._owed = {}
        self._look_at = asyncio.get_running_loop().time() + _STALL_SECONDS

    async def ask_why(self) -> None:
        """Nothing came: that Kafka is away is told, and a client that misses records is replaced.

        Raises:
            BusUnavailable: Kafka does not answer.
        """
        await asyncio.sleep(0)  # who polls without waiting must let the client work
        if not await self._cluster.healthy():
            self.all_is_well()  # with the client
            raise BusUnavailable("Kafka does not answer")
        client, now = self.client, asyncio.get_running_loop().time()
        if client is None or now < self._look_at:
            return
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                stalls = not self.dealt or await behind(client, self._owed)
                owed = await client.end_offsets(self.places)
        except (KafkaError, OSError):
            stalls, owed = True, {}
        self.all_is_well()
        self._owed = owed
        if stalls:
            self.give_up("it reads nothing although there is something to read")

    async def close(self) -> None:
        """Stop, in 5 seconds or little more, whether Kafka answers or not."""
        self._keeper.cancel()
        await asyncio.wait({self._keeper})

    def deal(self, places: Iterable[Place], *, known_as: str) -> None:
        """Take over these partitions; Kafka knows this member by an id of its own now."""
        self.places, self.dealt, self._known_as = sorted(places), True, known_as
        self.changed.raise_()

    def take_back(self) -> None:
        """Nothing is this member's until the partitions are dealt."""
        self.places, self.dealt = [], False
        self.all_is_well()
        self._taken()

    async def _keep(self) -> None:
        while True:
            try:
                await self._cluster.declare()
                await self._refuse_rival()
                await self._be_member()
            except (BusUnavailable, KafkaError, OSError, ValueError) as error:
                self._cluster.doubt()
                self._tell(told(error))
            except Exception as error:  # whatever a client trips over, the next one may not
                log.exception("a consumer failed", group=self._group, member=self._member)
                self._tell(told(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _be_member(self) -> None:
        """Return when the client was given up."""
        self._given_up.clear()
        client = AIOKafkaConsumer(
            client_id=self._member,
            group_id=self._group,
            group_instance_id=f"{self._group}-{self._member}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=_HEARTBEAT_MS,
            session_timeout_ms=_SESSION_MS,
            fetch_max_wait_ms=_FETCH_MS,
            request_timeout_ms=_REQUEST_MS,
            max_poll_interval_ms=_IDLE_MS,
            metadata_max_age_ms=METADATA_SECONDS * 1000,
            **self._cluster.arguments,
        )
        try:
            client.subscribe(topics=self._topics, listener=_Listener(self, client))
            async with asyncio.timeout(_START_SECONDS):
                await client.start()
            self.client, self.trouble = client, ""
            self.changed.raise_()
            await self._given_up.wait()
        finally:
            self.client = None
            self.take_back()
            await _end(client)

    async def _refuse_rival(self) -> None:
        """Who was driven out by another process of its name does not drive that one out in turn.

        Raises:
            BusUnavailable: there is such a process, or Kafka does not tell.
        """
        if not self._known_as:
            return
        name = f"{self._group}-{self._member}-"  # Kafka's id of a member is its name and a UUID
        for known in await self._cluster.members(self._group) - {self._known_as}:
            if known.startswith(name) and len(known) == len(name) + _UUID_LENGTH:
                raise BusUnavailable(
                    f"another process is {self._member} in {self._group}: "
                    "give each process a member name of its own"
                )

    def _tell(self, reason: str) -> None:
        log.error("a consumer does not read", group=self._group, member=self._member, reason=reason)
        self.trouble = reason
        self.changed.raise_()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """What the group tells one client."""

    def __init__(self, member: KafkaMember, client: AIOKafkaConsumer) -> None:
        self._member = member
        self._client = client
        self._joined = False

    async def on_partitions_revoked(self, _revoked: Iterable[Place]) -> None:
        """The partitions are about to be dealt again, after this returns."""
        self._member.take_back()
        if self._joined and not self._known_as():
            self._member.give_up("Kafka does not know this member any more")
            # To return would be to join, and so to drive out whoever has taken this place.
            await asyncio.Event().wait()

    async def on_partitions_assigned(self, assigned: Iterable[Place]) -> None:
        """The partitions were dealt."""
        self._joined = True
        self._member.deal(assigned, known_as=self._known_as())

    def _known_as(self) -> str:
        return str(self._client._coordinator.member_id)  # noqa: SLF001  # no other way


async def behind(client: AIOKafkaConsumer, ends: Mapping[Place, int]) -> bool:
    """Whether a partition has not been read up to this offset.

    Raises:
        KafkaError: it is not this client's.
    """
    return any([await client.position(place) < end for place, end in ends.items()])


async def _end(client: AIOKafkaConsumer) -> None:
    """Stop a client in bounded time; what still waits for an answer then ends by itself."""
    coordinator = client._coordinator  # noqa: SLF001  # its stop() would let it join once more
    if coordinator is not None:
        coordination = coordinator._coordination_task  # noqa: SLF001  # likewise
        coordination.cancel()
        await asyncio.wait({coordination}, timeout=_CANCEL_SECONDS)

    async def stop() -> None:
        # Stopped while Kafka is away, it trips over a task that it has cancelled itself.
        with suppress(KafkaError, asyncio.CancelledError):
            await client.stop()
        await client._client.close()  # noqa: SLF001  # which it then leaves open

    stopping = asyncio.create_task(stop())
    _STOPPING.add(stopping)
    stopping.add_done_callback(_STOPPING.discard)
    await asyncio.wait({stopping}, timeout=_STOP_SECONDS)


_STOPPING: Final[set[asyncio.Task[None]]] = set()
"""The event loop itself holds its tasks only weakly."""
