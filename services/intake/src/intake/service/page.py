"""A page of reports: what must be known is read once, each is decided in turn, all are written.

The outcome is that of taking them one after another, each in a transaction of its own: what one
report changes for those behind it in the page is kept in memory until the page is written.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Known, admit
from intake.service.acceptance import (
    SUBMISSIONS,
    KeyPlace,
    Sent,
    accepted_of,
    row_of,
    submission_id,
)
from intake.service.caller import Refused, refuse
from intake.service.in_force import PlanInForce
from intake.service.known import Counts, counts_of
from intake.service.plans import Plans
from intake.service.receipt import Receipt, Stored, receipt_of
from intake.store.facts import Latest, Obligation, facts_of
from intake.store.tables import IdempotencyKey
from shared.calendar.periods import Period
from shared.calendar.windows import Window
from shared.kit.bulk import insert_rows
from shared.kit.clock import Clock
from shared.kit.journal import Entry, Journal

_KEY_KEPT: Final = timedelta(days=90)
_KEYS: Final[Table] = IdempotencyKey.__table__  # type: ignore[attr-defined]  # SQLModel's


class Taken(NamedTuple):
    """A receipt, and whether the report is new ("accepted") or was sent before ("repeated")."""

    receipt: Receipt
    outcome: str


class _Answer(NamedTuple):
    """What a key was answered, and to which content."""

    digest: str
    receipt: Receipt


class Page:
    """Reports that are decided in one transaction."""

    def __init__(
        self,
        *,
        plans: dict[str, PlanInForce],
        latest: dict[Obligation, Latest],
        counts: Counts,
        answers: dict[KeyPlace, IdempotencyKey],
        clock: Clock,
    ) -> None:
        self._plans = plans
        self._latest = latest
        self._counts = counts
        self._now = clock.business_now()
        self._wall = clock.wall_now()
        kept = {place: self._wall - one.at <= _KEY_KEPT for place, one in answers.items()}
        self._forgotten = [place for place, is_kept in kept.items() if not is_kept]
        self._answers = {
            place: _Answer(one.digest, Receipt(**json.loads(one.answer)))
            for place, one in answers.items()
            if kept[place]
        }
        self._rows: list[dict[str, Any]] = []
        self._entries: list[Entry] = []
        self._keys: list[dict[str, Any]] = []

    def answer(self, sent: Sent) -> Taken | Exception:
        """Take a report in, or say what keeps this one out: its neighbours go on."""
        try:
            return self.take(sent)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this report's alone
            return error

    def take(self, sent: Sent) -> Taken:
        """Take a report in, after those before it.

        Raises:
            Refused: it may not enter; every reason is named.
        """
        place = sent.key_place
        if place is None:
            return self._take(sent)
        answer = self._answers.get(place)
        if answer is not None:
            if answer.digest != sent.digest:
                raise refuse(
                    "idempotency_mismatch",
                    "this Idempotency-Key was used for another body: use a new key",
                )
            return Taken(answer.receipt, "repeated")
        taken = self._take(sent)
        self._keep_answer(place, sent.digest, taken.receipt)
        return taken

    def rehearse(self, sent: Sent) -> Receipt:
        """The receipt the report would get, with no id; nothing is changed.

        Raises:
            Refused: as `take`.
        """
        plan = self._plan(sent)
        window = self._admitted(sent, plan)
        stored = Stored(None, self._now, plan.version)
        return receipt_of(sent.submission, sent.digest, plan, window, stored)

    async def write(self, session: AsyncSession, journal: Journal) -> None:
        """Write what was taken: reports, their events, the answers to their keys."""
        await insert_rows(session, SUBMISSIONS, self._rows)
        await journal.record_all(session, self._entries)
        if self._keys:
            if self._forgotten:
                place = tuple_(_KEYS.c.holder, _KEYS.c.route, _KEYS.c.key)
                await session.execute(delete(_KEYS).where(place.in_(self._forgotten)))
            await insert_rows(session, _KEYS, self._keys)

    def _take(self, sent: Sent) -> Taken:
        plan = self._plan(sent)
        submission, digest = sent.submission, sent.digest
        latest = self._latest.get(sent.obligation)
        period = plan.calendar.find(submission.period)
        if period and latest and latest.digest == digest and not latest.returned:
            first = Stored(latest.id, latest.received_at, latest.plan_version)
            window = self._window(sent, plan, period)
            return Taken(receipt_of(submission, digest, plan, window, first), "repeated")
        window = self._admitted(sent, plan)
        number = submission_id(sent, self._now, after=latest.id if latest else None)
        stored = Stored(number, self._now, plan.version)
        receipt = receipt_of(submission, digest, plan, window, stored)
        self._add(sent, window, plan.version, number)
        return Taken(receipt, "accepted")

    def _plan(self, sent: Sent) -> PlanInForce:
        plan = self._plans.get(sent.submission.plan)
        if plan is None:
            message = f"there is no plan {sent.submission.plan}"
            raise refuse("unknown_plan", message, path="plan")
        return plan

    def _admitted(self, sent: Sent, plan: PlanInForce) -> Window:
        """The window the report is for, or the refusals."""
        submission, calendar, now = sent.submission, plan.calendar, self._now
        period = calendar.find(submission.period)
        refusals = admit(
            submission,
            plan=plan.document,
            calendar=calendar,
            known=self._counts.known(submission, period) if period else _NOTHING,
            now=now,
            subject=plan.subject(submission, period) if period else None,
        )
        if refusals:
            raise Refused(refusals)
        window = self._window(sent, plan, calendar.period(submission.period))
        closed = now >= window.close_end(calendar.tz)
        if closed and self._corrects(sent) and "office" not in sent.caller.principal.roles:
            raise refuse(
                "window_closed",
                "the window is closed: report it in the current period, or ask the office",
                path="correction",
            )
        return window

    def _window(self, sent: Sent, plan: PlanInForce, period: Period) -> Window:
        return plan.window(period, task=sent.submission.task, unit=sent.submission.unit)

    def _corrects(self, sent: Sent) -> bool:
        """Whether a report takes back one that stands; a returned one it repairs."""
        latest = self._latest.get(sent.obligation)
        stands = latest is not None and not latest.returned
        return stands and sent.submission.correction is not None

    def _add(self, sent: Sent, window: Window, version: int, number: str) -> None:
        accepted = accepted_of(sent, number, window.period, version=version, now=self._now)
        correlation = sent.caller.correlation
        self._entries.append(Entry(accepted, self._now, correlation, number))
        self._rows.append(row_of(accepted, correlation))
        self._latest[sent.obligation] = Latest(
            number, sent.digest, self._now, version, returned=False
        )

    def _keep_answer(self, place: KeyPlace, digest: str, receipt: Receipt) -> None:
        holder, route, key = place
        self._answers[place] = _Answer(digest, receipt)
        self._keys.append(
            {
                "holder": holder,
                "route": route,
                "key": key,
                "digest": digest,
                "answer": json.dumps(receipt.members()),
                "at": self._wall,
            }
        )


_NOTHING: Final = Known(counted={}, done=frozenset())


async def open_page(
    session: AsyncSession, page: Sequence[Sent], *, plans: Plans, clock: Clock
) -> Page:
    """Read all that these reports are held against."""
    facts = await facts_of(session, {sent.obligation for sent in page})
    in_force = {
        plan: await plans.version(session, plan, version)
        for plan, version in facts.versions.items()
    }
    tasks = {(sent.submission.plan, sent.submission.task) for sent in page}
    places = {sent.key_place for sent in page} - {None}
    return Page(
        plans=in_force,
        latest=facts.latest,
        counts=await counts_of(session, tasks, facts.cuts, in_force),
        answers=await _answers(session, places) if places else {},
        clock=clock,
    )


async def _answers(
    session: AsyncSession, places: set[KeyPlace | None]
) -> dict[KeyPlace, IdempotencyKey]:
    place = tuple_(col(IdempotencyKey.holder), col(IdempotencyKey.route), col(IdempotencyKey.key))
    rows = (await session.execute(select(IdempotencyKey).where(place.in_(places)))).scalars()
    return {(row.holder, row.route, row.key): row for row in rows}
