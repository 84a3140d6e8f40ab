"""Who asks for a use case, and how a use case says no."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.reported import Refusal
from shared.kit.auth import Principal


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The principal of a request and its correlation id."""

    principal: Principal
    correlation: str

    @property
    def holder(self) -> str:
        """The person or system the token belongs to."""
        return self.principal.holder


class Refused(Exception):  # noqa: N818  # it tells what to do: mend what the refusals name
    """The request is refused and changed nothing; every reason is named."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = refusals


def refuse(code: str, message: str, *, path: str = "") -> Refused:
    """A refusal with one reason."""
    return Refused([Refusal(code=code, path=path, message=message)])
