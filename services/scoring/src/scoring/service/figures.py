"""Where every plan stands with its tasks and publications, read for the metrics."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Row, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.metrics import ScoringMetrics
from scoring.service.facts import Facts
from scoring.service.releases import PUBLISHED
from scoring.store.tables import PublicationRow, StandingRow
from shared.contracts.scoring import Light
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.figures import seconds_since
from shared.kit.metrics import Labels, show

_STANDINGS: Final[Table] = StandingRow.__table__  # type: ignore[attr-defined]  # SQLModel's
_PUBLICATIONS: Final[Table] = PublicationRow.__table__  # type: ignore[attr-defined]  # likewise
_DOCUMENTS: Final = ("manifest", "result")
_LIGHTS: Final = get_args(Light)
_UNDER_WAY: Final = ("waiting", "failed", "draft", "returned", "approved")
_STATES: Final = (*_UNDER_WAY, PUBLISHED)
_PERCENT: Final = 100

Values = dict[Labels, float]


class Figures:
    """Reads scoring's own figures."""

    def __init__(
        self, *, db: Database, facts: Facts, clock: Clock, metrics: ScoringMetrics
    ) -> None:
        self._db = db
        self._facts = facts
        self._clock = clock
        self._metrics = metrics
        self._manifests: dict[str, tuple[str, Mapping[str, Any]]] = {}
        """Of each plan the digest of its newest publication, and its manifest: read once."""

    async def read(self) -> None:
        """The tasks by light, the publications by state, and what the newest of them says."""
        now = self._clock.business_now()
        lights: Values = {}
        states: Values = {}
        waits: Values = {}
        newest: dict[str, tuple[Row[Any], Mapping[str, Any]]] = {}
        async with self._db.read() as session:
            for plan in await self._facts.plans(session):
                lights |= await _lights(session, plan)
                rows = await _publications(session, plan)
                states |= _by_state(plan, rows)
                waits[plan,] = max(
                    (seconds_since(row.drafted_at, now) for row in rows if row.state in _UNDER_WAY),
                    default=0,
                )
                if (latest := await self._newest(session, plan, rows)) is not None:
                    newest[plan] = latest, await self._manifest(session, latest)
        show(self._metrics.tasks, lights)
        show(self._metrics.publications, states)
        show(self._metrics.oldest_draft, waits)
        self._show_newest(newest, now)

    async def _newest(
        self, session: AsyncSession, plan: str, rows: Sequence[Row[Any]]
    ) -> Row[Any] | None:
        """The latest version of the newest period that was published."""
        known = await self._facts.plan(session, plan)
        periods = known.calendar if known else None
        out = [
            row for row in rows if row.state == PUBLISHED and periods and periods.find(row.period)
        ]
        return max(out, key=lambda row: (row.last_day, row.version), default=None)

    async def _manifest(self, session: AsyncSession, row: Row[Any]) -> Mapping[str, Any]:
        digest, manifest = self._manifests.get(row.plan, ("", {}))
        if digest != row.digest:
            stored = _PUBLICATIONS.c
            query = select(stored.manifest).where(
                stored.plan == row.plan,
                stored.period == row.period,
                stored.version == row.version,
            )
            manifest = json.loads((await session.execute(query)).scalar_one())
            self._manifests[row.plan] = row.digest, manifest
        return manifest

    def _show_newest(
        self, newest: Mapping[str, tuple[Row[Any], Mapping[str, Any]]], now: datetime
    ) -> None:
        metrics = self._metrics
        ages: Values = {}
        said: dict[str, dict[Labels, str | None]] = defaultdict(dict)
        for plan, (row, manifest) in newest.items():
            ages[plan,] = seconds_since(row.released_at, now)
            said["plan"][plan,] = manifest["plan_score"]
            said["reporting"][plan,] = manifest["rates"]["reporting_rate"]
            said["on time"][plan,] = manifest["rates"]["on_time_rate"]
            for action in manifest["actions"]:
                said["action"][plan, action["action"]] = action["score"]
            for group, table in manifest["groups"].items():
                for unit in table:
                    said["unit"][plan, group, unit["unit"]] = unit["score"]
        show(metrics.age, ages)
        show(metrics.plan_score, _numbers(said["plan"]))
        show(metrics.action_scores, _numbers(said["action"]))
        show(metrics.unit_scores, _numbers(said["unit"]))
        show(metrics.reporting, _numbers(said["reporting"], of=_PERCENT))
        show(metrics.on_time, _numbers(said["on time"], of=_PERCENT))


async def _lights(session: AsyncSession, plan: str) -> Values:
    light = _STANDINGS.c.light
    query = select(light, func.count().label("tasks")).where(_STANDINGS.c.plan == plan)
    rows = (await session.execute(query.group_by(light))).all()
    found = {row.light: row.tasks for row in rows}
    return {(plan, one): found.get(one, 0) for one in _LIGHTS}


async def _publications(session: AsyncSession, plan: str) -> Sequence[Row[Any]]:
    """Every version, without its documents."""
    columns = [one for one in _PUBLICATIONS.c if one.name not in _DOCUMENTS]
    return (await session.execute(select(*columns).where(_PUBLICATIONS.c.plan == plan))).all()


def _by_state(plan: str, rows: Sequence[Row[Any]]) -> Values:
    counts: Values = {(plan, state): 0 for state in _STATES}
    for row in rows:
        counts[plan, row.state] = counts.get((plan, row.state), 0) + 1
    return counts


def _numbers(printed: Mapping[Labels, str | None], *, of: int = 1) -> Values:
    """Printed numbers for a graph, as parts `of` a whole; what has no number is left out."""
    return {labels: float(text) / of for labels, text in printed.items() if text is not None}
