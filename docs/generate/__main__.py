"""`make documents`: write docs/events.md, docs/asyncapi.yaml and docs/openapi/ from the code."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.generate.snapshots import DOCS, BreaksReaders, made, write


def main(arguments: Sequence[str], *, docs: Path = DOCS) -> int:
    """Write the documents and return 0, or say what they would break and return 1."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument(
        "--breaking", metavar="REASON", help="break readers all the same, and say why in CHANGELOG"
    )
    reason = parser.parse_args(arguments).breaking
    try:
        write(made(), folder=docs, breaking=reason is not None)
    except BreaksReaders as refusal:
        sys.stderr.write(
            f"{refusal}\nNothing was written. Add a new version of the event or a new path beside "
            'the old one; or, knowing whom it breaks: --breaking "REASON"\n'
        )
        return 1
    if reason is not None:
        _record(docs.parent / "CHANGELOG.md", reason)
    return 0


def _record(changelog: Path, reason: str) -> None:
    """Put the reason first in the newest section of the changelog."""
    above, heading, below = changelog.read_text(encoding="utf-8").partition("\n## ")
    title, _, rest = below.partition("\n")
    line = f"\n- **Breaks readers:** {reason}"
    changelog.write_text(f"{above}{heading}{title}\n{line}{rest}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
