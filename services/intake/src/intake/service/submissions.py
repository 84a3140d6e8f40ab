"""Submissions: stored with their event in one transaction, page by page, and receipted."""

from collections import Counter
from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.metrics import IntakeMetrics
from intake.service.acceptance import Sent
from intake.service.caller import Caller, Refused, refuse
from intake.service.known import contents
from intake.service.lane import PAGE, Busy, Lane
from intake.service.page import Taken, open_page
from intake.service.plans import Plans
from intake.service.receipt import Receipt, digest_of
from intake.store.tables import SubmissionRow
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.engines import is_passing
from shared.kit.journal import Journal

log = structlog.get_logger(__name__)

Answer = Taken | Exception
"""What became of one report: it was taken, it was refused, or a fault of ours kept it out."""


class Submissions:
    """Takes reports in: single ones through one lane, batches in pages of their own."""

    def __init__(
        self, *, db: Database, journal: Journal, plans: Plans, clock: Clock, metrics: IntakeMetrics
    ) -> None:
        self._db = db
        self._journal = journal
        self._plans = plans
        self._clock = clock
        self._metrics = metrics
        self.lane = Lane[Sent, Taken](self._store)
        metrics.waiting.set_function(lambda: self.lane.waiting)

    async def submit(
        self, submission: Submission, *, key: str | None, route: str, caller: Caller
    ) -> Receipt:
        """Store a report durably; the same key, or the same content, gives the first receipt.

        Raises:
            Refused: nothing was stored; every reason is named.
            Busy: nothing was stored; too many reports are waiting.
        """
        sent = Sent(
            submission=submission,
            digest=digest_of(submission),
            caller=caller,
            key=key,
            route=route,
        )
        try:
            return (await self.lane.put(sent)).receipt
        except Busy:
            self._metrics.submissions.labels("busy").inc()
            raise

    async def submit_batch(
        self, items: Sequence[Submission | Refused], *, caller: Caller
    ) -> list[Receipt | Refused]:
        """Store every item that is admitted; one bad item does not fail its neighbours.

        Raises:
            Exception: a fault of ours kept every item out.
        """
        sent = [_sent(item, caller) for item in items]
        answers: list[Answer] = [one for one in sent if isinstance(one, Refused)]
        self._metrics.submissions.labels("refused").inc(len(answers))
        sound = [one for one in sent if isinstance(one, Sent)]
        for start in range(0, len(sound), PAGE):
            answers += await self._store(sound[start : start + PAGE])
        if all(_is_fault(answer) for answer in answers):
            raise next(answer for answer in answers if isinstance(answer, Exception))
        refused, taken = iter(answers), iter(answers[len(items) - len(sound) :])
        return [_outcome(next(refused if isinstance(one, Refused) else taken)) for one in sent]

    async def rehearse(self, submission: Submission, *, caller: Caller) -> Receipt:
        """What `submit` would answer, with nothing stored and no id.

        Raises:
            Refused: as `submit`.
        """
        (outcome,) = await self.rehearse_batch([submission], caller=caller)
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    async def rehearse_batch(
        self, items: Sequence[Submission | Refused], *, caller: Caller
    ) -> list[Receipt | Refused]:
        """What `submit_batch` would answer, with nothing stored and no ids."""
        sent = [_sent(item, caller) for item in items]
        sound = [one for one in sent if isinstance(one, Sent)]
        outcomes: list[Receipt | Refused] = []
        async with self._db.read() as session:
            page = await open_page(session, sound, plans=self._plans, clock=self._clock)
        for one in sent:
            try:
                outcomes.append(one if isinstance(one, Refused) else page.rehearse(one))
            except Refused as refused:
                outcomes.append(refused)
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

    async def _store(self, page: Sequence[Sent]) -> Sequence[Answer]:
        """Store a page in one transaction; what one report breaks, the others do not suffer."""
        try:
            async with self._db.write(*{sent.submission.plan for sent in page}) as session:
                opened = await open_page(session, page, plans=self._plans, clock=self._clock)
                answers = [opened.answer(sent) for sent in page]
                await opened.write(session, self._journal)
        except Exception as error:  # noqa: BLE001  # each of the page's senders gets it
            # Where the database is away, no half of the page would fare better.
            if len(page) == 1 or is_passing(error):
                return [error] * len(page)
            log.warning("a page cannot be stored; it is stored in halves", error=repr(error))
            half = len(page) // 2
            return [*await self._store(page[:half]), *await self._store(page[half:])]
        self._metrics.page.observe(len(page))
        for outcome, count in Counter(map(_outcome_name, answers)).items():
            self._metrics.submissions.labels(outcome).inc(count)
        return answers


def _sent(item: Submission | Refused, caller: Caller) -> Sent | Refused:
    if isinstance(item, Refused):
        return item
    return Sent(submission=item, digest=digest_of(item), caller=caller)


def _is_fault(answer: Answer) -> bool:
    return not isinstance(answer, Taken | Refused)


def _outcome_name(answer: Answer) -> str:
    if isinstance(answer, Taken):
        return answer.outcome
    return "refused" if isinstance(answer, Refused) else "failed"


def _outcome(answer: Answer) -> Receipt | Refused:
    """What an item of a batch is told; a fault that kept only it out is told as a refusal."""
    if isinstance(answer, Taken):
        return answer.receipt
    if isinstance(answer, Refused):
        return answer
    if is_passing(answer):
        return refuse("unavailable", "the database does not answer; send this item again later")
    log.error("an item of a batch could not be stored", exc_info=answer)
    return refuse("internal", "a fault of ours; this item was not stored, send it again later")


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
