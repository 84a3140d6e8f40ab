"""Where the `duban` command begins."""

from duban.cli.app import build_app


def main() -> None:
    """Run the command that was typed."""
    build_app()(prog_name="duban")


if __name__ == "__main__":
    main()
