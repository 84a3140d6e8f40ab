"""Verify publications of Duban offline: this one file needs Python 3.9 or newer and nothing else.

    python verify.py FILE... [--keys FILE] [--json]

A FILE is what GET /v1/publications/{plan}/{period}/documents answers; it may hold several
publications. Four things are checked:

1. The digests. A document's digest is the SHA-256 of its canonical bytes: JSON in UTF-8, keys in
   order, no spaces. In a unit's leaf each line is first replaced by its own digest; a line that is
   not for everybody may stand as its digest alone. The manifest holds the digest of every leaf.
2. The chain. Each manifest holds the digest of the plan's publication released before it.
3. The numbers. Each is worked out again from the published numbers under it: a line's a, E, R, P,
   T, Q and score from its operands, a unit's score from its lines, actions and plan, ranks, grades
   and rates; a unit's year from its periods, targets and events.

4. The signatures, where there are any: Ed25519 over the digest, by the keys that --keys names (what
   GET /v1/keys answers, kept from a time when you trusted it), else by those in the file itself.

What this cannot tell: whether the operands are true, and whether the digest is the one that was
published. Compare the digest printed here with the one in the bulletin, or give the keys.

Exit status: 0 all follows, 1 something does not, 2 a file that cannot be read. It shares no code
with the services: it is a second implementation, written from the rule text.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, TextIO

FILE_FORMAT = "duban.documents/1"
FORMAT = "duban.publication/2"
SEAL = "sha256"
RATIO_PLACES, PERCENT_PLACES, WEIGHT_PLACES, MOST_PLACES = 4, 2, 6, 6
GRADES = ("poor", "fair", "good", "excellent")
BARS = {"exemption_limit", "vetoed"}
"""Reasons that keep a unit from being excellent (assessment 4.8, 4.9)."""
WITH_LINES = {"period", "evaluation"}
UNRANKED = {"no_counted_task", "insufficient_basis", "few_periods"}
INACTIVE = {"cancelled", "not_started", "closed", "unconfirmed", "done", "year_only"}
"""Reasons that take a line out of the active weight too (assessment 4.6)."""
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a document that is not as it should be runs into."""

Document = dict[str, Any]
Operands = dict[str, Fraction]
Parts = list[tuple[Fraction, Fraction, Fraction]]
"""Of each: a, E, weight."""
Pairs = list[tuple[Fraction, Fraction]]
"""Of each: weight, value."""


# --- exact numbers --------------------------------------------------------------------------------


def rounded(value: Fraction, places: int, mode: str) -> str:
    """A number rounded once, a tie away from zero or to the even digit (assessment 4.12)."""
    whole, rest = divmod(abs(value.numerator) * 10**places, value.denominator)
    tie = 2 * rest - value.denominator
    if tie > 0 or (tie == 0 and (mode == "half_up" or whole % 2)):
        whole += 1
    digits = str(whole).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 and whole else text


def weight_text(value: Fraction) -> str:
    """A weight as a plain decimal, with 6 places where its decimals do not end."""
    rest, places = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    return rounded(value, places if rest == 1 else WEIGHT_PLACES, "half_up")


def exact(text: object) -> Fraction:
    """A number of a document: "0.3", "26/43", or an integer."""
    if not isinstance(text, (str, int)) or not set(str(text)) <= set("0123456789-./"):
        raise ValueError(f"{text!r} is no number")
    return Fraction(text)


def average(pairs: Pairs) -> Fraction:
    """The mean of values by weight."""
    total = sum((weight * value for weight, value in pairs), Fraction(0))
    return total / sum((weight for weight, _ in pairs), Fraction(0))


def mean(pairs: Pairs) -> Fraction | None:
    """The mean of values by weight; None without weight."""
    return average(pairs) if any(weight for weight, _ in pairs) else None


# --- formulas -------------------------------------------------------------------------------------


def kept(excess: Fraction, tolerance: Fraction) -> Fraction:
    """A limit kept counts whole; beyond it, credit ends at the tolerance (assessment 4.1)."""
    return max(Fraction(0), 1 - max(Fraction(0), excess) / tolerance)


def milestones(of: Operands) -> Fraction:
    """The weight of the nodes done, of the weight of all (assessment 4.1)."""
    nodes = [name[len("weight(") : -1] for name in of if name.startswith("weight(")]
    total = sum((of[f"weight({node})"] for node in nodes), Fraction(0))
    return sum((of[f"weight({n})"] * of[f"done({n})"] for n in nodes), Fraction(0)) / total


def compound(of: Operands) -> Fraction:
    """The way a rate has come in logarithms, kept to 34 digits (assessment 4.1, 4.12)."""
    index = Fraction(1)
    for name, rate in of.items():
        if name.startswith("rate("):
            index *= 1 + rate / 100
    if index != of["index"]:
        raise ValueError(f"the index is {index}")
    long = Context(prec=60)

    def ln(number: Fraction) -> Decimal:
        return long.ln(long.divide(Decimal(number.numerator), Decimal(number.denominator)))

    whole = long.multiply(Decimal(int(of["years"])), ln(1 + of["target"] / 100))
    return Fraction(Context(prec=34).plus(long.divide(ln(index), whole)))


def smooth(t: Fraction) -> Fraction:
    """The curve that begins and ends slowly (assessment 4.2)."""
    return 3 * t**2 - 2 * t**3


def between(o: Operands, way: Fraction) -> Fraction:
    """From one share to the next, so much of the way (assessment 4.2)."""
    return o["share_before"] + (o["share_after"] - o["share_before"]) * way


def months(o: Operands) -> Fraction:
    """The months gone by, of all."""
    return o["months_elapsed"] / o["months_total"]


def days(o: Operands) -> Fraction:
    """The days gone by, of all."""
    return o["days_elapsed"] / o["days_total"]


def yearly_mean(o: Operands) -> Fraction:
    """The mean over the years of what recurs (assessment 4.17)."""
    return sum(o.values(), Fraction(0)) / len(o)


def anew(o: Operands, begin: str, passed: str) -> Fraction:
    """What was left when a curve began anew is spread over the rest of it (assessment 4.7)."""
    return o[begin] + (1 - o[begin]) * (o["expected"] - o[passed]) / (1 - o[passed])


