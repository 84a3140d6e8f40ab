"""Publications made again from intake's journal, to be compared with what was published.

The very service that scores makes them, in memory, from what its journal holds before each cut-off.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, cast

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

import scoring.config
import scoring.wiring
from duban.simulate.house import NoBus, VirtualClock
from duban.verify import Publication, digest_of, line_digest, sealed
from scoring.domain.corrections import Amends
from scoring.domain.documents import leaf_digest
from scoring.service.caller import Refused
from scoring.service.releases import PUBLISHED, YEAR, year_key
from scoring.store.tables import MarkRow, PublicationRow
from shared.contracts.registry import EVENTS
from shared.kit.bus.base import Bus
from shared.kit.bus.loop import Received
from shared.kit.in_memory import IN_MEMORY, register

_PAGE: Final = 500
_AT_MOST: Final = 20
"""How many differences of one publication are told."""
_DATA: Final = ', "data": '
_SECRET: Final = SecretStr("the salts of the documents are used, not these")

Document = Mapping[str, Any]


class Unfit(Exception):  # noqa: N818  # it tells what to do
    """The journal and the documents do not belong together: see what is missing."""


def remake(
    lines: Sequence[str], publications: Sequence[Publication], tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """What differs between the publications of one plan and those that its journal leads to.

    Args:
        lines: the plan's events as intake's journal writes them, one a line, in order.
        publications: every publication of the plan up to the newest that is asked for.
        tell: told how far it is.

    Raises:
        Unfit: a publication before one of these is missing, or the journal is of another plan.
    """
    return asyncio.run(_Remaking(lines, _in_order(publications), tell).run())


def _in_order(publications: Sequence[Publication]) -> list[Publication]:
    after = {one.manifest.get("previous"): one for one in publications}
    found: list[Publication] = []
    digest: str | None = None
    while (one := after.pop(digest, None)) is not None:
        found.append(one)
        digest = one.digest
    if after:
        lost = ", ".join(sorted(str(previous)[:12] for previous in after))
        raise Unfit(f"every publication before these is needed: that of digest {lost}… is missing")
    return found


class _NoCutoffs:
    """Every cut-off was marked long ago."""

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        raise NotImplementedError(f"{plan} {headers}: nothing is drafted anew here")


class _Remaking:
    """Scoring alone in memory, that hears a journal and makes what was published of it."""

    def __init__(
        self, lines: Sequence[str], published: Sequence[Publication], tell: Callable[[str], None]
    ) -> None:
        register()
        self._lines = lines
        self._published = published
        self._tell = tell
        self._clock = VirtualClock(datetime(2000, 1, 1, tzinfo=UTC))
        self._scoring = scoring.wiring.build(
            settings=scoring.config.ScoringSettings(database=IN_MEMORY, session_secret=_SECRET),
            bus=cast("Bus", NoBus()),
            clock=self._clock,
            member="recompute",
            cutoffs=_NoCutoffs(),
        )
        self._db = self._scoring.parts.db

    async def run(self) -> list[dict[str, Any]]:
        """Everything that differs, in order of release."""
        await self._db.create(self._scoring.parts.tables.journal.metadata)
        try:
            await self._hear()
            return [
                difference
                for number, one in enumerate(self._published, start=1)
                for difference in await self._compare(one, number)
            ]
        finally:
            await self._db.close()

    async def _hear(self) -> None:
        """All that intake has said of the plan, each with its place in the plan's order."""
        consumer = self._scoring.parts.consumer
        if consumer is None:
            raise ValueError("scoring hears nothing")
        plans = {str(one.manifest["plan"]) for one in self._published}
        for begin in range(0, len(self._lines), _PAGE):
            page = list(enumerate(self._lines[begin : begin + _PAGE], start=begin + 1))
            events = [_received(line, place) for place, line in page]
            for event in events:
                if plans != {event.event.key}:
                    raise Unfit(f"the journal is of {event.event.key}: give that of {plans.pop()}")
            self._clock.now = max(self._clock.now, events[-1].time)
            self._tell(f"{begin + len(page)} of {len(self._lines)} events")
            await consumer.hear(events)

    async def _compare(self, given: Publication, number: int) -> list[dict[str, Any]]:
        """One publication, made again unless it came with the one before; what differs is told."""
        try:
            return await self._made(given, number)
        except Refused as refused:
            raise Unfit(f"the journal does not lead to {given.name}: {refused.message}") from None
        except (LookupError, TypeError, ValueError) as error:  # a document that is none
            return [_difference(given, "publication", f"it cannot be made again: {error!r}")]

    async def _made(self, given: Publication, number: int) -> list[dict[str, Any]]:
        manifest = given.manifest
        key = (str(manifest["plan"]), _key(manifest), int(manifest["version"]))
        self._tell(f"{number} of {len(self._published)}: {given.name}")
        row = await self._row(key)
        if row is None:
            await self._ask(key, manifest)
            while await self._scoring.runs.compute_next():
                pass
            row = await self._row(key)
        if row is None or row.manifest is None:
            why = row.failure if row else "nothing leads to it"
            return [_difference(given, "publication", f"it cannot be made again: {why}")]
        found = list(_differences(given, row.manifest, await self._leaves(row)))
        await self._release(row, given.digest, number)
        return found[:_AT_MOST]

    async def _ask(self, key: tuple[str, str, int], manifest: Document) -> None:
        """A draft as it was asked for, at the mark of the cut-off that the manifest names."""
        cutoff, corrects = manifest["cutoff"], manifest["corrects"]
        last_day = await self._last_day(key, manifest)
        async with self._db.write(key[0]) as session:
            row = PublicationRow(
                plan=key[0],
                period=key[1],
                version=key[2],
                state="waiting",
                cutoff=await _mark(session, key[0], int(cutoff["position"])),
                drafted_by="recompute",
                drafted_at=self._clock.business_now(),
                last_day=last_day,
                correlation="0" * 32,
                kind=str(manifest["kind"]),
                amends=None if corrects is None else _amends(corrects).model_dump_json(),
            )
            session.add(row)

    async def _release(self, row: PublicationRow, digest: str, number: int) -> None:
        """The next is made as if this one had been released with the digest it has."""
        async with self._db.write(row.plan) as session:
            current = await session.get(PublicationRow, (row.plan, row.period, row.version))
            if current is not None:
                current.state, current.release_number = PUBLISHED, number
                current.digest, current.released_at = digest, self._clock.business_now()
                session.add(current)

    async def _row(self, key: tuple[str, str, int]) -> PublicationRow | None:
        async with self._db.read() as session:
            return await session.get(PublicationRow, key)

    async def _leaves(self, row: PublicationRow) -> dict[str, Document]:
        rows = await self._scoring.publications.leaves(row)
        return {leaf.unit: json.loads(leaf.document) for leaf in rows}

    async def _last_day(self, key: tuple[str, str, int], manifest: Document) -> date:
        known = await self._scoring.explanations.plan_of(key[0])
        if manifest["kind"] == YEAR:
            return date(int(manifest["period"]), 12, 31)
        return known.span(key[1]).last


