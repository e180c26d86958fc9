"""Any file of a stranger: its format is found, nothing crashes, and what comes out can be saved."""

from __future__ import annotations

import codecs
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.errors import DataflowError, Malformed, TooLarge
from jupyter_dataflow_envs.exchange.account import Target, suggest_short_name
from jupyter_dataflow_envs.exchange.lines import FILE_LIMIT, decode
from jupyter_dataflow_envs.exchange.reading import read_file
from tests.domain.texts import ANY_TEXT, requirement_lines
from tests.exchange.creatable import assert_creatable

TARGET = Target("linux-64", ("conda-forge",), ("3.12", "3.11"))
FILES = sorted((Path(__file__).parent / "environment_files").glob("*.yml"))

LINES = st.one_of(ANY_TEXT, requirement_lines("conda"), requirement_lines("pip"))
VALUES = st.recursive(
    st.one_of(LINES, st.none(), st.integers(), st.booleans(), st.floats()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["pip", "npm", "a", "<<"]), inner),
    max_leaves=12,
)
ENVIRONMENTS = st.fixed_dictionaries(
    {"dependencies": VALUES | st.lists(VALUES, max_size=8)},
    optional=dict.fromkeys(("name", "channels", "prefix", "variables", "platforms", "other"), VALUES),
)


def survives(text: str, name: str | None, *, extended: bool = False) -> None:
    target = Target("linux-64", ("conda-forge",), ("3.12", "3.11"), extended)
    try:
        imported = read_file(text, target, name)
    except DataflowError:
        return
    assert_creatable(imported, extended=extended)


@given(text=st.lists(LINES, max_size=8).map("\n".join), name=st.sampled_from([None, "x.yml", "requirements.txt"]))
def test_any_text(text: str, name: str | None) -> None:
    survives(text, name)


@given(content=ENVIRONMENTS, extended=st.booleans())
def test_any_environment(content: object, extended: bool) -> None:
    survives(yaml.safe_dump(content, allow_unicode=True), "environment.yml", extended=extended)


@given(file=st.sampled_from(FILES), data=st.data())
def test_real_files_with_faults(file: Path, data: st.DataObject) -> None:
    text = decode(file.read_bytes())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    survives(text[:start] + data.draw(ANY_TEXT) + text[end:], file.name)


@pytest.mark.parametrize(
    ("text", "name", "format"),
    [
        ("dependencies: [numpy]", None, "environment.yml"),
        ("numpy\npandas>=2\n", None, "requirements.txt"),
        ("numpy", "reqs.in", "requirements.txt"),
        ("@EXPLICIT\nhttps://host.example/chan/noarch/a-1.0-0.conda#abc\n", "requirements.txt", "explicit.txt"),
        ("# platform: linux-64\nnumpy=1.26.4=py311_0\nrich=13.7.1=pypi_0\n", "requirements.txt", "explicit.txt"),
        ('{"dependencies": ["numpy"]}', None, "environment.yml"),
    ],
)
def test_formats(text: str, name: str | None, format: str) -> None:
    assert read_file(text, TARGET, name).format == format


def test_explicit_files() -> None:
    text = (
        "# platform: linux-64\n@EXPLICIT\n"
        "https://host.example/conda-forge/linux-64/python-3.11.7-hab00c5b_1_cpython.conda#27cf681282c11dba7b0b1fd266e8f289\n"
        "https://host.example/conda-forge/noarch/typing-extensions-4.9.0-hd8ed1ab_0.tar.bz2\n"
        "# pip rich @ https://files.example/rich-13.7.1-py3-none-any.whl#sha256=4edb\nnot a url\n"
    )
    found = read_file(text, TARGET)
    assert found.python_version == "3.11.7"
    assert found.conda_requirements == ("typing-extensions==4.9.0",)
    assert found.pip_requirements == ("rich==13.7.1",)
    assert [n.line for n in found.left_out] == [6]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", None, "empty"),
        (" \n\t\r\n", "environment.yml", "empty"),
        ("numpy", "environment.yml", "no environment.yml"),
        ("a: 1", "environment.yml", "no dependencies"),
        ("name: x\ndependencies: [", None, "Line 2: this is no YAML"),
        ("name: x\ndependencies:\n  - 'numpy\n", None, "Line "),
        ("name: x\ndependencies: *gone\n", None, "Line 2: there is no &gone"),
        ("name: x\ndependencies: &a [*a]\n", None, "Line 2: \\*a is part of itself"),
        ("name: x\ndependencies: " + "[" * 3000, None, "Line 2: nested more than 40 deep"),
        ("name: x\ndependencies: " + "{a: " * 3000, None, "Line 2: nested more than 40 deep"),
        ("version: 6\nenvironments: {}\npackages: []\n", "pixi.lock", "another tool"),
    ],
)
def test_what_is_no_such_file_says_so(text: str, name: str | None, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        read_file(text, TARGET, name)


def test_aliases_of_aliases_are_not_multiplied() -> None:
    lines = ["a0: &a0 [numpy, scipy]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    began = time.monotonic()
    for section in ("dependencies: [*a19]", "channels: [*a19]", "dependencies: [{pip: *a19}]"):
        survives("\n".join(["name: bomb", *lines, section]), "environment.yml")
    with pytest.raises(Malformed, match="aliases of aliases"):
        read_file("\n".join([*lines, "dependencies: *a19"]), TARGET)
    assert time.monotonic() - began < 20


def test_merges_of_merges_are_not_multiplied() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 20)]
    with pytest.raises(Malformed, match="aliases of aliases"):
        read_file("\n".join(["dependencies: [numpy]", *lines, "<<: *a19"]), TARGET)


def test_a_large_file_is_read_in_seconds_and_a_larger_one_refused() -> None:
    line = "  - library-with-a-long-name-{}=1.2.3\n"
    text = "dependencies:\n" + "".join(line.format(n) for n in range(90_000))
    assert 3_500_000 < len(text) < FILE_LIMIT
    began = time.monotonic()
    assert len(read_file(text, TARGET).conda_requirements) == 500
    assert time.monotonic() - began < 60
    with pytest.raises(TooLarge, match="4 MiB"):
        read_file("#" * (FILE_LIMIT + 1), TARGET)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert decode("numpy\n# ünïcode".encode(encoding)).lstrip("\ufeff") == "numpy\n# ünïcode"


def test_another_encoding_is_refused_with_its_line() -> None:
    with pytest.raises(Malformed, match=r"Line 2: .*UTF-8"):
        decode(b"numpy\n# \xfc\n")
    with pytest.raises(Malformed):
        decode(codecs.BOM_UTF16_LE + b"a")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("mlenv", "mlenv"),
        ("ML Env", "ml-en"),
        ("pandas-dev", "panda"),
        ("2024-course", "cours"),
        ("base", None),
        ("ROOT", None),
        ("", None),
        ("日本", None),
        ("123", None),
        ("abcd-efg", "abcd"),
    ],
)
def test_short_names_are_suggested(name: str, short: str | None) -> None:
    assert suggest_short_name(name) == short
