"""A scenario is played: each entry is brought to the service it is about, at its instant."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import intake.service.caller
import notify.service.caller
import scoring.service.caller
from duban.simulate.callers import APPROVER, ARBITER, DRAFTER, RELEASER, as_intake, as_scoring
from duban.simulate.house import House
from duban.simulate.scenario import Scenario
from duban.simulate.timeline import Entry, Refused
from duban.simulate.verbs import (
    LAST,
    Acknowledge,
    Appeal,
    Correct,
    Cutoff,
    Decide,
    Publish,
    Return,
    Reviewed,
    SetMute,
    Verify,
    WholeYear,
    decision_of,
)
from intake.service.calendars import OFFICIAL
from intake.service.decisions import Made
from notify.service.episodes import OPEN
from scoring.domain.corrections import Amends
from scoring.store.tables import PublicationRow
from shared.contracts.decisions import CorrectedReport, Decision
from shared.contracts.plan import HolidayYear
from shared.contracts.problem import Problem
from shared.contracts.submission import Submission
from shared.kit.documents import DocumentError

_MOST: Final = 1_000_000
_ROUTE: Final = "/v1/submissions"
_FAILURE: Final = re.compile(r"([a-z][a-z_]+): (.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An entry that the rules refuse: when, why, and what it was about; it changed nothing."""

    at: str
    code: str
    what: str


class _Refused(Exception):  # noqa: N818  # it tells what to do: list it
    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


async def play(scenario: Scenario, house: House, tell: Callable[[str], None]) -> list[Refusal]:
    """Let the services live through a scenario; what the rules refused, in order.

    Raises:
        Refused: the plan cannot be put in force.
    """
    await _put_in_force(scenario, house)
    player = _Player(scenario.plan, house)
    refused = []
    for number, entry in enumerate(scenario.entries, start=1):
        tell(f"{number} of {len(scenario.entries)}: {entry.at} {entry.verb}")
        await house.pass_until(entry.instant)
        try:
            await player.do(entry)
        except _Refused as no:
            refused.append(Refusal(at=entry.at, code=no.code, what=no.what))
        await house.settle()
    await house.pass_until(scenario.until)
    return refused


async def _put_in_force(scenario: Scenario, house: House) -> None:
    office = as_intake(DRAFTER)
    try:
        await house.intake.plans.apply(
            scenario.plan, scenario.document, dry_run=False, caller=office
        )
        if scenario.rulebook is not None:
            name, body = scenario.rulebook
            await house.intake.rulebooks.adopt(name, body, plan=scenario.plan, caller=office)
    except DocumentError as error:  # of a document that was written anew: its lines say nothing
        raise Refused([replace(one, line=None) for one in error.problems], file=None) from None
    if scenario.routes is not None:
        try:
            await house.notify.directory.put_in_force(scenario.routes, by=DRAFTER)
        except notify.service.caller.Refused as refused:
            raise Refused([_problem(one) for one in refused.refusals], file=None) from None
    if scenario.contacts:
        await house.notify.directory.set_contacts(scenario.plan, scenario.contacts)
    await house.settle()


def _problem(refusal: notify.service.caller.Refusal) -> Problem:
    mend = "name only endpoints that the routes bring along"
    return Problem(
        line=None, path=refusal.path, code=refusal.code, message=refusal.message, mend=mend
    )


