"""A pocket calculator for explanations: it reads the sums as a person would, and works them out."""

import ast
import itertools
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

_SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-", "≤": "<", "≥": ">"})
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def wrong_sums(text: str, *, half_even: bool = False) -> list[str]:
    """Every equation in `… = sum = result` whose result does not follow from the sum before it."""
    wrong = []
    parts = [part.strip() for part in text.split(" = ")]
    for before, after in itertools.pairwise(parts):
        result, _, short = after.partition(" ≈ ")
        worked, expected = value_of(before), value_of(result)
        if worked is None or expected is None:
            continue
        if rounded(worked, result, half_even=half_even) != rounded(expected, result):
            wrong.append(f"{before} = {after}: it is {float(worked)}")
        if short and rounded(expected, short) != Decimal(short):
            wrong.append(f"{result} ≈ {short}")
    return wrong


def sums_in(text: str) -> int:
    """How many equations of a text can be worked out."""
    parts = [part.strip().partition(" ≈ ")[0] for part in text.split(" = ")]
    pairs = itertools.pairwise(parts)
    return sum(value_of(one) is not None and value_of(two) is not None for one, two in pairs)


def value_of(sum_: str) -> Fraction | None:
    """What a sum comes to; None where it is words."""
    text = sum_.rsplit(": ", 1)[-1].rsplit("：", 1)[-1]
    if not re.search(r"[0-9]", text):
        return None
    try:
        return _value(ast.parse(text.translate(_SIGNS).strip(), mode="eval").body)
    except (SyntaxError, ValueError, KeyError):
        return None


def rounded(value: Fraction, like: str, *, half_even: bool = False) -> Decimal:
    """As many places as the printed number has; exact where it is a fraction."""
    if not _NUMBER.fullmatch(like):
        like = "0.000000000001"
    places = Decimal(1).scaleb(-len(like.partition(".")[2]))
    sign = -1 if value < 0 else 1
    scaled = abs(value) / Fraction(places)
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    tie = 2 * rest == scaled.denominator
    whole += whole % 2 if tie and half_even else 2 * rest >= scaled.denominator
    return (sign * whole * places).quantize(places, rounding=ROUND_HALF_UP)


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(ast.unparse(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return {"min": min, "max": max}[node.func.id](_value(one) for one in node.args)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = _value(node.left), _value(node.comparators[0])
        return Fraction(left <= right if isinstance(node.ops[0], ast.Lt) else left >= right)
    raise ValueError(ast.dump(node))


_BINARY: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a ** int(b),
}
