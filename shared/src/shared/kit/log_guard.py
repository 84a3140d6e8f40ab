"""The guard against a forgetful database: nobody may speak over what it has said before.

A journal numbers the events of a key 1, 2, 3 …, and consumers drop the numbers they have taken in.
A database that was restored from a backup would give new events numbers that the log holds already:
they would be dropped as repeats, silently. So whoever is about to number, send or do anything of
its own accord first holds the end of the log against what its database knows.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple, cast

import structlog
from sqlalchemy import String, select

from shared.contracts.envelope import Envelope
from shared.kit.bus.base import Bus, BusUnavailable, Record, Topic, TopicPartition
from shared.kit.bus.records import envelope_of
from shared.kit.db import Database
from shared.kit.dead_letters import Rejected
from shared.kit.problems import Problem
from shared.kit.tables import KitTables
from shared.kit.workers import Worker

log = structlog.get_logger(__name__)

_LOOK_BACK: Final = 100
"""How many records before a partition's end are read: others may have written there too."""
_AGAIN_SECONDS: Final = 3.0
_NAMED: Final = 3
_NOT_COMPARED: Final = "not compared with the log yet"


_REFUSAL: Final = Problem(
    503,
    "behind_the_log",
    "this service's database has forgotten what was said after its backup, so it takes nothing in "
    "until an operator has mended that: nothing was stored. Send it again later.",
)


class Behind(Exception):  # noqa: N818  # it tells what to do: adopt
    """The log holds what the database does not know: adopt it, then do this again."""


class Forgotten(NamedTuple):
    """A key of which the log holds more events than the database knows."""

    topic: str
    key: str
    known: int
    in_log: int

    def __str__(self) -> str:
        """Where it stands, in words."""
        return f"{self.topic} {self.key} goes to {self.in_log}, the database to {self.known}"


class LogGuard:
    """Knows whether one service's database is behind what the service has said."""

    def __init__(
        self, *, bus: Bus, db: Database, tables: KitTables, name: str, topics: Sequence[Topic]
    ) -> None:
        """`name` is the service's; `topics` are those it says anything in."""
        self.finding = ""
        """What keeps the service from being ready; empty where nothing does."""
        self._behind = False
        self._bus = bus
        self._db = db
        self._tables = tables
        self._name = name
        self._places = [
            TopicPartition(topic=topic.name, partition=partition)
            for topic in topics
            for partition in range(topic.partitions)
        ]
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")

    async def sure(self) -> None:
        """Return once a look that began after this call finds nothing forgotten."""
        clock = asyncio.get_running_loop().time
        while True:
            asked = clock()
            self.finding = self.finding or _NOT_COMPARED
            async with self._looking:
                if self._looked_at < asked:  # else another who waited has looked for us too
                    began = clock()
                    if await self._find():
                        self._looked_at = began
                if self._looked_at >= asked and not self._behind:
                    self.finding = ""
                    return
            await asyncio.sleep(_AGAIN_SECONDS)

    def once_sure(self, worker: Worker) -> Worker:
        """A worker that begins when nothing is forgotten: what it does rests on what was said."""

        async def run() -> None:
            await self.sure()
            await worker()

        return run

    def refusal(self) -> Problem | None:
        """The answer to whoever wants to change something while the database is behind.

        One that has forgotten may not judge what is new: a report sent twice would be late the
        second time, a version be given twice.
        """
        return _REFUSAL if self._behind else None

    async def refuse_if_behind(self) -> None:
        """Let nothing be said again by a database that has forgotten what was said after it.

        Raises:
            Behind: it has.
            BusUnavailable: the log does not answer.
        """
        if forgotten := await self.forgotten():
            raise Behind(self._words(forgotten))

    async def forgotten(self) -> Sequence[Forgotten]:
        """The keys whose numbers in the log go on beyond the database, by topic and key.

        What was written after a backup stands behind all that was written before it: the end of
        each partition tells.

        Raises:
            BusUnavailable: the log does not answer.
        """
        in_log: dict[tuple[str, str], int] = {}
        async for records in self._bus.history(self._places, last=_LOOK_BACK):
            for record in records:
                with suppress(Rejected):
                    envelope = self.said(record)
                    place = record.topic, envelope.key
                    in_log[place] = max(envelope.sequence, in_log.get(place, 0))
        # After the log, for a number is committed before it is sent.
        known = await self._known({key for _, key in in_log})
        return [
            Forgotten(*place, known.get(place, 0), number)
            for place, number in sorted(in_log.items())
            if number > known.get(place, 0)
        ]

    def said(self, record: Record) -> Envelope:
        """The event in a record, where this service has said it and its journal could hold it.

        Raises:
            Rejected: it is foreign, or cannot be read; the code tells which.
        """
        envelope = envelope_of(record)
        if envelope.source != f"duban/{self._name}":
            raise Rejected("other_source", f"{envelope.source} has said it")
        if not self._fits(envelope):
            raise Rejected("unfit", "no journal could have held it")
        return envelope

    def _fits(self, envelope: Envelope) -> bool:
        try:
            data = envelope.data.decode()
        except UnicodeDecodeError:
            return False
        columns = self._tables.journal.c
        texts = {
            columns.event_id: envelope.id,
            columns.type: envelope.type,
            columns.subject: envelope.subject,
            columns.correlation: envelope.correlation,
        }
        return "\0" not in data and all(
            len(text) <= (cast("String", column.type).length or 0) and "\0" not in text
            for column, text in texts.items()
        )

    async def _known(self, keys: set[str]) -> dict[tuple[str, str], int]:
        table = self._tables.sequences
        async with self._db.read() as session:
            rows = await session.execute(select(table).where(table.c.key.in_(sorted(keys))))
        return {(row.topic, row.key): row.last for row in rows}

    async def _find(self) -> bool:
        """Look, and tell what is new about it; whether the log answered."""
        try:
            forgotten = await self.forgotten()
        except BusUnavailable as error:
            log.warning("the bus does not answer; the journal waits", error=str(error))
            return False
        finding = self._words(forgotten) if forgotten else ""
        if finding and finding != self.finding:
            log.error("the database is behind the log: nothing is sent", finding=finding)
        if self._behind and not finding:
            log.info("the database knows again what the log holds")
        self.finding, self._behind = finding, bool(finding)
        return True

    def _words(self, forgotten: Sequence[Forgotten]) -> str:
        named = "; ".join(map(str, forgotten[:_NAMED]))
        more = f"; and {len(forgotten) - _NAMED} more keys" if len(forgotten) > _NAMED else ""
        return (
            f"the log holds events of {self._name} that its database does not know, as if it had "
            f"been restored from a backup: {named}{more}. "
            f"Run python -m {self._name} adopt; until then nothing is taken in or sent"
        )
