"""Intake as an app: its routers in the silhouette all three services share."""

from fastapi import FastAPI

from intake.api.calendars import HolidayDays, calendars_router
from intake.api.decisions import KINDS, decisions_router
from intake.api.home import home_router
from intake.api.journal import journal_router
from intake.api.obligations import obligations_router
from intake.api.plans import plans_router
from intake.api.rulebooks import rulebooks_router
from intake.api.schemas import ReturnOrder, TokenRequest, Verification
from intake.api.submissions import submissions_router
from intake.api.taking import Taking
from intake.api.tokens import tokens_router
from intake.wiring import Intake
from shared.contracts.plan import PlanDocument
from shared.contracts.rulebook import RulebookDocument
from shared.contracts.submission import BatchItem, Submission
from shared.kit.app import build_app


def create_app(intake: Intake) -> FastAPI:
    """The app of a wired intake."""
    gate = intake.parts.gate
    taking = Taking(submissions=intake.submissions, gate=gate)
    app = build_app(
        name="intake",
        summary="Every input: plans, rulebooks, tokens, submissions and what is owed.",
        parts=intake.parts,
        routers=[
            submissions_router(
                taking=taking,
                submissions=intake.submissions,
                review=intake.review,
                gate=gate,
            ),
            obligations_router(duties=intake.duties, gate=gate),
            plans_router(db=intake.parts.db, plans=intake.plans, duties=intake.duties, gate=gate),
            decisions_router(decisions=intake.decisions, gate=gate),
            rulebooks_router(db=intake.parts.db, rulebooks=intake.rulebooks, gate=gate),
            calendars_router(calendars=intake.calendars, gate=gate),
            tokens_router(access=intake.access, gate=gate),
            journal_router(db=intake.parts.db, gate=gate),
            home_router(),
        ],
        bodies=[
            Submission,
            BatchItem,
            PlanDocument,
            RulebookDocument,
            HolidayDays,
            TokenRequest,
            Verification,
            ReturnOrder,
            *KINDS.values(),
        ],
        hot={"/v1/submissions": taking.one, "/v1/submissions/batch": taking.batch},
    )
    # Plans and rulebooks are answered as they are read: one schema of each, that of the file.
    app.separate_input_output_schemas = False
    return app