FORMULAS: dict[str, Callable[[Operands], Fraction]] = {
    "attainment.no_value/1": lambda _: Fraction(0),
    "attainment.milestones/1": milestones,
    "attainment.percent/1": lambda o: o["value"] / 100,
    "attainment.unverified/1": lambda o: min(o["value"] / 100, o["cap"]),
    "attainment.yes_no/1": lambda o: Fraction(o["value"] >= 1),
    "attainment.yes_no_percent/1": lambda o: Fraction(o["value"] / 100 >= 1),
    "attainment.cumulative/1": lambda o: o["value"] / o["target"],
    "attainment.recurring/1": lambda o: o["value"] / o["target"],
    "attainment.level_ratio/1": lambda o: o["value"] / o["target"],
    "attainment.level/1": lambda o: (o["value"] - o["baseline"]) / (o["target"] - o["baseline"]),
    "attainment.at_most/1": lambda o: (o["baseline"] - o["value"]) / (o["baseline"] - o["target"]),
    "attainment.hold/1": lambda o: kept(o["value"] - o["target"], o["tolerance"]),
    "attainment.hold_binary/1": lambda o: Fraction(o["value"] <= o["target"]),
    "attainment.maintain/1": lambda o: kept(o["target"] - o["value"], o["tolerance"]),
    "attainment.maintain_binary/1": lambda o: Fraction(o["value"] >= o["target"]),
    "attainment.rubric/1": lambda o: o["credit"],
    "attainment.growth/1": lambda o: o["value"] / o["target"],
    "attainment.growth/2": lambda o: max(o["value"], Fraction(0)) / o["target"],
    "attainment.about/1": lambda o: kept(
        o["target"] * (1 - o["margin"]) - o["value"], o["tolerance"]
    ),
    "attainment.about_binary/1": lambda o: Fraction(o["value"] >= o["target"] * (1 - o["margin"])),
    "attainment.about_level/1": lambda o: (
        (o["value"] - o["baseline"]) / (o["target"] * (1 - o["margin"]) - o["baseline"])
    ),
    "attainment.ceiling/1": lambda o: kept(
        o["value"] - o["allowed"] * o["target"], o["tolerance"] * o["allowed"] * o["target"]
    ),
    "attainment.ceiling_binary/1": lambda o: Fraction(o["value"] <= o["allowed"] * o["target"]),
    "attainment.rank/1": lambda o: kept(o["value"] - o["target"], o["target"]),
    "attainment.relation/1": lambda o: kept(o["other"] - o["tolerance"] - o["own"], o["tolerance"]),
    "attainment.register/1": lambda o: o["closed"] / (o["closed"] + o["overdue"]),
    "attainment.compound/1": compound,
    "attainment.yearly_mean/1": yearly_mean,
    "year.increment/1": lambda o: (o["end"] - o["start"]) / o["target"],
    "year.share/1": lambda o: o["value"] / o["target"],
    "expectation.linear_month/1": months,
    "expectation.linear_day/1": days,
    "expectation.smooth_month/1": lambda o: smooth(months(o)),
    "expectation.smooth_day/1": lambda o: smooth(days(o)),
    "expectation.steps/1": lambda o: o["weight_due"] / o["weight_total"],
    "expectation.table_step/1": lambda o: o["share"],
    "expectation.table_linear/1": lambda o: between(o, o["days_since"] / o["days_between"]),
    "expectation.yearly_linear_month/1": lambda o: between(o, months(o)),
    "expectation.yearly_linear_day/1": lambda o: between(o, days(o)),
    "expectation.yearly_smooth_month/1": lambda o: between(o, smooth(months(o))),
    "expectation.yearly_smooth_day/1": lambda o: between(o, smooth(days(o))),
    "expectation.yearly_mean/1": yearly_mean,
    "expectation.frozen/1": lambda o: o["expected"],
    "expectation.extended/1": lambda o: o["expected"],
    "expectation.run_out/1": lambda o: o["expected"],
    "expectation.resumed/1": lambda o: anew(o, "eve", "rested"),
    "expectation.rebased/1": lambda o: anew(o, "reached", "eve"),
    "expectation.allowed/1": lambda _: Fraction(1),
}
"""Attainment a and expected progress E from their operands (assessment 4.1, 4.2, 4.7, 4.14)."""
CONSTANT = "expectation.constant/1"
"""Without operands: all is expected at any time, or nothing yet."""

Rival = tuple[Fraction, tuple[Any, ...]]
"""A published score, and what breaks its ties: more is better, at last the id decides."""
RANKINGS: dict[str, Callable[[Rival, list[Rival]], int]] = {
    "competition": lambda own, every: 1 + sum(other[0] > own[0] for other in every),
    "dense": lambda own, every: 1 + len({other[0] for other in every if other[0] > own[0]}),
    "modified": lambda own, every: sum(other[0] >= own[0] for other in every),
    "ordinal": lambda own, every: 1 + sum(other > own for other in every),
}
"""The rank of a unit among all of its group (assessment 4.10)."""
LAST_SEAT = {"exclude_all": "modified", "include_all": "competition", "tie_break": "ordinal"}
"""Who is tied at the last seat has it where the rank counted this way is within the seats."""


def backwards(name: str) -> tuple[int, ...]:
    """An id as something of which the lesser id has more."""
    return (*(-ord(letter) for letter in name), 1)


def seats(sizes: dict[str, int], quota: Document) -> dict[str, int]:
    """How many of each group may be excellent; a group of one has no quota (4.11, 4.17)."""
    parts = {name: exact(quota["excellent"]) * n for name, n in sizes.items() if n > 1}
    free = {name: int(part) for name, part in parts.items()}
    if quota["small_groups"] == "pool":
        left = int(sum(parts.values(), Fraction(0))) - sum(free.values())
        order = sorted(parts, key=lambda one: (free[one] - parts[one], -sizes[one], one))
        for name in order[:left]:
            free[name] += 1
    return free


def settled(events: list[Document], score: Fraction, book: Document) -> tuple[Fraction, Fraction]:
    """What events add to a score and take off it, under their caps (assessment 4.8)."""

    def points(kind: str, uncapped: bool = False) -> Fraction:
        counted = (one for one in events if one["type"] == kind and one["counts"])
        return sum((exact(x["points"]) for x in counted if x["uncapped"] == uncapped), Fraction(0))

    bonus = min(points("award"), exact(book["bonus_max"]))
    room = exact(book["floor_guard"]) - score
    taken = min(points("penalty"), exact(book["deduction_max"])) + points("penalty", uncapped=True)
    return (min(bonus, room) if room > 0 else bonus), taken


def capped(a: Fraction, e: Fraction) -> Fraction:
    """No part earns less than nothing, or more than was expected of it (assessment 4.4)."""
    return min(max(a, Fraction(0)) / e, Fraction(1))


def earned(parts: Parts) -> Fraction:
    """P: the weighted mean of what each part earned of 100 (assessment 4.1)."""
    return 100 * average([(w, capped(a, e)) for a, e, w in parts])


def overall(parts: Parts) -> dict[str, Fraction]:
    """The a, E, R and gap of a task: of one part its own, of several together (4.1, 4.17)."""
    if len(parts) == 1:
        a, e, _ = parts[0]
        return {"a": a, "e": e, "r": a / e, "gap": 100 * (e - a)}
    return {
        "a": average([(w, a) for a, _, w in parts]),
        "e": average([(w, e) for _, e, w in parts]),
        "r": earned(parts) / 100,
        "gap": 100 * average([(w, e - min(max(a, Fraction(0)), e)) for a, e, w in parts]),
    }


def charges(rulebook: Document) -> dict[str, Fraction]:
    """The weights of a task score; as a deduction, lateness gives its weight to progress (4.4)."""
    weights = {name: exact(amount) for name, amount in rulebook["weights"].items()}
    lateness = rulebook["lateness"]
    deducts = lateness["mode"] == "deduction"
    return {
        "progress": weights["progress"] + (weights["timeliness"] if deducts else 0),
        "timeliness": Fraction(0) if deducts else weights["timeliness"],
        "quality": weights["quality"],
        "per_day": exact(lateness["per_day"]),
        "deduction_per_day": exact(lateness["deduction_per_day"]) if deducts else Fraction(0),
    }


