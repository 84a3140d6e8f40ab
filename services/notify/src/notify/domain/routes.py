"""Routes: who hears of an alert beside those whom its kind concerns (plan-file, "Routes")."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.contracts.values import Contract, Id, Line

Format = Literal["standard", "wecom", "dingtalk", "feishu"]
"""How a receiver wants its messages; this release speaks `standard`."""


class ToEndpoint(Contract):
    """To a webhook endpoint."""

    endpoint: Id


class ToRole(Contract):
    """By mail, to a role of the unit, action or plan concerned."""

    role: Id


class Default(Contract):
    """The one route of this release: every alert takes it."""

    to: tuple[ToEndpoint | ToRole, ...] = (ToRole(role="reporter"),)


class EndpointSpec(Contract):
    """A webhook endpoint as the routes name it."""

    id: Id
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    format: Format = "standard"
    secret_env: Line | None = None


class Hours(Contract):
    """When messages go out."""

    from_: Line = Field(default="08:30", alias="from")
    to: Line = "17:30"
    working_days_only: bool = True


class Routes(Contract):
    """The routes document."""

    endpoints: tuple[EndpointSpec, ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    default: Default = Default()
    inhibit: tuple[dict[str, Any], ...] = ()
    hours: Hours = Hours()
    daily_cap: int = 5
    acknowledge_expires_working_days: int = 3

    def roles(self) -> tuple[str, ...]:
        """The roles of the route, each once, in its order."""
        named = (one.role for one in self.default.to if isinstance(one, ToRole))
        return tuple(dict.fromkeys(named))

    def hooks(self) -> tuple[str, ...]:
        """The endpoints of the route, each once, in its order."""
        named = (one.endpoint for one in self.default.to if isinstance(one, ToEndpoint))
        return tuple(dict.fromkeys(named))


class RoutesDocument(Contract):
    """One routes file."""

    notify: Routes


NO_ROUTES: Final = Routes()
"""What holds where nothing was set: the reporter by mail."""

_LATER: Final = (
    "routes",
    "inhibit",
    "hours",
    "daily_cap",
    "acknowledge_expires_working_days",
)


def unsupported(routes: Routes) -> list[str]:
    """The paths of what this release does not carry out, where they ask for more than the default.

    A file that writes a default out asks for nothing new.
    """
    paths = [
        f"notify.{name}" for name in _LATER if getattr(routes, name) != getattr(NO_ROUTES, name)
    ]
    for index, one in enumerate(routes.endpoints):
        paths += [f"notify.endpoints[{index}].{path}" for path in unsupported_of(one)]
    return paths


def unsupported_of(endpoint: EndpointSpec) -> list[str]:
    """Likewise of one endpoint."""
    later = {"format": endpoint.format != "standard", "secret_env": endpoint.secret_env is not None}
    return [path for path, asked in later.items() if asked]
