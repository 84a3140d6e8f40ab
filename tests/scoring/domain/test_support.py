"""What is not offered yet is refused by name."""

import pytest
from scoring_cast import Json, a_milestone, a_rulebook, a_task, an_indicator, the_task

from scoring.domain.support import NotSupported, unsupported, unsupported_settings

SMOOTH = {"curve": "smooth"}
NODE = a_milestone("M1", "2022-06-30")
FOREIGN = [
    (a_task(measure="rubric"), ["T1.measure: rubric"]),
    (a_task(measure="percent", expectation=SMOOTH), ["T1.expectation.curve: smooth"]),
    (a_task(milestones=[NODE], expectation={"curve": "table"}), ["T1.expectation.curve: table"]),
    (a_task(indicators=[an_indicator("I1", "rank")]), ["I1.kind: rank"]),
    (a_task(indicators=[an_indicator("I1", split=["U1", "U2"])]), ["I1.split"]),
    (a_task(indicators=[an_indicator("I1", expectation=SMOOTH)]), ["I1.expectation.curve: smooth"]),
]


@pytest.mark.parametrize(("task", "what"), FOREIGN)
def test_what_a_period_score_would_need_and_is_not_offered_is_named(
    task: Json, what: list[str]
) -> None:
    found = unsupported(the_task(task), "bimonthly")
    assert found == [NotSupported(what=one, code="not_supported") for one in what]


@pytest.mark.parametrize(
    "task",
    [
        a_task(),
        a_task(indicators=[an_indicator("I1", "rank", cadence="annual")], expectation=SMOOTH),
        a_task(measure="percent", indicators=[an_indicator("I1", "growth")]),
        a_task(milestones=[NODE]),
    ],
)
def test_what_no_period_score_needs_is_not_refused(task: Json) -> None:
    assert unsupported(the_task(task), "bimonthly") == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"missing": "carry"}, "missing: carry"),
        ({"lights": {"preset": "gap_pp"}}, "lights.preset: gap_pp"),
        ({"ranking": "ordinal"}, "ranking: ordinal"),
        ({"quota": {"ties": "include_all"}}, "quota.ties: include_all"),
        ({"quota": {"small_groups": "pool"}}, "quota.small_groups: pool"),
    ],
)
def test_a_rulebook_beyond_what_is_offered_is_refused_by_setting(settings: Json, what: str) -> None:
    assert unsupported_settings(a_rulebook(**settings)) == [NotSupported(what=what)]


def test_the_other_rankings_are_offered() -> None:
    assert unsupported_settings(a_rulebook(ranking="dense")) == []
    assert unsupported_settings(a_rulebook(ranking="modified")) == []
