"""Whatever a server sends, the terminal only shows it."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.cli.output import Lines, cell, clean, print_error, print_json
from jupyter_dataflow_envs.cli.tables import print_table

SGR = re.compile("\x1b\\[[0-9;:]*m")
HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("\x1b\x9b\x9d\x07\x08\r\n[]();?mHJ012\\\u202e\ud800"), st.characters()),
    max_size=60,
)


def harmless(text: str) -> bool:
    """No control characters but newline and tab, nothing that turns the direction, no half characters."""
    turning = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return all(c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in turning) for c in text)


@given(HOSTILE)
def test_nothing_that_a_terminal_acts_on_passes(text: str) -> None:
    assert harmless(clean(text))


@given(HOSTILE)
def test_of_sequences_only_colours_pass(text: str) -> None:
    assert harmless(SGR.sub("", clean(text, colours=True)))


@given(HOSTILE)
def test_cleaning_once_is_enough(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_stays(text: str) -> None:
    assert clean(text) == text


@given(HOSTILE)
def test_a_cell_is_one_line(text: str) -> None:
    assert "\n" not in cell(text)
    assert harmless(cell(text))


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\x1b[2Jb", "ab"),  # clears the screen
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;aGk=\x1b\\b", "ab"),  # writes into the clipboard
        ("a\x1b]8;;http://evil/\x1b\\b\x1b]8;;\x1b\\c", "abc"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\x9b31mb", "a31mb"),
        ("\x1b\x1b[2J", ""),
        ("rm\u202egpj.exe", "rmgpj.exe"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("[red]not markup[/red]", "[red]not markup[/red]"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_known_tricks(sent: str, shown: str) -> None:
    assert clean(sent) == shown


@given(st.lists(st.text(alphabet="ab\n\x1b[31m", max_size=12)))
def test_lines_are_the_same_however_the_text_is_cut(pieces: list[str]) -> None:
    in_pieces, whole = Lines(colours=True), Lines(colours=True)
    found = [line for piece in pieces for line in in_pieces.feed(piece)] + in_pieces.end()
    assert found == [*whole.feed("".join(pieces)), *whole.end()]


def test_a_lines_colour_ends_with_the_line() -> None:
    assert Lines(colours=True).feed("\x1b[31mred\nplain\n") == ["\x1b[31mred\x1b[0m", "plain"]


def test_a_table_takes_markup_and_control_characters_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name",), [["[bold]x[/bold] \x1b[2J:smile: \n second"]])
    assert "[bold]x[/bold] :smile: second" in capsys.readouterr().out


def test_a_table_in_a_pipe_is_as_wide_as_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "why"), [["mlenv", "x" * 300]])
    assert f"mlenv  {'x' * 300}" in capsys.readouterr().out


def test_json_is_safe_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "\x1b[2J\u202e\ud800é\x9b"}
    print_json(value)
    out = capsys.readouterr().out
    assert harmless(out)
    assert json.loads(out) == value


def test_an_invalid_spec_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    errors = [
        {"field": "conda_requirements", "line": 2, "text": "numpy!!", "message": "expected library>=version"},
        {"field": "full_name", "line": None, "text": None, "message": "expected 1 to 100 characters"},
    ]
    print_error("invalid", "conda_requirements, line 2: … (and 1 more)", {"errors": errors})
    told = capsys.readouterr()
    assert told.out == ""
    assert "conda_requirements, line 2: 'numpy!!': expected library>=version\n" in told.err
    assert "full_name: expected 1 to 100 characters\n" in told.err


def test_who_uses_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    body = {
        "code": "conflict",
        "message": "It is in use.",
        "errors": [],
        "used_by": [{"person": "ada", "kernel": "x"}, "eve"],
    }
    print_error("conflict", "It is in use.", body)
    assert capsys.readouterr().err == "Error: It is in use.\n  ada, x\n  eve\n"


def test_lists_of_names_are_told_by_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    body = {
        "code": "conflict",
        "message": "It is in use.",
        "errors": [],
        "active_people": ["ada", "eve"],
        "base_of": [],
    }
    print_error("conflict", "It is in use.", body)
    assert capsys.readouterr().err == "Error: It is in use.\n  active people: ada, eve\n"


def test_a_solvers_explanation_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("unsolvable", "It can't be solved.", {"errors": [], "details": "a needs b\n  b is absent\x1b[2J"})
    assert capsys.readouterr().err == "Error: It can't be solved.\n  a needs b\n    b is absent\n"
    print_error("unsolvable", "a needs b", {"message": "a needs b", "errors": [], "details": "a needs b\n"})
    assert capsys.readouterr().err == "Error: a needs b\n"
