"""Who does what in the demo: March and April 2021, seen from the units that report.

Whoever is not named here reports on time and on schedule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

PLAN: Final = "fuzhou-3820"
PERIOD: Final = "2021-B2"
_TZ: Final = ZoneInfo("Asia/Shanghai")


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2021, month, day, hour, minute, tzinfo=_TZ)


OPENING: Final = _at(4, 28, 9)
"""The plan is applied; from here on reports are taken."""
FIRST_REPORTS: Final = _at(4, 29, 10)
REVIEW: Final = _at(5, 6, 9, 30)
"""The office returns what is wrong."""
REPAIR: Final = _at(5, 7, 15)
AFTER_DUE: Final = _at(5, 12, 9, 30)
"""Due was 11 May: the silent are told at 09:00."""
LATE_REPORT: Final = _at(5, 13, 16)
PUBLICATION: Final = _at(5, 19, 10)
"""The window closed on 18 May."""

SILENT: Final = frozenset({"A7.T2"})
LATE: Final = frozenset({"A2.T1"})
BEHIND: Final = frozenset({"A4.T1", "A6.T5"})
"""Their node of this spring is not done."""


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A wrong report, why the office returns it, and nothing else: the repair is a normal one."""

    values: Mapping[str, str]
    reason: str


SLIPS: Final = {
    "A5.T3": Slip(
        values={"A5.T3.I1": "120"},
        reason="目标30项，报送120项，请核对小数点。 120 measures of a target of 30: please check.",
    )
}

PACE: Final = {"A5.T1": Fraction(85, 100), "A6.T6": Fraction(60, 100)}
"""How fast a task goes against its schedule; 1 where nothing is said."""


def report_of(duty: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    """What the unit reports for an obligation.

    Args:
        duty: an item of `GET /v1/obligations`.
        task: the task in the plan's document.
    """
    report: dict[str, Any] = dict(duty["template"])
    pace = PACE.get(task["id"], Fraction(1))
    if "values" in report:
        report["values"] = {
            one["id"]: _figure(one, pace)
            for one in task["indicators"]
            if one["data_from"] == "unit" and one["cadence"] is None
        }
    if "milestones" in report and task["id"] not in BEHIND:
        report["milestones"] = {
            one["id"]: min(one["due"], "2021-04-26")
            for one in task["milestones"]
            if one["due"] <= "2021-04-30"
        }
    return report


def _figure(indicator: Mapping[str, Any], pace: Fraction) -> str:
    """The value at the end of April of a figure that goes at this pace."""
    target = Fraction(indicator["target"])
    if indicator["kind"] in {"hold", "maintain"}:
        return _written(target)
    share = _elapsed(indicator) * pace
    baseline = Fraction(indicator["baseline"] or 0)
    value = baseline + (target - baseline) * share
    counted = indicator["integer"] or indicator["baseline"] is None
    return _written(Fraction(round(value)) if counted and target > 2 else value)  # noqa: PLR2004


def _elapsed(indicator: Mapping[str, Any]) -> Fraction:
    """The share of its time that is over at the end of April 2021, in months."""
    years = 1 if indicator["kind"] == "recurring" else int(indicator["due"][:4]) - 2020
    return Fraction(4, 12 * years)


def _written(value: Fraction) -> str:
    text = f"{float(value):.2f}"
    return text.rstrip("0").rstrip(".")
