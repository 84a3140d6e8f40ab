"""Rulebooks: adopted in versions, for one plan or for the house, and told to the others."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.service.caller import Caller, refuse
from intake.service.files import check_rulebook_document, misnamed, read_rulebook
from intake.store.tables import PlanVersion, RulebookVersion
from shared.contracts.intake import RulebookAdopted
from shared.contracts.plan import PlanDocument, PlanHead
from shared.contracts.problem import Problem
from shared.contracts.rulebook import DEFAULT_RULEBOOK, Rulebook
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.documents import Document
from shared.kit.journal import Journal
from shared.kit.readers import DocumentError

HOUSE: Final = "the house's rulebook"
"""Whoever adopts it asks which plans there are, whoever applies a plan asks for it: in turn."""


class Rulebooks:
    """Keeps rulebooks."""

    def __init__(self, *, db: Database, journal: Journal, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._clock = clock

    async def adopt(
        self, rulebook_id: str, data: bytes, *, plan: str | None, caller: Caller
    ) -> Rulebook:
        """Let a rulebook govern one plan, or every plan that has none of its own.

        Raises:
            DocumentError: the file is refused, or the version exists with another content.
            Refused: `unknown_plan`.
        """
        document, rulebook = read_rulebook(data)
        if rulebook.id != rulebook_id:
            raise DocumentError([misnamed(document, ("rulebook", "id"), rulebook_id)])
        subjects = {plan or HOUSE}
        while True:
            async with self._db.write(*subjects) as session:
                governed = await self._governed(session, plan)
                if subjects.issuperset(governed):
                    await self._adopt(session, document, rulebook, plan, governed, caller)
                    return rulebook
            subjects.update(governed)  # known only now; they are written about, so they are locked

    async def versions(self, session: AsyncSession, rulebook_id: str) -> list[RulebookVersion]:
        """The versions of a rulebook, newest first."""
        query = select(RulebookVersion).where(RulebookVersion.id == rulebook_id)
        rows = (await session.execute(query)).scalars().all()
        return sorted(rows, key=lambda row: (-row.version, row.plan))

    async def _governed(self, session: AsyncSession, plan: str | None) -> list[str]:
        """The plans that a rulebook adopted for this one, or for the house, governs."""
        if plan is not None:
            known = select(PlanVersion.plan).where(PlanVersion.plan == plan).limit(1)
            if (await session.execute(known)).scalar() is None:
                raise refuse("unknown_plan", f"there is no plan {plan}", path="plan")
            return [plan]
        own = set((await session.execute(select(RulebookVersion.plan))).scalars())
        every = set((await session.execute(select(PlanVersion.plan))).scalars())
        return sorted(every - own)

    async def _head(self, session: AsyncSession, plan: str) -> PlanHead:
        query = select(PlanVersion).where(PlanVersion.plan == plan)
        newest = query.order_by(col(PlanVersion.version).desc()).limit(1)
        row = (await session.execute(newest)).scalars().one()
        return PlanDocument.model_validate_json(row.document).plan

    async def _adopt(
        self,
        session: AsyncSession,
        document: Document,
        rulebook: Rulebook,
        plan: str | None,
        governed: Sequence[str],
        caller: Caller,
    ) -> None:
        now = self._clock.business_now()
        text = rulebook.model_dump_json()
        for one in governed:
            check_rulebook_document(document, await self._head(session, one))
        old = await session.get(RulebookVersion, (rulebook.id, rulebook.version, plan or ""))
        if old is not None:
            if old.document != text:
                raise DocumentError([_version_taken(document, rulebook)])
            return
        session.add(
            RulebookVersion(
                id=rulebook.id,
                version=rulebook.version,
                plan=plan or "",
                document=text,
                adopted_at=now,
                adopted_by=caller.holder,
            )
        )
        for one in governed:
            adopted = RulebookAdopted(plan=one, rulebook=rulebook, by=caller.holder)
            await self._journal.record(session, adopted, at=now, correlation=caller.correlation)

    async def governing(self, session: AsyncSession, plan: str) -> Rulebook:
        """The rulebook that governs a plan: its own, else the house's, else the defaults."""
        for owner in (plan, ""):
            query = (
                select(RulebookVersion)
                .where(RulebookVersion.plan == owner)
                .order_by(
                    col(RulebookVersion.adopted_at).desc(), col(RulebookVersion.version).desc()
                )
                .limit(1)
            )
            row = (await session.execute(query)).scalars().first()
            if row is not None:
                return Rulebook.model_validate_json(row.document)
        return DEFAULT_RULEBOOK


def _version_taken(document: Document, rulebook: Rulebook) -> Problem:
    return Problem(
        line=document.line_of(("rulebook", "version")),
        path="rulebook.version",
        code="version_taken",
        message=f"version {rulebook.version} of {rulebook.id} has another content",
        mend="give the change a new version number",
    )
