"""What a corrected report says: what it names, and for the rest what the first one said."""

from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission


def completed(report: Submission, first: SubmissionAccepted | None) -> Submission:
    """A correction keeps every field that it does not name (assessment 4.17).

    Values are kept by indicator, milestones by node. An indicator has a value or no data: what the
    correction says of it replaces what the first report said.
    """
    if first is None:
        return report
    kept = {name: one for name, one in first.values.items() if name not in report.no_data}
    silent = [name for name in first.no_data if name not in {*report.values, *report.no_data}]
    named = report.milestones is not None or first.milestones is not None
    milestones = {**(first.milestones or {}), **(report.milestones or {})}
    return report.model_copy(
        update={
            "values": {**kept, **report.values},
            "no_data": (*silent, *report.no_data),
            "milestones": milestones if named else None,
            "percent": first.percent if report.percent is None else report.percent,
            "as_of": report.as_of or first.as_of,
            "correction": report.correction or first.correction,
            "note": report.note or first.note,
            "evidence": report.evidence or first.evidence,
        }
    )