async def _mark(session: AsyncSession, plan: str, position: int) -> str:
    """The cut-off that stands at a place in the plan's order.

    Raises:
        Unfit: there is none.
    """
    query = select(MarkRow.cutoff).where(MarkRow.plan == plan, MarkRow.position == position)
    cutoff = (await session.execute(query)).scalars().first()
    if cutoff is None:
        raise Unfit(
            f"the journal has no cut-off at {position}: it is not whole, or of another plan"
        )
    return cutoff


def _received(line: str, place: int) -> Received[Any]:
    """A line of the journal as it was heard; its data stands as it was written."""
    try:
        told = json.loads(line)
        data = line.partition(_DATA)[2].rstrip()[:-1]
        return Received(
            event=EVENTS[told["type"]].model_validate_json(data),
            data=data,
            id=told["id"],
            sequence=place,
            time=datetime.fromisoformat(told["time"]),
            correlation="0" * 32,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unfit(f"line {place} is no event of intake's journal: {error}") from None


def _key(manifest: Document) -> str:
    """Where a publication is kept."""
    period = str(manifest["period"])
    return year_key(int(period)) if manifest["kind"] == YEAR else period


def _amends(corrects: Document) -> Amends:
    named = {name: tuple(corrects[name]) for name in ("submissions", "exemptions", "zero")}
    return Amends(reason=corrects["reason"], **named)


def _differences(
    given: Publication, manifest: str, leaves: Mapping[str, Document]
) -> Iterator[dict[str, Any]]:
    """Where what was made again is not what was published."""
    made = json.loads(manifest)
    for unit, leaf in sorted(leaves.items()):
        theirs = given.leaves.get(unit)
        if theirs is None:
            yield _difference(given, f"unit {unit}", "it is not in the document")
            continue
        mine = _with_their_salts(leaf, theirs)
        made["leaves"][unit] = leaf_digest(mine)
        yield from _apart(given, f"unit {unit}", theirs["result"], mine["result"])
        for their, own in zip(theirs["tasks"], mine["tasks"], strict=False):
            if line_digest(dict(their)) != line_digest(dict(own)):
                name = own.get("task", "a hidden line")
                yield from _apart(given, f"unit {unit}, {name}", their, own)
        if len(theirs["tasks"]) != len(mine["tasks"]):
            yield _difference(given, f"unit {unit}", f"{len(mine['tasks'])} lines are made")
    made["previous"] = given.manifest.get("previous")
    if digest_of(made) != given.digest:
        yield from _apart(given, "manifest", given.manifest, made)


def _with_their_salts(leaf: Document, theirs: Document) -> dict[str, Any]:
    """Salts are the office's secret; what is sealed in the copy at hand is taken as it is."""
    lines = [
        their if sealed(dict(their)) else {**own, **_salt(their)}
        for own, their in zip(leaf["tasks"], theirs["tasks"], strict=False)
    ]
    return {**leaf, "tasks": [*lines, *leaf["tasks"][len(lines) :]]}


def _salt(line: Document) -> dict[str, Any]:
    return {"salt": line["salt"]} if "salt" in line else {}


def _apart(
    given: Publication, where: str, theirs: object, mine: object
) -> Iterator[dict[str, Any]]:
    """The innermost places in which two documents differ."""
    if isinstance(theirs, Mapping) and isinstance(mine, Mapping):
        for name in sorted({*theirs, *mine}):
            yield from _apart(given, f"{where}, {name}", theirs.get(name), mine.get(name))
    elif isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        for place, (one, other) in enumerate(zip(theirs, mine, strict=True)):
            yield from _apart(given, f"{where}[{place}]", one, other)
    elif theirs != mine:
        what = f"published {json.dumps(theirs, ensure_ascii=False)}, made again "
        yield _difference(given, where, what + json.dumps(mine, ensure_ascii=False))


def _difference(given: Publication, where: str, what: str) -> dict[str, Any]:
    return {"publication": given.name, "where": where, "what": what}
