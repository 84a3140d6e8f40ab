"""Whether a plan can be put in force: every error with its place and its mend."""

import unicodedata
from collections.abc import Iterator, Mapping

from intake.domain.assignment_check import check_assignments, check_validity
from intake.domain.basis_check import check_bases
from intake.domain.calendar_check import check_calendar
from intake.domain.findings import Finding, Findings, Found, placed, positive
from intake.domain.indicator_check import check_indicator
from intake.domain.plan_normal import to_confirm
from intake.domain.plan_parts import Part, parts_of
from intake.domain.splitting import check_split
from intake.domain.task_check import check_task
from shared.contracts.plan import Action, Contact, Indicator, PlanDocument, Unit
from shared.contracts.problem import Locate, Path
from shared.contracts.rulebook import Shares

_DEFAULT_SHARES = Shares()
_NO_PART_OF_AN_ADDRESS = frozenset('<>,;:"()[]\\')


def check_plan(
    plan: PlanDocument, locate: Locate, *, at: Path = (), shares: Shares = _DEFAULT_SHARES
) -> Findings:
    """Every error of a plan, and what somebody assumed or still has to confirm.

    Args:
        plan: as it was read.
        locate: the lines of its document.
        at: where the plan stands in its document.
        shares: of the rulebook it is for; by coefficient, shares need not sum to 1.
    """
    units = {unit.id: unit for unit in plan.units}
    found = [*check_calendar(plan.plan), *_units(plan), *_contacts(plan)]
    for index, figure in enumerate(plan.plan.indicators):
        found += _figure(figure, figure.reporter, ("plan", "indicators", index), plan, units)
    for index, action in enumerate(plan.actions):
        found += _action(action, ("actions", index), plan, units, shares)
    found += _references(plan, units)
    found += check_bases(plan, units)
    parts = list(parts_of(plan))
    found += _ids(parts, plan)
    for part in parts:
        found += _assumed(part)
    found += _titles(parts)
    return placed(found, locate, at)


def _units(plan: PlanDocument) -> Found:
    """A unit belongs to a group that is there, within which it is ranked (assessment 4.10)."""
    groups = {group.id for group in plan.groups}
    for index, unit in enumerate(plan.units):
        at: Path = ("units", index)
        yield from check_validity(unit.valid, at)
        if unit.group not in groups:
            yield _unknown("group", unit.group, (*at, "group"))
    if plan.plan.parent == plan.plan.id:
        yield Finding(
            path=("plan", "parent"),
            code="own_parent",
            message="the plan serves itself",
            mend="name another plan, or remove it",
        )


def _action(
    action: Action, path: Path, plan: PlanDocument, units: Mapping[str, Unit], shares: Shares
) -> Found:
    yield from positive(action.weight, (*path, "weight"))
    for index, figure in enumerate(action.indicators):
        yield from _figure(figure, figure.reporter, (*path, "indicators", index), plan, units)
    for index, task in enumerate(action.tasks):
        at = (*path, "tasks", index)
        yield from check_task(task, at, plan.plan)
        yield from check_assignments(task, at, units, shares)
        yield from check_split(task, at, units)


def _figure(
    figure: Indicator, reporter: str, path: Path, plan: PlanDocument, units: Mapping[str, Unit]
) -> Found:
    head = plan.plan
    yield from check_indicator(
        figure, path, start=head.start, due=head.end, cadence=head.calendar.cadence
    )
    if reporter not in units:
        yield _unknown("unit", reporter, (*path, "reporter"))


def _references(plan: PlanDocument, units: Mapping[str, Unit]) -> Found:
    """What a task names is declared in the plan."""
    tasks = [
        (task, ("actions", place, "tasks", index))
        for place, action in enumerate(plan.actions)
        for index, task in enumerate(action.tasks)
    ]
    known = {indicator.id for task, _ in tasks for indicator in task.indicators}
    for task, path in tasks:
        for index, milestone in enumerate(task.milestones):
            if milestone.unit is not None and milestone.unit not in units:
                yield _unknown("unit", milestone.unit, (*path, "milestones", index, "unit"))
        for index, indicator in enumerate(task.funnel):
            at = (*path, "funnel", index)
            if indicator not in known:
                yield _unknown("indicator", indicator, at)
            elif indicator in task.funnel[:index]:
                yield Finding(
                    path=at,
                    code="repeated",
                    message=f"{indicator} stands twice",
                    mend="name it once",
                )


