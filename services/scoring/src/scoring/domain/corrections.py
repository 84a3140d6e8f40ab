"""What a correction changes, and what it leaves (assessment 4.13)."""

from collections.abc import Sequence
from typing import Final

from scoring.domain.period_run import PeriodResult
from shared.contracts.values import Contract


class Amends(Contract):
    """What a correction names: by these inputs and decisions its period is run again.

    Of several corrections of a period each later one stands on those before it.
    """

    reason: str
    submissions: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    """The tasks of which the data were found false."""
    appeals: tuple[str, ...] = ()
    """The appeals it follows from: their units must not fare worse."""

    def after(self, earlier: "Amends") -> "Amends":
        """Both together, with the reason of this one."""
        return Amends(
            reason=self.reason,
            submissions=_together(earlier.submissions, self.submissions),
            exemptions=_together(earlier.exemptions, self.exemptions),
            zero=_together(earlier.zero, self.zero),
            appeals=self.appeals,
        )


def refuse_worse(units: Sequence[str], before: PeriodResult, after: PeriodResult) -> None:
    """An appeal does not lead to a worse score of who filed it, but for fraud (assessment 4.13).

    To be left out of the assessment, as by an exemption, is no worse score.

    Raises:
        ValueError: `worse_for_appellant`, with the scores.
    """
    was, now = ({one.unit: one.score for one in result.units} for result in (before, after))
    for unit in units:
        old, new = was.get(unit), now.get(unit)
        if old is not None and new is not None and new < old:
            raise ValueError(
                f"worse_for_appellant: {unit} would fall from {old} to {new}; only false data "
                "(zero) may do that"
            )


NOTHING: Final = Amends(reason="")


def relit(published: PeriodResult, again: PeriodResult) -> PeriodResult:
    """Of a later period only the lights are made anew; its scores stay (assessment 4.3, 4.13).

    `again` is the same period run after the corrected one.
    """
    lights = {line.task: (line.light, line.light_steps) for line in again.tasks}
    lines = []
    for line in published.tasks:
        light, steps = lights.get(line.task, (line.light, line.light_steps))
        if light == line.light:  # the same light by another way is no change that is published
            lines.append(line)
        else:
            lines.append(line.model_copy(update={"light": light, "light_steps": steps}))
    return published.model_copy(update={"tasks": tuple(lines)})


def _together(earlier: Sequence[str], later: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*earlier, *later)))
