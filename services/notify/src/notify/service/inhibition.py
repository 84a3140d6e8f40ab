"""Inhibition: while one alert is open, others that it explains wait."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from notify.domain.routes import Inhibition, Routes
from notify.domain.routing import Subject, matches, silences
from notify.service.episodes import OPEN
from notify.service.notices import subject_of
from notify.service.plans import KnownPlan
from notify.store.tables import Alert

_LISTED: Final = 1_000
"""Values that a query lists at most; of more it asks for all."""

_Loud = Sequence[tuple[str, Subject]]


class Inhibitors:
    """The open alerts that may explain others: looked up, since a storm has many of both."""

    def __init__(self, *, routes: Routes, found: Sequence[tuple[Inhibition, _Loud]]) -> None:
        self._rules = routes.inhibit
        self._found = [(rule, _by_agreement(rule, loud)) for rule, loud in found]

    def of(self, alert: str, subject: Subject) -> str | None:
        """The open alert by which this one is explained, so that it need not be told.

        Of two that would explain each other both are told.
        """
        for rule, loud in self._found:
            for name, other in loud.get(_agreement(rule, subject), ()):
                if name == alert or not silences(rule, other, subject):
                    continue
                if not any(silences(one, subject, other) for one in self._rules):
                    return name
        return None


async def find_inhibitors(
    session: AsyncSession, plan: KnownPlan, routes: Routes, quiet: Sequence[Subject]
) -> Inhibitors:
    """The open alerts of the plan that could explain one of these."""
    found = []
    for rule in routes.inhibit:
        meant = [subject for subject in quiet if matches(rule.silence, subject)]
        if meant:
            found.append((rule, await _loud(session, plan, rule, meant)))
    return Inhibitors(routes=routes, found=found)


async def _loud(
    session: AsyncSession, plan: KnownPlan, rule: Inhibition, quiet: Sequence[Subject]
) -> _Loud:
    query = select(Alert).where(Alert.plan == plan.plan, col(Alert.state).in_(OPEN))
    if rule.when.kind is not None:
        query = query.where(col(Alert.kind).in_(rule.when.kind))
    for label in rule.same:
        values = {getattr(subject, label) for subject in quiet}
        if None not in values and len(values) <= _LISTED:
            query = query.where(getattr(Alert, label).in_(sorted(values)))
    rows = (await session.execute(query.order_by(col(Alert.id)))).scalars()
    return [(alert.id, subject_of(alert, plan)) for alert in rows]


def _by_agreement(rule: Inhibition, loud: _Loud) -> dict[tuple[str | None, ...], _Loud]:
    found = defaultdict(list)
    for name, subject in loud:
        found[_agreement(rule, subject)].append((name, subject))
    return dict(found)


def _agreement(rule: Inhibition, subject: Subject) -> tuple[str | None, ...]:
    return tuple(getattr(subject, label) for label in rule.same)
