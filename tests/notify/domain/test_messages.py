"""What people read. The golden files beside this test hold it: after a change of words, read them.

`UPDATE_GOLDEN=1` writes them anew.
"""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.facts import Figures
from notify.domain.kinds import (
    AppealOutcome,
    LateMilestone,
    Reminder,
    Reviewed,
    Step,
    Summons,
    UnitResult,
)
from notify.domain.messages import Message, render
from notify.domain.sentences import AlertFacts
from notify.domain.webhook_body import webhook_body
from shared.contracts.plan import Language
from shared.contracts.values import Text

GOLDEN = Path(__file__).parent / "golden"
LINK = "https://duban.example.org/messages/Im1zZy0xIg.abc"
RAISED = datetime(2022, 5, 18, 9, 0, tzinfo=timezone(timedelta(hours=8)))
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")

LAG = AlertFacts(
    id="1f6f6f0e-6f39-5c3e-9d5c-0b0f6f3f5a11",
    kind="lag",
    change="raised",
    level="red",
    plan="fuzhou-3820",
    plan_title=Text(zh="专项行动三年计划", en="Three-year action plan"),
    task="A1.T1",
    task_title=Text(zh="大学城二期建设", en="University town, phase two"),
    unit="science-bureau",
    unit_title=Text(zh="市科技局", en="Science Bureau"),
    period="2022-B2",
    figures=Figures(a="0.2000", e="0.3333", r="0.6000", gap="13.333333"),
    since=date(2022, 4, 30),
    next_by=date(2022, 7, 7),
    details=None,
    raised_at=RAISED,
    correlation_id="c-42",
)
DUE, CLOSE = date(2022, 5, 10), date(2022, 5, 17)


def reminder(stage: Any, working_days: int = 0) -> Reminder:  # noqa: ANN401  # a stage
    return Reminder(stage=stage, working_days=working_days, due=DUE, close=CLOSE)


