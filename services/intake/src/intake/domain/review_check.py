"""Whether a review can say what it says of a report."""

from collections.abc import Iterator, Mapping

from intake.domain.admission import wrong_value
from intake.domain.reported import Refusal, Reported, unknown_item
from shared.contracts.submission import Value


def review_refusals(
    subject: Reported, *, rubric: str | None, values: Mapping[str, Value]
) -> Iterator[Refusal]:
    """A grade is given where a rubric measures the task, a figure where the task has it (4.1)."""
    task = subject.task
    if rubric is not None and (task is None or task.measure != "rubric"):
        yield Refusal(
            code="rubric_refused",
            path="rubric",
            message="this task is not measured by a rubric: leave rubric out",
        )
    for name, value in values.items():
        figure = subject.figures.get(name)
        if figure is None:
            yield unknown_item(f"values.{name}", name, subject.figures)
        elif message := wrong_value(figure, value):
            yield Refusal(code="wrong_value", path=f"values.{name}", message=message)
