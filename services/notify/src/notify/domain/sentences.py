"""One alert in words: the line that says what is behind, by how much, since when, and what is next.

Numbers are as published; nothing is computed here but how they are printed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from notify.domain.facts import Figures
from notify.domain.kinds import (
    AppealOutcome,
    Change,
    Details,
    Kind,
    LateMilestone,
    Level,
    Reminder,
    Reviewed,
    Step,
    Summons,
    UnitResult,
)
from notify.domain.phrases import PHRASES
from shared.contracts.plan import Language
from shared.contracts.values import Text

_ROUNDED: Final = Decimal("0.0002")
"""What a, e and r, given to four places, can be out by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """An alert with all that its messages name; titles in both languages."""

    id: str
    kind: Kind
    change: Change
    level: Level | None
    plan: str
    plan_title: Text
    task: str | None
    """None where it is about the unit."""
    task_title: Text | None
    unit: str
    unit_title: Text
    other_title: Text | None = None
    """Whose a late milestone is, where that is not the unit's."""
    period: str | None
    figures: Figures | None
    since: date
    """The day the present level was entered, or what is late was due."""
    next_by: date | None
    """By when something is expected."""
    details: Details | None
    raised_at: datetime
    correlation_id: str


def title(alert: AlertFacts, language: Language) -> str:
    """What the alert is about: its task, else its unit."""
    return (alert.task_title or alert.unit_title).in_language(language)


def kind_name(alert: AlertFacts, language: Language) -> str:
    """What the kind of the alert is called."""
    return PHRASES[language][f"kind.{alert.kind}"]


def sentence(alert: AlertFacts, language: Language) -> str:
    """What has happened, by how much, since when."""
    phrases = PHRASES[language]
    if alert.change == "withdrawn":
        kind = kind_name(alert, language)
        return phrases["say.withdrawn"].format(**_names(alert, language), kind=kind)
    said = _said(alert, language)
    if alert.change == "repeated":
        return phrases["again"] + said
    return phrases["worse"] + said if alert.change == "got_worse" else said


def coming(alert: AlertFacts, language: Language) -> str:
    """What comes next, and by when."""
    phrases = PHRASES[language]
    name = f"next.{alert.kind}"
    if alert.change == "withdrawn":
        name = "next.withdrawn"
    elif isinstance(alert.details, AppealOutcome):
        name += ".upheld" if alert.details.upheld else ".rejected"
    elif alert.next_by is None and f"{name}.open" in phrases:
        name += ".open"
    by = alert.next_by.isoformat() if alert.next_by else ""
    return phrases[name].format(by=by, unit=alert.unit_title.in_language(language))


def _said(  # noqa: PLR0911  # one return for each kind of details
    alert: AlertFacts, language: Language
) -> str:
    phrases, names = PHRASES[language], _names(alert, language)
    match alert.details:
        case Reminder() as it:
            names |= {"due": it.due, "close": it.close, "n": it.working_days}
            return phrases[f"say.{it.stage}"].format(**names)
        case LateMilestone() as it:
            return _milestone(alert, it, language)
        case Summons(milestone=LateMilestone() as it):
            return phrases["say.summons"].format(milestone=_milestone(alert, it, language))
        case Summons():
            return phrases["say.red_twice"].format(behind=_behind(alert, language))
        case Step() as it:
            role = phrases.get(f"role.{it.role}", it.role)
            said = phrases[f"say.{it.why}"]
            return said.format(behind=_behind(alert, language), n=it.working_days, role=role)
        case UnitResult() as it:
            return _result(alert, it, language)
        case Reviewed() as it:
            name = "say.marked" if it.marks else f"say.{alert.kind}"
            return phrases[name].format(**names, reason=it.reason or "—", marks=it.marks)
        case AppealOutcome() as it:
            outcome = phrases["upheld" if it.upheld else "rejected"]
            item = phrases["item.task" if alert.task else "item.unit"].format(**names)
            return phrases["say.appeal"].format(
                **names, item=item, outcome=outcome, reason=it.reason
            )
        case None:
            return _behind(alert, language)


def _names(alert: AlertFacts, language: Language) -> dict[str, object]:
    phrases = PHRASES[language]
    return {
        "task": alert.task_title.in_language(language) if alert.task_title else "",
        "code": alert.task or "",
        "unit": alert.unit_title.in_language(language),
        "period": alert.period or "",
        "since": alert.since.isoformat(),
        "level": phrases[alert.level] if alert.level else "",
    }


def _behind(alert: AlertFacts, language: Language) -> str:
    phrases, names, figures = PHRASES[language], _names(alert, language), alert.figures
    if figures is None or not (figures.a and figures.e and figures.gap):
        return phrases["say.otherwise"].format(**names)
    gap = _two_places(Decimal(figures.gap))
    if gap <= 0:
        return phrases["say.otherwise"].format(**names)
    names |= {"gap": gap, "a": _percent(figures.a), "e": _percent(figures.e)}
    a, e = Decimal(figures.a), Decimal(figures.e)
    if not figures.r or abs(a - e * Decimal(figures.r)) < _ROUNDED:
        return phrases["say.behind"].format(**names)
    # The light is that of R; of several parts a and e are means, which need not explain it.
    return phrases["say.behind_parts"].format(**names, r=_percent(figures.r))


def _milestone(alert: AlertFacts, late: LateMilestone, language: Language) -> str:
    names = _names(alert, language) | {
        "node": late.title.in_language(language),
        "due": late.due,
        "days": late.days,
    }
    if alert.other_title is None:
        return PHRASES[language]["say.milestone"].format(**names)
    other = alert.other_title.in_language(language)
    return PHRASES[language]["say.milestone_of"].format(**names, other=other)


def _result(alert: AlertFacts, result: UnitResult, language: Language) -> str:
    phrases = PHRASES[language]
    before = "last" if alert.kind == "published" else "was"
    parts = []
    if result.score is None:
        parts.append(phrases["result.no_score"])
    else:
        was = result.was_score if result.was_score != result.score else None
        parts.append(
            phrases["result.score"].format(score=result.score) + _was(was, before, language)
        )
    if result.rank is not None:
        said = phrases["result.rank"].format(rank=result.rank)
        if result.was_rank not in {None, result.rank}:
            said += phrases[f"result.{before}_rank"].format(was=result.was_rank)
        parts.append(said)
    if result.grade is not None:
        grade = phrases.get(result.grade, result.grade)
        old = result.was_grade if result.was_grade != result.grade else None
        was = None if old is None else phrases.get(old, old)
        parts.append(phrases["result.grade"].format(grade=grade) + _was(was, before, language))
    behind = ""
    if result.behind:
        tasks = phrases["result.task_join"].join(result.behind)
        behind = phrases["result.behind"].format(n=len(result.behind), tasks=tasks)
    return (
        phrases[f"say.{alert.kind}"]
        .format(
            **_names(alert, language),
            version=result.version,
            result=phrases["result.join"].join(parts),
            behind_tasks=behind,
        )
        .rstrip()
    )


def _was(was: str | None, before: str, language: Language) -> str:
    return "" if was is None else PHRASES[language][f"result.{before}"].format(was=was)


def _percent(share: str) -> str:
    return f"{_two_places(100 * Decimal(share))}%"


def _two_places(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)
