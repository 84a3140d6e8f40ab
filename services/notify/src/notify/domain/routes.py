"""Routes: who hears of an alert beside those whom its kind concerns (plan-file, "Routes")."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.contracts.values import Contract, Id, Line


class ToEndpoint(Contract):
    """To a webhook endpoint."""

    endpoint: Id


class ToRole(Contract):
    """By mail, to a role of the unit, action or plan concerned."""

    role: Id


class Hours(Contract):
    """When messages go out."""

    from_: Line = Field(default="08:30", alias="from")
    to: Line = "17:30"
    working_days_only: bool = True


class Default(Contract):
    """The one route of this release: every alert takes it."""

    to: tuple[ToEndpoint | ToRole, ...] = (ToRole(role="reporter"),)


class EndpointSpec(Contract):
    """A webhook endpoint as the routes name it."""

    id: Id
    url: Annotated[str, Field(max_length=2000)]
    format: Literal["standard", "wecom", "dingtalk", "feishu"] = "standard"


class Routes(Contract):
    """The routes document."""

    endpoints: tuple[EndpointSpec, ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    default: Default = Default()
    inhibit: tuple[dict[str, Any], ...] = ()
    hours: Hours | None = None
    daily_cap: int | None = None
    acknowledge_expires_working_days: int | None = None

    def roles(self) -> tuple[str, ...]:
        """The roles of the route, in its order."""
        return tuple(one.role for one in self.default.to if isinstance(one, ToRole))

    def hooks(self) -> tuple[str, ...]:
        """The endpoints of the route, in its order."""
        return tuple(one.endpoint for one in self.default.to if isinstance(one, ToEndpoint))


class RoutesDocument(Contract):
    """One routes file."""

    notify: Routes


NO_ROUTES: Final = Routes()
"""What holds where nothing was set: the reporter by mail."""


def unsupported(routes: Routes) -> list[str]:
    """The paths of what this release does not carry out, and therefore refuses."""
    later = {
        "notify.routes": bool(routes.routes),
        "notify.inhibit": bool(routes.inhibit),
        "notify.hours": routes.hours is not None,
        "notify.daily_cap": routes.daily_cap is not None,
        "notify.acknowledge_expires_working_days": routes.acknowledge_expires_working_days
        is not None,
    }
    formats = [
        f"notify.endpoints[{index}].format"
        for index, one in enumerate(routes.endpoints)
        if one.format != "standard"
    ]
    return [path for path, asked in later.items() if asked] + formats
