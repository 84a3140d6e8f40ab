"""A message: one alert, or several of a group, worst first, with what comes next and one link."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final

from notify.domain.kinds import NEWS
from notify.domain.phrases import PHRASES
from notify.domain.sentences import AlertFacts, coming, kind_name, sentence, title
from shared.contracts.plan import Language

_MOST_LINES: Final = 20
_MOST_NEXT: Final = 3
_GRAVITY: Final = (
    "interview",
    "missing",
    "lag.red",
    "escalation",
    "lag.yellow",
    "overdue",
    "closing",
    "milestone_overdue",
    "early",
    "due_soon",
    "returned",
    "corrected",
    "ranking",
    "appeal",
    "published",
    "verified",
    "withdrawn",
)
_PAGE: Final = (
    "font-family:-apple-system,'PingFang SC','Microsoft YaHei',sans-serif;font-size:16px;"
    "line-height:1.6;color:#1a1a1a;max-width:600px;margin:0 auto;padding:16px"
)
_BUTTON: Final = (
    "display:inline-block;padding:10px 20px;background:#b3261e;color:#ffffff;"
    "text-decoration:none;border-radius:4px"
)
_NEXT: Final = "border-left:3px solid #b3261e;padding-left:12px;color:#333333"
_SMALL: Final = "font-size:13px;color:#666666"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in one language: `summary` is its one line, `text` and `html` the whole.

    `lines` are what it says without markup and without its link, for channels of their own form.
    """

    subject: str
    text: str
    html: str
    summary: str
    lines: tuple[str, ...]
    link_text: str


def worst_first(alerts: Sequence[AlertFacts]) -> list[AlertFacts]:
    """The gravest kind first; of one kind in the order given."""
    return sorted(alerts, key=lambda alert: _GRAVITY.index(_sort(alert)))


def render(
    alerts: Sequence[AlertFacts], language: Language, *, link: str, digest: date | None = None
) -> Message:
    """What one message says of one alert or of several.

    `digest`: the day of which it gathers what the daily cap held back.
    """
    phrases, ordered = PHRASES[language], worst_first(alerts)
    subject = _subject(ordered, language, digest)
    said = [sentence(alert, language) for alert in ordered[:_MOST_LINES]]
    if len(ordered) > _MOST_LINES:
        said.append(phrases["more"].format(n=len(ordered) - _MOST_LINES))
    following = list(dict.fromkeys(coming(alert, language) for alert in ordered))[:_MOST_NEXT]
    news = all(alert.kind in NEWS or alert.change == "withdrawn" for alert in ordered)
    link_text, footer = phrases["link.news" if news else "link"], phrases["footer"]
    listed = said if len(ordered) == 1 else [f"· {line}" for line in said]
    text = "\n".join(listed) + "\n\n" + "\n".join(following)
    return Message(
        subject=subject,
        text=f"{text}\n\n{link_text}{phrases['colon']}{link}\n\n{footer}\n",
        html=_html(subject, said, following, (link, link_text), footer, language),
        summary=said[0],
        lines=(*listed, *following),
        link_text=link_text,
    )


def disabled_message(
    endpoint: str, reason: str, *, since: date, language: Language, link: str
) -> Message:
    """An endpoint is switched off: it is gone, or nothing could be delivered for five days."""
    phrases = PHRASES[language]
    said = phrases[f"disabled.{reason}"].format(endpoint=endpoint, since=since.isoformat())
    following, link_text = phrases["disabled.next"], phrases["link.news"]
    subject = phrases["disabled.subject"].format(endpoint=endpoint)
    footer = phrases["footer"]
    return Message(
        subject=subject,
        text=f"{said}\n\n{following}\n\n{link_text}{phrases['colon']}{link}\n\n{footer}\n",
        html=_html(subject, [said], [following], (link, link_text), footer, language),
        summary=said,
        lines=(said, following),
        link_text=link_text,
    )


def _sort(alert: AlertFacts) -> str:
    if alert.change == "withdrawn":
        return "withdrawn"
    return f"lag.{alert.level}" if alert.kind == "lag" else alert.kind


def _subject(alerts: Sequence[AlertFacts], language: Language, digest: date | None) -> str:
    phrases = PHRASES[language]
    if digest is None and len(alerts) == 1:
        (alert,) = alerts
        form = "subject.level" if alert.level else "subject"
        if alert.change in {"repeated", "withdrawn"}:
            form = f"subject.{alert.change}"
        return phrases[form].format(
            kind=kind_name(alert, language),
            level=phrases[alert.level] if alert.level else "",
            about=title(alert, language),
        )
    many = Counter(_sort(alert) for alert in alerts)
    counts = phrases["many.join"].join(
        phrases[f"many.{sort}"].format(n=n) for sort, n in many.items()
    )
    if digest is not None:
        return phrases["subject.digest"].format(day=digest.isoformat(), counts=counts)
    units = {alert.unit for alert in alerts}
    about = alerts[0].unit_title if len(units) == 1 else alerts[0].plan_title
    return phrases["subject.many"].format(about=about.in_language(language), counts=counts)


def _html(
    subject: str,
    said: Sequence[str],
    following: Sequence[str],
    link: tuple[str, str],
    footer: str,
    language: Language,
) -> str:
    """Plain enough for every mail program: nothing is loaded, nothing needs a style sheet."""
    if len(said) == 1:
        body = f"<p><strong>{escape(said[0])}</strong></p>"
    else:
        items = "\n".join(f'<li style="margin:0 0 8px">{escape(line)}</li>' for line in said)
        body = f'<ul style="padding-left:20px">\n{items}\n</ul>'
    steps = "<br>".join(escape(line) for line in following)
    where, text = link
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(subject)}</title></head>\n"
        f'<body style="margin:0"><div style="{_PAGE}">\n'
        f"{body}\n"
        f'<p style="{_NEXT}">{steps}</p>\n'
        f'<p><a href="{escape(where)}" style="{_BUTTON}">{escape(text)}</a></p>\n'
        f'<p style="{_SMALL}">{escape(footer)}</p>\n'
        "</div></body></html>\n"
    )
