"""Who stands out in the demo's year, and what the office decides: the Fuzhou plan, 2021.

Whoever is not named here reports on time and on schedule, but for what the seed has them do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

PLAN: Final = "fuzhou-3820"
YEAR: Final = 2021
_TZ: Final = ZoneInfo("Asia/Shanghai")


def at(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment where the plan is."""
    return datetime(year, month, day, hour, minute, tzinfo=_TZ)


OPENING: Final = at(2021, 1, 4, 9)
"""The plan is applied; its first period has begun."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a task is known for: its pace against the schedule, when it catches up, what it omits.

    `pace` is 1 on schedule; from the period `recovers` on it is. A node in `slips` is done so many
    days after it was due. In `silent` periods no report comes, in `late` ones it comes after due.
    """

    pace: Fraction = Fraction(1)
    recovers: str | None = None
    slips: Mapping[str, int] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()


PARTS: Final[Mapping[str, Part]] = {
    "A5.T1": Part(pace=Fraction(17, 20)),
    "A6.T6": Part(pace=Fraction(3, 5), recovers="2021-B5"),
    "A4.T1": Part(slips={"A4.T1.m1": 95}),
    "A6.T5": Part(slips={"A6.T5.m1": 20}),
    "A9.T3": Part(slips={"A9.T3.m2": 150}),
    "A6.T3": Part(slips={"A6.T3.m2": 70}),  # it rests in between
    "A7.T2": Part(silent=frozenset({"2021-B2", "2021-B3"})),
    "A8.T2": Part(silent=frozenset({"2021-B5"})),
    "A2.T1": Part(late=frozenset({"2021-B2", "2021-B4", "2021-B5"})),
    "A3.T5": Part(late=frozenset({"2021-B3"})),
}


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A wrong report: what it says, and why the office returns it; the repair says it right."""

    values: Mapping[str, str]
    reason: str


SLIPS: Final[Mapping[tuple[str, str], Slip]] = {
    ("A5.T3", "2021-B2"): Slip(
        values={"A5.T3.I1": "120"},
        reason="目标30项，报送120项，请核对小数点。 120 measures of a target of 30: please check.",
    ),
    ("A7.T3", "2021-B4"): Slip(
        values={"A7.T3.I1": "9.8"},
        reason="优良天数比例应以百分数填报。 Give the share of good days in percent.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A published figure was too high: by what factor the right one is lower, and who says why."""

    task: str
    indicator: str
    period: str
    factor: Fraction
    at: datetime
    reason: str


CORRECTION: Final = Correction(
    task="A5.T1",
    indicator="A5.T1.I7",
    period="2021-B3",
    factor=Fraction(3, 4),
    at=at(2021, 9, 24),
    reason="重复统计，单位主动更正。 Items were counted twice; the unit asked to correct it.",
)

DECISIONS: Final[tuple[tuple[datetime, Mapping[str, Any]], ...]] = (
    (
        at(2021, 7, 20),
        {
            "task": {
                "id": "A6.T3",
                "suspend": ["2021-B4", "2021-B5"],
                "reason": "规划用地重新勘界。 The site is being surveyed anew.",
            }
        },
    ),
    (
        at(2021, 8, 10),
        {
            "adjust": {
                "task": "A5.T1",
                "indicator": "A5.T1.I6",
                "target": "12",
                "effective": "2021-B4",
                "mode": "same_curve",
                "approver": "leading group",
                "reason": "两项并入省级试点。 Two items became part of a provincial pilot.",
            }
        },
    ),
    (
        at(2021, 9, 6),
        {
            "exempt": {
                "id": "X1",
                "task": "A8.T1",
                "unit": "culture-tourism-bureau",
                "kind": "E1",
                "periods": ["2021-B4"],
                "matter": "venues closed by order",
                "reason": "场馆按令关闭。 The venues were closed by order for most of the period.",
            }
        },
    ),
    (
        at(2021, 11, 15),
        {
            "award": {
                "unit": "science-bureau",
                "level": "provincial",
                "matter": "provincial prize for the innovation corridor",
            }
        },
    ),
    (
        at(2021, 12, 6),
        {
            "penalty": {
                "unit": "city-management-commission",
                "points": "2",
                "matter": "two periods without a report",
            }
        },
    ),
)
