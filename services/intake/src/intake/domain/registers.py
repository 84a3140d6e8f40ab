"""Registers (销号清单): whether the items of a report may enter (assessment 4.1)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from intake.domain.reported import Refusal
from shared.contracts.submission import RegisterItem, Submission


def item_refusals(items: Sequence[RegisterItem], path: str, today: date) -> Iterator[Refusal]:
    """An item stands once in a report, and its days follow one another (assessment 4.1)."""
    seen: set[str] = set()
    for place, item in enumerate(items):
        at = f"{path}[{place}]"
        if item.id in seen:
            message = f"the item {item.id} stands twice: send its newest word only"
            yield Refusal(code="wrong_value", path=f"{at}.id", message=message)
        seen.add(item.id)
        if item.due < item.opened:
            message = f"it is due before it was listed on {item.opened}"
            yield Refusal(code="wrong_value", path=f"{at}.due", message=message)
        if item.closed is not None and item.closed < item.opened:
            message = f"it was closed before it was listed on {item.opened}"
            yield Refusal(code="wrong_value", path=f"{at}.closed", message=message)
        if item.closed is not None and item.closed > today:
            message = "an item is reported as closed once it is"
            yield Refusal(code="done_in_future", path=f"{at}.closed", message=message)


def taken_back(submission: Submission, closed: Collection[tuple[str, str]]) -> Iterator[Refusal]:
    """An item that is void, or open again after it was published as closed, needs its reason.

    `closed` are the items (indicator and item) that the latest publication counted as closed.
    """
    if submission.correction is not None:
        return
    mend = 'add "correction": {"reason": "…"} if this is right'
    every = (
        (name, place, item)
        for name, items in submission.values.items()
        if isinstance(items, tuple)
        for place, item in enumerate(items)
    )
    for name, place, item in every:
        path = f"values.{name}[{place}]"
        if item.void is not None:
            message = f"the item {item.id} is taken back; {mend}"
            yield Refusal(code="total_fell", path=f"{path}.void", message=message)
        elif item.closed is None and (name, item.id) in closed:
            message = f"the item {item.id} was published as closed; {mend}"
            yield Refusal(code="total_fell", path=f"{path}.closed", message=message)
