"""What decisions about alerts are made from: a light that was judged anew, an alert as it is."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from notify.domain.kinds import Kind, Level

Light = Literal["green", "yellow", "red", "blue", "grey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a light was made from, as printed: a, e, r to 4 places, gap in percentage points."""

    a: str | None
    e: str | None
    r: str | None
    gap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LightChange:
    """A task's light and figures were judged anew; `before` is None when it had no light."""

    plan: str
    task: str
    unit: str
    """The lead."""
    action: str
    period: str
    before: Light | None
    after: Light
    figures: Figures
    as_of: date
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange(LightChange):
    """The live standing of a task moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLine(LightChange):
    """A task's line in a publication; `as_of` is the last day of its period."""

    version: int
    digest: str

    def undoes(self, alert: "OpenAlert") -> bool:
        """Whether it corrects the period in which the alert began."""
        return self.version > 1 and alert.entered == self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert whose episode has not ended, as it stands."""

    id: str
    kind: Kind
    level: Level | None
    episode: str
    figures: Figures | None
    entered: str | None = None
    """The period in which it began."""
