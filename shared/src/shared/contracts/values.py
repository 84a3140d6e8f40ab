"""The small values every contract is made of: ids, amounts, days, instants, texts.

Each refuses what a neighbour could read differently, and its message tells how to write it.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from shared.contracts import lean

AMOUNT_DIGITS: Final = 15
AMOUNT_DECIMALS: Final = 6
_AMOUNT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_FIGURE: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200
_LINE_BREAKS: Final = frozenset("\n\r\t")


def parse_amount(value: object) -> Decimal:
    """An amount is written as a decimal string such as "76.38"; a whole number may stand unquoted.

    Raises:
        ValueError: a float, a boolean, an exponent, a separator, more than 15 digits or 6 decimals.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(
            f'write an amount as a decimal string in quotes, such as "76.38", not {value!r}'
        )
    text = str(value) if not isinstance(value, Decimal) else format(value, "f")
    if not _AMOUNT.fullmatch(text):
        raise ValueError(
            'write an amount with digits and one point, such as "76.38": no separators, spaces, '
            "exponent, percent sign or full-width digits"
        )
    digits, _, decimals = text.removeprefix("-").partition(".")
    decimals = decimals.rstrip("0")
    if len(digits) + len(decimals) > AMOUNT_DIGITS or len(decimals) > AMOUNT_DECIMALS:
        raise ValueError(
            f"an amount has at most {AMOUNT_DIGITS} digits, {AMOUNT_DECIMALS} of them decimals"
        )
    amount = Decimal(text)
    return abs(amount) if amount == 0 else amount


def parse_text_amount(value: object) -> Decimal:
    """An amount that came over the wire: always a decimal string, for a number is rounded en route.

    Raises:
        ValueError: as `parse_amount`, and for a whole number without quotes.
    """
    if isinstance(value, int):
        raise ValueError(f'write an amount as a decimal string in quotes: "{value}"')
    return parse_amount(value)


def parse_figure(value: object) -> Decimal:
    """A computed number, as long as it needs to be.

    Raises:
        ValueError: not a decimal string.
    """
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str) and _FIGURE.fullmatch(value):
        return Decimal(value)
    raise ValueError("a figure is a decimal string")


def _write_figure(figure: Decimal) -> str:
    return format(figure, "f")


def write_amount(amount: Decimal) -> str:
    """The shortest plain decimal text of an amount: "76.38", "100", "-0.5"."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_day(value: object) -> date:
    """A day is written as YYYY-MM-DD, between 1970 and 2200."""
    if isinstance(value, datetime):
        raise ValueError("write a day as YYYY-MM-DD, without a time")
    if isinstance(value, date):
        day = value
    elif isinstance(value, str) and _DAY.fullmatch(value):
        day = date.fromisoformat(value)
    else:
        raise ValueError(f'write a day as "YYYY-MM-DD", not {value!r}')
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"a day lies between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def parse_instant(value: object) -> datetime:
    """An instant carries its offset: 2022-05-10T23:59:59+08:00; it is kept in UTC."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        value = datetime.fromisoformat(value.upper().replace(" ", "T"))
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError('write an instant with its offset, such as "2022-05-10T23:59:59+08:00"')
    years = range(_FIRST_YEAR, _LAST_YEAR + 1)
    # As it is written first: outside, there may be no such instant in UTC.
    if value.year not in years or value.astimezone(UTC).year not in years:
        raise ValueError(f"an instant lies between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return value.astimezone(UTC)


def _unprintable(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in _LINE_BREAKS


def _clean(text: str) -> str:
    if any(_unprintable(character) for character in text):
        raise ValueError(
            "the text holds a control character, NUL or half a surrogate pair: remove it"
        )
    return unicodedata.normalize("NFC", text)


def _clean_line(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cf"} for character in text):
        raise ValueError("the text holds a line break or an invisible character: remove it")
    line = text.strip()
    if not line:
        raise ValueError("the text is blank: write one")
    return line


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An identifier of a plan, task, unit …: letters and digits of ASCII, dots, dashes, underscores."""

Amount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    PlainSerializer(write_amount, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$",
            "examples": ["76.38"],
            "description": "a decimal in quotes; at most 15 digits, 6 of them decimals",
        }
    ),
]
"""An exact decimal, written as a string; in a file a whole number may stand unquoted."""

TextAmount = Annotated[Amount, BeforeValidator(parse_text_amount)]
"""An exact decimal as departments send it: always a string."""

Figure = Annotated[
    Decimal,
    BeforeValidator(parse_figure),
    PlainSerializer(_write_figure, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
"""A computed number as it is printed: a decimal string with its own number of places."""

Day = Annotated[date, BeforeValidator(parse_day)]
"""A date, local to the plan."""

Instant = Annotated[datetime, BeforeValidator(parse_instant)]
"""A point in time, kept in UTC."""

Note = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_clean)]
"""Free text of a person: up to 2,000 characters, several lines."""

Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_clean),
    AfterValidator(_clean_line),
]
"""One line of text: a name, a short title."""

Year = Annotated[str, StringConstraints(pattern=r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2}|2200)$")]
"""A calendar year as the key of a mapping."""


class Contract(BaseModel):
    """The base of every contract: frozen, and deaf to fields it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        strict=True,
        use_attribute_docstrings=not lean.LEAN,
        defer_build=lean.LEAN,
    )


class Text(Contract):
    """A text for people in the two languages of the house; a plain string stands for both."""

    zh: Line
    """In Chinese."""
    en: Line
    """In English."""

    @model_validator(mode="before")
    @classmethod
    def _both_from_one(cls, value: Any) -> Any:  # noqa: ANN401  # whatever the file holds
        return {"zh": value, "en": value} if isinstance(value, str) else value

    def in_language(self, language: str) -> str:
        """The text in `language` ("en", anything else is zh-CN)."""
        return self.en if language.startswith("en") else self.zh


Labels = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=200)]]