OWED = replace(LAG, level=None, figures=None, since=DUE, next_by=CLOSE)
UNIT = replace(OWED, task=None, task_title=None, next_by=None, since=date(2022, 5, 18))
NODE = LateMilestone(
    milestone="m2",
    title=Text(zh="主体封顶", en="Topping out"),
    due=date(2022, 4, 30),
    unit="science-bureau",
    days=12,
)
YELLOW = replace(
    LAG, level="yellow", figures=Figures(a="0.3000", e="0.3333", r="0.9000", gap="3.333333")
)
PARTS = Figures(a="0.1500", e="0.1554", r="0.5000", gap="0.5376")
"""Of two indicators one is ahead, the other has not begun: the means hide what R shows."""
LAST = UnitResult(
    version=1,
    score="61.20",
    rank=12,
    grade="poor",
    was_score="64.00",
    was_rank=11,
    was_grade="fair",
    behind=("A1.T1", "A1.T4"),
)
STEP = Step(why="no_answer", working_days=3, role="head", lag="x")
CASES: dict[str, AlertFacts] = {
    "due_soon-opened": replace(OWED, kind="due_soon", next_by=DUE, details=reminder("opened", 7)),
    "due_soon-3": replace(OWED, kind="due_soon", next_by=DUE, details=reminder("due_soon", 3)),
    "due_soon-1": replace(OWED, kind="due_soon", next_by=DUE, details=reminder("due_soon", 1)),
    "overdue": replace(OWED, kind="overdue", details=reminder("overdue")),
    "closing": replace(OWED, kind="closing", details=reminder("closing", 1)),
    "missing": replace(OWED, kind="missing", next_by=None, details=reminder("missed")),
    "early-yellow": replace(YELLOW, kind="early", since=date(2022, 4, 12), next_by=DUE),
    "early-red": replace(LAG, kind="early", since=date(2022, 4, 12), next_by=DUE),
    "early-got_worse": replace(
        LAG, kind="early", change="got_worse", since=date(2022, 4, 12), next_by=DUE
    ),
    "lag-yellow": YELLOW,
    "lag-red": LAG,
    "lag-several_parts": replace(LAG, figures=PARTS),
    "lag-other_reason": replace(LAG, figures=None),
    "lag-got_worse": replace(LAG, change="got_worse"),
    "lag-repeated": replace(LAG, change="repeated"),
    "lag-withdrawn": replace(LAG, change="withdrawn"),
    "overdue-repeated": replace(
        OWED, kind="overdue", change="repeated", details=reminder("overdue")
    ),
    "escalation-no_answer": replace(YELLOW, kind="escalation", details=STEP),
    "escalation-yellow_twice": replace(
        YELLOW,
        kind="escalation",
        next_by=None,
        details=Step(why="yellow_twice", working_days=0, role="office", lag="x"),
    ),
    "escalation-withdrawn": replace(YELLOW, kind="escalation", change="withdrawn", details=STEP),
    "interview-red_twice": replace(LAG, kind="interview", details=Summons(why="red_twice")),
    "interview-milestone": replace(
        OWED,
        kind="interview",
        next_by=None,
        details=Summons(why="milestone", milestone=NODE.model_copy(update={"days": 31})),
    ),
    "interview-withdrawn": replace(
        LAG, kind="interview", change="withdrawn", details=Summons(why="red_twice")
    ),
    "milestone_overdue": replace(OWED, kind="milestone_overdue", next_by=None, details=NODE),
    "milestone_overdue-other_unit": replace(
        OWED,
        kind="milestone_overdue",
        next_by=None,
        other_title=Text(zh="市资源规划局", en="Planning Bureau"),
        details=NODE.model_copy(update={"unit": "planning"}),
    ),
    "published": replace(UNIT, kind="published", details=LAST),
    "published-first": replace(
        UNIT,
        kind="published",
        details=UnitResult(
            version=1,
            score="96.40",
            rank=1,
            grade="excellent",
            was_score=None,
            was_rank=None,
            was_grade=None,
        ),
    ),
    "published-not_scored": replace(
        UNIT,
        kind="published",
        details=LAST.model_copy(update={"score": None, "rank": None, "grade": None, "behind": ()}),
    ),
    "corrected": replace(
        UNIT, kind="corrected", details=LAST.model_copy(update={"version": 2, "score": "66.00"})
    ),
    "ranking": replace(
        UNIT,
        kind="ranking",
        details=LAST.model_copy(update={"version": 2, "was_score": "61.20", "was_grade": "poor"}),
    ),
    "appeal-upheld": replace(
        OWED,
        kind="appeal",
        next_by=None,
        details=AppealOutcome(
            appeal="ap1", item="A1.T1", upheld=True, reason="凭证表明 4 月 28 日已完工。"
        ),
    ),
    "appeal-rejected": replace(
        UNIT,
        kind="appeal",
        details=AppealOutcome(
            appeal="ap2", item="science-bureau", upheld=False, reason="报送确在截止日之后收到。"
        ),
    ),
    "returned": replace(
        OWED,
        kind="returned",
        details=Reviewed(submission="s1", reason="请附监理单位盖章的进度证明。"),
    ),
    "verified": replace(
        OWED, kind="verified", next_by=None, details=Reviewed(submission="s1", reason=None)
    ),
    "verified-marked": replace(
        OWED,
        kind="verified",
        next_by=None,
        details=Reviewed(submission="s1", reason="照片与现场不符", marks="5"),
    ),
}
SEVERAL = (CASES["due_soon-1"], YELLOW, LAG, CASES["overdue"], replace(LAG, id="b", task="A1.T2"))


