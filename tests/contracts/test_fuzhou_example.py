"""The example plan holds what its source states: nothing lost, no guess unmarked."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from shared.contracts.plan import Action, Documented, Indicator, Milestone, PlanDocument, Task
from shared.contracts.rulebook import DEFAULT_RULEBOOK, RulebookDocument
from shared.contracts.values import write_amount

EXAMPLE = Path(__file__).parents[2] / "examples" / "fuzhou"

# Every figure of the source and its number; a dash where the text states a condition without one.
TABLE = """
G01 2         G02 2         G03 3         G04 35        G05 4000      G06 60        G07 2200
G08 3         G09 800       G10 58.5      G11 10        G12 7         G13 500       G14 500
G15 -         G16 -         G17 -         G18 -         G19 -
A1.T1.I1 -
A2.T1.I1 -    A2.T1.I2 20   A2.T1.I3 200  A2.T1.I4 200  A2.T1.I5 240  A2.T1.I6 200  A2.T1.I7 200
A2.T1.I8 -    A2.T2.I1 -    A2.T2.I2 -    A2.T2.I3 -
A3.G1 50      A3.G2 4250    A3.T2.I1 500  A3.T2.I2 1000 A3.T5.I1 1000
A4.G1 60      A4.T3.I1 122
A5.T1.I1 50   A5.T1.I2 5    A5.T1.I3 90   A5.T1.I4 20   A5.T1.I5 -    A5.T1.I6 14   A5.T1.I7 84
A5.T3.I1 30
A6.G1 1       A6.T2.I1 2400 A6.T4.I1 -    A6.T5.I1 -    A6.T6.I1 13   A6.T6.I2 10   A6.T6.I3 1
A7.T1.I1 0    A7.T1.I2 3    A7.T2.I1 100  A7.T3.I1 97   A7.T5.I1 -
A8.T3.I1 100  A8.T3.I2 38   A8.T3.I3 15   A8.T4.I1 2.6  A8.T4.I2 7    A8.T4.I3 3.8  A8.T4.I4 80
A8.T5.I1 12   A8.T5.I2 8    A8.T6.I1 42
A9.T2.I1 -    A9.T6.I1 10
"""
FIGURES = dict(zip(TABLE.split()[::2], TABLE.split()[1::2], strict=True))
NUMBERED = [figure for figure, number in FIGURES.items() if number != "-"]

# The dates the source states, where they are not the plan's last day.
STATED_DATES = {
    "A2.T1.I8": date(2035, 12, 31),
    "A2.T2.I1": date(2021, 6, 30),
    "A2.T2.I2": date(2021, 12, 31),
    "A2.T2.I3": date(2023, 12, 31),
    "A5.T1.I1": date(2021, 12, 31),
    "A5.T1.I2": date(2021, 12, 31),
    "A5.T1.I3": date(2021, 12, 31),
    "A5.T1.I4": date(2021, 12, 31),
    "A5.T3.I1": date(2021, 12, 31),
    "A8.T3.I3": date(2035, 12, 31),
    "G18": date(2035, 12, 31),
    "G19": date(2049, 10, 1),
}


class TextLoader(yaml.SafeLoader):
    """Reads days as text, as the contracts want them."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _as_json(name: str) -> str:
    text = (EXAMPLE / name).read_text(encoding="utf-8")
    return json.dumps(yaml.load(text, TextLoader))  # noqa: S506  # a SafeLoader that reads less


@pytest.fixture(scope="module")
def document() -> PlanDocument:
    return PlanDocument.model_validate_json(_as_json("plan.yaml"), extra="forbid")


@pytest.fixture(scope="module")
def tasks(document: PlanDocument) -> list[Task]:
    return [task for action in document.actions for task in action.tasks]