def _unknown(what: str, name: str, path: Path) -> Finding:
    return Finding(
        path=path,
        code=f"unknown_{what}",
        message=f"there is no {what} {name}",
        mend=f"declare the {what}, or name one that is there",
    )


def _ids(parts: list[Part], plan: PlanDocument) -> Found:
    """One id means one thing: tasks, milestones and indicators share one space of names.

    So does an action or a plan with figures of its own, for they are reported under its id.
    """
    reporting = {action.id for action in plan.actions if action.indicators}
    reporting |= {plan.plan.id} if plan.plan.indicators else set()
    seen: dict[tuple[str, str], Part] = {}
    for part in parts:
        spaces = {part.space}
        if part.what in {"action", "plan"} and part.id in reporting:
            spaces.add("task")
        for space in sorted(spaces):
            name = (space, unicodedata.normalize("NFKC", part.id).casefold())
            first = seen.setdefault(name, part)
            if first is not part:
                yield Finding(
                    path=(*part.path, "id"),
                    code="duplicate_id",
                    message=f"the {part.what} {part.id} is called like the {first.what} {first.id}",
                    mend="give it another id",
                )


def _titles(parts: list[Part]) -> Found:
    """Two things of one name in one place are easily taken for each other."""
    seen: dict[tuple[str, str, str], Part] = {}
    for part in parts:
        title = unicodedata.normalize("NFKC", part.title.zh).casefold()
        first = seen.setdefault((part.what, part.within, title), part)
        if first is not part:
            yield Finding(
                path=(*part.path, "title"),
                code="same_title",
                message=f"{part.id} has the title of {first.id}",
                mend="see that this is meant",
                notice=True,
            )


def _assumed(part: Part) -> Found:
    """What the source does not say is listed; until somebody stands for it a task is grey (4.5)."""
    at = (*part.path, "assumed")
    fields = {field.alias or name for name, field in type(part.one).model_fields.items()}
    for index, name in enumerate(part.one.assumed):
        if name not in fields:
            yield Finding(
                path=(*at, index),
                code="unknown_field",
                message=f"{name!r} is no field of this {part.what}",
                mend="name a field, as it is spelt in the file",
            )
    if waiting := to_confirm(part.one):
        grey = {"plan": "", "group": "", "unit": "", "action": ": its tasks stay grey"}
        yield Finding(
            path=part.path,
            code="unconfirmed",
            message=f"nobody has confirmed {', '.join(waiting)} of {part.what} {part.id}"
            + grey.get(part.what, ": its task stays grey"),
            mend="name in confirmed_by who stands for it",
            notice=True,
        )
    elif part.one.assumed:
        yield Finding(
            path=at,
            code="assumed",
            message=f"{', '.join(part.one.assumed)} of {part.what} {part.id} is assumed",
            mend=f"{part.one.confirmed_by} stands for it",
            notice=True,
        )


def _contacts(plan: PlanDocument) -> Found:
    """An address is one that mail can be sent to."""
    for path, contacts in _places_of_contacts(plan):
        for index, contact in enumerate(contacts):
            if not _plausible(contact.email):
                yield Finding(
                    path=(*path, "contacts", index, "email"),
                    code="bad_email",
                    message=f"{contact.email!r} is no e-mail address",
                    mend="write it as name@domain",
                )


def _places_of_contacts(plan: PlanDocument) -> Iterator[tuple[Path, tuple[Contact, ...]]]:
    yield ("plan",), plan.plan.contacts
    for index, unit in enumerate(plan.units):
        yield ("units", index), unit.contacts
    for index, action in enumerate(plan.actions):
        yield ("actions", index), action.contacts


def _plausible(email: str) -> bool:
    local, _, domain = email.partition("@")
    odd = any(
        not character.isprintable() or character.isspace() or character in _NO_PART_OF_AN_ADDRESS
        for character in email
    )
    return bool(local) and "@" not in domain and all(domain.split(".")) and not odd
