"""Exemptions (容错) where they touch the score of a period (assessment 4.9)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from scoring.domain.exact import RATIO_PLACES, rounded
from scoring.domain.progress import mean
from scoring.domain.task_line import ZEROED, LeftOut, OwnLine, TaskLine
from shared.contracts.decisions import Exemption
from shared.contracts.rulebook import Rulebook

_DECIDED_BEFORE: Final[frozenset[LeftOut]] = frozenset(
    {"cancelled", "not_started", "closed", "unconfirmed", "suspended", "done"}
)
"""The conditions that come before `exempt` in assessment 4.5."""


def granted(exemptions: Sequence[Exemption], *, task: str, period: str) -> Mapping[str, Exemption]:
    """Each unit's exemption that bears on its score of a task in a period: E1, else E4.

    E2 changes the plan, E3 waives a penalty, E5 keeps a unit off a list: no line (assessment 4.9).
    """
    found: dict[str, Exemption] = {}
    for kind in ("E1", "E4"):
        for one in exemptions:
            if one.kind == kind and one.task == task and period in one.periods:
                found.setdefault(one.unit, one)
    return found


def excused(line: TaskLine, given: Mapping[str, Exemption], rulebook: Rulebook) -> TaskLine:
    """An exemption touches the named unit's line of the named task only (assessment 4.9).

    The task's line is its lead's; where another unit's differs it stands in `own`. `line` is the
    line without exemptions, `given` what `granted` found.
    """
    acting = {unit: one for unit, one in given.items() if _acts(line, one)}
    if not acting:
        return line
    holders = sorted({line.unit, *(unit for unit, share in line.shares.items() if share)})
    every = {unit: _own(line, unit, acting.get(unit), rulebook) for unit in holders}
    lead = every[line.unit]
    told = _as_lead(line, lead, rulebook)
    own = tuple(
        one for one in every.values() if one.exemption is not None or told.of(one.unit) != one
    )
    return told.model_copy(update={"own": own})


def _acts(line: TaskLine, exemption: Exemption) -> bool:
    """What was decided before `exempt` stands, and no exemption covers false data of the lead's."""
    if line.left_out in _DECIDED_BEFORE:
        return False
    return line.basis != ZEROED or (exemption.kind == "E1" and exemption.unit != line.unit)


def _own(line: TaskLine, unit: str, exemption: Exemption | None, rulebook: Rulebook) -> OwnLine:
    score, left_out = line.score, line.left_out
    if exemption is not None and exemption.kind == "E1":
        score, left_out = None, "exempt"
    elif exemption is not None and score is not None:
        score = max(score, _floor(rulebook))
    named = {} if exemption is None else {"exemption": exemption.id, "kind": exemption.kind}
    return OwnLine.model_validate({"unit": unit, "score": score, "left_out": left_out, **named})


def _as_lead(line: TaskLine, lead: OwnLine, rulebook: Rulebook) -> TaskLine:
    """The task's line is left out or lifted with its lead; what was earned is kept beside it.

    `basis` and `charges` stay: by them the other units' scores are recomputed.
    """
    if lead.exemption is None:
        return line
    update: dict[str, object] = {"score": lead.score, "earned": line.score}
    if lead.kind == "E1":
        nothing = dict.fromkeys(("r", "gap", "p", "t", "q"))
        shown = zip(("a", "e"), mean(line.parts), strict=True)
        update |= {name: _printed(value, rulebook) for name, value in shown}
        flags = tuple(flag for flag in line.flags if flag != "provisional")
        grey = {"light": "grey", "light_steps": ("exempt",), "left_out": "exempt", "flags": flags}
        update |= nothing | grey
    return line.model_copy(update=update)


def _printed(value: Fraction | None, rulebook: Rulebook) -> Decimal | None:
    return None if value is None else rounded(value, RATIO_PLACES, rulebook.rounding.mode)


def _floor(rulebook: Rulebook) -> Decimal:
    rounding = rulebook.rounding
    return rounded(Fraction(rulebook.exemption.floor), rounding.places, rounding.mode)
