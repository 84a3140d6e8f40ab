"""The file under the local bus: records and committed offsets in SQLite, one job at a time.

One thread owns the connection, and every job is a transaction of its own: that is what orders the
log. A job is durable, or has left nothing, when it returns.
"""

import asyncio
import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from shared.kit.bus.base import BusUnavailable, Headers, Message, Record, Topic, TopicPartition

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


class Log:
    """The file, the lock that shows its owner, and the one thread that works on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = ExitStack()
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Take the file.

        Raises:
            BusUnavailable: another bus has it, or it cannot be read.
        """
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-bus")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job in a transaction; it is durable, or has left nothing, on return."""
        if self._thread is None:
            raise BusUnavailable(f"the bus on {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, job)

    async def close(self) -> None:
        """Finish the job under way and let go of the file."""
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


def declare(db: sqlite3.Connection, *, topics: Iterable[Topic]) -> None:
    """Make sure the topics exist as declared.

    Raises:
        ValueError: one exists with another number of partitions.
    """
    for topic in topics:
        db.execute("INSERT OR IGNORE INTO topics VALUES (?, ?)", (topic.name, topic.partitions))
        query = "SELECT partitions FROM topics WHERE name = ?"
        (partitions,) = db.execute(query, (topic.name,)).fetchone()
        if partitions != topic.partitions:
            raise ValueError(
                f"{topic.name} has {partitions} partitions, not {topic.partitions}: "
                "another number would send its keys elsewhere"
            )


def append(
    db: sqlite3.Connection, *, topics: Mapping[str, Topic], messages: Sequence[Message]
) -> None:
    """Append messages, each to its key's partition; of a compacted key only the newest stays."""
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


def read(
    db: sqlite3.Connection,
    *,
    group: str,
    positions: Mapping[TopicPartition, int | None],
    limit: int,
) -> dict[TopicPartition, list[Record]]:
    """Up to `limit` records from the positions on; None stands for what the group committed."""
    found: dict[TopicPartition, list[Record]] = {}
    left = limit
    for place, position in positions.items():
        start = _committed(db, group, place) if position is None else position
        records = records_from(db, place=place, start=start, limit=left)
        if records:
            found[place] = records
            left -= len(records)
    return found


def records_from(
    db: sqlite3.Connection, *, place: TopicPartition, start: int, limit: int
) -> list[Record]:
    """Up to `limit` records of a partition, from this offset on."""
    query = (
        "SELECT offset, key, value, headers FROM records "
        "WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?"
    )
    return [
        Record(
            topic=place.topic,
            partition=place.partition,
            offset=offset,
            key=key,
            value=value,
            headers=_load(headers),
        )
        for offset, key, value, headers in db.execute(
            query, (place.topic, place.partition, start, limit)
        )
    ]


def end_of(db: sqlite3.Connection, *, place: TopicPartition) -> int:
    """The offset that the next record of a partition gets."""
    query = "SELECT ifnull(max(offset) + 1, 0) FROM records WHERE topic = ? AND partition = ?"
    return int(db.execute(query, (place.topic, place.partition)).fetchone()[0])


def commit(db: sqlite3.Connection, *, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Keep where a group goes on reading."""
    db.executemany(
        "INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?)",
        [(group, place.topic, place.partition, offset) for place, offset in offsets.items()],
    )


def _committed(db: sqlite3.Connection, group: str, place: TopicPartition) -> int:
    query = "SELECT offset FROM commits WHERE member_group = ? AND topic = ? AND partition = ?"
    row = db.execute(query, (group, place.topic, place.partition)).fetchone()
    return 0 if row is None else int(row[0])


def all_committed(db: sqlite3.Connection, *, group: str, places: Iterable[TopicPartition]) -> bool:
    """Whether a group has committed all that stands in these partitions."""
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
