"""What the checks of a plan or a rulebook find, before anyone knows on which line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared.contracts.problem import Locate, Path, Problem, path_text


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a rule has found at a place; a notice is to be known, not to be mended."""

    path: Path
    code: str
    message: str
    mend: str
    notice: bool = False


Found = Iterator[Finding]
"""What a rule yields: nothing, where all is well."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that is to be mended, and all that is to be known, in the order of the file."""

    errors: list[Problem]
    notices: list[Problem]


def placed(found: Iterable[Finding], locate: Locate, at: Path = ()) -> Findings:
    """The findings with their lines; `at` is where the checked object stands in its document."""
    problems: list[tuple[bool, Problem]] = []
    for one in found:
        path = (*at, *one.path)
        problem = Problem(
            line=locate(path),
            path=path_text(path),
            code=one.code,
            message=one.message,
            mend=one.mend,
        )
        problems.append((one.notice, problem))
    problems.sort(key=lambda pair: pair[1].line or 0)
    return Findings(
        errors=[problem for notice, problem in problems if not notice],
        notices=[problem for notice, problem in problems if notice],
    )


def positive(amount: Decimal, path: Path) -> Found:
    """What weighs nothing, or less, cannot be averaged (assessment 4.6)."""
    if amount <= 0:
        yield Finding(
            path=path,
            code="not_positive",
            message=f"{amount} is not above 0",
            mend="write an amount above 0",
        )


def within(amount: Decimal | None, low: int, high: int, path: Path) -> Found:
    """A share or a score lies between its bounds, both included."""
    if amount is not None and not low <= amount <= high:
        yield Finding(
            path=path,
            code="out_of_bounds",
            message=f"{amount} is not between {low} and {high}",
            mend=f"write an amount from {low} to {high}",
        )
