"""The bus of one machine: a partitioned log in one SQLite file, durable over kill -9.

Records and committed offsets are in the file (`local_log`), which one process owns. Who is in which
group is known in memory only: members live and die with the process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from shared.kit.bus import local_log
from shared.kit.bus.base import (
    AssignmentLost,
    BusUnavailable,
    Message,
    Record,
    Topic,
    TopicPartition,
    refuse_unfit,
)
from shared.kit.signals import Signal

_PAGE: Final = 1000


class LocalBus:
    """A `Bus` for the services of one process."""

    def __init__(self, *, path: Path, topics: Sequence[Topic]) -> None:
        """`path` is the log's file, made if need be; `<path>.lock` beside it shows its owner."""
        self._log = local_log.Log(path)
        self._topics = {topic.name: topic for topic in topics}
        self._groups: dict[str, dict[str, LocalConsumer]] = {}

    async def start(self) -> None:
        """Take the file and make sure the topics exist as declared.

        Raises:
            BusUnavailable: another bus has this file, or it cannot be read.
            ValueError: a topic exists with another number of partitions.
        """
        try:
            await self._log.open()
            await self._log.do(partial(local_log.declare, topics=self._topics.values()))
        except BaseException:
            await self._log.close()
            raise

    def producer(self) -> "LocalProducer":
        """A producer of this bus."""
        return LocalProducer(log=self._log, topics=self._topics, sent=self._wake)

    async def consumer(self, *, group: str, topics: Sequence[str], member: str) -> "LocalConsumer":
        """Join a group; a member of the same name counts as dead, and this one takes its place."""
        members = self._groups.setdefault(group, {})
        if member in members:
            self._leave(members[member])
        consumer = LocalConsumer(
            log=self._log, group=group, topics=topics, member=member, leave=self._leave
        )
        members[member] = consumer
        self._rebalance(group)
        return consumer

    async def history(
        self, places: Collection[TopicPartition], *, last: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """What stands in these partitions now, in pages of one partition, each in its order.

        Raises:
            BusUnavailable: the file cannot be read, or the bus was closed.
        """
        for place in places:
            end = await self._log.do(partial(local_log.end_of, place=place))
            start = 0 if last is None else max(0, end - last)
            while start < end:
                page = partial(local_log.records_from, place=place, start=start, limit=_PAGE)
                records = [one for one in await self._log.do(page) if one.offset < end]
                if not records:
                    break
                yield records
                start = records[-1].offset + 1

    async def healthy(self) -> bool:
        """Whether the log answers now."""
        try:
            await self._log.do(lambda db: db.execute("SELECT 1 FROM topics").fetchone())
        except BusUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Finish what is being written and let go of the file."""
        await self._log.close()
        self._wake()  # whoever waits learns that the bus is gone

    def _leave(self, consumer: "LocalConsumer") -> None:
        members = self._groups[consumer.group]
        if members.get(consumer.member) is consumer:
            del members[consumer.member]
            consumer.assign(())
            self._rebalance(consumer.group)

    def _rebalance(self, group: str) -> None:
        """Deal the partitions of each topic, one by one, to the reader who has fewest."""
        shares: dict[LocalConsumer, list[TopicPartition]]
        shares = {consumer: [] for consumer in self._groups[group].values()}
        for topic in self._topics.values():
            readers = [consumer for consumer in shares if topic.name in consumer.topics]
            for partition in range(topic.partitions if readers else 0):
                fewest = min((shares[reader] for reader in readers), key=len)
                fewest.append(TopicPartition(topic=topic.name, partition=partition))
        for consumer, places in shares.items():
            consumer.assign(places)

    def _wake(self) -> None:
        for members in self._groups.values():
            for consumer in members.values():
                consumer.wake()


class LocalProducer:
    """A `Producer` of the local bus."""

    def __init__(
        self, *, log: local_log.Log, topics: Mapping[str, Topic], sent: Callable[[], None]
    ) -> None:
        self._log = log
        self._topics = topics
        self._sent = sent

    async def send(self, messages: Sequence[Message]) -> None:
        """Append all, or nothing, in the order given; return once they are on disk.

        Raises:
            BusUnavailable: the file cannot be written; send all again.
            MessageRefused: one is too large or of an unknown topic; none was sent.
        """
        refuse_unfit(messages, self._topics)
        try:
            await self._log.do(partial(local_log.append, topics=self._topics, messages=messages))
        finally:
            self._sent()  # even if the sender was cancelled: the append may go on without it

    async def close(self) -> None:
        """Nothing is held: every send is finished when it returns."""


@dataclass
class _Turn:
    """A member's turn with a partition, and how far it has read; unread, the commit tells where."""

    position: int | None = None


class LocalConsumer:
    """A `Consumer` of the local bus; for one task at a time."""

    def __init__(
        self,
        *,
        log: local_log.Log,
        group: str,
        topics: Iterable[str],
        member: str,
        leave: Callable[["LocalConsumer"], None],
    ) -> None:
        self.group = group
        self.topics = frozenset(topics)
        self.member = member
        self._log = log
        self._leave = leave
        self._turns: dict[TopicPartition, _Turn] = {}
        self._signal = Signal()

    async def poll(self, *, limit: int, wait: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """Up to `limit` next records of the assigned partitions; empty after `wait` seconds.

        Raises:
            BusUnavailable: the file cannot be read, or the bus was closed.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait
        while True:
            batches = await self._next(limit)
            left = deadline - clock()
            if batches or left <= 0:
                return batches
            await self._signal.wait(at_most=left)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Keep, for each partition, the offset of the record to be read next.

        Raises:
            AssignmentLost: a partition is no longer this member's; nothing was kept.
            BusUnavailable: the file cannot be written.
        """
        if lost := sorted(offsets.keys() - self._turns.keys()):
            raise AssignmentLost(f"{self.group} reads these elsewhere: {lost}")
        await self._log.do(partial(local_log.commit, group=self.group, offsets=offsets))

    async def rewind(self, place: TopicPartition, offset: int) -> None:
        """Read this partition again from `offset` on; without effect if it was lost meanwhile."""
        if place in self._turns:
            self._turns[place].position = offset

    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are this member's now."""
        return frozenset(self._turns)

    async def caught_up(self) -> bool:
        """Whether everything appended to the assigned partitions up to now has been committed."""
        return await self._log.do(
            partial(local_log.all_committed, group=self.group, places=self.assigned())
        )

    async def close(self) -> None:
        """Leave the group; its partitions go to the others at once."""
        self._leave(self)

    def assign(self, places: Iterable[TopicPartition]) -> None:
        """Take over these partitions in place of the former; a kept one is read on."""
        self._turns = {place: self._turns.get(place) or _Turn() for place in places}
        self.wake()

    def wake(self) -> None:
        """Let a waiting poll look again."""
        self._signal.raise_()

    async def _next(self, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        turns = dict(self._turns)
        positions = {place: turn.position for place, turn in turns.items()}
        found = await self._log.do(
            partial(local_log.read, group=self.group, positions=positions, limit=limit)
        )
        # What was lost while it was read, even if it came back, is somebody's to read again.
        kept = {
            place: records
            for place, records in found.items()
            if self._turns.get(place) is turns[place]
        }
        for place, records in kept.items():
            turn = self._turns.pop(place)
            turn.position = records[-1].offset + 1
            self._turns[place] = turn  # now the last in line, so that no partition starves another
        return kept