def _documented(part: object) -> Iterator[Documented]:
    """Every part of a document that can carry an assumption, at any depth."""
    if isinstance(part, Documented):
        yield part
    if isinstance(part, BaseModel):
        for _, value in part:
            yield from _documented(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _documented(value)


@pytest.fixture(scope="module")
def figures(document: PlanDocument) -> dict[str, Indicator | Milestone]:
    """Each figure by the id of the source: an indicator, or the milestone labelled with it."""
    found: dict[str, Indicator | Milestone] = {}
    for part in _documented(document):
        if isinstance(part, Indicator):
            found[part.id] = part
        elif isinstance(part, Milestone) and "figure" in part.labels:
            found.setdefault(part.labels["figure"], part)
    return found


def test_the_example_has_nine_actions_and_46_tasks(
    document: PlanDocument, tasks: list[Task]
) -> None:
    assert [len(action.tasks) for action in document.actions] == [4, 6, 5, 4, 4, 6, 5, 6, 6]
    assert [action.id for action in document.actions] == [f"A{n}" for n in range(1, 10)]
    assert len(tasks) == 46


def test_the_plan_runs_for_five_years_in_periods_of_two_months(document: PlanDocument) -> None:
    plan = document.plan
    assert (plan.start, plan.end) == (date(2021, 1, 1), date(2025, 12, 31))
    assert (plan.calendar.cadence, plan.calendar.anchor_month) == ("bimonthly", 1)


def test_all_70_figures_of_the_source_are_there_and_no_other(
    figures: dict[str, Indicator | Milestone],
) -> None:
    assert len(FIGURES) == 70
    assert figures.keys() == FIGURES.keys()


@pytest.mark.parametrize("figure", NUMBERED)
def test_a_figure_keeps_the_number_of_the_source(
    figure: str, figures: dict[str, Indicator | Milestone]
) -> None:
    held = figures[figure]
    if isinstance(held, Milestone):
        assert f" {FIGURES[figure]} " in held.title.en
    else:
        assert held.target is not None
        assert write_amount(held.target) == FIGURES[figure]


def test_a_number_the_source_does_not_state_is_marked_as_assumed(
    figures: dict[str, Indicator | Milestone],
) -> None:
    unnumbered = [figures[figure] for figure, number in FIGURES.items() if number == "-"]
    chosen = {
        figure.id: "target" in figure.assumed
        for figure in unnumbered
        if isinstance(figure, Indicator) and figure.kind not in {"yes_no", "relation"}
    }
    assert chosen == {"G16": True, "A5.T1.I5": True, "A9.T2.I1": True}


@pytest.mark.parametrize("figure", STATED_DATES)
def test_a_figure_keeps_the_date_of_the_source(
    figure: str, figures: dict[str, Indicator | Milestone]
) -> None:
    assert figures[figure].due == STATED_DATES[figure]


def test_a_date_the_source_does_not_state_is_marked_as_assumed(
    figures: dict[str, Indicator | Milestone],
) -> None:
    unmarked = {
        figure.id
        for figure in figures.values()
        if isinstance(figure, Indicator)
        and (figure.deadline_basis == "explicit") == ("due" in figure.assumed)
    }
    assert unmarked == set()


def test_everything_assumed_names_a_field_and_is_confirmed(document: PlanDocument) -> None:
    parts = list(_documented(document))
    assert sum("assignments" in part.assumed for part in parts) == 46
    assert {part.confirmed_by for part in parts if part.assumed} == {"example"}
    assert all(field in type(part).model_fields for part in parts for field in part.assumed)


def test_every_task_has_exactly_one_lead(tasks: list[Task]) -> None:
    roles = {task.id: [assignment.role for assignment in task.assignments] for task in tasks}
    assert {task for task, held in roles.items() if held.count("lead") != 1} == set()


def test_a_leading_unit_leads_one_to_three_tasks(tasks: list[Task]) -> None:
    leads = [
        assignment.unit
        for task in tasks
        for assignment in task.assignments
        if assignment.role == "lead"
    ]
    assert max(leads.count(unit) for unit in leads) <= 3


def test_about_forty_units_answer_and_all_of_them_have_work(
    document: PlanDocument, tasks: list[Task]
) -> None:
    units = [unit.id for unit in document.units]
    assert 38 <= len(units) <= 44
    assigned = {assignment.unit for task in tasks for assignment in task.assignments}
    assert assigned == set(units)
    assert {unit.group for unit in document.units} == {group.id for group in document.groups}


def test_the_weights_of_an_action_and_of_a_tasks_milestones_sum_to_a_hundred(
    document: PlanDocument, tasks: list[Task]
) -> None:
    def weight(action: Action) -> str:
        return write_amount(sum(task.weight for task in action.tasks))  # type: ignore[arg-type]

    assert {weight(action) for action in document.actions} == {"100"}
    sums = {sum(milestone.weight for milestone in task.milestones) for task in tasks}
    assert sums == {0, 100}


def test_every_milestone_falls_inside_its_task(tasks: list[Task]) -> None:
    outside = [
        milestone.id
        for task in tasks
        for milestone in task.milestones
        if not task.start <= milestone.due <= task.due
    ]
    assert outside == []


def test_most_tasks_have_something_to_show_in_the_opening_bulletin(tasks: list[Task]) -> None:
    end_of_april = date(2021, 4, 30)
    expected = [
        task.id
        for task in tasks
        if task.measure in {"indicators", "both"}
        or any(milestone.due <= end_of_april for milestone in task.milestones)
    ]
    assert len(expected) >= 30


def test_no_figure_enters_a_period_unless_it_moves_every_two_months(tasks: list[Task]) -> None:
    """A task without a figure at the plan's cadence is scored by its milestones."""
    for task in tasks:
        moving = any(indicator.cadence is None for indicator in task.indicators)
        measures = {(True, True): "both", (True, False): "indicators", (False, True): "milestones"}
        assert task.measure == measures[moving, bool(task.milestones)], task.id


def test_the_rulebook_writes_the_defaults_out() -> None:
    read = RulebookDocument.model_validate_json(_as_json("rulebook.yaml"), extra="forbid").rulebook
    own = {"id", "version", "effective_from", "shares"}
    assert (read.id, read.version, read.effective_from) == ("fuzhou-2021", 1, "2021-B1")
    assert read.model_dump(exclude=own) == DEFAULT_RULEBOOK.model_dump(exclude=own)
    assert read.shares.model_dump(mode="json") == {
        "mode": "split",
        "lead": "0.7",
        "cooperating": "0.3",
    }
