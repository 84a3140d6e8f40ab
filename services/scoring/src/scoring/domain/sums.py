"""How the number of a unit, an action or the plan follows from the published lines under it.

Assessment 4.6, 4.10, 4.11: everything here is printed, so a pocket calculator can follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from scoring.domain.event_sums import EventTeller, operand, settled
from scoring.domain.events import EventShown
from scoring.domain.exact import Printed, write_exact
from scoring.domain.period_run import PeriodResult
from scoring.domain.rollup import UnitResult, weighted_mean
from shared.contracts.plan import ActionHead, Language
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import Text

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh-CN": {
        "unit": "{unit}：U = Σ(权重 × 份额 × 得分) ÷ Σ(权重 × 份额) = {sum} = {score}",
        "unit.events": "{unit}：U = min(100, max(0, Σ(权重 × 份额 × 得分) ÷ Σ(权重 × 份额) "
        "+ 加分 − 扣分)) = {sum} = {score}",
        "unit.none": "{unit}：本期没有计分任务，不参评",
        "weights": "计入权重 {counted}，未计入权重 {left_out}",
        "line": "{task} {title}：权重 {weight} × 份额 {share}，得分 {score}",
        "line.left_out": "{task} {title}：权重 {weight} × 份额 {share}，不计分",
        "rank": "在{group}组 {of} 个参评单位中排第 {rank}：",
        "competition": "{better} 个单位得分更高",
        "dense": "有 {scores} 个更高的得分",
        "modified": "连同本单位有 {level} 个单位得分不低于此",
        "ordinal": "{better} 个单位得分更高，{ahead} 个单位得分相同而排在前（{order}）",
        "fewer_red": "红灯任务少",
        "progress": "进度得分高",
        "on_time_rate": "按时率高",
        "last_period": "上期得分高",
        "id": "编号在前",
        "grade": "等次：{grade}",
        "reason.insufficient_basis": "未计入权重过半，依据不足，不排名",
        "reason.no_seat": "得分达到优秀线，但名额已满",
        "reason.exemption_limit": "容错权重超过上限，本期不评优秀",
        "reason.no_counted_task": "没有计分任务",
        "excellent": "优秀",
        "good": "良好",
        "fair": "一般",
        "poor": "较差",
        "action": "{action} {title} = Σ(权重 × 得分) ÷ Σ权重 = {sum} = {score}",
        "action.none": "{action} {title}：本期没有计分任务",
        "plan": "总分 = Σ(行动权重 × 行动得分) ÷ Σ行动权重 = {sum} = {score}",
        "plan.none": "总分：本期没有得分",
    },
    "en": {
        "unit": "{unit}: U = Σ(weight × share × score) ÷ Σ(weight × share) = {sum} = {score}",
        "unit.events": "{unit}: U = min(100, max(0, Σ(weight × share × score) ÷ Σ(weight × share) "
        "+ bonus − deductions)) = {sum} = {score}",
        "unit.none": "{unit}: no task counts in this period, so it is not assessed",
        "weights": "Counted weight {counted}, left-out weight {left_out}",
        "line": "{task} {title}: weight {weight} × share {share}, score {score}",
        "line.left_out": "{task} {title}: weight {weight} × share {share}, not counted",
        "rank": "Rank {rank} of {of} ranked units in {group}: ",
        "competition": "{better} have a better score",
        "dense": "{scores} better scores stand above",
        "modified": "{level}, with itself, have at least this score",
        "ordinal": "{better} have a better score, {ahead} with the same one come first ({order})",
        "fewer_red": "fewer red tasks",
        "progress": "more progress",
        "on_time_rate": "more on time",
        "last_period": "better in the period before",
        "id": "the earlier id",
        "grade": "Grade: {grade}",
        "reason.insufficient_basis": "More than half of its weight is left out: not ranked",
        "reason.no_seat": "Its score is excellent, and the seats are taken",
        "reason.exemption_limit": "Too much of its weight is exempt to be excellent here",
        "reason.no_counted_task": "No task counts",
        "excellent": "excellent",
        "good": "good",
        "fair": "fair",
        "poor": "poor",
        "action": "{action} {title} = Σ(weight × score) ÷ Σ weight = {sum} = {score}",
        "action.none": "{action} {title}: none of its tasks counts in this period",
        "plan": "Plan = Σ(action's weight × score) ÷ Σ action's weight = {sum} = {score}",
        "plan.none": "Plan: there is no score in this period",
    },
}

Term = tuple[Fraction, Printed | None]
"""A weight, and a published score; None where it does not count."""


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Tells sums in a language; `titles` by id, where one is absent the id stands."""

    language: Language
    titles: Mapping[str, Text]
    rulebook: Rulebook

    def unit(self, unit: UnitResult, result: PeriodResult) -> tuple[str, ...]:
        """A unit's score from the scores of its tasks, its rank and its grade."""
        told: list[str] = []
        terms: list[Term] = []
        own = {line.task: line for line in unit.lines}
        for line in result.tasks:
            share = line.shares.get(unit.unit)
            if not share:
                continue
            score = own[line.task].score if line.task in own else line.score
            left_out = own[line.task].left_out if line.task in own else line.left_out
            terms.append((line.weight * share, None if left_out else score))
            told.append(
                self.say(
                    "line.left_out" if left_out else "line",
                    task=line.task,
                    title=self.title(line.task),
                    weight=write_exact(line.weight),
                    share=write_exact(share),
                    score=score,
                )
            )
        told += self.whole(unit, terms, [one for one in result.events if one.unit == unit.unit])
        told.append(
            self.say(
                "weights",
                counted=write_exact(unit.counted_weight),
                left_out=write_exact(unit.left_out_weight),
            )
        )
        return (*told, *self.standing(unit, result))

    def whole(
        self, unit: UnitResult, terms: Sequence[Term], events: Sequence[EventShown]
    ) -> Iterator[str]:
        """The unit's score; where events are in it, what they come to before it (4.8)."""
        name = self.title(unit.unit)
        mean = weighted_mean(terms)
        if unit.deductions is None or mean is None or unit.score is None:
            yield self.sum("unit", terms, unit.score, unit=name)
            return
        teller = EventTeller(language=self.language, settings=self.rulebook.events)
        yield from map(teller.event, events)
        bonus, deductions = yield from teller.sums(events, mean)
        sum_ = f"min(100, max(0, {settled(_mean(terms), bonus, deductions)}))"
        yield self.say("unit.events", unit=name, sum=sum_, score=unit.score)

    def standing(self, unit: UnitResult, result: PeriodResult) -> list[str]:
        """A unit's place among the ranked units of its group, its grade, and what bars it."""
        ranked = [one for one in result.units if one.group == unit.group and one.rank is not None]
        told = []
        if unit.rank is not None and unit.score is not None:
            of, group = len(ranked), self.title(unit.group)
            scores = [one.score for one in ranked if one.score is not None]
            why = self.place(unit.rank, unit.score, scores)
            told.append(self.say("rank", rank=unit.rank, of=of, group=group) + why)
        if unit.grade is not None:
            told.append(self.say("grade", grade=self.say(unit.grade)))
        return told + [self.say(f"reason.{reason}") for reason in unit.reasons]

    def place(self, rank: int, score: Printed, scores: Sequence[Printed]) -> str:
        """Why it has this rank, by the rulebook's way to rank (assessment 4.10)."""
        above = [one for one in scores if one > score]
        return self.say(
            self.rulebook.ranking,
            better=len(above),
            scores=len(set(above)),
            level=sum(one >= score for one in scores),
            ahead=rank - 1 - len(above),
            order=", ".join(self.say(term) for term in (*self.rulebook.tie_break, "id")),
        )

    def action(self, action: str, result: PeriodResult) -> str:
        """An action's score from those of its tasks."""
        terms = [(line.weight, line.score) for line in result.tasks if line.action == action]
        score = next(one.score for one in result.actions if one.action == action)
        return self.sum("action", terms, score, action=action, title=self.title(action))

    def plan(self, result: PeriodResult, actions: Sequence[ActionHead]) -> tuple[str, ...]:
        """Each action, then the plan's score from theirs."""
        scores = {one.action: one.score for one in result.actions}
        terms = [
            (Fraction(head.weight), scores.get(head.id))
            for head in sorted(actions, key=lambda head: head.id)
        ]
        told = [self.action(one.action, result) for one in result.actions]
        return (*told, self.sum("plan", terms, result.plan_score))

    def sum(self, what: str, terms: Sequence[Term], score: Printed | None, **facts: object) -> str:
        """A weighted mean with its numbers put in."""
        sum_ = _mean(terms)
        if score is None or not sum_:
            return self.say(f"{what}.none", **facts)
        return self.say(what, sum=sum_, score=score, **facts)

    def title(self, of: str) -> str:
        """What people call it."""
        return self.titles[of].in_language(self.language) if of in self.titles else of

    def say(self, word: str, **facts: object) -> str:
        """A sentence with its facts put in."""
        return _WORDS[self.language][word].format(**facts)


def _mean(terms: Sequence[Term]) -> str:
    """A weighted mean with its numbers put in; "" where nothing counts."""
    counted = [(weight, one) for weight, one in terms if one is not None and weight]
    above = " + ".join(f"{operand(weight)} × {one}" for weight, one in counted)
    below = " + ".join(operand(weight) for weight, _ in counted)
    return f"({above}) ÷ ({below})" if counted else ""
