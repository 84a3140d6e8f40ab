"""What notify's routes read and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from notify.domain.routes import Routes
from notify.service.directory import Person
from notify.store.tables import Alert, Contact, DecisionRow, Delivery, Endpoint
from shared.contracts.plan import Language
from shared.contracts.values import Contract, Id, Line


class ContactIn(Contract):
    """A person behind a role of the plan, an action or a unit, by its id."""

    scope: Literal["plan", "action", "unit"]
    subject: Id
    role: Id
    name: Line | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)]
    language: Language = "zh-CN"

    def person(self) -> Person:
        """As the use case wants it."""
        return Person(**self.model_dump())


class ContactList(RootModel[list[ContactIn]]):
    """All contacts of a plan."""


def contact_json(row: Contact) -> dict[str, Any]:
    """A contact."""
    return row.model_dump(exclude={"plan"})


def endpoint_json(row: Endpoint) -> dict[str, Any]:
    """An endpoint, without its secret."""
    return row.model_dump(mode="json", exclude={"secret"})


def alert_json(row: Alert) -> dict[str, Any]:
    """An alert."""
    return row.model_dump(mode="json")


def decision_json(row: DecisionRow) -> dict[str, Any]:
    """A decision with its reason."""
    return row.model_dump(mode="json")


def delivery_json(row: Delivery) -> dict[str, Any]:
    """A delivery, without the message itself."""
    return row.model_dump(mode="json", exclude={"body", "html"})


def routes_json(routes: Routes) -> dict[str, Any]:
    """The routes document."""
    return {"notify": routes.model_dump(mode="json", by_alias=True)}
