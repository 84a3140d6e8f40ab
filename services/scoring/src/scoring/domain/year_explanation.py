"""How a unit's year came about: periods, targets and events, in sums that follow (4.14, 4.18).

Everything that is put into a sum is printed, so a pocket calculator can follow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from scoring.domain.event_sums import EventTeller, operand, settled
from scoring.domain.exact import write_exact
from scoring.domain.explanation import equation
from scoring.domain.successions import weighed
from scoring.domain.year_periods import mean_of, value_of
from scoring.domain.year_result import PeriodTerm, TargetTerm, YearResult, YearUnit
from scoring.domain.year_targets import counted
from shared.contracts.plan import Language
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import Text

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh-CN": {
        "head": "{unit} · {year} 年度",
        "period": "{period} 得分 {score}",
        "task": "{task} {title}（权重 {weight}）：各期得分均值 = {sum}",
        "period.none": "{period} 未参评，不计入",
        "period.parts": "{period} 承接{of}：{sum} = {value}",
        "part": "{unit} {score} 分",
        "part.task": "{unit} 的 {task} {score} 分",
        "merged": "已并入{unit}：各期得分、年度目标和奖惩在该单位合并计算",
        "a": "均值 A = {sum} = {value}",
        "a.none": "各期均未参评，没有年度得分",
        "term": "{task} {title} · {indicator}（权重 {weight}{last}）：{sum}",
        "term.none": "{task} {title} · {indicator}：来源没有数据，不计入",
        "term.last": "，非年末数，沿用最近一次",
        "term.over": "{indicator} 超额得 {points} 分",
        "b": "年度目标均值 B = {sum} = {value}",
        "b.none": "没有年度目标，B 不计入",
        "public": "公众评价 C = {value}",
        "over": "超额加分 = {sum} = {value}",
        "score": "年度得分 = min(100, max(0, {sum})) = {score}",
        "rank": "在{group}组 {of} 个参评单位中排第 {rank}：{better} 个单位得分更高",
        "grade": "等次：{grade}",
        "cap": "{matter}：等次至多{grade}",
        "no_counted_task": "全年没有参评的考核期",
        "few_periods": "参评考核期过少，只公布，不排名",
        "no_year_target": "没有可计算的年度目标",
        "no_seat": "得分达到优秀线，但名额已满",
        "vetoed": "等次受限",
        "excellent": "优秀",
        "good": "良好",
        "fair": "一般",
        "poor": "较差",
    },
    "en": {
        "head": "{unit} · the year {year}",
        "period": "{period} score {score}",
        "task": "{task} {title} (weight {weight}): mean over its periods = {sum}",
        "period.none": "{period} not assessed, left out",
        "period.parts": "{period} inherited of {of}: {sum} = {value}",
        "part": "{unit} {score}",
        "part.task": "{task} of {unit} {score}",
        "merged": "Merged into {unit}: its periods, targets and events count there",
        "a": "Mean A = {sum} = {value}",
        "a.none": "No period was assessed: there is no score of the year",
        "term": "{task} {title} · {indicator} (weight {weight}{last}): {sum}",
        "term.none": "{task} {title} · {indicator}: its source has no data, left out",
        "term.last": ", not of the year's end but the last value known",
        "term.over": "{indicator} earns {points} points for its overshoot",
        "b": "Mean of the year's targets B = {sum} = {value}",
        "b.none": "There is no target of the year: B is left out",
        "public": "Public rating C = {value}",
        "over": "Overshoot = {sum} = {value}",
        "score": "Year = min(100, max(0, {sum})) = {score}",
        "rank": "Rank {rank} of {of} ranked units in {group}: {better} have a better score",
        "grade": "Grade: {grade}",
        "cap": "{matter}: {grade} is the best grade left",
        "no_counted_task": "No period of the year was assessed",
        "few_periods": "Too few periods were assessed: shown, not ranked",
        "no_year_target": "No target of the year could be computed",
        "no_seat": "Its score is excellent, and the seats are taken",
        "vetoed": "Its grade is capped",
        "excellent": "excellent",
        "good": "good",
        "fair": "fair",
        "poor": "poor",
    },
}


@dataclass(frozen=True, kw_only=True)
class YearTeller:
    """Tells years in a language; `titles` by id, where one is absent the id stands."""

    language: Language
    titles: Mapping[str, Text]
    rulebook: Rulebook

    @property
    def events(self) -> EventTeller:
        """Tells the events of the year."""
        return EventTeller(language=self.language, settings=self.rulebook.events)

    def unit(self, unit: YearUnit, result: YearResult) -> tuple[str, ...]:
        """A unit's year, one sentence or sum an item."""
        told = [self.say("head", unit=self.title(unit.unit), year=result.year)]
        if unit.merged_into is not None:
            return (*told, self.say("merged", unit=self.title(unit.merged_into)))
        a, b, over = _means(unit)
        told += self.periods(unit, a)
        for term in unit.target_terms:
            told += self.term(term)
        told += self.targets(unit, b, over)
        told += [self.events.event(one) for one in unit.events]
        told += self.score(unit, a, b, over)
        return (*told, *self.standing(unit, result))

    def periods(self, unit: YearUnit, a: Fraction | None) -> Iterator[str]:
        """Each period's published score, or each task's mean of them, and their mean A."""
        for one in unit.period_terms:
            if one.parts:
                yield self.inherited(one)
                continue
            word = "period.none" if one.score is None else "period"
            yield self.say(word, period=one.period, score=one.score)
        if a is None:
            yield self.say("a.none")
            return
        terms = list(_counting(unit.period_terms))
        if unit.task_terms:
            terms = []
            for task in unit.task_terms:
                mean = mean_of(task.scores) or Fraction(0)
                terms.append((task.weight, operand(mean)))
                scores = list(_counting(task.scores))
                yield self.say(
                    "task",
                    task=task.task,
                    title=self.title(task.task),
                    weight=write_exact(task.weight),
                    sum=f"{_weighed(scores)} = {write_exact(mean)}",
                )
        yield self.say("a", sum=_weighed(terms), value=unit.periods)

    def inherited(self, term: PeriodTerm) -> str:
        """What a successor has of a period: published scores by their counted weights (4.14)."""
        comma = "、" if self.language == "zh-CN" else ", "
        named = (
            self.say(
                "part" if one.task is None else "part.task",
                unit=self.title(one.unit),
                task=one.task,
                score=one.score,
            )
            for one in term.parts
        )
        return self.say(
            "period.parts",
            period=term.period,
            of=comma.join(named),
            sum=_weighed([(one.weight, str(one.score)) for one in term.parts]),
            value=write_exact(weighed(term.parts) or Fraction(0)),
        )

    def term(self, term: TargetTerm) -> Iterator[str]:
        """What a figure attained of its target for the year, and earned beyond it."""
        named = {
            "task": term.task,
            "title": self.title(term.task),
            "indicator": self.title(term.indicator),
        }
        if term.a is None:
            yield self.say("term.none", **named)
            return
        sum_ = equation("a", term.formula, term.operands, term.a, language=self.language)
        last = "" if term.final else self.say("term.last")
        yield self.say("term", sum=sum_, weight=write_exact(term.weight), last=last, **named)
        if term.overshoot:
            yield self.say("term.over", points=write_exact(term.overshoot), **named)

    def targets(self, unit: YearUnit, b: Fraction | None, over: Fraction) -> Iterator[str]:
        """The mean B of what was attained, the public rating C, the overshoot."""
        terms = list(counted(unit.target_terms))
        if b is None:
            yield self.say("b.none")
        else:
            weights = " + ".join(operand(w) for w, _, _ in terms)
            attained = " + ".join(f"{operand(w)} × {operand(a)}" for w, a, _ in terms)
            yield self.say("b", sum=f"100 × ({attained}) ÷ ({weights})", value=unit.attainment)
            if over:
                earned = " + ".join(f"{operand(w)} × {operand(o)}" for w, _, o in terms)
                yield self.say("over", sum=f"({earned}) ÷ ({weights})", value=unit.overshoot)
        if unit.public is not None:
            yield self.say("public", value=unit.public)

    def score(
        self, unit: YearUnit, a: Fraction | None, b: Fraction | None, over: Fraction
    ) -> Iterator[str]:
        """The weighed terms with what is added and taken off, rounded once."""
        if unit.score is None or a is None:
            return
        values = {"periods": a, "attainment": b, "public": _exact(unit.public)}
        weighed = [(w, values[name] or Fraction(0)) for name, w in unit.weights.items()]
        whole = sum((w for w, _ in weighed), Fraction(0))
        mean = sum((w * of for w, of in weighed), Fraction(0)) / whole if whole else a
        bonus, deductions = yield from self.events.sums(unit.events, mean + over)
        sum_ = " + ".join(f"{operand(w)} × {operand(of)}" for w, of in weighed) or operand(a)
        if whole not in {0, 1}:
            sum_ = f"({sum_}) ÷ {operand(whole)}"
        sum_ = settled(settled(sum_, over, Fraction(0)), bonus, deductions)
        yield self.say("score", sum=sum_, score=unit.score)

    def standing(self, unit: YearUnit, result: YearResult) -> Iterator[str]:
        """A unit's place among the ranked units of its group, its grade, and what bars it."""
        ranked = [one for one in result.units if one.group == unit.group and one.rank is not None]
        if unit.rank is not None and unit.score is not None:
            better = sum(one.score is not None and one.score > unit.score for one in ranked)
            group = self.title(unit.group)
            yield self.say("rank", rank=unit.rank, of=len(ranked), group=group, better=better)
        if unit.grade is not None:
            yield self.say("grade", grade=self.say(unit.grade))
        for cap in unit.caps:
            yield self.say("cap", matter=self.title(cap.matter), grade=self.say(cap.grade))
        yield from (self.say(reason) for reason in unit.reasons if reason != "vetoed")

    def title(self, of: str) -> str:
        """What people call it."""
        return self.titles[of].in_language(self.language) if of in self.titles else of

    def say(self, word: str, **facts: object) -> str:
        """A sentence with its facts put in."""
        return _WORDS[self.language][word].format(**facts)


