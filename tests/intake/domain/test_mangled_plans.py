"""Whatever stands in a plan file, checking it ends in findings."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_cast import HARBOUR_CITY

from intake.domain.plan_change import changes, refusals
from intake.domain.plan_check import check_plan
from intake.domain.plan_normal import normalise
from shared.contracts.plan import PlanDocument
from shared.kit.documents import Document, DocumentError, read_document, validate

GOOD = read_document(HARBOUR_CITY.encode(), name="plan.yaml")
SPARE: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 7, 1.5, "", "0", "-3", "1", "100", "2020-06-30", "2021-01-01", "2025-12-31",
     "2200-12-31", "port", "quay", "trees.alive", "level", "range", "compound", "yes_no", "both",
     "steps", "table", "yearly", "day", "weekly", "annual", "lead", "2021-B3", [], {}, ["port"]]
)  # fmt: skip


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401  # any value
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found += leaves(inner, (*path, key))
    return found


PATHS = leaves(GOOD.value)


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:  # noqa: ANN401  # any value
    """A copy with one place replaced; where it is gone already, as it was."""
    head, *rest = path
    if isinstance(value, dict) and head in value:
        return {**value, head: changed(value[head], tuple(rest), new) if rest else new}
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        inner = changed(value[head], tuple(rest), new) if rest else new
        return [*value[:head], inner, *value[head + 1 :]]
    return value


@settings(max_examples=500, deadline=None)
@given(edits=st.lists(st.tuples(st.sampled_from(PATHS), SPARE), min_size=1, max_size=4))
def test_a_plan_with_odd_values_is_refused_or_found_wrong_but_never_crashes(
    edits: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    value = GOOD.value
    for path, new in edits:
        value = changed(value, path, new)
    document = Document(name="plan.yaml", value=value, places=lambda: None)
    try:
        plan = validate(document, PlanDocument)
    except DocumentError:
        return
    found = check_plan(plan, GOOD.line_of)
    assert all(one.code and one.mend and one.line for one in found.errors)
    old, new_plan = normalise(validate(GOOD, PlanDocument)), normalise(plan)
    refusals(old, new_plan, {"2021-B1": new_plan.plan.start})
    assert normalise(new_plan) == new_plan
    assert bool(changes(old, new_plan)) == (old != new_plan)
