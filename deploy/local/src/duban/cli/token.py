"""`duban token`: who may do what."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from duban.cli.door import AsJson, Door, say, segment

_ROUTE: Final = "/v1/tokens"
_SHOWN_ONCE: Final = "it is shown this once: keep it, and use it as DUBAN_TOKEN"


class Role(StrEnum):
    """What a token may do."""

    SUBMIT = "submit"
    OFFICE = "office"
    OBSERVER = "observer"
    OPERATOR = "operator"


Holder = Annotated[str, typer.Option(help="The person or system it is for.")]


def bootstrap(
    *,
    holder: Holder,
    folder: Annotated[Path, typer.Option(help="Where `duban up` keeps its data.")] = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Make the very first token, an operator's, in the folder of `duban up`; it works once.

    Example: duban token bootstrap --holder "Operations desk"
    """
    from duban.cli.first_token import first_token  # noqa: PLC0415  # it takes intake to import

    text = first_token(folder=folder, holder=holder)
    say({"token": text, "holder": holder}, text, _SHOWN_ONCE, as_json=as_json)


def issue(
    *,
    holder: Holder,
    role: Annotated[
        list[Role],
        typer.Option(help="What it may do; several times for several roles."),
    ],
    unit: Annotated[str | None, typer.Option(help="The only unit it speaks for.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="As 2027-01-01T00:00:00+08:00.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a token, as an operator.

    Example: duban token issue --holder "Science bureau" --role submit --unit science-bureau
    """
    body = {"holder": holder, "unit": unit, "roles": role, "expires_at": expires}
    with Door() as door:
        answer = door.ask("intake", "POST", _ROUTE, body=body)
    say(answer, answer["token"], _SHOWN_ONCE, f"its id is {answer['id']}", as_json=as_json)


def list_tokens(*, as_json: AsJson = False) -> None:
    """List every token, without its secret.

    Example: duban token list
    """
    with Door() as door:
        answer = door.ask("intake", "GET", _ROUTE)
    table = Table()
    for name in ("id", "holder", "roles", "unit", "issued", "expires", "last used", "revoked"):
        table.add_column(name)
    for one in answer["items"]:
        days = (one[f"{name}_at"] for name in ("issued", "expires", "last_used", "revoked"))
        table.add_row(
            one["id"], one["holder"], ", ".join(one["roles"]), one["unit"], *map(_minute, days)
        )
    say(answer, table, as_json=as_json)


def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id, not its secret.")],
    *,
    as_json: AsJson = False,
) -> None:
    """End a token everywhere, within seconds.

    Example: duban token revoke 3kq9mz7wp2xa
    """
    with Door() as door:
        answer = door.ask("intake", "POST", f"{_ROUTE}/{segment(token)}/revoke")
    say(answer, f"{answer['id']} is revoked", as_json=as_json)


def _minute(instant: str | None) -> str:
    return instant[:16].replace("T", " ") if instant else ""
