"""What scoring's routes read and answer, where it is not a published document."""

import json
from typing import Any

from pydantic import Field

from scoring.domain.task_line import TaskLine, TaskRow
from scoring.service.releases import result_of
from scoring.store.tables import PublicationRow, StandingRow
from shared.contracts.values import Contract, Note


class DraftRequest(Contract):
    """`force` is the reason for a draft before the window has closed."""

    force: Note | None = Field(default=None, min_length=1)


def publication_json(row: PublicationRow) -> dict[str, Any]:
    """Where a publication is on its way."""
    return {
        "plan": row.plan,
        "period": row.period,
        "version": row.version,
        "state": row.state,
        "digest": row.digest,
        "previous_digest": row.previous_digest,
        "forced": row.forced,
        "failure": row.failure,
        "drafted_by": row.drafted_by,
        "approved_by": row.approved_by,
        "released_by": row.released_by,
        "released_at": row.released_at.isoformat() if row.released_at else None,
    }


def whole_publication_json(row: PublicationRow, *, office: bool) -> dict[str, Any]:
    """A publication with its manifest and lines; hidden tasks are for the office only."""
    body = publication_json(row)
    if row.result is None or row.manifest is None:
        return body
    result = result_of(row)
    summary = result.summary()
    shown = {line.task for line in result.tasks if line.public or office}
    summary["tasks"] = [task for task in summary["tasks"] if task["task"] in shown]
    for unit in summary["units"]:
        unit["lines"] = [line for line in unit["lines"] if line["task"] in shown]
    return body | {"manifest": json.loads(row.manifest), **summary}


def leaf_json(document: str, *, office: bool) -> dict[str, Any]:
    """A unit's document; without the office's role its hidden lines are left out and counted."""
    leaf: dict[str, Any] = json.loads(document)
    if office:
        return leaf
    shown = [task for task in leaf["tasks"] if task["public"]]
    hidden = len(leaf["tasks"]) - len(shown)
    return leaf | {"tasks": shown} | ({"hidden_lines": hidden} if hidden else {})


def standing_json(row: StandingRow) -> dict[str, Any]:
    """Where a task stands now."""
    return row.model_dump(mode="json")


def row_json(line: TaskLine) -> dict[str, Any]:
    """The printed numbers of a line."""
    return line.model_dump(mode="json", include=set(TaskRow.model_fields))
