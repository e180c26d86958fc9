"""Names, notes and Python versions that people type."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.errors import InvalidSpec
from jupyter_dataflow_envs.domain.names import (
    check_description,
    check_full_name,
    check_python_version,
    check_short_name,
    shown,
)

ANY_TEXT = st.text(st.characters(), max_size=120)

HIDDEN = {
    "null": "\x00",
    "bell": "\x07",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "soft hyphen": "\xad",
    "zero width space": "\u200b",
    "left-to-right mark": "\u200e",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "tag": "\U000e0041",
    "high surrogate": "\ud800",
    "low surrogate": "\udfff",
}


def refusal(check: object, text: str, field: str) -> str:
    assert callable(check)
    with pytest.raises(InvalidSpec) as caught:
        check(text)
    (error,) = caught.value.errors
    assert (error.field, error.line) == (field, None)
    assert error.text is not None
    error.text.encode()
    return error.message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("a", "a"), ("mlenv", "mlenv"), ("MLEnv", "mlenv"), (" ml\n", "ml"), ("a-_9", "a-_9"), ("a----", "a----")],
)
def test_short_name_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert check_short_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", "1 to 5 characters"),
        (" \t", "1 to 5 characters"),
        ("mlenvs", "at most 5 characters, and this has 6"),
        ("x" * 10_000, "at most 5 characters, and this has 10000"),
        ("1a", "a letter a to z, then"),
        ("-a", "a letter a to z, then"),
        ("_a", "a letter a to z, then"),
        ("a b", "a letter a to z, then"),
        ("a.b", "a letter a to z, then"),
        ("a/b", "a letter a to z, then"),
        ("..", "a letter a to z, then"),
        ("é", "a letter a to z, then"),
        ("aß", "a letter a to z, then"),
        ("а", "a letter a to z, then"),  # Cyrillic
        ("ａ", "a letter a to z, then"),  # full width
        ("a٣", "a letter a to z, then"),  # a digit, but not 0 to 9
        ("a\nb", "a letter a to z, then"),
        ("base", "'base' has a meaning of its own"),
        ("root", "'root' has a meaning of its own"),
        ("local", "'local' has a meaning of its own"),
        ("none", "'none' has a meaning of its own"),
        ("None", "'none' has a meaning of its own"),
        (" BASE ", "'base' has a meaning of its own"),
    ],
)
def test_short_name_refused(typed: str, expected: str) -> None:
    assert expected in refusal(check_short_name, typed, "short_name")


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_nothing_hidden_in_names(hidden: str) -> None:
    refusal(check_short_name, f"a{hidden}b", "short_name")
    assert "without control characters" in refusal(check_full_name, f"a{hidden}b", "full_name")
    assert "without control characters" in refusal(check_description, f"a{hidden}b", "description")


@given(ANY_TEXT)
def test_a_short_name_that_is_kept_has_the_form(text: str) -> None:
    try:
        name = check_short_name(text)
    except InvalidSpec:
        return
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,4}", name, re.ASCII)
    assert name not in ("base", "root", "local", "none")
    assert check_short_name(name) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Machine Learning", "Machine Learning"),
        ("  x ", "x"),
        ("x" * 100, "x" * 100),
        ("Prévision ≥ 2 (β)", "Prévision ≥ 2 (β)"),
        ("می‌خواهم", "می‌خواهم"),  # a joiner within a word
        ("👩‍🔬 lab", "👩‍🔬 lab"),
        ("<b>bold</b>", "<b>bold</b>"),  # for who shows it to escape
    ],
)
def test_full_name_is_kept(typed: str, kept: str) -> None:
    assert check_full_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", "1 to 100 characters"),
        (" \n ", "1 to 100 characters"),
        ("\u200d\u200c", "1 to 100 characters"),
        ("x" * 101, "at most 100 characters, and this has 101"),
        ("a\nb", "without control characters"),
        ("a\tb", "without control characters"),
    ],
)
def test_full_name_refused(typed: str, expected: str) -> None:
    assert expected in refusal(check_full_name, typed, "full_name")


def test_a_description_may_have_lines() -> None:
    assert check_description(" one\n\ttwo\r\nthree \n") == "one\n\ttwo\r\nthree"
    assert check_description("") == ""
    assert check_description("x" * 2000) == "x" * 2000
    assert "at most 2,000 characters, and this has 2,001" in refusal(check_description, "x" * 2001, "description")


@given(ANY_TEXT)
def test_what_is_kept_can_be_shown(text: str) -> None:
    for check, limit in ((check_full_name, 100), (check_description, 2000)):
        try:
            kept = check(text)
        except InvalidSpec:
            continue
        assert check(kept) == kept
        assert len(kept) <= limit
        kept.encode()
        assert not {unicodedata.category(c) for c in kept if c not in "\u200c\u200d\n\r\t"} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("typed", ["3.11", "3.11.7", " 3.9 ", "3.0", "4.0", "3.100.100"])
def test_python_version(typed: str) -> None:
    assert check_python_version(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "3",
        "3.",
        "3.11.",
        ".11",
        "3.11.7.1",
        "3.x",
        "3.11rc1",
        ">=3.11",
        "3.011",
        "03.11",
        "3.1111",
        "3,11",
        "٣.١١",
        "3.11\n3.12",
        "latest",
        "3.11 ; x",
        "3.11*",
        "-3.11",
        "3 .11",
    ],
)
def test_python_version_refused(typed: str) -> None:
    assert "such as 3.11 or 3.11.7" in refusal(check_python_version, typed, "python_version")


@given(ANY_TEXT, st.integers(1, 100))
def test_quoted_text_is_short_and_hides_nothing(text: str, limit: int) -> None:
    quoted = shown(text, limit)
    assert len(quoted) <= limit
    quoted.encode()
    assert not {unicodedata.category(c) for c in quoted if c not in "\u200c\u200d"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if len(text) <= limit and text.isprintable():
        assert quoted == text


def test_a_tab_is_quoted_as_the_space_that_it_looks_like() -> None:
    assert shown("pandas\t>= 2\n") == "pandas >= 2\ufffd"
