"""How a use case of notify says no."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why something is refused: a stable code, the field, and the mend."""

    code: str
    path: str
    message: str


class Refused(Exception):  # noqa: N818  # it tells what to do: mend what the refusals name
    """The request is refused and changed nothing; every reason is named."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = refusals


def refuse(code: str, message: str, *, path: str = "") -> Refused:
    """A refusal with one reason."""
    return Refused([Refusal(code=code, path=path, message=message)])
