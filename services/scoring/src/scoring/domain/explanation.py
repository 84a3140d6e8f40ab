"""A published line in words and sums that a pocket calculator can follow (assessment 4.18).

Its JSON form is the line itself: `line.model_dump(mode="json")`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from fractions import Fraction

from scoring.domain.exact import RATIO_PLACES, rounded, write_exact
from scoring.domain.phrases import CALCULATIONS, NAMES, PHRASES
from scoring.domain.progress import capped, measured, progress_score
from scoring.domain.task_line import Charges, Completeness, OwnLine, Part, Punctuality, TaskLine
from scoring.domain.task_score import quality_score, timeliness_score
from shared.contracts.plan import Language
from shared.contracts.values import Text


def explain(
    line: TaskLine, *, language: Language, titles: Mapping[str, Text], tz: tzinfo
) -> tuple[str, ...]:
    """What was promised, reported and expected, and how each printed number follows from it.

    One sentence or sum an item. `titles` are those of tasks, indicators and units by id; where
    one is absent the id stands. Instants are written in `tz`.
    """
    return _Explainer(language=language, titles=titles, tz=tz).explain(line)


def equation(
    symbol: str,
    formula: str,
    operands: Mapping[str, Fraction],
    result: Fraction,
    *,
    language: Language,
) -> str:
    """The formula in words, with the numbers put in, and the result."""
    if not operands:
        return f"{symbol} = {_value(result)}"
    if formula.endswith("yearly_mean/1"):
        years = NAMES[language]["comma"].join(operands)
        summed = " + ".join(_operand(number) for number in operands.values())
        return f"{symbol} = ({years}) = ({summed}) ÷ {len(operands)} = {_value(result)}"
    in_words = CALCULATIONS[formula].format(**NAMES[language])
    numbers = {name: _operand(number) for name, number in operands.items()}
    in_numbers = CALCULATIONS[formula].format(**numbers)
    return " = ".join(dict.fromkeys((symbol, in_words, in_numbers, _value(result))))


@dataclass(frozen=True, kw_only=True)
class _Explainer:
    language: Language
    titles: Mapping[str, Text]
    tz: tzinfo

    def explain(self, line: TaskLine) -> tuple[str, ...]:
        told = [f"{line.task} {self.title(line.task)} · {self.title(line.unit)} · {line.period}"]
        for part in line.parts:
            told += self.part(part, alone=len(line.parts) == 1)
        if line.timeliness is not None:
            told.append(self.report(line, line.timeliness))
        if line.left_out is not None:
            told.append(self.say("left_out", reason=self.say(line.left_out)))
        elif line.basis == "score.progress/1":
            told += [*self.progress(line), self.say(line.basis)]
        elif line.basis == "score.carried/1":
            told += [*self.progress(line), self.say(line.basis), *self.carried(line)]
        elif line.basis in {"score.missing/1", "score.finished/1", "score.zeroed/1"}:
            told += [*self.progress(line)[:1], self.say(line.basis)]
        else:
            told += [*self.progress(line), *self.score(line)]
        told += [self.excused(line, own) for own in line.own if own.exemption is not None]
        steps = [self.say(step.partition(":")[0]) for step in line.light_steps]
        told.append(
            self.say("light", light=self.say(line.light), steps=self.say("comma").join(steps))
        )
        told += [
            self.say(
                "share",
                unit=self.title(unit),
                weight=write_exact(line.weight),
                share=write_exact(share),
            )
            for unit, share in sorted(line.shares.items())
        ]
        told.append(self.say("rulebook", id=line.rulebook, version=line.rulebook_version))
        return tuple(told)

    def part(self, part: Part, *, alone: bool) -> list[str]:
        named = f"part.{part.id}"
        title = self.say(named) if named in PHRASES[self.language] else self.title(part.id)
        if not alone:
            title = self.say("part", title=title, weight=write_exact(part.weight))
        told = [f"{title}: {sum_}" for sum_ in self.expectation(part)]
        if part.a is not None:
            told.append(f"{title}: {self.attainment(part, part.a)}")
        if part.left_out is not None:
            unrated = part.id == "rubric" and part.left_out == "no_data"
            reason = "unrated" if unrated else part.left_out
            told.append(f"{title}: {self.say(f'part.{reason}')}")
        return told

    def attainment(self, part: Part, a: Fraction) -> str:
        if part.formula == "attainment.compound/1":
            return self.index(part) + self.equation("a", part.formula, part.operands, a)
        if part.formula != "attainment.milestones/1":
            return self.equation("a", part.formula, part.operands, a)
        nodes = [name[7:-1] for name in part.operands if name.startswith("weight(")]
        pairs = [(part.operands[f"weight({n})"], part.operands[f"done({n})"]) for n in nodes]
        done = " + ".join(f"{write_exact(weight)} × {write_exact(c)}" for weight, c in pairs)
        weights = " + ".join(write_exact(weight) for weight, _ in pairs)
        return f"a = {self.say('milestones')} = ({done}) ÷ ({weights}) = {_value(a)}"

    def index(self, part: Part) -> str:
        """The growth of each year, and all together."""
        years = {name[5:-1]: of for name, of in part.operands.items() if name.startswith("rate(")}
        product = " × ".join(f"(1 + {_operand(rate)} ÷ 100)" for rate in years.values())
        named = self.say("comma").join(years)
        index = write_exact(part.operands["index"])
        return f"{NAMES[self.language]['index']} ({named}) = {product} = {index}; "

    def expectation(self, part: Part) -> list[str]:
        """E by its curve, and each step by which decisions have bent it."""
        first = part.bends[0].operands["expected"] if part.bends else part.e
        told = [self.equation("E", part.curve, part.curve_operands, first)]
        for bend in part.bends:
            numbers = {name: write_exact(number) for name, number in bend.operands.items()}
            in_sum = self.equation("E", bend.formula, bend.operands, bend.e)
            told.append(f"{self.say(bend.formula, **numbers)}: {in_sum}")
        return told

    def equation(
        self, symbol: str, formula: str, operands: Mapping[str, Fraction], result: Fraction
    ) -> str:
        return equation(symbol, formula, operands, result, language=self.language)

    def report(self, line: TaskLine, timeliness: Punctuality) -> str:
        if timeliness.received_at is None or timeliness.timely_at is None:
            return self.say("none", due=timeliness.due, close=timeliness.close)
        told = self.say(
            "report",
            submission=line.submission,
            received=self.local(timeliness.received_at),
            due=timeliness.due,
            outcome=self.say(f"outcome.{timeliness.outcome}", days=timeliness.late_days),
        )
        if timeliness.timely_at != timeliness.received_at:
            charged = self.say("charged", timely=self.local(timeliness.timely_at))
            told += self.say("comma") + charged
        return told

    def progress(self, line: TaskLine) -> list[str]:
        """R, and P from the exact parts."""
        counted = measured(line.parts)
        if not counted:
            return [f"R = {line.r}"]
        if len(counted) == 1:
            a, e, _ = counted[0]
            ratio = f"{_operand(a)} ÷ {_operand(e)}"
            return [
                f"R = a ÷ E = {ratio} = {line.r}",
                f"P = 100 × min(1, max(0, {ratio})) = {line.p}",
            ]
        earned = " + ".join(f"{write_exact(w)} × {_operand(capped(a, e))}" for a, e, w in counted)
        weights = " + ".join(write_exact(w) for _, _, w in counted)
        mean = f"({earned}) ÷ ({weights})"
        return [f"R = {mean} = {line.r}", f"P = 100 × {mean} = {line.p}"]

    def score(self, line: TaskLine) -> list[str]:
        """T, Q, and S from the exact P, T and Q."""
        if line.charges is None or line.completeness is None or line.timeliness is None:
            return []
        charges, late_days = line.charges, line.timeliness.late_days
        p = progress_score(measured(line.parts))
        t = timeliness_score(late_days, charges.per_day)
        q = quality_score(line.completeness)
        return [
            f"T = max(0, 100 − {write_exact(charges.per_day)} × {late_days}) = {line.t}",
            self.quality(line, line.completeness),
            f"S = {self.weighed(charges, p, t, q, late_days)} = {_earned(line)}",
        ]

    def excused(self, line: TaskLine, own: OwnLine) -> str:
        """What an exemption does to a unit's score of the task (assessment 4.9)."""
        phrase = f"exemption.{own.kind}"
        facts = {"unit": self.title(own.unit), "id": own.exemption, "score": own.score}
        return self.say(phrase, earned=_earned(line), **facts)

    def carried(self, line: TaskLine) -> list[str]:
        """S is the progress part of the last value alone (assessment 4.5)."""
        if line.charges is None:
            return []
        p = progress_score(measured(line.parts))
        return [f"S = {write_exact(line.charges.progress)} × {_operand(p)} = {_earned(line)}"]

    def quality(self, line: TaskLine, completeness: Completeness) -> str:
        told = self.say("fields", filled=completeness.filled, required=completeness.required)
        if completeness.missing_fields:
            told += self.say("unfilled", fields=", ".join(completeness.missing_fields))
        share = f"{completeness.filled} ÷ {completeness.required}" if completeness.required else "1"
        return f"{told}: Q = max(0, 100 × {share} − {write_exact(completeness.marks)}) = {line.q}"

    def weighed(
        self, charges: Charges, p: Fraction, t: Fraction, q: Fraction, late_days: int
    ) -> str:
        terms = [(charges.progress, p), (charges.timeliness, t), (charges.quality, q)]
        told = " + ".join(f"{write_exact(w)} × {_operand(of)}" for w, of in terms if w)
        if charges.deduction_per_day:
            told += f" − {write_exact(charges.deduction_per_day)} × {late_days}"
        return told

    def title(self, of: str) -> str:
        return self.titles[of].in_language(self.language) if of in self.titles else of

    def local(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.tz):%Y-%m-%d %H:%M:%S}"

    def say(self, phrase: str, **facts: object) -> str:
        return PHRASES[self.language][phrase].format(**facts)


def _earned(line: TaskLine) -> Decimal | None:
    """S as it follows from P, T and Q, before an exemption of the lead."""
    return line.score if line.earned is None else line.earned


def _operand(number: Fraction) -> str:
    """A number as it stands inside a sum: a negative one or a fraction keeps its brackets."""
    text = write_exact(number)
    return f"({text})" if number < 0 or "/" in text else text


def _value(number: Fraction) -> str:
    """A result: in full, and to 4 places where it does not end before."""
    text = write_exact(number)
    short = format(rounded(number, RATIO_PLACES), "f")
    return text if Fraction(text) == Fraction(short) else f"{text} ≈ {short}"
