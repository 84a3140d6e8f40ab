"""`duban verify`: the verifier that needs no installation, as a command of this one."""

from pathlib import Path
from typing import Annotated

import typer

from duban.cli.door import AsJson
from duban.verify import main


def verify(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Documents of publications.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Verify publications offline: digests, chain, and every number from the numbers under it.

    A file comes from GET /v1/publications/PLAN/PERIOD/documents. Without Duban the same is told by
    `python verify.py FILE...`: one file that needs nothing but Python.

    Example: duban verify duban.fuzhou-3820.2021-B1.v1.json duban.fuzhou-3820.2021-B2.v1.json
    """
    status = main([*(["--json"] if as_json else []), "--", *map(str, files)])
    if status:
        raise typer.Exit(status)
