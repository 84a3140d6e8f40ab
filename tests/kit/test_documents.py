"""A file a person wrote is read strictly, and refused with the line and the mend."""

# ruff: noqa: E501  # a row of a table is one line

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from shared.contracts.plan import PlanDocument
from shared.contracts.values import Amount, Contract, Day, Id, Text
from shared.kit.documents import Document, DocumentError, Problem, read_document, validate


class Gate(Contract):
    """A gate of a harbour."""

    id: Id
    width: Amount | None = None
    lit: bool = False
    berths: int = Field(default=1, ge=1)


class ByName(Contract):
    """A keeper by name."""

    named: Id


class ByPost(Contract):
    """A keeper by post."""

    post: Id


class Harbour(Contract):
    """A harbour as its file describes it."""

    name: Text
    opened: Day | None = None
    state: Literal["open", "closed"] = "open"
    gates: tuple[Gate, ...] = ()
    depths: dict[Id, Amount] | tuple[Amount, ...] | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    keeper: ByName | ByPost | None = None


def read(text: str | bytes, name: str = "harbour.yaml") -> Document:
    return read_document(text.encode() if isinstance(text, str) else text, name=name)


def refused(text: str | bytes, name: str = "harbour.yaml") -> list[tuple[str, int | None]]:
    with pytest.raises(DocumentError) as error:
        read(text, name)
    return [(problem.code, problem.line) for problem in error.value.problems]


def misfits(text: str, name: str = "harbour.yaml") -> list[tuple[str, str, int | None, str]]:
    with pytest.raises(DocumentError) as error:
        validate(read(text, name), Harbour)
    return [(one.code, one.path, one.line, one.mend) for one in error.value.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("null", None), ("~", None), ("", None), ("true", True), ("FALSE", False),
        ("7", 7), ("-7", -7), ("0", 0), ("76.38", 76.38), ("1e3", 1000.0),
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("08", "08"), ("+5", "+5"), ("0x1F", "0x1F"),
        ("0o17", "0o17"), ("1_000", "1_000"), ("12:30:45", "12:30:45"), (".inf", ".inf"),
        (".nan", ".nan"), ("2021-01-01", "2021-01-01"), ("2021-01-01T10:00:00Z", "2021-01-01T10:00:00Z"),
        ("<<", "<<"), ('"7"', "7"), ("'true'", "true"), ('""', ""), ("亿元", "亿元"),
    ],
)  # fmt: skip
def test_plain_text_is_text_but_for_null_booleans_and_numbers(written: str, value: Any) -> None:  # noqa: ANN401  # any value
    found = read(f"a: {written}\n").value
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_keys_are_read_as_text() -> None:
    assert read("2021: a\ntrue: b\n~: c\n1.5: d\n").value == {
        "2021": "a", "true": "b", "~": "c", "1.5": "d",
    }  # fmt: skip


def test_json_reads_as_the_same_value_with_lines() -> None:
    text = '{\n "a": [1, "x", null],\n "b": {\n  "c": true}\n}'
    document = read(text, "harbour.json")
    assert document.value == {"a": [1, "x", None], "b": {"c": True}}
    assert document.line_of(("b", "c")) == 4
    assert read(text, "harbour.yaml").value == document.value


def test_a_yaml_file_may_begin_like_json() -> None:
    assert read("{a: [1, b]}").value == {"a": [1, "b"]}


def test_a_byte_order_mark_is_accepted() -> None:
    assert read(b"\xef\xbb\xbfa: 1").value == {"a": 1}
    assert read(b'\xef\xbb\xbf{"a": 1}', "a.json").value == {"a": 1}


