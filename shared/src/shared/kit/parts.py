"""The parts of a service below its routes, as its wiring hands them over."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared.kit.auth import Gate
from shared.kit.bus.base import Bus
from shared.kit.bus.loop import ConsumerLoop
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.figures import Figures
from shared.kit.inbox import Inbox
from shared.kit.log_guard import LogGuard
from shared.kit.metrics import KitMetrics
from shared.kit.tables import KitTables
from shared.kit.workers import Workers

if TYPE_CHECKING:
    from shared.kit.pages import Pages


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a service is made of below its routes."""

    db: Database
    tables: KitTables
    bus: Bus
    guard: LogGuard
    inbox: Inbox
    dead_letters: DeadLetters
    consumer: ConsumerLoop | None
    workers: Workers
    gate: Gate
    templates: Path | None
    secure_cookie: bool
    metrics: KitMetrics
    figures: Figures

    @cached_property
    def pages(self) -> "Pages":
        """Its pages; they are loaded when they are asked for, since not everybody shows any."""
        from shared.kit.pages import Pages  # noqa: PLC0415  # with it comes all that answers HTTP

        return Pages(gate=self.gate, secure_cookie=self.secure_cookie, templates=self.templates)
