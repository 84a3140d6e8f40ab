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

    def after(self, earlier: "Amends") -> "Amends":
        """Both together, with the reason of this one."""
        return Amends(
            reason=self.reason,
            submissions=_together(earlier.submissions, self.submissions),
            exemptions=_together(earlier.exemptions, self.exemptions),
            zero=_together(earlier.zero, self.zero),
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