def test_every_place_has_the_line_of_its_key() -> None:
    document = read("a:\n  - x\n  - b:\n\n      c: 1\nd: &d {e: 1}\nf: *d\n")
    places: list[tuple[tuple[str | int, ...], int]] = [
        ((), 1), (("a",), 1), (("a", 0), 2), (("a", 1, "b"), 3), (("a", 1, "b", "c"), 5),
        (("d", "e"), 6), (("f",), 7), (("a", 9, "nowhere"), 1),
    ]  # fmt: skip
    assert [document.line_of(path) for path, _ in places] == [line for _, line in places]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty", None),
        ("\n\n", "empty", None),
        ("# only a comment\n", "empty", None),
        ("---\n", "empty", None),
        ("a: 1\n---\nb: 2\n", "many_documents", 2),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "tag", 2),
        ("a: !!str 1", "tag", 1),
        ("a: !x {b: 1}", "tag", 1),
        ("a: 1\n? [b]\n: 2\n", "key_not_text", 2),
        ("a: 1\n? {b: 1}\n: 2\n", "key_not_text", 2),
        ("a: &x b\n*x : 2\n", "alias", 2),
        ("a: 1\nb: *x\n", "alias", 2),
        ("a: &x [*x]", "alias", 1),
        ("a: [1\nb: 2\n", "not_yaml", 2),
        ("a:\n\tb: 1", "not_yaml", 2),
        ("a: 1\nb: \x00\n", "control_character", 2),
        ("a: 1\nb: \x1b[31m\n", "control_character", 2),
        (b"a: 1\nb: \xff\n", "not_utf8", 2),
        ("a: 1".encode("utf-16"), "not_utf8", None),
        ("a: 1".encode("utf-16-be"), "not_utf8", None),
        ("a: 1".encode("utf-16-le"), "not_utf8", None),
        ("a: 1".encode("utf-32"), "not_utf8", None),
        ("a: " + "1" * 5000, "number", 1),
        ("a: 1\nb: 1e999", "number", 2),
        ("a:\n " + "[" * 64 + "]" * 64, "too_deep", 2),
        ("[" * 1_000_000, "too_deep", 1),
        ("- " * 1_000_000, "too_deep", 1),
        ('{"a":' * 100_000, "too_deep", 1),
        ("a: " + "x" * (4 << 20), "too_large", None),
        (b"[" + b" " * (64 << 20), "too_large", None),
        ('{"a": "\\ud800"}', "half_character", None),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_with_its_line(
    text: str | bytes, code: str, line: int | None
) -> None:
    assert refused(text) == [(code, line)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('{"a": 1,\n "a": 2}', "duplicate_key", 2),
        ('{"a": 1,\n "b": }', "not_json", 2),
        ("{'a': 1}", "not_json", 1),
        ('{"a": NaN}', "number", 1),
        ('{"a": -Infinity}', "number", 1),
        ('{"a": 1e400}', "number", 1),
        ('{"a": ' + "9" * 400 + "}", "number", 1),
        ("[" * 65 + "]" * 65, "too_deep", 1),
        ("", "empty", None),
    ],
)
def test_a_json_file_is_held_to_the_same(text: str, code: str, line: int | None) -> None:
    assert refused(text, "harbour.json") == [(code, line)]


def test_sixty_four_levels_are_not_too_deep() -> None:
    text = "[" * 64 + "]" * 64
    assert read(text, "a.json").value == read(text[:-1] + " ]").value


def test_all_duplicate_keys_are_named_with_both_lines() -> None:
    with pytest.raises(DocumentError) as error:
        read("a: 1\nb:\n  - {x: 1}\n  - x: 1\n    y: 2\n    x: 3\na: 4\n")
    first, second = error.value.problems
    assert (first.path, first.line, second.path, second.line) == ("b[1].x", 6, "a", 7)
    assert "line 4" in first.message
    assert "line 1" in second.message


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    ((code, line),) = refused("\n".join(lines))
    assert code == "alias_bomb"
    assert line is not None


def test_a_large_json_file_loads_without_lines() -> None:
    items = [{"id": f"g{number}", "berths": 2} for number in range(150_000)]
    document = read(json.dumps({"name": "x", "gates": items}), "harbour.json")
    assert len(validate(document, Harbour).gates) == 150_000
    assert document.line_of(("gates", 3)) is None


def test_a_file_that_fits_becomes_the_model() -> None:
    text = 'name: {zh: 港, en: Port}\nopened: 2021-05-01\ngates: [{id: g1, width: "2.5"}]\n'
    harbour = validate(read(text), Harbour)
    assert harbour.name.en == "Port"
    assert str(harbour.gates[0].width) == "2.5"
    assert str(harbour.opened) == "2021-05-01"


