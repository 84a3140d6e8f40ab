"""Strike-off lists (销号清单): items closed of those that are closed or due (assessment 4.1)."""

from collections.abc import Mapping
from datetime import date

import pytest
from scoring_cast import Json, a_report, a_run, a_task, an_indicator, printed, the_line

from scoring.domain.facts import Item, Report

DUE, LATER = date(2022, 4, 30), date(2022, 5, 1)
LIST = a_task(indicators=[an_indicator("I1", "register", target=None)])


def open_(due: date = DUE) -> Item:
    return Item(due=due)


def closed(on: date = DUE, due: date = LATER) -> Item:
    return Item(due=due, closed=on)


def told(items: Mapping[str, Item], **other: object) -> Report:
    return a_report(registers={"I1": items}, **other)  # type: ignore[arg-type]  # fields of a report


@pytest.mark.parametrize(
    ("items", "a"),
    [
        ({"a": closed(), "b": open_(), "c": open_(LATER)}, "0.5000"),
        ({"a": closed(due=DUE), "b": closed(), "c": open_(), "d": open_(LATER)}, "0.6667"),
        ({"a": closed(on=LATER, due=DUE), "b": closed()}, "0.5000"),
        ({"a": open_(), "b": Item(due=DUE, void=True), "c": closed()}, "0.5000"),
        ({"a": open_()}, "0.0000"),
    ],
)
def test_of_what_is_due_or_closed_the_closed_counts(items: Mapping[str, Item], a: str) -> None:
    line = the_line(a_run(LIST, reports=[told(items)]))
    assert printed(line, "a", "e", "q") == (a, "1.0000", "100.00")


@pytest.mark.parametrize("items", [{}, {"a": open_(LATER)}, {"a": Item(due=DUE, void=True)}])
def test_while_nothing_is_due_nothing_is_expected(items: Mapping[str, Item]) -> None:
    line = the_line(a_run(LIST, reports=[told(items)]))
    assert (line.left_out, line.light) == ("no_expectation", "grey")


def test_the_newest_word_on_an_item_holds() -> None:
    earlier = told({"a": open_(), "b": open_()}, period="2022-B1")
    line = the_line(a_run(LIST, reports=[earlier, told({"b": closed()})]))
    assert printed(line, "a") == ("0.5000",)
    assert len(line.parts[0].submissions) == 2  # both reports


def test_a_list_that_was_never_sent_counts_as_nothing_done() -> None:
    line = the_line(a_run(LIST, reports=[a_report()]))
    assert printed(line, "a", "q", "left_out") == ("0.0000", "0.00", None)


def test_beside_another_figure_a_list_with_nothing_due_leaves_the_mean() -> None:
    both: Json = a_task(
        indicators=[an_indicator("I1", "register", target=None), an_indicator("I2")]
    )
    report = told({"a": open_(LATER)}, values={"I2": "30"})
    assert printed(the_line(a_run(both, reports=[report])), "p") == ("90.00",)
