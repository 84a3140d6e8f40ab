"""What is not offered yet is refused by name."""

import pytest
from scoring_cast import Json, a_task, an_indicator, the_task

from scoring.domain.support import NotSupported, unsupported

FOREIGN = [
    (a_task(indicators=[an_indicator("I1", split=["U1", "U2"])]), ["I1.split"]),
]


@pytest.mark.parametrize(("task", "what"), FOREIGN)
def test_what_a_score_would_need_and_is_not_offered_is_named(task: Json, what: list[str]) -> None:
    assert unsupported(the_task(task)) == [
        NotSupported(what=one, code="not_supported") for one in what
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "ceiling",
        "rank",
        "register",
        "growth",
        "compound",
        "relation",
        "range",
        "about",
        "recurring",
    ],
)
def test_every_other_kind_is_offered(kind: str) -> None:
    assert unsupported(the_task(a_task(indicators=[an_indicator("I1", kind)]))) == []


def test_a_grade_is_offered_as_a_measure() -> None:
    assert unsupported(the_task(a_task(measure="rubric"))) == []
