"""`duban up` and `duban demo`: what runs on this machine."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from duban.cli.door import AsJson

Folder = Annotated[Path, typer.Option(help="Where the data is kept; made if need be.")]
Port = Annotated[int, typer.Option(min=1, max=65535)]


def up(
    *,
    folder: Folder = Path("var"),
    intake_port: Port = 8001,
    scoring_port: Port = 8002,
    notify_port: Port = 8003,
    public_bulletin: Annotated[
        bool, typer.Option("--public-bulletin", help="The bulletin needs no token.")
    ] = False,
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The server that takes our mail.")
    ] = None,
    allow_target: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR[:PORT]", help="A private network webhooks may go to; repeat."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the three services in one process, on SQLite, until it is interrupted.

    Example: duban up --folder var --allow-target 10.1.0.0/16:443
    """
    from duban.cli import serving  # noqa: PLC0415  # it takes the three services to import

    uvloop.run(
        serving.serve(
            folder=folder,
            ports=serving.Ports(intake=intake_port, scoring=scoring_port, notify=notify_port),
            outgoing=serving.outgoing(smtp=smtp, allow_targets=allow_target or ()),
            public_bulletin=public_bulletin,
            as_json=as_json,
        )
    )


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print the account and end.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, whatever was played before.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed, another year; the same seed, the same one.")
    ] = 20,
    folder: Folder = Path("var/demo"),
    as_json: AsJson = False,
) -> None:
    """Play a year of an example city, with nothing to prepare, in about a minute.

    It is kept in its folder: a demo that was ended goes on where it was.

    Example: duban demo --once --fresh
    """
    from duban.demo import run_demo  # noqa: PLC0415  # it takes the three services to import

    raise typer.Exit(run_demo(folder=folder, once=once, fresh=fresh, seed=seed, as_json=as_json))
