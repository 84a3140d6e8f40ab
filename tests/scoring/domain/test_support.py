"""What is not offered yet is refused by name."""

import pytest
from scoring_cast import Json, a_rulebook, a_task, an_indicator, the_task

from scoring.domain.support import NotSupported, unsupported, unsupported_settings

FOREIGN = [
    (a_task(indicators=[an_indicator("I1", "register", target=None)]), ["I1.kind: register"]),
    (
        a_task(indicators=[an_indicator("I1", "register", target=None, cadence="annual")]),
        ["I1.kind: register"],
    ),
    (a_task(indicators=[an_indicator("I1", split=["U1", "U2"])]), ["I1.split"]),
]


@pytest.mark.parametrize(("task", "what"), FOREIGN)
def test_what_a_score_would_need_and_is_not_offered_is_named(task: Json, what: list[str]) -> None:
    assert unsupported(the_task(task)) == [
        NotSupported(what=one, code="not_supported") for one in what
    ]


@pytest.mark.parametrize(
    "kind",
    ["ceiling", "rank", "growth", "compound", "relation", "range", "about", "recurring"],
)
def test_every_other_kind_is_offered(kind: str) -> None:
    assert unsupported(the_task(a_task(indicators=[an_indicator("I1", kind)]))) == []


def test_a_grade_is_offered_as_a_measure() -> None:
    assert unsupported(the_task(a_task(measure="rubric"))) == []


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
