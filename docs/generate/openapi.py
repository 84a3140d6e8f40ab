"""docs/openapi/*.json: what each service's API takes and answers, as OpenAPI 3.1."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fastapi import FastAPI
from pydantic import SecretStr

import intake.app
import intake.config
import intake.wiring
import notify.app
import notify.config
import notify.wiring
import scoring.app
import scoring.config
import scoring.wiring
from scoring.service.intake_client import IntakeClient
from shared.kit.bus.local import LocalBus
from shared.kit.clock import SystemClock
from shared.kit.foundation import TOPICS

_SECRET: Final = SecretStr("nothing is ever signed with this")


def documents() -> Mapping[str, dict[str, Any]]:
    """The document of each service, by its name; it is wired and never started."""
    with TemporaryDirectory() as folder:
        return {name: app.openapi() for name, app in _apps(Path(folder)).items()}


def written(document: Mapping[str, Any]) -> str:
    """A document as it stands in its file."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _apps(folder: Path) -> Mapping[str, FastAPI]:
    bus, clock = LocalBus(path=folder / "bus.db", topics=TOPICS), SystemClock()
    database = f"sqlite+aiosqlite:///{folder}/never-opened.db"
    inputs = intake.config.IntakeSettings(database=database, session_secret=_SECRET)
    results = scoring.config.ScoringSettings(database=database, session_secret=_SECRET)
    messages = notify.config.NotifySettings(database=database, session_secret=_SECRET)
    cutoffs = IntakeClient(url=results.intake_url)
    return {
        "intake": intake.app.create_app(
            intake.wiring.build(settings=inputs, bus=bus, clock=clock, member="documents")
        ),
        "scoring": scoring.app.create_app(
            scoring.wiring.build(
                settings=results, bus=bus, clock=clock, member="documents", cutoffs=cutoffs
            )
        ),
        "notify": notify.app.create_app(
            notify.wiring.build(settings=messages, bus=bus, clock=clock, member="documents")
        ),
    }
