"""What this release does not do yet is refused, aloud."""

from typing import NoReturn

import typer

from duban.cli.door import AsJson, Stop


def refuse(context: typer.Context, *, as_json: AsJson = False) -> NoReturn:  # noqa: ARG001  # read by the guard
    """Not in this release."""
    raise Stop("not_supported", f"`{context.command_path}` is not in this release")
