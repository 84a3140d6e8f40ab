"""What stands open, and what waits to be sent, read for the metrics."""

from typing import Final

from sqlalchemy import Table, func, select

from notify.domain.kinds import NEWS
from notify.metrics import ALERTS, CHANNELS, NotifyMetrics
from notify.service.episodes import OPEN
from notify.store.tables import Alert, Delivery, Endpoint, PlanHeadRow
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.figures import seconds_since
from shared.kit.metrics import Labels, show

_ALERTS: Final[Table] = Alert.__table__  # type: ignore[attr-defined]  # SQLModel's
_DELIVERIES: Final[Table] = Delivery.__table__  # type: ignore[attr-defined]  # likewise
_ENDPOINTS: Final[Table] = Endpoint.__table__  # type: ignore[attr-defined]  # likewise
_PLANS: Final[Table] = PlanHeadRow.__table__  # type: ignore[attr-defined]  # likewise


class Figures:
    """Reads notify's own figures."""

    def __init__(self, *, db: Database, clock: Clock, metrics: NotifyMetrics) -> None:
        self._db = db
        self._clock = clock
        self._metrics = metrics

    async def read(self) -> None:
        """The open alerts of every plan, and the deliveries that have not ended."""
        await self._alerts()
        await self._deliveries()

    async def _alerts(self) -> None:
        now = self._clock.business_now()
        alerts = _ALERTS.c
        kinds = (alerts.plan, alerts.kind, alerts.level)
        query = select(
            *kinds, func.count().label("many"), func.min(alerts.raised_at).label("since")
        )
        query = query.where(alerts.state.in_(OPEN), alerts.kind.not_in(NEWS)).group_by(*kinds)
        async with self._db.read() as session:
            plans = (await session.execute(select(_PLANS.c.plan))).scalars().all()
            found = (await session.execute(query)).all()
        many: dict[Labels, float] = {(plan, *alert): 0 for plan in plans for alert in ALERTS}
        ages: dict[Labels, float] = {(plan, kind): 0 for plan in plans for kind, _ in ALERTS}
        for row in found:
            many[row.plan, row.kind, row.level or "none"] = row.many
            oldest = seconds_since(row.since, now)
            ages[row.plan, row.kind] = max(ages.get((row.plan, row.kind), 0), oldest)
        show(self._metrics.open_alerts, many)
        show(self._metrics.oldest_alert, ages)

    async def _deliveries(self) -> None:
        """By the wall's clock: a message waits in real time, whatever day it is about."""
        now = self._clock.wall_now()
        sent, endpoints = _DELIVERIES.c, _ENDPOINTS.c
        query = select(
            sent.channel, func.count().label("many"), func.min(sent.created_at).label("since")
        )
        query = query.where(sent.state == "pending").group_by(sent.channel)
        disabled = select(func.count()).where(endpoints.disabled_at.is_not(None))
        async with self._db.read() as session:
            found = {row.channel: row for row in await session.execute(query)}
            gone = (await session.execute(disabled)).scalar_one()
        for channel in CHANNELS:
            row = found.get(channel)
            self._metrics.pending.labels(channel).set(row.many if row else 0)
            self._metrics.oldest_pending.labels(channel).set(
                seconds_since(row.since if row else None, now)
            )
        self._metrics.endpoints_disabled.set(gone)
