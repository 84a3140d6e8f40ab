"""A correction keeps every field that it does not name."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from intake_cast import at, report

from intake.domain.corrected import completed
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission

FIRST = SubmissionAccepted.model_validate_json(
    json.dumps(
        {
            **report("clean", "works"),
            "submission": "s-1",
            "plan_version": 1,
            "received_at": at("2022-05-06 10:00").isoformat(),
            "as_of": "2022-04-15",
            "values": {"clarity": "60", "murk": "3"},
            "milestones": {"drawn": "2022-03-20", "built": None},
            "percent": "40",
            "no_data": ["survey"],
            "correction": None,
            "note": "counted by boat",
            "evidence": [{"title": "map", "url": "https://works.example/map"}],
            "digest": "d",
            "by": "works",
        }
    )
)


def corrected(**said: Any) -> Submission:  # noqa: ANN401  # JSON
    body = json.dumps(report("clean", "works", **said))
    return completed(Submission.model_validate_json(body), FIRST)


def test_what_is_not_named_is_kept() -> None:
    whole = corrected()
    for name in ("values", "milestones", "percent", "no_data", "as_of", "note", "evidence"):
        assert getattr(whole, name) == getattr(FIRST, name), name


def test_values_are_kept_by_indicator_and_milestones_by_node() -> None:
    whole = corrected(values={"clarity": "55"}, milestones={"drawn": None, "opened": "2022-04-01"})
    assert whole.values == {"clarity": Decimal(55), "murk": Decimal(3)}
    assert whole.milestones == {"drawn": None, "built": None, "opened": date(2022, 4, 1)}


def test_what_is_named_replaces_the_field_whole() -> None:
    whole = corrected(
        percent="30",
        as_of="2022-04-20",
        note="counted again",
        evidence=[{"title": "list", "url": "https://works.example/list"}],
    )
    assert [whole.percent, whole.as_of, whole.note] == [
        Decimal(30),
        date(2022, 4, 20),
        "counted again",
    ]
    assert [one.title for one in whole.evidence] == ["list"]


def test_an_indicator_has_a_value_or_no_data_and_never_both() -> None:
    with_value = corrected(values={"survey": "1"})
    assert (with_value.no_data, with_value.values["survey"]) == ((), Decimal(1))
    without = corrected(no_data=["murk"])
    assert without.no_data == ("survey", "murk")
    assert without.values == {"clarity": Decimal(60)}


def test_where_nothing_was_reported_the_correction_stands_alone() -> None:
    alone = Submission.model_validate_json(json.dumps(report("clean", "works", percent="1")))
    assert completed(alone, None) == alone
