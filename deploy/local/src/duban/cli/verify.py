"""`duban verify`: the verifier that needs no installation, as a command of this one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from duban.cli.door import AsJson, Door, Stop, progress
from duban.verify import Publication, main


def verify(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Documents of publications.")
    ],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keys to trust, as GET /v1/keys answers: each has to be signed."
        ),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option(
            help="Make every publication again from intake's journal, and compare each byte. Give "
            "the documents of all that was published before, too."
        ),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The journal, as `duban export journal` writes it; else intake is asked.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify publications offline: digests, chain, and every number from the numbers under it.

    A file comes from GET /v1/publications/PLAN/PERIOD/documents. Without Duban the same is told by
    `python verify.py FILE...`: one file that needs nothing but Python.

    Example: duban verify duban.fuzhou-3820.2021-B1.v1.json duban.fuzhou-3820.2021-B2.v1.json

    Example: duban verify *.json --recompute --journal journal.ndjson
    """
    if journal is not None and not recompute:
        raise Stop("misuse", "a journal is for --recompute: add it", status=2)
    also = (lambda given: _remade(given, journal)) if recompute else None
    settings = ["--json"] if as_json else []
    settings += [] if keys is None else ["--keys", str(keys)]
    status = main([*settings, "--", *map(str, files)], also)
    if status:
        raise typer.Exit(status)


def _remade(given: list[Publication], journal: Path | None) -> list[dict[str, Any]]:
    """What differs, plan by plan, from what its journal leads to."""
    from duban.cli.export import journal_lines  # noqa: PLC0415  # keeps help quick
    from duban.recompute import Unfit, remake  # noqa: PLC0415  # as above

    plans: dict[str, list[Publication]] = {}
    for one in given:
        plans.setdefault(str(one.manifest.get("plan")), []).append(one)
    if journal is not None and len(plans) > 1:
        raise Stop("misuse", f"{journal} is of one plan: verify one at a time", status=2)
    found: list[dict[str, Any]] = []
    for plan, mine in plans.items():
        with progress(f"making the publications of {plan} again") as tell:
            if journal is None:
                with Door() as door:
                    lines = list(journal_lines(door, plan))
            else:
                lines = _read(journal)
            try:
                found += remake(lines, mine, tell)
            except Unfit as reason:
                raise Stop("not_recomputed", str(reason)) from None
    return found


def _read(journal: Path) -> list[str]:
    try:
        return journal.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Stop("unreadable_file", f"{journal} cannot be read: {error}", status=2) from None
