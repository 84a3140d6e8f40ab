"""Exact numbers: how they are rounded once, written in full, and kept in a published line."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer

RoundingMode = Literal["half_up", "half_even"]

RATIO_PLACES = 4
"""Of a, E and R, in which the lights are read."""
PRINTED_PLACES = 2
"""Of P, T, Q and the rates."""
_WEIGHT_PLACES = 6


def rounded(value: Fraction, places: int, mode: RoundingMode = "half_up") -> Decimal:
    """A number is rounded once, a tie away from zero or to the even digit (assessment 4.12)."""
    scaled = abs(value) * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    tie = 2 * rest - scaled.denominator
    if tie > 0 or (tie == 0 and (mode == "half_up" or whole % 2 == 1)):
        whole += 1
    sign = 1 if value < 0 and whole else 0
    return Decimal((sign, tuple(int(digit) for digit in str(whole)), -places))


def write_exact(value: Fraction) -> str:
    """A number in full: "0.3" where its decimals end, "26/43" where they do not."""
    places = _places(value.denominator)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    return format(rounded(value, places), "f")


def write_weight(value: Fraction) -> str:
    """A weight as a plain decimal, with 6 places where its decimals do not end."""
    places = _places(value.denominator)
    return format(rounded(value, _WEIGHT_PLACES if places is None else places), "f")


def _places(denominator: int) -> int | None:
    """The decimals a denominator needs; None where they never end."""
    powers = {2: 0, 5: 0}
    for prime in powers:
        while denominator % prime == 0:
            denominator //= prime
            powers[prime] += 1
    return max(powers.values()) if denominator == 1 else None


def _read_exact(value: object) -> object:
    return Fraction(value) if isinstance(value, str) else value


def _write_printed(value: Decimal) -> str:
    return format(value, "f")


Exact = Annotated[
    Fraction, BeforeValidator(_read_exact), PlainSerializer(write_exact, return_type=str)
]
"""An exact number, kept as "0.3" or "26/43"."""

Weight = Annotated[
    Fraction, BeforeValidator(_read_exact), PlainSerializer(write_weight, return_type=str)
]
"""An exact number, printed as a weight."""

Printed = Annotated[Decimal, PlainSerializer(_write_printed, return_type=str)]
"""A number that was rounded; its places are kept: "0.9000"."""
