"""Read what intake has said: its own journal, in order."""

import json
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.engine import RowMapping

from intake.store.tables import kit
from shared.contracts import topics
from shared.kit.auth import Authenticate, Principal
from shared.kit.db import Database
from shared.kit.refusals import refusals

_NDJSON: Final = "application/x-ndjson"
_MOST: Final = 10_000


def journal_router(*, db: Database, gate: Authenticate) -> APIRouter:
    """The route of the journal: every input as a past fact, without tokens and contacts."""
    router = APIRouter(prefix="/v1", tags=["operations"])
    asking = Annotated[Principal, Depends(gate)]

    @router.get(
        "/journal",
        summary="What was said, one event a line, in order",
        description=(
            "NDJSON: `id`, `type`, `time`, `subject`, `key`, `number` and `data` of each event. "
            "To go on, ask again `after` the last line's number; no line means that it is all."
        ),
        response_class=Response,
        responses={
            200: {"description": "Events, one a line.", "content": {_NDJSON: {}}},
            **refusals(403),
        },
    )
    async def journal(
        principal: asking,
        plan: str | None = None,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 1000,
    ) -> Response:
        principal.require("operator", "office")
        rows = kit.journal.c
        query = (
            select(kit.journal)
            .where(rows.topic == topics.INTAKE, rows.position > after)
            .order_by(rows.position)
            .limit(limit)
        )
        if plan is not None:
            query = query.where(rows.key == plan)
        async with db.read() as session:
            found = (await session.execute(query)).mappings().all()
        return Response("".join(map(_line, found)), media_type=_NDJSON)

    return router


def _line(row: RowMapping) -> str:
    told = {
        "id": row["event_id"],
        "type": row["type"],
        "time": row["time"].isoformat(),
        "subject": row["subject"],
        "key": row["key"],
        "number": row["position"],
    }
    # The data stands as it was written: its digests are over these very characters.
    return f'{json.dumps(told, ensure_ascii=False)[:-1]}, "data": {row["data"]}}}\n'
