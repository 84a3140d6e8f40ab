"""How bonus and deductions come about, in sums that can be followed (assessment 4.8)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from scoring.domain.events import EventShown, guarded_bonus
from scoring.domain.exact import write_exact
from shared.contracts.plan import Language
from shared.contracts.rulebook import Events

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh-CN": {
        "award": "加分事项 {matter}（{on}）：{points} 分",
        "penalty": "扣分事项 {matter}（{on}）：{points} 分",
        "veto": "一票否决 {matter}（{on}）：等次至多{cap}",
        "lower": "，同一事项另有更高加分，不计",
        "waived": "，已依容错 {by} 免除",
        "uncapped": "，不受扣分上限限制",
        "bonus": "加分 = min({sum}, {most}) = {value}",
        "guard": "低于 {floor} 分的，加分只计到 {floor} 分：加 {value}",
        "deductions": "扣分 = {sum} = {value}",
        "fair": "一般",
        "poor": "较差",
    },
    "en": {
        "award": "Award {matter} ({on}): {points} points",
        "penalty": "Penalty {matter} ({on}): {points} points",
        "veto": "Veto {matter} ({on}): {cap} is the best grade left",
        "lower": ", below another award of the matter and not counted",
        "waived": ", waived by the exemption {by}",
        "uncapped": ", outside the cap",
        "bonus": "Bonus = min({sum}, {most}) = {value}",
        "guard": "Below {floor} a bonus counts up to {floor}: {value} is added",
        "deductions": "Deductions = {sum} = {value}",
        "fair": "fair",
        "poor": "poor",
    },
}


@dataclass(frozen=True, kw_only=True)
class EventTeller:
    """Tells a unit's events and what they come to, in a language."""

    language: Language
    settings: Events

    def event(self, event: EventShown) -> str:
        """An award, a penalty or a veto, and whether it counts."""
        told = self.say(
            event.type,
            matter=event.matter,
            on=event.on,
            points=None if event.points is None else write_exact(event.points),
            cap=self.say(event.cap) if event.cap else None,
        )
        if event.waived_by is not None:
            told += self.say("waived", by=event.waived_by)
        elif not event.counts:
            told += self.say("lower")
        return told + (self.say("uncapped") if event.uncapped else "")

    def sums(
        self, events: Sequence[EventShown], before: Fraction
    ) -> Generator[str, None, tuple[Fraction, Fraction]]:
        """Bonus and deductions under their caps, told, and what they come to.

        `before` is the score without them.
        """
        awards = _points(events, "award")
        capped = _points(events, "penalty")
        uncapped = _points(events, "penalty", uncapped=True)
        bonus = min(sum(awards, Fraction(0)), Fraction(self.settings.bonus_max))
        if awards:
            added = " + ".join(map(operand, awards))
            most = write_exact(Fraction(self.settings.bonus_max))
            yield self.say("bonus", sum=added, most=most, value=write_exact(bonus))
        guarded = guarded_bonus(before, bonus, self.settings)
        if guarded != bonus:
            floor = write_exact(Fraction(self.settings.floor_guard))
            yield self.say("guard", floor=floor, value=write_exact(guarded))
        taken = min(sum(capped, Fraction(0)), Fraction(self.settings.deduction_max))
        if capped or uncapped:
            most = write_exact(Fraction(self.settings.deduction_max))
            sums = [f"min({' + '.join(map(operand, capped))}, {most})"] if capped else []
            taken += sum(uncapped, Fraction(0))
            sum_ = " + ".join([*sums, *map(operand, uncapped)])
            yield self.say("deductions", sum=sum_, value=write_exact(taken))
        return guarded, taken

    def say(self, word: str, **facts: object) -> str:
        """A sentence with its facts put in."""
        return _WORDS[self.language][word].format(**facts)


def settled(sum_: str, bonus: Fraction, deductions: Fraction) -> str:
    """A sum with what is added and taken off, where there is any."""
    for amount, sign in ((bonus, "+"), (deductions, "−")):
        sum_ += f" {sign} {operand(amount)}" if amount else ""
    return sum_


def operand(number: Fraction) -> str:
    """A number inside a sum: a fraction or what is below zero stands in brackets."""
    text = write_exact(number)
    return f"({text})" if "/" in text or number < 0 else text


def _points(
    events: Sequence[EventShown], kind: str, *, uncapped: bool = False
) -> Sequence[Fraction]:
    counting = (one for one in events if one.type == kind and one.counts)
    return [one.points for one in counting if one.points is not None and one.uncapped == uncapped]
