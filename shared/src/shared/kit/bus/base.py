"""What a bus promises, in the words of a partitioned log.

A topic has a fixed number of partitions; a record's key decides its partition; one partition is
one order. A consumer group shares the partitions among its members; what a member has not
committed is delivered again, to it or to another. Every implementation passes the same suite.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

MAX_MESSAGE_BYTES: Final = 1_000_000
"""Of key, value and headers together: below what Kafka takes by default."""

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic: its name, its number of partitions, and whether only the newest of a key is kept."""

    name: str
    partitions: int
    compacted: bool = False


@dataclass(frozen=True, kw_only=True, order=True)
class TopicPartition:
    """One order of records."""

    topic: str
    partition: int


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a producer sends."""

    topic: str
    key: str
    value: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes of key, value and headers together."""
        headers = sum(len(name.encode()) + len(value or b"") for name, value in self.headers)
        return len(self.key.encode()) + len(self.value) + headers


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a consumer gets: bytes as they stand in the log, whoever wrote them."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> TopicPartition:
        """The partition this record stands in."""
        return TopicPartition(topic=self.topic, partition=self.partition)


class BusUnavailable(Exception):  # noqa: N818  # it tells what to do: wait, then try again
    """The bus did not answer: nothing is known to have happened; try again later."""


class MessageRefused(Exception):  # noqa: N818  # it tells what to do: park this message
    """The bus will never take this message (too large, unknown topic): do not try it again."""


class AssignmentLost(Exception):  # noqa: N818  # it tells what to do: forget this batch
    """The partition has gone to another member: its records will be delivered there."""


def refuse_unfit(messages: Sequence[Message], topics: Mapping[str, Topic]) -> None:
    """No bus takes a message of a topic that was not declared, or one that is too large.

    Raises:
        MessageRefused: one is such.
    """
    for message in messages:
        if message.topic not in topics:
            raise MessageRefused(f"there is no topic {message.topic}")
        if (size := message.size) > MAX_MESSAGE_BYTES:
            raise MessageRefused(f"{size} bytes are more than {MAX_MESSAGE_BYTES}")


class Producer(Protocol):
    """Appends messages; several senders take turns."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Append all, in the order given within a key; return once they are durable.

        Raises:
            BusUnavailable: some may be in the log, some not; send all again.
            MessageRefused: none after the refused one of its key was sent.
        """

    async def close(self) -> None:
        """Let go of the bus."""


class Consumer(Protocol):
    """One member of a consumer group."""

    async def poll(self, *, limit: int, wait: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """Up to `limit` next records of the assigned partitions; empty after `wait` seconds.

        The position moves past what is returned; only `commit` makes it last.

        Raises:
            BusUnavailable: try again later; a lasting reason (another process has this member's
                name) is told each time.
        """

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Keep, for each partition, the offset of the record to be read next.

        Raises:
            AssignmentLost: a partition is no longer this member's; nothing was kept.
            BusUnavailable: nothing is known to have been kept.
        """

    async def rewind(self, place: TopicPartition, offset: int) -> None:
        """Read this partition again from `offset` on; without effect if it was lost meanwhile."""

    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are this member's now."""

    async def caught_up(self) -> bool:
        """Whether everything appended to the assigned partitions up to now has been committed.

        Not before the group has dealt this member its partitions, of which there may be none.

        Raises:
            BusUnavailable: try again later.
        """

    async def close(self) -> None:
        """Leave the group; unless this member is back within seconds, the others take over."""


class Bus(Protocol):
    """A log that services meet in."""

    async def start(self) -> None:
        """Make sure that the log answers and the topics exist as declared.

        Raises:
            BusUnavailable: the log does not answer.
            ValueError: a topic exists with another number of partitions.
        """

    def producer(self) -> Producer:
        """A producer of this bus."""

    async def consumer(self, *, group: str, topics: Sequence[str], member: str) -> Consumer:
        """Join a group, reading from the earliest record where nothing was committed.

        A member of the same name counts as dead, and this one takes its place.
        """

    def history(
        self, places: Collection[TopicPartition], *, last: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """What stands in these partitions now, in pages of one partition, each in its order.

        It is read beside all groups, and nothing is committed. A corrupt batch is one record, at
        its first offset, without key and value.

        Args:
            places: partitions of declared topics.
            last: only what stands at so many last offsets of each; all of it by default.

        Raises:
            BusUnavailable: the log does not answer, or not to its end: told within seconds.
        """

    async def healthy(self) -> bool:
        """Whether the log answers now."""

    async def close(self) -> None:
        """Let go of everything."""
