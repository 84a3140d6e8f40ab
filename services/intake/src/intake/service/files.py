"""Plan and rulebook files: read strictly, checked whole, brought into their normal form."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.plan_check import check_plan
from intake.domain.plan_normal import ContactSeed, contacts_of, normalise
from intake.domain.rulebook_check import check_rulebook
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import PlanDocument, PlanHead
from shared.contracts.problem import Problem
from shared.contracts.rulebook import Rulebook, RulebookDocument
from shared.kit.documents import Document, read_document, validate
from shared.kit.readers import DocumentError


@dataclass(frozen=True, kw_only=True)
class PlanFile:
    """A plan file that may be applied: its normal form, the people it named, and notices."""

    document: Document
    plan: PlanDocument
    contacts: Sequence[ContactSeed]
    notices: Sequence[Problem]


def read_plan(data: bytes, *, name: str = "plan") -> PlanFile:
    """A plan file, checked.

    Raises:
        DocumentError: every error, with its line, field and mend.
    """
    return check_document(read_document(data, name=name))


def check_document(document: Document) -> PlanFile:
    """A plan that was read, checked.

    Raises:
        DocumentError: as `read_plan`.
    """
    plan = validate(document, PlanDocument)
    findings = check_plan(plan, document.line_of)
    if findings.errors:
        raise DocumentError(findings.errors)
    return PlanFile(
        document=document,
        plan=normalise(plan),
        contacts=contacts_of(plan),
        notices=findings.notices,
    )


def recheck(file: PlanFile, plan: PlanDocument) -> None:
    """Hold what decisions make of a plan file to the checks of a file.

    Raises:
        DocumentError: what the file lacks for them, with the nearest of its lines.
    """
    line_of = file.document.line_of
    known = set(check_plan(file.plan, line_of).errors)
    errors = [one for one in check_plan(plan, line_of).errors if one not in known]
    if errors:
        raise DocumentError(errors)


def read_rulebook(
    data: bytes, *, name: str = "rulebook", plan: PlanHead | None = None
) -> tuple[Document, Rulebook]:
    """A rulebook file, checked, also against the periods of the plan it is for.

    Raises:
        DocumentError: every error, with its line, field and mend.
    """
    document = read_document(data, name=name)
    return document, check_rulebook_document(document, plan)


def check_rulebook_document(document: Document, plan: PlanHead | None = None) -> Rulebook:
    """A rulebook that was read, checked, also against the periods of the plan it is for.

    Raises:
        DocumentError: as `read_rulebook`.
    """
    rulebook = validate(document, RulebookDocument).rulebook
    scheme = PlanCalendar(dates=plan).scheme if plan else None
    findings = check_rulebook(rulebook, document.line_of, scheme=scheme)
    if findings.errors:
        raise DocumentError(findings.errors)
    return rulebook


def misnamed(document: Document, path: tuple[str, ...], wanted: str) -> Problem:
    """The file has another id than the address it was sent to."""
    return Problem(
        line=document.line_of(path),
        path=".".join(path),
        code="other_id",
        message=f"the address names {wanted}, the file another id",
        mend="send the file to the address of its own id",
    )
