"""Submissions: admitted by the domain, stored with their event in one transaction, receipted."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Known, admit, as_of
from intake.metrics import IntakeMetrics
from intake.service.caller import Caller, Refused, refuse
from intake.service.known import contents, known_of
from intake.service.plans import PlanInForce, Plans
from intake.store.tables import IdempotencyKey, SubmissionRow
from shared.calendar.windows import Window
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

_KEY_KEPT = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The department's proof (回执): what was received, when, and what that means for the window.

    `timeliness` is on_time, late or missing (after the close); `late_days` counts working days.
    """

    id: str | None
    received_at: str
    digest: str
    period: str
    due: str
    close: str
    timeliness: str
    late_days: int
    as_of: str
    plan_version: int


@dataclass(frozen=True, kw_only=True)
class ItemOutcome:
    """What became of one item of a batch: a receipt, or the refusals."""

    receipt: Receipt | None
    refused: Refused | None


class _Stored(NamedTuple):
    """What a receipt tells of the report as it was stored; no id where it was only rehearsed."""

    id: str | None
    at: datetime
    plan_version: int


class Submissions:
    """Takes reports in."""

    def __init__(
        self, *, db: Database, journal: Journal, plans: Plans, clock: Clock, metrics: IntakeMetrics
    ) -> None:
        self._db = db
        self._journal = journal
        self._plans = plans
        self._clock = clock
        self._count = metrics.submissions

    async def submit(
        self, submission: Submission, *, key: str | None, route: str, caller: Caller
    ) -> Receipt:
        """Store a report durably; the same key, or the same content, gives the first receipt.

        Raises:
            Refused: nothing was stored; every reason is named.
        """
        try:
            async with self._db.write() as session:
                receipt, outcome = await self._once(session, submission, key, route, caller)
        except Refused:
            self._count.labels("refused").inc()
            raise
        self._count.labels(outcome).inc()
        return receipt

    async def submit_batch(
        self, items: Sequence[Submission | Refused], *, caller: Caller
    ) -> list[ItemOutcome]:
        """Store every item that is admitted; one bad item does not fail its neighbours."""
        outcomes = []
        counts = Counter[str]()
        async with self._db.write() as session:
            for item in items:
                try:
                    if isinstance(item, Refused):
                        raise item
                    receipt, outcome = await self._take(session, item, caller)
                    outcomes.append(ItemOutcome(receipt=receipt, refused=None))
                except Refused as refused:
                    outcome = "refused"
                    outcomes.append(ItemOutcome(receipt=None, refused=refused))
                counts[outcome] += 1
        for outcome, count in counts.items():
            self._count.labels(outcome).inc(count)
        return outcomes

    async def rehearse(self, submission: Submission, *, caller: Caller) -> Receipt:
        """What `submit` would answer, with nothing stored and no id."""
        async with self._db.read() as session:
            return await self._foretell(session, submission, caller)

    async def rehearse_batch(
        self, items: Sequence[Submission | Refused], *, caller: Caller
    ) -> list[ItemOutcome]:
        """What `submit_batch` would answer, with nothing stored and no ids."""
        outcomes = []
        async with self._db.read() as session:
            for item in items:
                try:
                    if isinstance(item, Refused):
                        raise item
                    receipt = await self._foretell(session, item, caller)
                    outcomes.append(ItemOutcome(receipt=receipt, refused=None))
                except Refused as refused:
                    outcomes.append(ItemOutcome(receipt=None, refused=refused))
        return outcomes

    async def get(
        self, submission_id: str, *, caller: Caller
    ) -> tuple[SubmissionRow, SubmissionAccepted]:
        """One submission of the caller's, with what was reported.

        Raises:
            Refused: `unknown_submission`, also where it is another unit's.
        """
        async with self._db.read() as session:
            row = await find(session, submission_id)
            content = await contents(session, [row.id])
        unit = caller.principal.unit
        if unit is not None and row.unit != unit:
            raise _unknown()
        return row, content[row.id]

    async def list(
        self,
        *,
        plan: str | None,
        unit: str | None,
        period: str | None,
        state: str | None,
        before: int | None,
        limit: int,
        caller: Caller,
    ) -> Sequence[SubmissionRow]:
        """Submissions the caller may see, newest first, from before a number on."""
        query = select(SubmissionRow).order_by(col(SubmissionRow.number).desc()).limit(limit)
        for column, wanted in (
            (SubmissionRow.plan, plan),
            (SubmissionRow.unit, caller.principal.unit or unit),
            (SubmissionRow.period, period),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(col(SubmissionRow.number) < before)
        if state == "returned":
            query = query.where(col(SubmissionRow.returned_at).is_not(None))
        elif state is not None:
            query = query.where(col(SubmissionRow.returned_at).is_(None))
            verified = col(SubmissionRow.verified_at)
            query = query.where(
                verified.is_not(None) if state == "verified" else verified.is_(None)
            )
        async with self._db.read() as session:
            return (await session.execute(query)).scalars().all()

    async def _foretell(
        self, session: AsyncSession, submission: Submission, caller: Caller
    ) -> Receipt:
        plan = await self._plan(session, submission)
        latest = await _latest(session, submission)
        window = await self._admitted(session, submission, plan, latest, caller)
        now = self._clock.business_now()
        return _receipt(submission, plan, window, _Stored(None, now, plan.version))

    async def _once(
        self,
        session: AsyncSession,
        submission: Submission,
        key: str | None,
        route: str,
        caller: Caller,
    ) -> tuple[Receipt, str]:
        """What the key was answered the first time, else what is answered now."""
        if key is None:
            return await self._take(session, submission, caller)
        digest = digest_of(submission)
        now = self._clock.wall_now()
        answer = await _answered(session, caller, route, key, digest, now=now)
        if answer is not None:
            return Receipt(**json.loads(answer)), "repeated"
        receipt, outcome = await self._take(session, submission, caller)
        session.add(
            IdempotencyKey(
                holder=caller.holder,
                route=route,
                key=key,
                digest=digest,
                answer=json.dumps(asdict(receipt)),
                at=now,
            )
        )
        return receipt, outcome

    async def _take(
        self, session: AsyncSession, submission: Submission, caller: Caller
    ) -> tuple[Receipt, str]:
        """Store an admitted report, and say whether it is new or was sent before."""
        plan = await self._plan(session, submission)
        latest = await _latest(session, submission)
        digest = digest_of(submission)
        period = plan.calendar.find(submission.period)
        if period and latest and latest.digest == digest and latest.returned_at is None:
            first = _Stored(latest.id, latest.received_at, latest.plan_version)
            return _receipt(submission, plan, plan.window(period), first), "repeated"
        window = await self._admitted(session, submission, plan, latest, caller)
        now = self._clock.business_now()
        row = SubmissionRow(
            id=f"s-{uuid4().hex}",
            plan=submission.plan,
            plan_version=plan.version,
            task=submission.task,
            unit=submission.unit,
            period=submission.period,
            received_at=now,
            as_of=as_of(submission, window.period),
            digest=digest,
            holder=caller.holder,
            correlation=caller.correlation,
        )
        session.add(row)
        await session.flush()
        accepted = SubmissionAccepted(
            submission=row.id,
            plan_version=row.plan_version,
            received_at=now,
            as_of=row.as_of,
            digest=digest,
            by=caller.holder,
            **{
                name: getattr(submission, name)
                for name in Submission.model_fields
                if name != "as_of"
            },
        )
        await self._journal.record(
            session, accepted, at=now, correlation=caller.correlation, event_id=row.id
        )
        stored = _Stored(row.id, now, plan.version)
        return _receipt(submission, plan, window, stored), "accepted"

    async def _plan(self, session: AsyncSession, submission: Submission) -> PlanInForce:
        plan = await self._plans.in_force(session, submission.plan)
        if plan is None:
            raise refuse("unknown_plan", f"there is no plan {submission.plan}", path="plan")
        return plan

    async def _admitted(
        self,
        session: AsyncSession,
        submission: Submission,
        plan: PlanInForce,
        latest: SubmissionRow | None,
        caller: Caller,
    ) -> Window:
        """The window the report is for, or the refusals."""
        now = self._clock.business_now()
        period = plan.calendar.find(submission.period)
        known = Known(counted={}, done=frozenset())
        if period is not None:
            known = await known_of(session, submission, period, plan.calendar)
        refusals = admit(
            submission, plan=plan.document, calendar=plan.calendar, known=known, now=now
        )
        if refusals:
            raise Refused(refusals)
        window = plan.window(plan.calendar.period(submission.period))
        closed = now >= window.close_end(plan.calendar.tz)
        if closed and _corrects(submission, latest) and "office" not in caller.principal.roles:
            raise refuse(
                "window_closed",
                "the window is closed: report it in the current period, or ask the office",
                path="correction",
            )
        return window


def _corrects(submission: Submission, latest: SubmissionRow | None) -> bool:
    """Whether a report takes back one that stands; a returned one it repairs."""
    stands = latest is not None and latest.returned_at is None
    return stands and submission.correction is not None


def _receipt(submission: Submission, plan: PlanInForce, window: Window, stored: _Stored) -> Receipt:
    timeliness = plan.calendar.timeliness(stored.at, window)
    return Receipt(
        id=stored.id,
        received_at=stored.at.astimezone(plan.calendar.tz).isoformat(),
        digest=digest_of(submission),
        period=window.period.id,
        due=window.due.isoformat(),
        close=window.close.isoformat(),
        timeliness=timeliness.status,
        late_days=timeliness.late_days,
        as_of=as_of(submission, window.period).isoformat(),
        plan_version=stored.plan_version,
    )


async def find(session: AsyncSession, submission_id: str) -> SubmissionRow:
    """A submission by its id.

    Raises:
        Refused: `unknown_submission`.
    """
    query = select(SubmissionRow).where(SubmissionRow.id == submission_id)
    row = (await session.execute(query)).scalars().first()
    if row is None:
        raise _unknown()
    return row


def _unknown() -> Refused:
    return refuse("unknown_submission", "there is no such submission of yours")


def content_of(submission: Submission) -> str:
    """What was reported, as canonical JSON: sorted keys, no spaces; nothing of the transport."""
    members: dict[str, Any] = json.loads(
        submission.model_dump_json(include=set(Submission.model_fields), by_alias=True)
    )
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(submission: Submission) -> str:
    """The SHA-256 of the content, in hexadecimal."""
    return hashlib.sha256(content_of(submission).encode()).hexdigest()


async def _latest(session: AsyncSession, submission: Submission) -> SubmissionRow | None:
    query = (
        select(SubmissionRow)
        .where(
            SubmissionRow.plan == submission.plan,
            SubmissionRow.task == submission.task,
            SubmissionRow.unit == submission.unit,
            SubmissionRow.period == submission.period,
        )
        .order_by(col(SubmissionRow.number).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalars().first()


async def _answered(
    session: AsyncSession, caller: Caller, route: str, key: str, digest: str, *, now: datetime
) -> str | None:
    row = await session.get(IdempotencyKey, (caller.holder, route, key))
    if row is None:
        return None
    if now - row.at > _KEY_KEPT:
        await session.delete(row)
        await session.flush()
        return None
    if row.digest != digest:
        raise refuse(
            "idempotency_mismatch",
            "this Idempotency-Key was used for another body: use a new key",
        )
    return row.answer
