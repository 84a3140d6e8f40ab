"""The bus of one machine: a partitioned log in one SQLite file, durable over kill -9.

One process owns the file; one thread of it owns the connection and does one job at a time, each in
a transaction of its own: that is what orders the log. Records and committed offsets are in the
file. Who is in which group is known in memory only: members live and die with the process.
"""

import asyncio
import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, TypeVar

from shared.kit.bus.base import (
    AssignmentLost,
    BusUnavailable,
    Headers,
    Message,
    MessageRefused,
    Record,
    Topic,
    TopicPartition,
)
from shared.kit.signals import Signal

MAX_MESSAGE_BYTES: Final = 1_000_000
"""Of key, value and headers together: below what Kafka takes by default."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    key BLOB, value BLOB, headers TEXT NOT NULL,
    PRIMARY KEY (topic, partition, offset)
);
CREATE TABLE IF NOT EXISTS commits (
    member_group TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (member_group, topic, partition)
);
"""

T = TypeVar("T")


class LocalBus:
    """A `Bus` for the services of one process."""

    def __init__(self, *, path: Path, topics: Sequence[Topic]) -> None:
        """`path` is the log's file, made if need be; `<path>.lock` beside it shows its owner."""
        self._log = _Log(path)
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
            await self._log.do(partial(_declare, topics=self._topics.values()))
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
        self, *, log: "_Log", topics: Mapping[str, Topic], sent: Callable[[], None]
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
        for message in messages:
            if message.topic not in self._topics:
                raise MessageRefused(f"there is no topic {message.topic}")
            if (size := _size(message)) > MAX_MESSAGE_BYTES:
                raise MessageRefused(f"{size} bytes are more than {MAX_MESSAGE_BYTES}")
        try:
            await self._log.do(partial(_append, topics=self._topics, messages=messages))
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
        log: "_Log",
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
        await self._log.do(partial(_commit, group=self.group, offsets=offsets))

    async def rewind(self, place: TopicPartition, offset: int) -> None:
        """Read this partition again from `offset` on; without effect if it was lost meanwhile."""
        if place in self._turns:
            self._turns[place].position = offset

    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are this member's now."""
        return frozenset(self._turns)

    async def caught_up(self) -> bool:
        """Whether everything appended to the assigned partitions up to now has been committed."""
        return await self._log.do(partial(_all_committed, group=self.group, places=self.assigned()))

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
            partial(_read, group=self.group, positions=positions, limit=limit)
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


class _Log:
    """The file, the lock that shows its owner, and the one thread that works on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = ExitStack()
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-bus")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job in a transaction; it is durable, or has left nothing, on return."""
        if self._thread is None:
            raise BusUnavailable(f"the bus on {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, job)

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._held.close)
            thread.shutdown()

    def _open(self) -> None:
        beside = Path(f"{self._path}.lock")
        try:
            lock = self._held.enter_context(beside.open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._db = self._held.enter_context(
                closing(sqlite3.connect(self._path, isolation_level=None))
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except BlockingIOError as error:
            raise BusUnavailable(f"{self._path} is in use: stop the process that has it") from error
        except (OSError, sqlite3.Error) as error:
            raise BusUnavailable(f"{self._path}: {error}") from error

    def _transact(self, job: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                return job(self._db)
        except sqlite3.Error as error:
            raise BusUnavailable(f"{self._path}: {error}") from error


def _declare(db: sqlite3.Connection, *, topics: Iterable[Topic]) -> None:
    for topic in topics:
        db.execute("INSERT OR IGNORE INTO topics VALUES (?, ?)", (topic.name, topic.partitions))
        query = "SELECT partitions FROM topics WHERE name = ?"
        (partitions,) = db.execute(query, (topic.name,)).fetchone()
        if partitions != topic.partitions:
            raise ValueError(
                f"{topic.name} has {partitions} partitions, not {topic.partitions}: "
                "another number would send its keys elsewhere"
            )


def _append(
    db: sqlite3.Connection, *, topics: Mapping[str, Topic], messages: Sequence[Message]
) -> None:
    for message in messages:
        topic = topics[message.topic]
        row = {
            "topic": topic.name,
            "partition": _partition(message.key, topic.partitions),
            "key": message.key.encode(),
            "value": message.value,
            "headers": _dump(message.headers),
        }
        db.execute(
            "INSERT INTO records SELECT :topic, :partition, ifnull(max(offset) + 1, 0), :key, "
            ":value, :headers FROM records WHERE topic = :topic AND partition = :partition",
            row,
        )
        if topic.compacted:  # after the insert: the newest stays, so no offset is given twice
            db.execute(
                "DELETE FROM records WHERE topic = :topic AND partition = :partition "
                "AND key = :key AND offset < (SELECT max(offset) FROM records "
                "WHERE topic = :topic AND partition = :partition)",
                row,
            )


def _read(
    db: sqlite3.Connection,
    *,
    group: str,
    positions: Mapping[TopicPartition, int | None],
    limit: int,
) -> dict[TopicPartition, list[Record]]:
    query = (
        "SELECT offset, key, value, headers FROM records "
        "WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?"
    )
    found: dict[TopicPartition, list[Record]] = {}
    left = limit
    for place, position in positions.items():
        start = _committed(db, group, place) if position is None else position
        records = [
            Record(
                topic=place.topic,
                partition=place.partition,
                offset=offset,
                key=key,
                value=value,
                headers=_load(headers),
            )
            for offset, key, value, headers in db.execute(
                query, (place.topic, place.partition, start, left)
            )
        ]
        if records:
            found[place] = records
            left -= len(records)
    return found


def _commit(db: sqlite3.Connection, *, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?)",
        [(group, place.topic, place.partition, offset) for place, offset in offsets.items()],
    )


def _committed(db: sqlite3.Connection, group: str, place: TopicPartition) -> int:
    query = "SELECT offset FROM commits WHERE member_group = ? AND topic = ? AND partition = ?"
    row = db.execute(query, (group, place.topic, place.partition)).fetchone()
    return 0 if row is None else int(row[0])


def _all_committed(db: sqlite3.Connection, *, group: str, places: Iterable[TopicPartition]) -> bool:
    query = "SELECT 1 FROM records WHERE topic = ? AND partition = ? AND offset >= ?"
    return not any(
        db.execute(query, (place.topic, place.partition, _committed(db, group, place))).fetchone()
        for place in places
    )


def _dump(headers: Headers) -> str:
    # Latin-1 has a character for every byte, so that JSON can carry any bytes.
    return json.dumps(
        [(name, None if value is None else value.decode("latin-1")) for name, value in headers]
    )


def _load(headers: str) -> Headers:
    return tuple(
        (name, None if value is None else value.encode("latin-1"))
        for name, value in json.loads(headers)
    )


def _size(message: Message) -> int:
    headers = sum(len(name.encode()) + len(value or b"") for name, value in message.headers)
    return len(message.key.encode()) + len(message.value) + headers


@lru_cache(maxsize=65_536)
def _partition(key: str, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key, so that it stays there on a move to Kafka."""
    return (_murmur2(key.encode()) & 0x7FFF_FFFF) % partitions


def _murmur2(data: bytes) -> int:
    """The 32 bits of MurmurHash2 as Kafka seeds it."""
    factor, mask = 0x5BD1_E995, 0xFFFF_FFFF
    whole = len(data) & ~3
    hashed = 0x9747_B28C ^ len(data)
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        hashed = (hashed * factor & mask) ^ word
    if whole < len(data):
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * factor & mask
    hashed = (hashed ^ hashed >> 13) * factor & mask
    return hashed ^ hashed >> 15
