"""Who asks for a use case, and how a use case says no."""

from dataclasses import dataclass

from shared.kit.auth import Principal


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The principal of a request, its correlation id, and its credentials to pass on to intake."""

    principal: Principal
    correlation: str
    headers: dict[str, str]

    @property
    def holder(self) -> str:
        """The person or system the token belongs to."""
        return self.principal.holder


class Refused(Exception):  # noqa: N818  # it tells what to do: mend what it names
    """The request is refused and changed nothing. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