def _means(unit: YearUnit) -> tuple[Fraction | None, Fraction | None, Fraction]:
    """A, B and the overshoot, exact, from the printed terms."""
    terms = list(counted(unit.target_terms))
    weight = sum((w for w, _, _ in terms), Fraction(0))
    a = mean_of(unit.task_terms or unit.period_terms)
    if not weight:
        return a, None, Fraction(0)
    b = 100 * sum((w * one for w, one, _ in terms), Fraction(0)) / weight
    return a, b, sum((w * over for w, _, over in terms), Fraction(0)) / weight


def _counting(terms: Iterable[PeriodTerm]) -> Iterator[tuple[Fraction, str]]:
    """What counts of each period that was assessed, beside the period's weight."""
    for one in terms:
        value = value_of(one)
        if value is not None:
            yield one.weight, operand(value) if one.parts else str(one.score)


def _weighed(terms: Sequence[tuple[Fraction, str]]) -> str:
    """A mean with its numbers put in; where all weigh the same the weights are left out."""
    if len({weight for weight, _ in terms}) == 1:
        return f"({' + '.join(of for _, of in terms)}) ÷ {len(terms)}"
    above = " + ".join(f"{operand(weight)} × {of}" for weight, of in terms)
    return f"({above}) ÷ ({' + '.join(operand(weight) for weight, _ in terms)})"


def _exact(printed: object) -> Fraction | None:
    return None if printed is None else Fraction(str(printed))