class _Player:
    """Does what an entry says."""

    def __init__(self, plan: str, house: House) -> None:
        self._plan = plan
        self._house = house
        self._appeals: list[str] = []

    async def do(self, entry: Entry) -> None:
        """One entry.

        Raises:
            _Refused: the rules refuse it.
        """
        try:
            await self._do(entry)
        except intake.service.caller.Refused as refused:
            said = "; ".join(dict.fromkeys(one.message for one in refused.refusals))
            raise _Refused(refused.refusals[0].code, said) from None
        except scoring.service.caller.Refused as refused:
            raise _Refused(refused.code, refused.message) from None
        except notify.service.caller.Refused as refused:
            raise _Refused(refused.refusals[0].code, str(refused)) from None

    async def _do(self, entry: Entry) -> None:  # noqa: C901, PLR0912  # one case a verb
        match entry.body:
            case Submission() as report:
                caller = as_intake(report.unit)
                await self._house.intake.submissions.submit(
                    report, key=None, route=_ROUTE, caller=caller
                )
            case Verify() as body:
                await self._verify(body)
            case Return() as body:
                found = await self._find(body)
                await self._house.intake.review.send_back(
                    found, reason=body.reason, caller=as_intake(APPROVER)
                )
            case Publish() as body:
                await self._publish(body)
            case Correct() as body:
                await self._correct(body)
            case Appeal() as body:
                await self._appeal(body)
            case Decide() as body:
                await self._decide_appeal(body)
            case Cutoff():
                await self._house.intake.duties.mark_cutoff(self._plan, caller=as_intake(DRAFTER))
            case Acknowledge() as body:
                await self._acknowledge(body)
            case SetMute() as body:
                await self._house.notify.mutes.add(
                    body.match, until=body.until, reason=body.reason, by=body.by
                )
            case HolidayYear() as body:
                caller = as_intake(DRAFTER)
                await self._house.intake.calendars.load(OFFICIAL, body, caller=caller)
            case WholeYear() as body if entry.verb == "freeze":
                await self._house.scoring.years.freeze(
                    self._plan, body.year, caller=as_scoring(DRAFTER)
                )
            case WholeYear() as body:
                await self._year(body.year)
            case body:
                await self._decide(decision_of(body))

    async def _verify(self, body: Verify) -> None:
        found: dict[str, Any] = {"rubric": body.rubric, "values": body.values}
        given = {name: value for name, value in found.items() if value is not None}
        await self._house.intake.review.verify(
            await self._find(body),
            marks=body.marks,
            reason=body.reason,
            caller=as_intake(APPROVER),
            **given,
        )

    async def _find(self, body: Reviewed) -> str:
        if body.submission != LAST:
            return body.submission
        rows = await self._house.intake.submissions.list(
            plan=self._plan,
            unit=body.unit,
            period=body.period,
            state=None,
            before=None,
            limit=_MOST,
            caller=as_intake(APPROVER),
        )
        found = next((row.id for row in rows if row.task == body.task), None)
        if found is None:
            what = f"{body.unit} has reported nothing on {body.task} for {body.period}"
            raise _Refused("unknown_submission", what)
        return found

    async def _acknowledge(self, body: Acknowledge) -> None:
        found = await self._house.notify.looking.alerts(
            plan=self._plan, task=body.task, unit=body.unit, kind=body.kind
        )
        alert = next((one for one in found if one.task == body.task and one.state in OPEN), None)
        if alert is None:
            about = f"{body.kind} alert of {body.unit}" + (f" on {body.task}" if body.task else "")
            raise _Refused("unknown_alert", f"no {about} is open")
        await self._house.notify.acknowledging.acknowledge(
            alert.id, by=body.by, unit=None, correlation="simulation"
        )

    async def _publish(self, body: Publish) -> None:
        drafter = as_scoring(DRAFTER)
        row = await self._house.scoring.drafts.draft(
            self._plan, body.period, forced=body.force, caller=drafter
        )
        await self._release(row)

    async def _appeal(self, body: Appeal) -> None:
        filed = await self._house.scoring.appeals.file(
            self._plan,
            body.period,
            unit=body.unit,
            item=body.item,
            grounds=body.grounds,
            caller=as_scoring(body.unit),
        )
        self._appeals.append(filed.id)

    async def _decide_appeal(self, body: Decide) -> None:
        """Corrected first: where the correction is refused the appeal stays open."""
        appeals = self._house.scoring.appeals
        arbiter = as_scoring(ARBITER)
        name = body.appeal
        if name == LAST:
            if not self._appeals:
                raise _Refused("unknown_appeal", "nobody has appealed")
            name = self._appeals[-1]
        row = await appeals.decidable(name, caller=arbiter)
        if body.submit or body.exemptions or body.zero:
            correction = Correct(
                period=row.period,
                reason=body.reason,
                submit=body.submit,
                exemptions=body.exemptions,
                zero=body.zero,
            )
            await self._correct(correction, appeals=(name,))
        await appeals.decide(name, upheld=body.upheld, reason=body.reason, caller=arbiter)

    async def _correct(self, body: Correct, *, appeals: Sequence[str] = ()) -> None:
        submissions = []
        if body.submit is not None:  # entered only where the correction will not be refused
            named = Amends(
                reason=body.reason,
                exemptions=tuple(body.exemptions),
                zero=tuple(body.zero),
                appeals=tuple(appeals),
            )
            await self._house.scoring.drafts.correctable(self._plan, body.period, named)
            decision = CorrectedReport(submission=body.submit, reason=body.reason)
            made = await self._decide(decision)
            submissions.append(made.submission or "")
            await self._house.settle()
        row = await self._house.scoring.drafts.correct(
            self._plan,
            body.period,
            reason=body.reason,
            submissions=submissions,
            exemptions=body.exemptions,
            zero=body.zero,
            appeals=appeals,
            caller=as_scoring(DRAFTER),
        )
        await self._release(row)

    async def _year(self, year: int) -> None:
        row = await self._house.scoring.years.draft(self._plan, year, caller=as_scoring(DRAFTER))
        await self._release(row)

    async def _release(self, drafted: PublicationRow) -> None:
        """Compute, approve and release what was drafted of a period, or of a year by its key."""
        await self._house.compute()
        publications = self._house.scoring.publications
        period = drafted.period
        row = await publications.find(self._plan, period, drafts=True, kinds=(drafted.kind,))
        if row.state == "failed":
            told = _FAILURE.fullmatch(row.failure or "")
            code, what = told.groups() if told else ("draft_failed", row.failure or "")
            raise _Refused(code, what)
        await publications.approve(self._plan, period, caller=as_scoring(APPROVER))
        await publications.release(self._plan, period, caller=as_scoring(RELEASER))

    async def _decide(self, decision: Decision) -> Made:
        office = as_intake(APPROVER)
        return await self._house.intake.decisions.decide(self._plan, decision, caller=office)
