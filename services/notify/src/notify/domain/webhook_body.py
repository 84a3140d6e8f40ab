"""The JSON of a webhook: the same facts give the same bytes, texts stand in both languages."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from notify.domain.facts import Figures
from notify.domain.kinds import Change
from notify.domain.messages import worst_first
from notify.domain.sentences import AlertFacts, coming, sentence

_TYPES: Final[Mapping[Change, str]] = {
    "raised": "alert.raised",
    "got_worse": "alert.updated",
    "repeated": "alert.repeated",
    "withdrawn": "alert.withdrawn",
}
_BUNDLE: Final = "alerts.bundle"
_MOST: Final = 100


def webhook_body(alerts: Sequence[AlertFacts], *, timestamp: datetime, link: str) -> bytes:
    """One alert as `alert.…`, several as `alerts.bundle`: their number and the gravest hundred.

    `timestamp` is when the message was put together, not when it is sent.
    """
    at = timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z")
    told = [_told(alert) for alert in worst_first(alerts)[:_MOST]]
    if len(alerts) == 1:
        body = {"type": told[0].pop("type"), "timestamp": at, "data": {**told[0], "link": link}}
    else:
        data = {"count": len(alerts), "alerts": told, "link": link}
        body = {"type": _BUNDLE, "timestamp": at, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _told(alert: AlertFacts) -> dict[str, Any]:
    figures = alert.figures or Figures(a=None, e=None, r=None, gap=None)
    task = alert.task_title
    return {
        "type": _TYPES[alert.change],
        "alert": alert.id,
        "kind": alert.kind,
        "level": alert.level,
        "plan": alert.plan,
        "task": {"id": alert.task, "title": task.model_dump()} if task else None,
        "unit": {"id": alert.unit, "title": alert.unit_title.model_dump()},
        "period": alert.period,
        "a": figures.a,
        "e": figures.e,
        "r": figures.r,
        "gap": figures.gap,
        "since": alert.since.isoformat(),
        "details": alert.details.model_dump(mode="json") if alert.details else None,
        "summary": {"zh": sentence(alert, "zh-CN"), "en": sentence(alert, "en")},
        "next": {
            "by": alert.next_by.isoformat() if alert.next_by else None,
            "zh": coming(alert, "zh-CN"),
            "en": coming(alert, "en"),
        },
        "correlation_id": alert.correlation_id,
    }
