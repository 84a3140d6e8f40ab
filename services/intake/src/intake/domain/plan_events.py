"""A plan version as events: its tasks one by one, and one that closes, counts and digests them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.intake import PlanVersioned, TaskDefined
from shared.contracts.plan import ActionHead, PlanDocument


def events_of(
    plan: PlanDocument,
    *,
    amended: Mapping[str, Amended],
    version: int,
    activate_from: str | None,
    by: str,
) -> tuple[Sequence[TaskDefined], PlanVersioned]:
    """The tasks of a version in the order of its document, and what closes the set.

    `amended` tells by task what decisions have changed of it.
    """
    tasks = _task_events(plan, amended, version)
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
        digest=digest_of(event.model_dump_json(by_alias=True) for event in tasks),
        activate_from=activate_from,
        by=by,
    )
    return tasks, closing


def _task_events(
    plan: PlanDocument, amended: Mapping[str, Amended], version: int
) -> list[TaskDefined]:
    tasks = [(action.id, task) for action in plan.actions for task in action.tasks]
    return [
        TaskDefined(
            plan=plan.plan.id,
            version=version,
            index=index,
            action=action,
            task=task,
            amended=amended.get(task.id, UNAMENDED),
        )
        for index, (action, task) in enumerate(tasks)
    ]


def digest_of(tasks: Iterable[str]) -> str:
    """The SHA-256, in hexadecimal, of the task events' JSON, a line each, in their order."""
    digest = hashlib.sha256()
    for event in tasks:
        digest.update(event.encode() + b"\n")
    return digest.hexdigest()
