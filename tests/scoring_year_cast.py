"""A year of the small town for tests: periods with the scores they were published with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import TypeAdapter
from scoring_cast import SHANGHAI, Json, a_plan, a_report, a_rulebook, a_run, a_task, the_period

from scoring.domain.facts import Entered, PlanFacts, Report
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_result import YearResult, YearUnit
from scoring.domain.year_run import run_year
from shared.contracts.decisions import Decision, Exemption

PERIODS = tuple(f"2022-B{number}" for number in range(1, 7))
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
Scores = Mapping[str, Sequence[str | None]]
"""By unit its published scores of the last periods of the year."""


def entered(on: str = "2022-06-01", **decided: object) -> Entered:
    """A decision of a day."""
    entry = _DECISION.validate_json(json.dumps(decided))
    return Entered(decision=f"d-{on}-{decided}", entry=entry, on=date.fromisoformat(on))  # type: ignore[arg-type]


def award(points: str, matter: str = "M1", unit: str = "U1", **of: str) -> Entered:
    return entered(type="award", unit=unit, points=points, matter=matter, **of)


def penalty(points: str, matter: str = "P1", *, uncapped: bool = False, **of: str) -> Entered:
    return entered(type="penalty", unit="U1", points=points, matter=matter, uncapped=uncapped, **of)


def veto(cap: str, unit: str = "U1", **of: str) -> Entered:
    return entered(type="veto", unit=unit, matter="fire", cap=cap, **of)


def rating(score: str, year: int = 2022, **of: str) -> Entered:
    return entered(type="rating", unit="U1", year=year, score=score, **of)


def waiver(**of: object) -> Exemption:
    told = {"id": "X1", "task": "T1", "unit": "U1", "kind": "E3", "reason": "flood", **of}
    return Exemption.model_validate_json(json.dumps(told))


@dataclass(frozen=True, kw_only=True)
class Published:
    """The periods of a year with the scores they were published with."""

    plan: PlanFacts
    scores: Scores

    def periods(self) -> list[tuple[object, PeriodResult]]:
        count = max(len(mine) for mine in self.scores.values())
        return [
            (the_period(name), self._scored(name, place))
            for place, name in enumerate(PERIODS[-count:])
        ]

    def _scored(self, name: str, place: int) -> PeriodResult:
        result = run_period(a_run(plan=self.plan, period=name))
        units = []
        for one in result.units:
            score = self.scores[one.unit][place] if one.unit in self.scores else None
            units.append(one.model_copy(update={"score": score and Decimal(score)}))
        return result.model_copy(update={"units": tuple(units)})


def a_year(  # whatever a year reads
    *tasks: Json,
    scores: Scores,
    values: Mapping[str, str] | None = None,
    plan: PlanFacts | None = None,
    reports: Sequence[Report] = (),
    entries: Sequence[Entered] = (),
    exemptions: Sequence[Exemption] = (),
    zeroed: Sequence[str] = (),
    owed: int | None = None,
    **settings: object,
) -> YearResult:
    """The year 2022. `values` are reported at its end, by indicator `TASK.I`."""
    plan = plan or a_plan(*tasks)
    periods = Published(plan=plan, scores=scores).periods()
    last = tuple(
        a_report(name.partition(".")[0], "2022-B6", values={name: value})
        for name, value in (values or {}).items()
    )
    return run_year(
        YearFacts(
            plan=plan,
            rulebook=a_rulebook(**settings),
            year=2022,
            tz=SHANGHAI,
            periods=tuple(periods),  # type: ignore[arg-type]
            owed=len(periods) if owed is None else owed,
            reports=(*last, *reports),
            entries=tuple(entries),
            exemptions=tuple(exemptions),
            zeroed=frozenset(zeroed),
        )
    )


def unit(year: YearResult, name: str = "U1") -> YearUnit:
    return next(one for one in year.units if one.unit == name)


def row(year: YearResult, *names: str, of: str = "U1") -> tuple[object, ...]:
    told = unit(year, of).model_dump(mode="json")
    return tuple(told[name] for name in names)


def flat(score: str, count: int = 6) -> list[str | None]:
    return [score] * count


def of_unit(name: str, task: str) -> Json:
    return a_task(task, assignments=[{"unit": name, "role": "lead"}])


# ---- the sum -----------------------------------------------------------------------------------
