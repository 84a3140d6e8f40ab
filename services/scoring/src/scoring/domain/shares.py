"""How much of a task's score belongs to each of its units (assessment 4.6)."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from shared.contracts.plan import Assignment, Role
from shared.contracts.rulebook import Shares

_LARGEST_FIRST: tuple[Role, ...] = ("lead", "joint_lead", "cooperating", "supervising")
_DEFAULTS = {
    "split": (Fraction(7, 10), Fraction(3, 10)),
    "coefficient": (Fraction(1), Fraction(1, 2)),
}


def shares(assignments: Iterable[Assignment], settings: Shares) -> Mapping[str, Fraction]:
    """The leads divide one part equally, those who cooperate the other (assessment 4.6).

    Without anyone who cooperates the leads have all. By coefficient each role has its own. A share
    written in the plan replaces its part; to supervise is no share.
    """
    roles = _one_role_each(assignments)
    leads = [one for one in roles if one.role in {"lead", "joint_lead"}]
    helpers = [one for one in roles if one.role == "cooperating"]
    lead, helper = _DEFAULTS[settings.mode]
    lead = lead if settings.lead is None else Fraction(settings.lead)
    helper = helper if settings.cooperating is None else Fraction(settings.cooperating)
    if settings.mode == "split":
        lead = (lead if helpers else Fraction(1)) / max(1, len(leads))
        helper = helper / max(1, len(helpers))
    parts = [(one, lead) for one in leads] + [(one, helper) for one in helpers]
    return {
        one.unit: part if one.share is None else Fraction(one.share)
        for one, part in sorted(parts, key=lambda pair: pair[0].unit)
    }


def _one_role_each(assignments: Iterable[Assignment]) -> list[Assignment]:
    """A unit with two roles on one task keeps the larger."""
    kept: dict[str, Assignment] = {}
    for one in sorted(assignments, key=lambda one: _LARGEST_FIRST.index(one.role)):
        kept.setdefault(one.unit, one)
    return list(kept.values())