# --- documents ------------------------------------------------------------------------------------


def digest_of(document: object) -> str:
    """The SHA-256 of a document's canonical bytes."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(line: Document) -> bool:
    """Whether only the digest of a line is shown."""
    return list(line) == [SEAL]


def line_digest(line: Document) -> str:
    """The digest of a line, shown or sealed."""
    return str(line[SEAL]) if sealed(line) else digest_of(line)


class Unreadable(Exception):  # noqa: N818  # it tells what to do
    """The file is no file of documents: fetch it again."""


def read(path: str) -> list[Document]:
    """The publications a file holds.

    Raises:
        Unreadable: it holds none.
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # as few imports as possible
            body = json.load(
                file, parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_once
            )
        digest_of(body)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is no JSON of documents: {error}") from None
    if not isinstance(body, dict) or body.get("format") != FILE_FORMAT:
        raise Unreadable(f"{path} is no file of documents: its format is not {FILE_FORMAT}")
    found = body.get("publications")
    if not isinstance(found, list) or not found or not all(map(_whole, found)):
        raise Unreadable(f"{path} holds no publications, each with a manifest and its leaves")
    return found


def _whole(one: object) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one.get(part), dict) for part in ("manifest", "leaves")
    )


def _no_float(text: str) -> object:
    raise ValueError(f"it holds the number {text}, and documents hold none with a point")


def _once(pairs: list[tuple[str, Any]]) -> Document:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("an object has a name twice")
    return dict(pairs)


# --- signatures: Ed25519 as RFC 8032 has it -------------------------------------------------------

