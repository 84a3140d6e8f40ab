"""Who does what in a simulation: each step another holder, each with every role."""

from typing import Final, get_args

import intake.service.caller
import scoring.service.caller
from shared.contracts.intake import AccessRole
from shared.kit.auth import Principal

DRAFTER: Final = "office drafter"
APPROVER: Final = "office approver"
RELEASER: Final = "office releaser"
ARBITER: Final = "office arbiter"
"""Who decides appeals: nobody who took part in a publication."""

_ROLES: Final = frozenset(get_args(AccessRole))
_CORRELATION: Final = "simulation"


def as_intake(holder: str) -> intake.service.caller.Caller:
    """A holder as intake is asked."""
    return intake.service.caller.Caller(principal=_principal(holder), correlation=_CORRELATION)


def as_scoring(holder: str) -> scoring.service.caller.Caller:
    """A holder as scoring is asked."""
    return scoring.service.caller.Caller(
        principal=_principal(holder), correlation=_CORRELATION, headers={}
    )


def _principal(holder: str) -> Principal:
    return Principal(token="simulation", holder=holder, unit=None, roles=_ROLES)  # noqa: S106  # none is checked
