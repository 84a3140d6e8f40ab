"""Pictures as numbers: where points lie in an SVG of so many units. Nothing here is a score."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

Number = Fraction | Decimal | int


@dataclass(frozen=True, kw_only=True)
class Box:
    """The part of a picture in which its points lie; y grows downwards, as in SVG."""

    left: int
    top: int
    right: int
    bottom: int

    def x(self, share: Number) -> int:
        """0 is the left edge, 1 the right; what lies outside stands on the edge."""
        return round(self.left + (self.right - self.left) * _within(share))

    def y(self, share: Number) -> int:
        """0 is the bottom, 1 the top; what lies outside stands on the edge."""
        return round(self.bottom - (self.bottom - self.top) * _within(share))


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place in the picture, and what a reader is told of it."""

    x: int
    y: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A place on an axis with its name."""

    at: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """Points in order; `path` is what a polyline wants."""

    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The points as "x,y x,y"."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


CHART: Final = Box(left=44, top=14, right=948, bottom=206)
"""Expected against actual, in a picture of 960 × 250."""
TREND: Final = Box(left=40, top=26, right=920, bottom=86)
"""Scores over the periods, in a picture of 960 × 130."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days from the left edge to the right."""

    first: date
    last: date

    def share(self, day: date) -> Fraction:
        """How far a day lies from the first to the last."""
        return Fraction((day - self.first).days, max(1, (self.last - self.first).days))


def years_on(span: Span, box: Box) -> tuple[Tick, ...]:
    """The span's own first day, and the first days of the years inside it."""
    days = [span.first, *(date(y, 1, 1) for y in range(span.first.year + 1, span.last.year + 1))]
    return tuple(Tick(at=box.x(span.share(day)), label=str(day.year)) for day in days)


def evenly(box: Box, shares: Sequence[tuple[Number | None, str]]) -> Line:
    """Points at equal distances, each with its label; where there is no number there is none."""
    steps = max(1, len(shares) - 1)
    return Line(
        points=tuple(
            Point(x=box.x(Fraction(index, steps)), y=box.y(share), label=label)
            for index, (share, label) in enumerate(shares)
            if share is not None
        )
    )


def _within(share: Number) -> Fraction:
    return min(max(Fraction(share), Fraction(0)), Fraction(1))