KEY_BYTES = 32
FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
TWIST = -121665 * pow(121666, -1, FIELD) % FIELD
ROOT = pow(2, (FIELD - 1) // 4, FIELD)
Point = tuple[int, int, int, int]
"""X, Y, Z and T, with x = X/Z, y = Y/Z and xy = T/Z."""


def added(one: Point, other: Point) -> Point:
    """The sum of two points (RFC 8032, 5.1.4)."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % FIELD, (y1 + x1) * (y2 + x2) % FIELD
    c, d = 2 * t1 * t2 * TWIST % FIELD, 2 * z1 * z2 % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD


def times(count: int, point: Point) -> Point:
    """A point added to itself so many times."""
    found: Point = (0, 1, 1, 0)
    while count:
        if count & 1:
            found = added(found, point)
        point = added(point, point)
        count >>= 1
    return found


def unpacked(raw: bytes) -> Point:
    """The point that 32 bytes stand for (RFC 8032, 5.1.3).

    Raises:
        ValueError: they stand for none.
    """
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    squared = (y * y - 1) * pow(TWIST * y * y + 1, -1, FIELD) % FIELD
    x = pow(squared, (FIELD + 3) // 8, FIELD)
    if (x * x - squared) % FIELD:
        x = x * ROOT % FIELD
    if y >= FIELD or (x * x - squared) % FIELD or (x == 0 and sign):
        raise ValueError("these bytes stand for no point")
    x = FIELD - x if x & 1 != sign else x
    return x, y, 1, x * y % FIELD


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of a message is this key's (RFC 8032, 5.1.7)."""
    if (len(public), len(signature)) != (KEY_BYTES, 2 * KEY_BYTES):
        return False
    base = unpacked((4 * pow(5, -1, FIELD) % FIELD).to_bytes(32, "little"))
    try:
        key, begin = unpacked(public), unpacked(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(scalar, base)
    right = added(begin, times(int.from_bytes(hashed, "little") % ORDER, key))
    same = (left[i] * right[2] - right[i] * left[2] for i in (0, 1))
    return scalar < ORDER and not any(one % FIELD for one in same)


def read_keys(path: str) -> dict[str, str]:
    """The keys of a file as GET /v1/keys answers: by name, in base64.

    Raises:
        Unreadable: it holds none.
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # as few imports as possible
            return {str(one["id"]): str(one["public"]) for one in json.load(file)["items"]}
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except (*BROKEN, RecursionError):
        raise Unreadable(f"{path} holds no keys: save what GET /v1/keys answers") from None


# --- one publication ------------------------------------------------------------------------------


class Publication:
    """One publication under examination: what was worked out, and what does not follow."""

    def __init__(self, documents: Document) -> None:
        self.documents = documents
        self.manifest: Document = documents["manifest"]
        self.leaves: dict[str, Document] = documents["leaves"]
        self.digest = digest_of(self.manifest)
        self.name = " ".join(str(self.manifest.get(key)) for key in ("plan", "period"))
        self.name += f" v{self.manifest.get('version')}"
        self.numbers = 0
        self.errors: list[Document] = []
        self.notes: list[str] = []
        self.chain = "open"
        self.keys: dict[str, str] | None = None
        """The keys the reader trusts; None: those that the document brings with it."""
        self.signed: list[str] = []
        self.unknown: set[str] = set()
        self.lines: dict[str, Document] = {}
        self.hidden: set[str] = set()
        self.last_scores: dict[str, Fraction] = {}
        """Of the units in the period before, where that is among the files: it may break a tie."""

    def examine(self) -> None:
        """All that can be told from the publication alone."""
        steps = [self.check_manifest, self.check_leaves, self.check_signatures]
        if self.manifest.get("format") == FORMAT:
            steps.append(self.check_groups)
            if self.manifest.get("kind") in WITH_LINES:
                steps += [self.check_lines, self.check_units, self.check_actions, self.check_rates]
            else:
                steps.append(self.check_years)
        for step in steps:
            self.guard("manifest", step)
        if self.unknown:
            self.notes.append(f"taken as given, not known here: {', '.join(sorted(self.unknown))}")
        if self.hidden:
            self.notes.append("what rests on hidden lines is taken as given")

    def guard(self, where: str, step: Callable[..., None], *of: object) -> None:
        """Run a step; a document that cannot be read is an error of the publication, not ours."""
        try:
            step(*of)
        except BROKEN as error:
            self.wrong(where, f"cannot be worked out: {type(error).__name__} {error}")

    def wrong(self, where: str, what: str) -> None:
        """Something does not follow."""
        self.errors.append({"publication": self.name, "where": where, "what": what})

    def expect(self, where: str, written: object, follows: object) -> None:
        """A published number is what follows from the numbers under it."""
        self.numbers += 1
        if written != follows:
            self.wrong(where, f"{told(written)} is written, {told(follows)} follows")

    def round(self, value: Fraction | None, places: int) -> str | None:
        """A number as the rulebook rounds it."""
        mode = self.manifest["rulebook"]["rounding"]["mode"]
        return None if value is None else rounded(value, places, mode)

    def score(self, value: Fraction | None) -> str | None:
        """A score as the rulebook rounds it."""
        places = self.manifest["rulebook"]["rounding"]["places"]
        if places not in range(MOST_PLACES + 1):
            raise ValueError(f"scores of {places} places")
        return self.round(value, places)

    # digests

    def check_manifest(self) -> None:
        """The digest is the manifest's, and its head is one that is known here."""
        stated, manifest = self.documents.get("digest"), self.manifest
        if stated != self.digest:
            self.wrong("manifest", f"its digest is {self.digest}, the file says {stated}")
        if manifest.get("format") != FORMAT:
            self.wrong("manifest", f"format {manifest.get('format')} is not known here")
            return
        if (manifest["version"] == 1) != (manifest.get("corrects") is None):
            self.wrong("manifest", "the first version corrects nothing, every other names what")

    def check_signatures(self) -> None:
        """Each signature is its key's, of this digest; one by a key that is trusted is enough."""
        message = f"{FORMAT}\n{self.digest}\n".encode()
        for one in self.documents.get("signatures") or ():
            name, told = str(one["key"]), base64.b64decode(one["public"])
            if self.keys is not None:
                if name not in self.keys:
                    continue
                told = base64.b64decode(self.keys[name])
            if hashlib.sha256(told).hexdigest()[:16] != name:
                self.wrong("signature", f"the key {name} is not what its name says")
            elif not signed_by(told, message, base64.b64decode(one["signature"])):
                self.wrong("signature", f"it is not signed by the key {name}")
            else:
                self.signed.append(name)
        if self.keys is not None and not self.signed:
            self.wrong("signature", "it is not signed by a key that was given")

    def check_leaves(self) -> None:
        """Every leaf is there, belongs to this publication, and has the digest in the manifest."""
        told_of = self.manifest["leaves"]
        for unit in sorted(told_of.keys() - self.leaves.keys()):
            self.wrong(f"unit {unit}", "its leaf is missing")
        for unit in sorted(self.leaves.keys() - told_of.keys()):
            self.wrong(f"unit {unit}", "its leaf is not in the manifest")
        for unit in sorted(told_of.keys() & self.leaves.keys()):
            self.guard(f"unit {unit}", self._check_leaf, unit, told_of[unit])

    def _check_leaf(self, unit: str, should: str) -> None:
        leaf = self.leaves[unit]
        digest = digest_of({**leaf, "tasks": [line_digest(line) for line in leaf["tasks"]]})
        if digest != should:
            self.wrong(f"unit {unit}", f"its leaf's digest is {digest}, the manifest says {should}")
        for key in ("format", "kind", "plan", "period", "version"):
            if leaf[key] != self.manifest[key]:
                self.wrong(f"unit {unit}", f"its leaf is of {key} {leaf[key]}")
        if leaf["result"]["unit"] != unit:
            self.wrong(f"unit {unit}", f"its leaf is that of {leaf['result']['unit']}")
        for line in leaf["tasks"]:
            self.guard(f"unit {unit}", self._take, unit, line)

    def _take(self, unit: str, line: Document) -> None:
        digest = line_digest(line)
        if sealed(line):
            self.hidden.add(digest)
            if self.documents.get("reader") == "office":
                self.wrong(f"unit {unit}", f"line {digest} is sealed in the office's copy")
            return
        if line["public"] == ("salt" in line):
            self.wrong(f"unit {unit}", f"line {digest}: hidden lines, and only these, have a salt")
        if self.manifest["kind"] in WITH_LINES:
            known = self.lines.setdefault(line["task"], line)
            if known != line:
                self.wrong(f"task {line['task']}", f"its line in the leaf of {unit} is another")

    # lines

    def check_lines(self) -> None:
        """Each line stands where it belongs, and its numbers follow from its operands."""
        for task, line in sorted(self.lines.items()):
            self.guard(f"task {task}", self._check_place, task, line)
            self.guard(f"task {task}", self._check_parts, task, line)
            self.guard(f"task {task}", self._check_line, task, line)
            self.guard(f"task {task}", self._check_light, task, line)

    def _check_place(self, task: str, line: Document) -> None:
        concerned = {line["unit"], *(u for u, share in line["shares"].items() if exact(share))}
        digest = digest_of(line)
        holding = {
            unit
            for unit, leaf in self.leaves.items()
            if any(line_digest(one) == digest for one in leaf["tasks"])
        }
        for unit in sorted(concerned - holding):
            self.wrong(f"task {task}", f"its line is missing in the leaf of {unit}")
        for unit in sorted(holding - concerned):
            self.wrong(f"task {task}", f"{unit} has no share in it")
        book = self.manifest["rulebook"]
        ruled = (line["rulebook"], line["rulebook_version"], line["period"])
        if ruled != (book["id"], book["version"], self.manifest["period"]):
            self.wrong(f"task {task}", "it is of another rulebook or period")
        for formula in sorted(formulas_in(line) - set(self.manifest["formulas"])):
            self.wrong(f"task {task}", f"formula {formula} is not in the manifest")

    def _check_parts(self, task: str, line: Document) -> None:
        for part in line["parts"]:
            where = f"task {task}, {part['id']}"
            e = exact(part["e"])
            if part["a"] is not None:
                self._check_formula(f"{where}, a", part["formula"], part["operands"], part["a"])
            bends = part.get("bends") or ()
            first = bends[0]["operands"]["expected"] if bends else part["e"]
            self._check_formula(f"{where}, E", part["curve"], part["curve_operands"], first)
            before = first
            for bend in bends:
                self.expect(f"{where}, E before", bend["operands"]["expected"], before)
                self._check_formula(f"{where}, E", bend["formula"], bend["operands"], bend["e"])
                before = bend["e"]
            self.expect(f"{where}, E", part["e"], before)
            why = "no_expectation" if e == 0 else "no_data" if part["a"] is None else None
            self.expect(where + ", left_out", part["left_out"], why)

    def _check_formula(self, where: str, formula: str, operands: Document, written: str) -> None:
        if formula in FORMULAS:
            of = {name: exact(number) for name, number in operands.items()}
            self.expect(where, exact(written), FORMULAS[formula](of))
        elif formula != CONSTANT:
            self.unknown.add(formula)

    def _check_line(self, task: str, line: Document) -> None:
        """The printed numbers of a line, by its basis and its exemptions (assessment 4.4, 4.9)."""
        basis, out = line["basis"], line["left_out"]
        if basis is None and out is not None:
            follows: Document = {"score": None}
        elif basis in {"score.component/1", "score.deduction/1"}:
            follows = {**self._progress(measured(line)), **self._scores(task, line)}
        elif basis == "score.progress/1":
            p = earned(measured(line))
            follows = {**self._progress(measured(line)), "p": self.round(p, PERCENT_PLACES)}
            follows |= {"t": None, "q": None, "score": self.score(p)}
        elif basis == "score.carried/1":
            p = earned(measured(line))
            follows = {**self._progress(measured(line)), **self._same(0)}
            follows["p"] = self.round(p, PERCENT_PLACES)
            follows["score"] = self.score(charges(self.manifest["rulebook"])["progress"] * p)
        elif basis in {"score.missing/1", "score.zeroed/1"}:
            follows = {**self._progress(measured(line) or expected(line)), **self._same(0)}
        elif basis == "score.finished/1":
            follows = {**self._progress(measured(line) or expected(line)), **self._same(100)}
        else:
            self.wrong(f"task {task}", f"basis {basis} is not known here: no score can be told")
            return
        follows["score"] = self._check_own(task, line, follows["score"])
        if out is not None:
            self.expect(f"task {task}, basis", basis, basis if out == "exempt" else None)
            follows.update(self._left_out(task, line))
        for name, value in follows.items():
            self.expect(f"task {task}, {name}", line[name], value)

    def _check_own(self, task: str, line: Document, earned: str | None) -> str | None:
        """The score of a line after exemptions: E1 gives none, E4 at least the floor (4.9)."""
        floor = self.score(exact(self.manifest["rulebook"]["exemption"]["floor"]))
        score = earned
        for own in line.get("own") or ():
            follows = None if own["kind"] == "E1" else earned
            if own["kind"] == "E4" and earned is not None:
                follows = max(earned, floor or "0", key=exact)
            where = f"task {task}, {own['unit']}"
            self.expect(f"{where}, score", own["score"], follows)
            if own["kind"] == "E1":
                self.expect(f"{where}, left_out", own["left_out"], "exempt")
            if own["unit"] == line["unit"]:
                score = follows
                self.expect(f"task {task}, earned", line["earned"], earned)
        return score

    def _progress(self, parts: Parts) -> Document:
        if not parts:
            return {}
        return {name: self.round(value, RATIO_PLACES) for name, value in overall(parts).items()}

    def _same(self, points: int) -> Document:
        every = self.round(Fraction(points), PERCENT_PLACES)
        return {"p": every, "t": every, "q": every, "score": self.score(Fraction(points))}

    def _left_out(self, task: str, line: Document) -> Document:
        """A left-out line shows the weighted means of a and E, and nothing else (4.2, 4.5)."""
        a = [(exact(p["weight"]), exact(p["a"])) for p in line["parts"] if p["a"] is not None]
        e = [(exact(p["weight"]), exact(p["e"])) for p in line["parts"]]
        if line["left_out"] == "no_expectation":
            self.expect(f"task {task}, expected by now", any(share for _, share in e), False)
        if line["left_out"] == "no_data":
            self.expect(f"task {task}, parts with data", len(measured(line)), 0)
        shown = {"a": mean(a), "e": mean(e)}
        return {
            **{name: self.round(value, RATIO_PLACES) for name, value in shown.items()},
            **dict.fromkeys(("r", "gap", "p", "t", "q", "score")),
        }

    def _scores(self, task: str, line: Document) -> Document:
        """P, T and Q from their operands, and S from the exact ones (assessment 3.3, 4.4)."""
        book, days = self.manifest["rulebook"], line["timeliness"]["late_days"]
        by = charges(book)
        for name, amount in by.items():
            self.expect(f"task {task}, charges {name}", exact(line["charges"][name]), amount)
        self.expect(f"task {task}, basis", line["basis"], f"score.{book['lateness']['mode']}/1")
        self.expect(
            f"task {task}, outcome", line["timeliness"]["outcome"], "late" if days else "on_time"
        )
        filled = line["completeness"]
        named = filled["required"] - len(filled["missing_fields"])
        self.expect(f"task {task}, filled", filled["filled"], named)
        share = Fraction(named, filled["required"]) if filled["required"] else Fraction(1)
        p = earned(measured(line))
        t = max(Fraction(0), 100 - by["per_day"] * days)
        q = max(Fraction(0), 100 * share - exact(filled["marks"]))
        s = by["progress"] * p + by["timeliness"] * t + by["quality"] * q
        printed = {"p": p, "t": t, "q": q}
        return {
            **{name: self.round(value, PERCENT_PLACES) for name, value in printed.items()},
            "score": self.score(max(Fraction(0), s - by["deduction_per_day"] * days)),
        }

    def _check_light(self, task: str, line: Document) -> None:
        """The light is where its steps lead, from the light of R on (assessment 4.3)."""
        steps, at = line["light_steps"], self.manifest["rulebook"]["lights"]
        preset, _, light = (steps[0] if steps else "").rpartition("_")
        if preset != at["preset"]:
            return
        if preset == "ratio":
            r = exact(line["r"])
            follows = "yellow" if r >= exact(at["yellow"]) else "red"
            follows = "green" if r >= exact(at["green"]) else follows
        elif preset == "gap_pp":
            gap = overall(measured(line) or expected(line))["gap"]
            follows = "yellow" if gap <= exact(at["gap_red"]) else "red"
            follows = "green" if gap < exact(at["gap_green"]) else follows
        else:  # whether a day has come stands in the plan, not here
            follows = light if (light == "yellow") is (exact(line["r"]) < 1) else "red"
        self.expect(f"task {task}, light of {preset}", steps[0], f"{preset}_{follows}")
        for step in steps[1:]:
            if step.startswith("held_"):
                light = step[len("held_") :]
            elif step == "early" or (step == "missing" and light != "red"):
                light = "yellow"
            elif step == "missing_again" or step.startswith("milestone_overdue:"):
                light = "red"
            elif step != "missing":
                self.unknown.add(f"light step {step}")
                return
        self.expect(f"task {task}, light", line["light"], light)

    # units

    def check_units(self) -> None:
        """Each unit's score is the mean of its lines' published scores (assessment 4.6)."""
        for unit, leaf in sorted(self.leaves.items()):
            if not any(sealed(line) for line in leaf["tasks"]):
                self.guard(f"unit {unit}", self._check_unit, unit, leaf)

    def _check_unit(self, unit: str, leaf: Document) -> None:
        result, book = leaf["result"], self.manifest["rulebook"]
        held, differs = [], []
        for line in leaf["tasks"]:
            weight, own = exact(line["weight"]) * exact(line["shares"].get(unit, 0)), of(unit, line)
            if weight:
                held.append((weight, own))
            shown = {"task": line["task"], "score": own["score"], "left_out": own["left_out"]}
            if line["public"] and shown != {name: line[name] for name in shown}:
                differs.append(shown)
        in_force = [(weight, own) for weight, own in held if own["left_out"] not in INACTIVE]
        active = total(in_force)
        left = active - total([pair for pair in in_force if pair[1]["left_out"] is None])
        exempt = total([pair for pair in in_force if pair[1].get("exemption") is not None])
        score = mean([(w, exact(own["score"])) for w, own in held if own["score"] is not None])
        self.expect(f"unit {unit}, lines", result["lines"], differs)
        inside = book["events"]["level"] == "period" and self.manifest["kind"] == "period"
        if score is not None and inside:
            score = self._with_events(unit, result, score)
        self.expect(f"unit {unit}, score", result["score"], self.score(score))
        counted = weight_text(active - left)
        self.expect(f"unit {unit}, counted_weight", result["counted_weight"], counted)
        self.expect(f"unit {unit}, left_out_weight", result["left_out_weight"], weight_text(left))
        thin = score is not None and left > exact(book["coverage_guard"]) * active
        barred = exempt > exact(book["exemption"]["limit"]) * active
        reasons = {
            "no_counted_task": score is None,
            "insufficient_basis": thin,
            "exemption_limit": score is not None and not thin and barred,
        }
        for reason, holds in reasons.items():
            self.expect(f"unit {unit}, {reason}", reason in result["reasons"], holds)

    def _with_events(self, unit: str, result: Document, score: Fraction) -> Fraction:
        """The score with the events of the period, which the manifest lists (assessment 4.8)."""
        events = [one for one in self.manifest["events"] if one["unit"] == unit]
        bonus, taken = settled(events, score, self.manifest["rulebook"]["events"])
        self.expect(f"unit {unit}, bonus", result["bonus"], self.round(bonus, PERCENT_PLACES))
        self.expect(f"unit {unit}, taken", result["deductions"], self.round(taken, PERCENT_PLACES))
        return min(max(score + bonus - taken, Fraction(0)), Fraction(100))

    def check_groups(self) -> None:
        """The tables of the groups are those of the leaves, the best first (4.10, 4.11)."""
        groups, tables = self.groups(), self.manifest["groups"]
        self.expect("groups", sorted(tables), sorted(groups))
        for group in sorted(tables.keys() & groups.keys()):
            self.guard(f"group {group}", self._check_group, group, tables[group], groups[group])

    def _check_group(self, group: str, table: list[Document], results: dict[str, Document]) -> None:
        best_first = sorted(
            results, key=lambda unit: (results[unit]["rank"] is None, results[unit]["rank"], unit)
        )
        self.expect(f"group {group}, order", [row["unit"] for row in table], best_first)
        for row in table:
            for name in ("score", "rank", "grade", "reasons"):
                where = f"group {group}, {row['unit']}, {name}"
                self.expect(where, row[name], results[row["unit"]][name])
        ranked = self.ranked(results)
        book = self.manifest["rulebook"]
        tied = len({score for score, _ in ranked.values()}) < len(ranked)
        if tied and self.ties_matter(book) and self.ties_unknown(book):
            self.unknown.add("what broke a tie")
            return
        every = list(ranked.values())
        rank = RANKINGS[book["ranking"]]
        for unit, result in sorted(results.items()):
            alone = unit not in ranked or len(ranked) == 1
            follows = None if alone else rank(ranked[unit], every)
            self.expect(f"unit {unit}, rank", result["rank"], follows)
        sizes = {name: len(self.ranked(of)) for name, of in self.groups().items()}
        self._check_grades(results, ranked, seats(sizes, book["quota"]).get(group))

    def groups(self) -> dict[str, dict[str, Document]]:
        """The results of the units by group."""
        found: dict[str, dict[str, Document]] = {}
        for unit, leaf in self.leaves.items():
            found.setdefault(leaf["result"]["group"], {})[unit] = leaf["result"]
        return found

    def ranked(self, results: dict[str, Document]) -> dict[str, Rival]:
        """The ranked units of a group with what their rank is of (assessment 4.10, 4.17)."""
        return {
            unit: (exact(one["score"]), (*self.terms(unit), backwards(unit)))
            for unit, one in results.items()
            if one["score"] is not None and not UNRANKED & set(one["reasons"])
        }

    def terms(self, unit: str) -> list[Fraction]:
        """What breaks a tie: fewer red tasks, more progress, on time, the period before."""
        held = [line for line in self.lines.values() if exact(line["shares"].get(unit, 0))]
        counted = [
            (exact(line["weight"]) * exact(line["shares"][unit]), exact(line["p"]))
            for line in held
            if line["p"] is not None and of(unit, line)["left_out"] is None
        ]
        owed = [
            line["timeliness"]["outcome"]
            for line in self.lines.values()
            if line["unit"] == unit and line["timeliness"] is not None
        ]
        on_time = Fraction(owed.count("on_time"), len(owed)) if owed else Fraction(0)
        found = {
            "fewer_red": Fraction(-sum(line["light"] == "red" for line in held)),
            "progress": mean(counted) or Fraction(0),
            "on_time_rate": on_time,
            "last_period": self.last_scores.get(unit, Fraction(-1)),
        }
        return [found[name] for name in self.manifest["rulebook"]["tie_break"]]

    @staticmethod
    def ties_matter(book: Document) -> bool:
        """Whether the rulebook breaks ties."""
        return bool(book["ranking"] == "ordinal" or book["quota"]["ties"] == "tie_break")

    def ties_unknown(self, book: Document) -> bool:
        """Whether what breaks ties is not in these documents: of a year, or behind a seal."""
        before = "last_period" in book["tie_break"] and not self.last_scores
        return bool(self.manifest["kind"] == "year" or self.hidden or before)

    def _check_grades(
        self, results: dict[str, Document], ranked: dict[str, Rival], free: int | None
    ) -> None:
        """Excellent needs the threshold, a seat, and no bar; a barred unit's seat passes on."""
        book = self.manifest["rulebook"]
        barred = {unit for unit in ranked if BARS & set(results[unit]["reasons"])}
        rivals = [one for unit, one in ranked.items() if unit not in barred]
        at_last = RANKINGS[LAST_SEAT[book["quota"]["ties"]]]
        bounds = {name: exact(book["grades"].get(name, "0")) for name in GRADES}
        for unit, result in sorted(results.items()):
            own = ranked.get(unit)
            if own is None:
                self.expect(f"unit {unit}, grade", result["grade"], None)
                continue
            grade = [name for name in GRADES if name == "poor" or own[0] >= bounds[name]][-1]
            over = grade == "excellent" and unit not in barred
            seatless = over and free is not None and at_last(own, rivals) > free
            if grade == "excellent" and (seatless or unit in barred):
                grade = "good"
            self.expect(f"unit {unit}, no_seat", "no_seat" in result["reasons"], seatless)
            caps = [cap["grade"] for cap in result.get("caps", ())]
            grade = min((grade, *caps), key=GRADES.index)
            self.expect(f"unit {unit}, grade", result["grade"], grade)

    # a year

    def check_years(self) -> None:
        """Each unit's year follows from its periods, its targets and its events (4.14)."""
        for unit, leaf in sorted(self.leaves.items()):
            for line in leaf["tasks"]:
                if not sealed(line):
                    self.guard(f"unit {unit}", self._check_term, unit, line)
            if not any(sealed(line) for line in leaf["tasks"]):
                self.guard(f"unit {unit}", self._check_year, unit, leaf)
        every = self.manifest["actions"]
        self.expect("plan score", self.manifest["plan_score"], self.score(scored(every)))

    def _check_term(self, unit: str, term: Document) -> None:
        where = f"unit {unit}, {term['indicator']}"
        if term["a"] is None:
            return
        self._check_formula(f"{where}, a", term["formula"], term["operands"], term["a"])
        bonus = self.manifest["rulebook"]["year"]["overshoot_bonus"]
        over = exact(term["a"]) - 1
        follows = Fraction(0)
        if bonus is not None and over > 0:
            steps = int(over / exact(bonus["step"]))
            follows = min(exact(bonus["max"]), steps * exact(bonus["points"]))
        self.expect(f"{where}, overshoot", exact(term["overshoot"]), follows)

    def _check_year(self, unit: str, leaf: Document) -> None:
        result, book = leaf["result"], self.manifest["rulebook"]
        a = self._mean_of(result.get("task_terms") or result["period_terms"])
        terms = [term for term in leaf["tasks"] if term["a"] is not None]
        within = [
            (exact(x["weight"]), min(max(exact(x["a"]), Fraction(0)), Fraction(1))) for x in terms
        ]
        b = mean(within)
        b = None if b is None else 100 * b
        over = mean([(exact(x["weight"]), exact(x["overshoot"])) for x in terms]) or Fraction(0)
        c = None if result["public"] is None else exact(result["public"])
        printed = {"periods": a, "attainment": b, "overshoot": over}
        for name, value in printed.items():
            self.expect(f"unit {unit}, {name}", result[name], self.round(value, PERCENT_PLACES))
        if a is None:
            self.expect(f"unit {unit}, score", result["score"], None)
            return
        values = {"periods": a, "attainment": b, "public": c}
        weights = {name: exact(book["year"][name]) for name in values}
        known = [(weights[x], v) for x, v in values.items() if weights[x] and v is not None]
        score = (mean(known) if known else a) or Fraction(0)
        bonus, taken = settled(result["events"], score + over, book["events"])
        self.expect(f"unit {unit}, bonus", result["bonus"], self.round(bonus, PERCENT_PLACES))
        self.expect(f"unit {unit}, taken", result["deductions"], self.round(taken, PERCENT_PLACES))
        whole = min(max(score + over + bonus - taken, Fraction(0)), Fraction(100))
        self.expect(f"unit {unit}, score", result["score"], self.score(whole))

    def _mean_of(self, terms: list[Document]) -> Fraction | None:
        """The mean of published scores by weight, of tasks each with its own mean."""
        pairs: Pairs = []
        for term in terms:
            if "scores" in term:
                value = self._mean_of(term["scores"])
            elif term.get("parts"):  # inherited of units that were merged or split
                value = mean([(exact(x["weight"]), exact(x["score"])) for x in term["parts"]])
            else:
                value = None if term["score"] is None else exact(term["score"])
            if value is not None:
                pairs.append((exact(term.get("weight", "1")), value))  # 0.3.0 had no weights
        return mean(pairs)

    def check_periods(self, latest: dict[tuple[Any, Any], Publication]) -> None:
        """A year's scores of the periods are those published last before it."""
        for unit, leaf in sorted(self.leaves.items()):
            for term in leaf["result"]["period_terms"]:
                period = latest.get(("period", term["period"]))
                if period is not None and unit in period.leaves:
                    published = period.leaves[unit]["result"]["score"]
                    self.expect(f"unit {unit}, {term['period']}", term["score"], published)
                if period is None:
                    continue
                for part in term.get("parts", []):
                    self._check_part(f"unit {unit}, {term['period']}", part, period)

    def _check_part(self, of: str, part: Document, period: Publication) -> None:
        """What is inherited of a period is a unit's score, or its part in a task, as published."""
        leaf = period.leaves.get(part["unit"])
        if leaf is None:
            return
        found = leaf["result"]
        score, weight = found["score"], exact(found["counted_weight"])
        if part["task"] is not None:
            line = period.lines.get(part["task"])
            if line is None:  # hidden from this reader
                return
            own = {one["task"]: one for one in found["lines"]}.get(part["task"], line)
            score = own["score"]
            weight = exact(line["weight"]) * exact(line["shares"][part["unit"]])
        named = f"{of}, inherited of {part['unit']} {part['task'] or ''}".rstrip()
        self.expect(named, part["score"], score)
        self.expect(f"{named}, weight", exact(part["weight"]), weight)

    # the whole

    def check_actions(self) -> None:
        """An action is the mean of its tasks, the plan of its actions, by weight (4.6)."""
        every, lines = self.manifest["actions"], list(self.lines.values())
        if not self.hidden:
            named = {action["action"] for action in every} | {line["action"] for line in lines}
            self.expect("actions", sorted(action["action"] for action in every), sorted(named))
            for action in every:
                own = [line for line in lines if line["action"] == action["action"]]
                self.expect(f"action {action['action']}", action["score"], self.score(scored(own)))
        self.expect("plan score", self.manifest["plan_score"], self.score(scored(every)))

    def check_rates(self) -> None:
        """Of the reports expected: how many came, how many on time (assessment 3.3)."""
        rates = self.manifest["rates"]
        if not self.hidden:
            known = [line["timeliness"] for line in self.lines.values()]
            outcomes = [one["outcome"] for one in known if one is not None]
            self.expect("rates, expected", rates["expected"], len(outcomes))
            for outcome in ("on_time", "late", "missing"):
                self.expect(f"rates, {outcome}", rates[outcome], outcomes.count(outcome))
        on_time, late = rates["on_time"], rates["late"]
        for name, count in (("reporting_rate", on_time + late), ("on_time_rate", on_time)):
            rate = Fraction(100 * count, rates["expected"]) if rates["expected"] else None
            self.expect(f"rates, {name}", rates[name], self.round(rate, PERCENT_PLACES))

    def check_correction(self, before: Publication) -> None:
        """A correction lists the lines in which it differs from the version before (4.13)."""
        corrects = self.manifest["corrects"]
        changed = sorted(
            task
            for task, line in self.lines.items()
            if line["public"] and before.lines.get(task) != line
        )
        self.expect("corrects, changed", corrects["changed"], changed)
        hidden = len(self.hidden_digests() - before.hidden_digests())
        self.expect("corrects, hidden_changed", corrects["hidden_changed"], hidden)

    def hidden_digests(self) -> set[str]:
        """The digests of the lines that are not for everybody, shown here or sealed."""
        shown = {digest_of(line) for line in self.lines.values() if not line["public"]}
        return self.hidden | shown

    # the account

    def told(self) -> str:
        """The account in one line."""
        hidden = f" ({len(self.hidden)} hidden)" if self.hidden else ""
        count = f", {len(self.errors)} WRONG" if self.errors else ""
        signed = f"signed by {', '.join(self.signed)}" if self.signed else "unsigned"
        return (
            f"{self.name}: {len(self.leaves)} leaves, {len(self.lines) + len(self.hidden)} lines"
            f"{hidden}, chain {self.chain}, {signed}, {self.numbers} numbers recomputed{count}; "
            f"digest {self.digest}"
        )

    def as_json(self) -> Document:
        """The account for machines."""
        head = {key: self.manifest.get(key) for key in ("plan", "kind", "period", "version")}
        return {
            **head,
            "digest": self.digest,
            "reader": self.documents.get("reader"),
            "leaves": len(self.leaves),
            "lines": len(self.lines) + len(self.hidden),
            "hidden": len(self.hidden),
            "chain": self.chain,
            "signed": self.signed,
            "numbers": self.numbers,
            "notes": self.notes,
            "errors": self.errors,
        }


def measured(line: Document) -> Parts:
    """The parts that count: those with an expectation and data."""
    parts = [part for part in line["parts"] if part["left_out"] is None]
    return [(exact(part["a"]), exact(part["e"]), exact(part["weight"])) for part in parts]


def expected(line: Document) -> Parts:
    """Where there was never a value, a is 0 of whatever was expected (assessment 4.5)."""
    parts = [(Fraction(0), exact(part["e"]), exact(part["weight"])) for part in line["parts"]]
    return [part for part in parts if part[1] > 0]


def scored(lines: list[Document]) -> Fraction | None:
    """The mean of the published scores by weight; None where nothing counts."""
    counted = [line for line in lines if line["score"] is not None]
    return mean([(exact(line["weight"]), exact(line["score"])) for line in counted])


def of(unit: str, line: Document) -> Document:
    """What counts of a line for a unit: its own score where it has one, else the line's (4.9)."""
    return next((own for own in line.get("own") or () if own["unit"] == unit), line)


def total(held: list[tuple[Fraction, Document]]) -> Fraction:
    """The weight of some lines together."""
    return sum((weight for weight, _ in held), Fraction(0))


def formulas_in(value: object) -> set[str]:
    """The ids of all formulas in a document."""
    if isinstance(value, list):
        return {formula for inner in value for formula in formulas_in(inner)}
    if not isinstance(value, dict):
        return set()
    found = formulas_in(list(value.values()))
    named = {value.get(key) for key in ("formula", "curve", "basis", "share_formula")}
    return found | {name for name in named if isinstance(name, str) and "/" in name}


def told(value: object) -> str:
    """A value as it is told to a person."""
    return str(value) if isinstance(value, Fraction) else json.dumps(value, ensure_ascii=False)


# --- the chain ------------------------------------------------------------------------------------


def link(publications: list[Publication]) -> list[Document]:
    """The errors of the chains; each publication learns how it hangs on the one before.

    Copies of one publication, for the office and for the public, are one link.
    """
    errors: list[Document] = []
    by_digest = {one.digest: one for one in publications}
    for plan in sorted({str(one.manifest.get("plan")) for one in publications}):
        links = [one for one in by_digest.values() if str(one.manifest.get("plan")) == plan]
        errors += chained(links, by_digest)
    for one in publications:
        one.chain = by_digest[one.digest].chain
    return errors


def chained(links: list[Publication], known: dict[str, Publication]) -> list[Document]:
    """The errors of one plan's chain: forks, gaps, versions out of order, one published twice."""
    errors: list[Document] = []
    after: dict[str | None, Publication] = {}
    names: dict[str, Publication] = {}
    for one in links:
        before = one.manifest.get("previous")
        one.chain = "ok" if before is None or before in known else f"open, {before} comes before it"
        if after.setdefault(before, one) is not one:
            what = f"it follows the same publication as {after[before].name}"
            errors.append({"publication": one.name, "where": "chain", "what": what})
        if names.setdefault(one.name, one) is not one:
            what = f"there is another of this name, digest {names[one.name].digest}"
            errors.append({"publication": one.name, "where": "chain", "what": what})
    # One chain may begin anywhere; a second beginning means that something between is missing.
    starts = [one for one in links if one.manifest.get("previous") not in known]
    starts.sort(key=lambda one: one.manifest.get("previous") is not None)
    for one in starts[1:]:
        what = f"gap: {one.manifest.get('previous')}, which comes before it, is not in the files"
        errors.append({"publication": one.name, "where": "chain", "what": what})
    for one in starts:
        errors += in_order(one, after)
    return errors


def in_order(start: Publication, after: dict[str | None, Publication]) -> list[Document]:
    """A version comes after the one it corrects, and tells in what it differs from it."""
    errors: list[Document] = []
    latest: dict[tuple[Any, Any], Publication] = {}
    one: Publication | None = start
    while one is not None:
        of = one.manifest.get("kind"), one.manifest.get("period")
        version, last = one.manifest.get("version"), latest.get(of)
        if last is not None and version == last.manifest["version"] + 1:
            if of[0] == "period":
                one.guard("corrects", one.check_correction, last)
        elif last is not None or (version != 1 and start.manifest.get("previous") is None):
            what = f"it comes after version {last.manifest['version'] if last else 0}"
            errors.append({"publication": one.name, "where": "chain", "what": what})
        if of[0] == "year":
            one.guard("periods", one.check_periods, latest)
        latest[of] = one
        one = after.get(one.digest)
    return errors


# --- the command ----------------------------------------------------------------------------------


def verify(
    files: list[str], keys: dict[str, str] | None = None
) -> tuple[list[Publication], list[Document]]:
    """The publications of the files, examined, and the errors of their chains.

    With `keys` each has to be signed by one of them.

    Raises:
        Unreadable: a file holds no documents.
    """
    publications = [Publication(one) for path in files for one in read(path)]
    known = {one.digest: one for one in publications}
    for one in publications:
        one.last_scores, one.keys = scores_before(one, known), keys
        one.examine()
    return publications, link(publications)


def scores_before(one: Publication, known: dict[str, Publication]) -> dict[str, Fraction]:
    """The units' scores in the period before, in its latest version of then; {} if it is absent."""
    own, best = str(one.manifest.get("period")), None
    seen: set[str] = set()
    digest = one.manifest.get("previous")
    while digest in known and digest not in seen:
        seen.add(digest)
        earlier = known[digest]
        period = str(earlier.manifest.get("period"))
        newer = best is None or period > str(best.manifest.get("period"))
        if earlier.manifest.get("kind") == "period" and period < own and newer:
            best = earlier
        digest = earlier.manifest.get("previous")
    leaves = best.leaves if best is not None else {}
    try:
        scores = {unit: leaf["result"]["score"] for unit, leaf in leaves.items()}
        return {unit: exact(score) for unit, score in scores.items() if score is not None}
    except BROKEN:
        return {}  # what is wrong with it is told where it is examined


Also = Callable[[list[Publication]], list[Document]] | None


def main(arguments: list[str] | None = None, also: Also = None) -> int:
    """Verify files, print the account, and return the exit status.

    `also` is a further examination of all publications: what it finds are errors.
    """
    parser = argparse.ArgumentParser(
        description="Verify publications of Duban offline, and work out every number again."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents of publications")
    parser.add_argument("--keys", metavar="FILE", help="the keys to trust, as /v1/keys has them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(arguments)
    try:
        keys = None if asked.keys is None else read_keys(asked.keys)
        publications, chain = verify(asked.files, keys)
    except Unreadable as error:
        problem({"code": "unreadable_file", "detail": str(error)}, as_json=asked.json)
        return 2
    remade = also(publications) if also is not None else []
    errors = [error for one in publications for error in one.errors] + chain + remade
    if asked.json:
        every = [one.as_json() for one in publications]
        body = {"ok": not errors, "publications": every, "chain": chain}
        if also is not None:
            body["remade"] = remade
        say(sys.stdout, json.dumps(body, ensure_ascii=False))
    else:
        for one in publications:
            say(sys.stdout, one.told(), *(f"  {note}" for note in one.notes))
        if also is not None and not remade:
            say(sys.stdout, f"{len(publications)} made again from the journal, byte for byte")
    if not errors:
        return 0
    detail = f"{len(errors)} things do not follow"
    problem({"code": "not_verified", "detail": detail, "errors": errors}, as_json=asked.json)
    return 1


def problem(what: Document, *, as_json: bool) -> None:
    """Tell on standard error what is wrong."""
    if as_json:
        say(sys.stderr, json.dumps(what, ensure_ascii=False))
        return
    lines = [f"{x['publication']}: {x['where']}: {x['what']}" for x in what.get("errors", ())]
    say(sys.stderr, f"{what['code']}: {what['detail']}", *lines)


def say(stream: TextIO, *lines: str) -> None:
    """Print lines."""
    stream.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