def held_by(name: str, text: str) -> None:
    """A golden file holds this text."""
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def whole(message: Message) -> str:
    return f"{message.subject}\n\n{message.text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_a_message_reads_as_its_golden_file(name: str, language: Language) -> None:
    message = render([CASES[name]], language, link=LINK)
    held_by(f"{name}.{language}.txt", whole(message))


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_alerts_read_as_their_golden_file_worst_first(language: Language) -> None:
    held_by(f"several.{language}.txt", whole(render(SEVERAL, language, link=LINK)))
    digest = render(SEVERAL, language, link=LINK, digest=date(2022, 5, 18))
    held_by(f"digest.{language}.txt", whole(digest))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_is_held_by_golden_files(language: Language) -> None:
    held_by(f"lag-red.{language}.html", render([LAG], language, link=LINK).html)
    held_by(f"several.{language}.html", render(SEVERAL, language, link=LINK).html)
    digest = render(SEVERAL, language, link=LINK, digest=date(2022, 5, 18))
    held_by(f"digest.{language}.html", digest.html)


@pytest.mark.parametrize("name", CASES)
def test_a_webhook_body_reads_as_its_golden_file(name: str) -> None:
    body = json.loads(webhook_body([CASES[name]], timestamp=RAISED, link=LINK))
    held_by(f"{name}.json", json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def test_a_webhook_tells_several_alerts_worst_first_and_a_hundred_at_most() -> None:
    body = json.loads(webhook_body(SEVERAL, timestamp=RAISED, link=LINK))
    assert (body["type"], body["data"]["count"]) == ("alerts.bundle", 5)
    assert [one["kind"] for one in body["data"]["alerts"]] == [
        "lag",
        "lag",
        "lag",
        "overdue",
        "due_soon",
    ]
    held_by("several.json", json.dumps(body, ensure_ascii=False, indent=2) + "\n")
    many = json.loads(webhook_body([LAG] * 1000, timestamp=RAISED, link=LINK))
    assert (many["data"]["count"], len(many["data"]["alerts"])) == (1000, 100)


def test_the_same_facts_give_the_same_bytes_in_any_time_zone() -> None:
    bodies = {
        webhook_body([LAG], timestamp=at, link=LINK) for at in (RAISED, RAISED.astimezone(UTC))
    }
    assert len(bodies) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "figures",
    [
        None,
        Figures(a=None, e=None, r=None, gap=None),
        Figures(a="0.9700", e="0.9600", r="1.0104", gap="-1"),
        Figures(a="0.3333", e="0.3333", r="1.0000", gap="0.003"),
    ],
)
def test_nobody_is_said_to_be_behind_by_nothing(
    language: Language, figures: Figures | None
) -> None:
    summary = render([replace(LAG, figures=figures)], language, link=LINK).summary
    assert "2022-04-30" in summary
    assert "%" not in summary
    assert {"zh-CN": "落后", "en": "behind"}[language] not in summary


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_without_a_next_date_the_message_names_none(name: str, language: Language) -> None:
    text = render([replace(CASES[name], next_by=None)], language, link=LINK).text
    assert "None" not in text
    assert "  " not in text
    assert " ." not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_one_link_and_the_message_makes_sense_without_it(language: Language) -> None:
    message = render([LAG], language, link=LINK)
    assert message.text.count("https://") == message.html.count("https://") == 1
    assert all(part in message.summary for part in ("13.33", "20.00%", "33.33%", "2022-04-30"))
    assert "\n" not in message.summary


titles = st.text(min_size=1, max_size=60).map(lambda text: f"<b>{{x}}</b>{text}".replace("\r", ""))


@given(zh=titles, count=st.integers(1, 60), language=st.sampled_from(LANGUAGES))
def test_whatever_a_title_holds_it_stays_text_and_the_message_stays_short(
    zh: str, count: int, language: Language
) -> None:
    hostile = Text.model_construct(zh=zh, en=zh)
    alerts = [replace(LAG, id=str(n), task_title=hostile) for n in range(count)]
    message = render(alerts, language, link=LINK)
    assert message.html.count("<a ") == 1
    assert "<b>{x}" not in message.html
    assert message.html.count(LINK) == message.text.count(LINK) == 1
    assert message.html.count("<li") <= 21
    if count > 20:
        assert str(count - 20) in message.lines[20]
    if count > 1:
        assert str(count) in message.subject
