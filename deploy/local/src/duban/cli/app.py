"""The table of contents: every command of `duban`, in the order of its help.

A command's module is imported when the command runs, or its help is shown.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from duban.cli.door import guarded

if TYPE_CHECKING:
    from typer._click import Command, Context

_ABOUT: Final = (
    "Duban (督办) tells which promises of a plan are slipping, in time to act.\n\n"
    "`duban demo` shows it, `duban up` runs it on this machine. The other commands speak to "
    "running services: DUBAN_TOKEN holds your token; DUBAN_INTAKE_URL, DUBAN_SCORING_URL and "
    "DUBAN_NOTIFY_URL say where the services are, if not on this machine.\n\n"
    "Exit status: 0 fine, 1 refused, 2 misuse. Errors go to standard error."
)


def build_app() -> typer.Typer:
    """The whole command."""
    return _group(
        _ABOUT,
        {
            "demo": "up:demo",
            "up": "up:up",
            "plan": _group(
                "Check, apply and show plans (纲要).",
                {"check": "plan:check", "apply": "plan:apply", "show": "plan:show"},
            ),
            "submit": "submit:submit",
            "publish": _group(
                "Take a period to its publication (通报): draft, approve, release, correct.",
                {
                    "draft": "publish:draft",
                    "approve": "publish:approve",
                    "release": "publish:release",
                    "correct": "publish:correct",
                },
            ),
            "explain": "publish:explain",
            "route": _group(
                "Who hears of what: apply, show and try routes.",
                {"apply": "route:apply", "show": "route:show", "test": "route:rehearse"},
            ),
            "token": _group(
                "Issue, list and revoke tokens.",
                {
                    "bootstrap": "token:bootstrap",
                    "issue": "token:issue",
                    "list": "token:list_tokens",
                    "revoke": "token:revoke",
                },
            ),
            "doctor": "doctor:doctor",
            "simulate": "simulate:simulate",
            "verify": "verify:verify",
            "export": _group(
                "Write what happened as a file.",
                {"scenario": "export:scenario", "journal": "export:journal"},
            ),
        },
    )


def _group(about: str, contents: Mapping[str, "str | typer.Typer"]) -> typer.Typer:
    """A group of commands, each named as module:function below `duban.cli`."""

    class Contents(TyperGroup):
        def list_commands(self, ctx: "Context") -> list[str]:
            del ctx
            return list(contents)

        def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
            if cmd_name not in contents:  # to suggest another, it takes them all
                self.commands = {name: _opened(name, one) for name, one in contents.items()}
            elif cmd_name not in self.commands:
                self.commands[cmd_name] = _opened(cmd_name, contents[cmd_name])
            return super().get_command(ctx, cmd_name)

    group = _typer(about, cls=Contents)
    group.callback()(_nothing)
    return group


def _nothing() -> None:
    """What a group does by itself."""


def _opened(name: str, content: "str | typer.Typer") -> "Command":
    if isinstance(content, typer.Typer):
        group = get_command(content)
        group.name = name
        return group
    module, _, function = content.partition(":")
    work = getattr(import_module(f"duban.cli.{module}"), function)
    alone = _typer(None)
    alone.command(name)(guarded(work))
    return get_command(alone)


def _typer(about: str | None, cls: type[TyperGroup] | None = None) -> typer.Typer:
    return typer.Typer(
        help=about,
        cls=cls,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its traceback would print the token
    )
