"""Scoring as an app: its routers in the silhouette all three services share."""

from fastapi import FastAPI

from scoring.api.appeals import appeals_router
from scoring.api.pages import pages_router
from scoring.api.releasing import releasing_router
from scoring.api.routes import results_router
from scoring.api.schemas import (
    AppealRequest,
    CorrectRequest,
    DecideRequest,
    DraftRequest,
    ReturnRequest,
    YearStep,
)
from scoring.wiring import Scoring
from shared.kit.app import build_app


def create_app(scoring: Scoring) -> FastAPI:
    """The app of a wired scoring."""
    return build_app(
        name="scoring",
        summary="Every result: standings, publications, explanations.",
        parts=scoring.parts,
        routers=[
            results_router(
                standings=scoring.standings,
                publications=scoring.publications,
                explanations=scoring.explanations,
                appeals=scoring.appeals,
                signatures=scoring.signatures,
                gate=scoring.parts.gate,
            ),
            appeals_router(appeals=scoring.appeals, gate=scoring.parts.gate),
            releasing_router(
                drafts=scoring.drafts,
                publications=scoring.publications,
                years=scoring.years,
                explanations=scoring.explanations,
                signatures=scoring.signatures,
                gate=scoring.parts.gate,
            ),
            pages_router(
                pages=scoring.parts.pages,
                standings=scoring.standings,
                publications=scoring.publications,
                explanations=scoring.explanations,
                appeals=scoring.appeals,
                signatures=scoring.signatures,
                public_bulletin=scoring.public_bulletin,
            ),
        ],
        bodies=[
            DraftRequest,
            CorrectRequest,
            ReturnRequest,
            YearStep,
            AppealRequest,
            DecideRequest,
        ],
    )
