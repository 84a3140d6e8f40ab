"""The table of contents: every command of `duban`, in the order of its help."""

from typing import Final

import typer

from duban.cli import doctor, later, plan, publish, submit, token, up, verify
from duban.cli.door import guarded

_ABOUT: Final = (
    "Duban (督办) tells which promises of a plan are slipping, in time to act.\n\n"
    "`duban demo` shows it, `duban up` runs it on this machine. The other commands speak to "
    "running services: DUBAN_TOKEN holds your token; DUBAN_INTAKE_URL, DUBAN_SCORING_URL and "
    "DUBAN_NOTIFY_URL say where the services are, if not on this machine.\n\n"
    "Exit status: 0 fine, 1 refused, 2 misuse. Errors go to standard error."
)


def build_app() -> typer.Typer:
    """The whole command."""
    app = _group(_ABOUT)
    app.command("demo")(guarded(up.demo))
    app.command("up")(guarded(up.up))
    app.add_typer(_plan(), name="plan")
    app.command("submit")(guarded(submit.submit))
    app.add_typer(_publish(), name="publish")
    app.command("explain")(guarded(publish.explain))
    app.add_typer(_token(), name="token")
    app.command("doctor")(guarded(doctor.doctor))
    app.command("verify")(guarded(verify.verify))
    _later(app, "simulate")
    export = _group("Write what happened as a file. Not in this release.")
    _later(export, "scenario")
    app.add_typer(export, name="export")
    return app


def _plan() -> typer.Typer:
    group = _group("Check, apply and show plans (纲要).")
    group.command("check")(guarded(plan.check))
    group.command("apply")(guarded(plan.apply))
    group.command("show")(guarded(plan.show))
    return group


def _publish() -> typer.Typer:
    group = _group("Take a period to its publication (通报): draft, approve, release.")
    group.command("draft")(guarded(publish.draft))
    group.command("approve")(guarded(publish.approve))
    group.command("release")(guarded(publish.release))
    _later(group, "correct")
    return group


def _token() -> typer.Typer:
    group = _group("Issue, list and revoke tokens.")
    group.command("bootstrap")(guarded(token.bootstrap))
    group.command("issue")(guarded(token.issue))
    group.command("list")(guarded(token.list_tokens))
    group.command("revoke")(guarded(token.revoke))
    return group


def _later(group: typer.Typer, name: str) -> None:
    """A command of a later release; whatever it is given, it is refused."""
    takes_anything = {"allow_extra_args": True, "ignore_unknown_options": True}
    group.command(name, context_settings=takes_anything)(guarded(later.refuse))


def _group(about: str) -> typer.Typer:
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its traceback would print the token
    )