@pytest.mark.parametrize(
    ("text", "code", "path", "line", "mend"),
    [
        ("name: x\nstat: open", "unknown_key", "stat", 2, "state"),
        ("name: x\ngates:\n  - id: a\n    widht: 1", "unknown_key", "gates[0].widht", 4, "width"),
        ("name: x\nzebra: 1", "unknown_key", "zebra", 2, "opened"),
        ("name: '  '", "bad_value", "name", 1, "blank"),
        ("name: x\n<<: {a: 1}", "unknown_key", "<<", 2, "remove"),
        ("opened: 2021-01-01", "missing_key", "name", 1, "add"),
        ("name: x\ngates:\n  - id: a\n  - lit: true", "missing_key", "gates[1].id", 4, "add"),
        ("name: x\nstate: opne", "wrong_choice", "state", 2, "'open' or 'closed'"),
        ("name: x\ngates:\n - {id: a,\n    width: 76.38}", "unquoted_number", "gates[0].width", 4, '"76.38"'),
        ("name: x\ndepths: {a: 1.5}", "unquoted_number", "depths.a", 2, '"1.5"'),
        ("name: x\ngates: [{id: a, width: 1e3}]", "unquoted_number", "gates[0].width", 2, '"1000'),
        ("name: x\ngates: [{id: a, width: 08}]", "bad_value", "gates[0].width", 2, "digits"),
        ("name: x\ngates: [{id: a, width: true}]", "bad_value", "gates[0].width", 2, "quotes"),
        ("name: x\ngates: [{id: a, lit: yes}]", "wrong_type", "gates[0].lit", 2, "true or false"),
        ("name: x\ngates: [{id: a, berths: 1.5}]", "wrong_type", "gates[0].berths", 2, "whole"),
        ("name: x\ngates: [{id: a, berths: 0}]", "out_of_bounds", "gates[0].berths", 2, "write 1 or more"),
        ("name: x\ngates: [{id: a b}]", "bad_id", "gates[0].id", 2, "ASCII"),
        ("name: x\ngates: [{id: 2021}]", "wrong_type", "gates[0].id", 2, '"2021"'),
        ("name: x\nlabels: {year: 2021}", "wrong_type", "labels.year", 2, '"2021"'),
        ("name: x\ngates: {id: a}", "wrong_type", "gates", 2, "[item"),
        ("name: 5", "wrong_type", "name", 1, "quotes"),
        ("name: x\nopened: 2021-02-30", "bad_value", "opened", 2, ""),
        ("name: x\nopened: 1066-10-14", "bad_value", "opened", 2, "1970"),
        ("name: x\ndepths: 5", "wrong_type", "depths", 2, "key"),
        ("[1, 2]", "wrong_type", "", 1, "key"),
    ],
)  # fmt: skip
def test_a_place_that_does_not_fit_is_named_with_its_mend(
    text: str, code: str, path: str, line: int, mend: str
) -> None:
    ((found_code, found_path, found_line, found_mend),) = misfits(text)
    assert (found_code, found_path, found_line) == (code, path, line)
    assert mend in found_mend


def test_two_ways_to_write_one_place_are_not_mixed() -> None:
    found = misfits("name: x\nkeeper: {named: ann, post: pilot}")
    assert {(code, path) for code, path, _, _ in found} == {
        ("unknown_key", "keeper.named"),
        ("unknown_key", "keeper.post"),
    }
    assert {mend for *_, mend in found} == {"keep one form"}


def test_all_misfits_of_a_file_are_named_in_the_order_of_its_lines() -> None:
    found = misfits("stat: open\nname: x\nstate: none\ngates: [{id: a, width: 1.5}, {}]\n")
    assert [(code, line) for code, _, line, _ in found] == [
        ("unknown_key", 1), ("wrong_choice", 3), ("unquoted_number", 4), ("missing_key", 4),
    ]  # fmt: skip


def test_thousands_of_misfits_are_counted_not_told() -> None:
    found = misfits("name: x\n" + "".join(f"k{number}: 1\n" for number in range(3000)))
    assert len(found) == 1001
    assert "more" in {code for code, *_ in found}


def test_a_problem_is_one_readable_line() -> None:
    with pytest.raises(DocumentError) as error:
        validate(read("name: x\ngates:\n  - id: a\n    widht: 1"), Harbour)
    assert str(error.value) == (
        "line 4, gates[0].widht: the key 'widht' is not known here; did you mean 'width'? "
        "(unknown_key)"
    )


def problems_of(data: bytes, name: str) -> tuple[Problem, ...]:
    try:
        validate(read_document(data, name=name), PlanDocument)
    except DocumentError as error:
        return error.problems
    return ()


PLAN = """\
plan: {id: p, title: P, start: 2021-01-01, end: 2025-12-31}
groups: [{id: g, title: G}]
units: [{id: u, title: U, group: g}]
actions:
  - id: A
    title: &t "A title"
    tasks:
      - {id: T, title: *t, weight: "1", start: 2021-01-01, due: 2021-12-31, measure: percent,
         assignments: [{unit: u, role: lead}]}
"""
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", "- ", "&t ", "*t", "!!int ", "\n", "  ", '"', "'", "---", "? ", "<<: ",
     "null", "1.5", "-1", "9" * 400, "\\ud800", "\x00", "\u202e", "亿", "|\n", "#", "%YAML 1.1\n", "@"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(PLAN)), st.integers(0, 8), PIECES), min_size=1, max_size=4
    ),
    name=st.sampled_from(["plan.yaml", "plan.json"]),
)
def test_a_mangled_file_is_read_or_refused_but_never_crashes(
    cuts: list[tuple[int, int, str]], name: str
) -> None:
    text = PLAN
    for at, length, piece in cuts:
        text = text[:at] + piece + text[at + length :]
    problems = problems_of(text.encode("utf-8", "surrogatepass"), name)
    assert all(problem.code and problem.message and problem.mend for problem in problems)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=60), name=st.sampled_from(["plan.yaml", "plan.json"]))
def test_arbitrary_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    # No such bytes are a plan: each ends in at least one problem.
    assert problems_of(data, name)
