"""The golden files beside this test are what people read; after a change of words, read them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from notify.domain.alerts import Figures
from notify.domain.messages import AlertFacts, Message, render, webhook_body
from shared.contracts.plan import Language
from shared.contracts.values import Text

GOLDEN = Path(__file__).parent / "golden"
BASE_URL = "https://duban.example.org/"
RAISED = datetime(2022, 5, 18, 9, 0, tzinfo=timezone(timedelta(hours=8)))

LAG = AlertFacts(
    id="1f6f6f0e-6f39-5c3e-9d5c-0b0f6f3f5a11",
    kind="lag",
    level="red",
    plan="fuzhou-3820",
    task="A1.T1",
    task_title=Text(zh="大学城二期建设", en="University town, phase two"),
    unit="science-bureau",
    unit_title=Text(zh="市科技局", en="Science Bureau"),
    period="2022-B2",
    figures=Figures(a="0.2000", e="0.3333", r="0.6000", gap="13.333333"),
    since=date(2022, 4, 30),
    next_by=date(2022, 7, 7),
    correlation_id="c-42",
)
EARLY = replace(
    LAG,
    kind="early",
    level="yellow",
    figures=Figures(a="0.3000", e="0.3333", r="0.9000", gap="3.333333"),
    since=date(2022, 4, 12),
    next_by=date(2022, 5, 10),
)
OVERDUE = replace(
    LAG,
    kind="overdue",
    level=None,
    figures=None,
    since=date(2022, 5, 10),
    next_by=date(2022, 5, 17),
)
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


def whole(message: Message) -> str:
    return f"{message.subject}\n\n{message.text}\n{message.html}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("alert", [EARLY, LAG, OVERDUE], ids=lambda alert: alert.kind)
def test_a_message_reads_as_its_golden_file(alert: AlertFacts, language: Language) -> None:
    golden = GOLDEN / f"{alert.kind}.{language}.txt"
    assert whole(render(alert, language, base_url=BASE_URL)) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("alert", [EARLY, LAG, OVERDUE], ids=lambda alert: alert.kind)
def test_a_webhook_body_reads_as_its_golden_file(alert: AlertFacts) -> None:
    body = webhook_body(alert, change="alert.raised", timestamp=RAISED, base_url=BASE_URL)
    golden = (GOLDEN / f"{alert.kind}.json").read_text(encoding="utf-8")
    assert json.dumps(json.loads(body), ensure_ascii=False, indent=2) + "\n" == golden


def test_the_same_facts_give_the_same_bytes_in_any_time_zone() -> None:
    bodies = {
        webhook_body(LAG, change="alert.updated", timestamp=at, base_url=BASE_URL)
        for at in (RAISED, RAISED.astimezone(UTC))
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
    summary = render(replace(LAG, figures=figures), language, base_url=BASE_URL).summary
    assert "2022-04-30" in summary
    assert "%" not in summary
    assert {"zh-CN": "落后", "en": "behind"}[language] not in summary


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("alert", [EARLY, LAG, OVERDUE], ids=lambda alert: alert.kind)
def test_without_a_next_date_the_message_names_none(alert: AlertFacts, language: Language) -> None:
    text = render(replace(alert, next_by=None), language, base_url=BASE_URL).text
    assert "None" not in text
    assert text != render(alert, language, base_url=BASE_URL).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_in_a_title_stays_text(language: Language) -> None:
    hostile = '<a href="https://evil.example">{unit} & co</a>'
    alert = replace(LAG, task_title=Text(zh=hostile, en=hostile))
    message = render(alert, language, base_url=BASE_URL)
    assert message.html.count("<a ") == 1
    assert (
        "&lt;a href=&quot;https://evil.example&quot;&gt;{unit} &amp; co&lt;/a&gt;" in message.html
    )
    assert hostile in message.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_one_link_and_the_message_makes_sense_without_it(language: Language) -> None:
    message = render(LAG, language, base_url=BASE_URL)
    assert message.text.count("https://") == message.html.count("https://") == 1
    assert all(part in message.summary for part in ("13.33", "20.00%", "33.33%", "2022-04-30"))
    assert "\n" not in message.summary
