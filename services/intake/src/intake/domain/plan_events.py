"""A plan version as events: its tasks one by one, and one that closes, counts and digests them."""

import hashlib
from collections.abc import Sequence

from shared.contracts.intake import PlanVersioned, TaskDefined
from shared.contracts.plan import ActionHead, PlanDocument


def events_of(
    plan: PlanDocument, *, version: int, activate_from: str | None, by: str
) -> tuple[Sequence[TaskDefined], PlanVersioned]:
    """The tasks of a version in the order of its document, and what closes the set.

    The digest is the SHA-256 of the tasks' JSON, a line each, in hexadecimal.
    """
    tasks = _task_events(plan, version)
    closing = PlanVersioned(
        plan=plan.plan.id,
        version=version,
        head=plan.plan,
        groups=plan.groups,
        units=plan.units,
        actions=tuple(
            ActionHead.model_validate(action.model_dump(exclude={"tasks"}))
            for action in plan.actions
        ),
        escalation=plan.escalation,
        tasks=len(tasks),
        digest=_digest_of(tasks),
        activate_from=activate_from,
        by=by,
    )
    return tasks, closing


def _task_events(plan: PlanDocument, version: int) -> list[TaskDefined]:
    tasks = [(action.id, task) for action in plan.actions for task in action.tasks]
    return [
        TaskDefined(plan=plan.plan.id, version=version, index=index, action=action, task=task)
        for index, (action, task) in enumerate(tasks)
    ]


def _digest_of(tasks: Sequence[TaskDefined]) -> str:
    digest = hashlib.sha256()
    for event in tasks:
        digest.update(event.model_dump_json(by_alias=True).encode() + b"\n")
    return digest.hexdigest()
