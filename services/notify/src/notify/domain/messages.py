"""What an alert says: what is behind, by how much, since when, what happens next, and one link."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import Final, Literal

from notify.domain.alerts import Figures, Kind, Level
from shared.contracts.plan import Language
from shared.contracts.values import Text

Change = Literal["alert.raised", "alert.updated"]
"""The types of webhook message: an episode began, or it got worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """An alert with all that its messages name; titles in both languages."""

    id: str
    kind: Kind
    level: Level | None
    plan: str
    task: str
    task_title: Text
    unit: str
    unit_title: Text
    period: str
    figures: Figures | None
    since: date
    """The day the present level was entered, or an overdue report's due date."""
    next_by: date | None
    """early: the due date of the period's report; lag: of the next one; overdue: the close date."""
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in one language: `summary` is its one line, `text` and `html` the whole."""

    subject: str
    text: str
    html: str
    summary: str


_PHRASES: Final[dict[Language, dict[str, str]]] = {
    "zh-CN": {
        "early": "进度提醒",
        "lag": "进度滞后预警",
        "overdue": "报送逾期提醒",
        "yellow": "黄灯",
        "red": "红灯",
        "subject": "【督办】{kind}：{task}",
        "subject_level": "【督办】{kind}（{level}）：{task}",
        "behind": (
            "{unit}牵头的任务“{task}”（{code}）在考核期 {period} 落后序时进度 {gap} 个百分点："
            "已完成 {a}，应完成 {e}，自 {since} 起亮{level}。"
        ),
        "otherwise": (
            "{unit}牵头的任务“{task}”（{code}）在考核期 {period} 自 {since} 起亮{level}；"
            "亮灯另有原因（报送缺失、节点逾期或逐级恢复），详见链接。"
        ),
        "late": (
            "{unit}应报送任务“{task}”（{code}）考核期 {period} 的进展，截止日为 {since}，"
            "至今未收到。"
        ),
        "early_next": "本期尚未公布，仍可补进：请加快推进，最迟于 {by} 报送本期进展。",
        "early_next_open": "本期尚未公布，仍可补进：请加快推进，并按期报送本期进展。",
        "lag_next": "请采取措施赶上进度，最迟于 {by} 报送下一期进展，下次公布时重新评定。",
        "lag_next_open": "请采取措施赶上进度，下次公布时重新评定。",
        "overdue_next": "请尽快补报；{by} 后本期关闭，未报按缺报计。",
        "overdue_next_open": "请尽快补报；本期关闭后，未报按缺报计。",
        "link": "查看详情",
        "footer": "本消息由督办系统自动发出，请勿直接回复。",
    },
    "en": {
        "early": "Progress reminder",
        "lag": "Behind schedule",
        "overdue": "Report overdue",
        "yellow": "yellow",
        "red": "red",
        "subject": "[Duban] {kind}: {task}",
        "subject_level": "[Duban] {kind} ({level}): {task}",
        "behind": (
            "“{task}” ({code}), led by {unit}, is {gap} percentage points behind schedule in "
            "period {period}: {a} done, {e} expected, {level} since {since}."
        ),
        "otherwise": (
            "“{task}” ({code}), led by {unit}, is {level} in period {period} since {since}, for a "
            "reason other than its figures (a missing report, an overdue milestone or a gradual "
            "recovery): see the link."
        ),
        "late": (
            "The report of {unit} on “{task}” ({code}) for period {period} was due on {since} "
            "and has not arrived."
        ),
        "early_next": (
            "Nothing is published yet and there is time to catch up: report the progress of this "
            "period by {by}."
        ),
        "early_next_open": (
            "Nothing is published yet and there is time to catch up: report the progress of this "
            "period on time."
        ),
        "lag_next": (
            "Please catch up and send the next report by {by}; the next publication judges the "
            "task anew."
        ),
        "lag_next_open": "Please catch up; the next publication judges the task anew.",
        "overdue_next": (
            "Please report now: after {by} the period is closed and the report counts as missing."
        ),
        "overdue_next_open": (
            "Please report now: once the period is closed the report counts as missing."
        ),
        "link": "Details",
        "footer": "Duban sent this message automatically; please do not reply.",
    },
}


def link(alert_id: str, base_url: str) -> str:
    """Where an alert is read."""
    return f"{base_url.rstrip('/')}/alerts/{alert_id}"


def render(alert: AlertFacts, language: Language, *, base_url: str) -> Message:
    """The message says what is behind, by how much and since when, what comes next, and by when."""
    phrases = _PHRASES[language]
    task = alert.task_title.in_language(language)
    level = phrases[alert.level] if alert.level else ""
    subject = phrases["subject_level" if level else "subject"].format(
        kind=phrases[alert.kind], level=level, task=task
    )
    summary, coming = _summary(alert, language), _next(alert, language)
    where, footer = link(alert.id, base_url), phrases["footer"]
    colon = "：" if language == "zh-CN" else ": "
    html = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head><body>\n"
        f"<p><strong>{escape(summary)}</strong></p>\n<p>{escape(coming)}</p>\n"
        f'<p><a href="{escape(where)}">{escape(phrases["link"])}</a></p>\n'
        f"<p><small>{escape(footer)}</small></p>\n</body></html>\n"
    )
    text = f"{summary}\n\n{coming}\n\n{phrases['link']}{colon}{where}\n\n{footer}\n"
    return Message(subject=subject, text=text, html=html, summary=summary)


def webhook_body(alert: AlertFacts, *, change: Change, timestamp: datetime, base_url: str) -> bytes:
    """The JSON of a webhook: the same facts give the same bytes, texts stand in both languages.

    `timestamp` is when the alert was raised or changed, not when it is sent.
    """
    none = Figures(a=None, e=None, r=None, gap=None)
    figures = alert.figures or none
    body = {
        "type": change,
        "timestamp": timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "alert": alert.id,
            "kind": alert.kind,
            "level": alert.level,
            "plan": alert.plan,
            "task": {"id": alert.task, "title": alert.task_title.model_dump()},
            "unit": {"id": alert.unit, "title": alert.unit_title.model_dump()},
            "period": alert.period,
            "a": figures.a,
            "e": figures.e,
            "r": figures.r,
            "gap": figures.gap,
            "since": alert.since.isoformat(),
            "summary": {"zh": _summary(alert, "zh-CN"), "en": _summary(alert, "en")},
            "next": {
                "by": alert.next_by.isoformat() if alert.next_by else None,
                "zh": _next(alert, "zh-CN"),
                "en": _next(alert, "en"),
            },
            "link": link(alert.id, base_url),
            "correlation_id": alert.correlation_id,
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _summary(alert: AlertFacts, language: Language) -> str:
    phrases = _PHRASES[language]
    words = {
        "task": alert.task_title.in_language(language),
        "code": alert.task,
        "unit": alert.unit_title.in_language(language),
        "period": alert.period,
        "since": alert.since.isoformat(),
        "level": phrases[alert.level] if alert.level else "",
    }
    if alert.kind == "overdue":
        return phrases["late"].format(**words)
    figures = alert.figures
    if figures is None or not (figures.a and figures.e and figures.gap):
        return phrases["otherwise"].format(**words)
    gap = _two_places(Decimal(figures.gap))
    if gap <= 0:
        return phrases["otherwise"].format(**words)
    return phrases["behind"].format(**words, gap=gap, a=_percent(figures.a), e=_percent(figures.e))


def _next(alert: AlertFacts, language: Language) -> str:
    phrases = _PHRASES[language]
    if alert.next_by is None:
        return phrases[f"{alert.kind}_next_open"]
    return phrases[f"{alert.kind}_next"].format(by=alert.next_by.isoformat())


def _percent(share: str) -> str:
    return f"{_two_places(100 * Decimal(share))}%"


def _two_places(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)
