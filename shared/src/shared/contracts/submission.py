"""What a department sends: one report of one task for one period, by one unit."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from shared.contracts.values import Contract, Day, Id, Line, Note, TextAmount


class Relation(Contract):
    """Two rates that are held against each other, in percent."""

    own: TextAmount
    """The rate that is judged."""
    other: TextAmount
    """The rate it is held against."""


class RegisterItem(Contract):
    """One item of a strike-off list (销号清单); the newest word on an id is the one that holds."""

    id: Id
    """Its name in the list."""
    title: Line
    """What is to be settled."""
    opened: Day
    """The day it was listed."""
    due: Day
    """The day by which it is to be settled."""
    closed: Day | None = None
    """The day it was settled; null while it is open."""
    void: Annotated[Note, Field(min_length=1)] | None = None
    """Why it should not have been listed: it is taken back, by a correction."""


class PartialDone(Contract):
    """The share of a milestone that is done, 0 to 1."""

    share: TextAmount = Field(ge=0, le=1)
    """0 to 1."""


class Correction(Contract):
    """Why a figure falls, or something reported is taken back."""

    reason: Annotated[Note, Field(min_length=1)]
    """In the reporter's words."""


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        raise ValueError("write a web address that begins with https://")
    return text


class Evidence(Contract):
    """Where the proof can be read."""

    title: Line
    """What it is."""
    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_web_address)]
    """A web address."""


Register = Annotated[tuple[RegisterItem, ...], Field(max_length=2000)]
Value = TextAmount | Relation | Register
Done = Day | PartialDone | None


class Submission(Contract):
    """One report (报送). Amounts are decimal strings; `as_of` defaults to the period's last day."""

    plan: Id
    task: Id
    unit: Id
    period: Id
    values: dict[Id, Value] = Field(default_factory=dict, max_length=200)
    """By indicator: a figure in its unit, two rates in percent, or items of a register."""
    milestones: dict[Id, Done] | None = Field(default=None, max_length=500)
    """By milestone: the day it was done, the share done, or null to take it back."""
    percent: Annotated[TextAmount, Field(ge=0, le=100)] | None = None
    """0 to 100, the share of the task that is done."""
    no_data: tuple[Id, ...] = Field(default=(), max_length=200)
    """Indicators whose source has not published yet."""
    as_of: Day | None = None
    """The day the values hold for; null: the period's last."""
    correction: Correction | None = None
    """Why a total falls, or something reported is taken back."""
    note: Note | None = None
    """What the reporter adds."""
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=50)
    """Where the proof can be read."""


class BatchItem(Submission):
    """A report in a batch; `ref` is the sender's own mark, echoed with the outcome."""

    ref: Line | None = None
