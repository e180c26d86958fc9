"""MatchSpecs of conda, one by one: what the grammar keeps of them, and what the account says is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.requirement import parse_requirements
from jupyter_dataflow_envs.exchange.asked import Unusable, fit, fit_python
from jupyter_dataflow_envs.exchange.conda_spec import parse_conda_spec
from tests.domain.texts import ANY_TEXT, requirement_lines

EXACT = {
    "numpy": "numpy",
    "numpy=1.20": "numpy=1.20",
    "numpy =1.20": "numpy=1.20",
    "numpy = 1.20": "numpy=1.20",
    "numpy 1.20.*": "numpy=1.20",
    "numpy=1.20.*": "numpy=1.20",
    "numpy==1.20.*": "numpy=1.20",
    "numpy==1.20.3": "numpy==1.20.3",
    "numpy 1.20.3": "numpy==1.20.3",
    "numpy >=1.20": "numpy>=1.20",
    "numpy>=1.20.*": "numpy>=1.20",
    "numpy<= 2": "numpy<=2",
    "numpy *": "numpy",
    "numpy=*": "numpy",
    "numpy=1.20.*=*": "numpy=1.20",
    "dask[complete]=2024.1": "dask[complete]=2024.1",
    "numpy[version='>=1.20']": "numpy>=1.20",
    "numpy # a comment": "numpy",
    "zlib ~=1.3.0": "zlib=1.3",
    "_libgcc_mutex=0.1": "_libgcc_mutex=0.1",
    "tzdata=2024a": "tzdata=2024a",
    "x264=1!164.3095": "x264=1!164.3095",
}

CHANGED = {
    "conda-forge::gdal": ("gdal", "conda-forge"),
    "numpy=1.20.3=py38_0": ("numpy==1.20.3", "py38_0"),
    "numpy==1.20.3=py38_0": ("numpy==1.20.3", "py38_0"),
    "numpy 1.20.* py38*": ("numpy=1.20", "py38*"),
    "numpy>=1.20,<2": ("numpy>=1.20", "<2"),
    "numpy<2,>=1.20": ("numpy>=1.20", "<2"),
    "numpy>=1.20,=1": ("numpy=1", ">=1.20"),
    "numpy!=1.20": ("numpy", "!=1.20"),
    "numpy!=1.20.*": ("numpy", "!=1.20.*"),
    "numpy>1.20": ("numpy>=1.20", "1.20 itself"),
    "numpy<2": ("numpy<=2", "2 itself"),
    "numpy~=1.20.3": ("numpy=1.20", "1.20.3"),
    "numpy=1.20*": ("numpy=1.20", "series"),
    "numpy 1.20|1.21": ("numpy==1.21", "alternatives"),
    "numpy[version='1.20.*',build=py38_0,channel=x]": ("numpy=1.20", "py38_0"),
    "numpy[license=BSD]": ("numpy", "license"),
}

UNUSABLE = {
    "": "nothing",
    "# only a comment": "nothing",
    "https://channel.example/linux-64/zlib-1.3-0.conda": "URL",
    "./zlib-1.3-0.tar.bz2": "file",
    "zlib-1.3-0.conda": "file",
    "__cuda>=12": "virtual package",
    "numpy={{ numpy }}": "placeholder",
    "numpy=>1": "operator",
    "-r other.txt": "option",
    ">=1.0": "name",
    "numpy (1.20|1.21),<2": "can't be said",
}


@pytest.mark.parametrize("text", EXACT)
def test_what_the_grammar_can_say_is_taken_without_a_word(text: str) -> None:
    assert fit(parse_conda_spec(text), "conda", extended=False) == (EXACT[text], [])


@pytest.mark.parametrize("text", CHANGED)
def test_what_it_can_not_say_is_told(text: str) -> None:
    line, lost = fit(parse_conda_spec(text), "conda", extended=False)
    assert line == CHANGED[text][0]
    assert CHANGED[text][1] in "; ".join(lost)


@pytest.mark.parametrize("text", UNUSABLE)
def test_what_nothing_can_be_made_of_says_why(text: str) -> None:
    with pytest.raises(Unusable, match=UNUSABLE[text]):
        fit(parse_conda_spec(text), "conda", extended=False)


@pytest.mark.parametrize("text", ["numpy>=1.20,<2", "numpy!=1.20", "numpy~=1.20.3", "numpy<2", "numpy>1.20,!=1.25"])
def test_the_extended_grammar_keeps_it_whole(text: str) -> None:
    assert fit(parse_conda_spec(text), "conda", extended=True) == (text, [])


@given(line=requirement_lines("conda"))
def test_our_own_grammar_is_read_as_it_is(line: str) -> None:
    (ours,), _ = parse_requirements([line], "conda")
    assert fit(parse_conda_spec(line), "conda", extended=False) == (ours.text, [])


@given(text=ANY_TEXT | st.text("ab1.=<>!~|,*[]'() ;@:/#", max_size=25), extended=st.booleans())
def test_no_text_is_too_odd(text: str, extended: bool) -> None:
    try:
        line, _ = fit(parse_conda_spec(text), "conda", extended=extended)
    except Unusable:
        return
    assert parse_requirements([line], "conda", extended=extended)[1] == []


PYTHONS = ("3.9", "3.13.1", "3.13.0", "3.12.4", "3.11", "3.10")


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("python=3.11", "3.11"),
        ("python 3.11.*", "3.11"),
        ("python==3.8.5", "3.8.5"),
        ("python=3.11.7=h123_0_cpython", "3.11.7"),
        ("python", "3.13"),
        ("python=3", "3.13"),
        ("python>=3.9,<3.12", "3.11"),
        ("python>=3.9,!=3.11.*,<3.12", "3.11"),
        ("python<3.13.1", "3.13.0"),
        ("python>3.9,<=3.11", "3.10"),
        ("python 3.7.*|3.10.*", "3.10"),
        ("python~=3.10", "3.13"),
        ("python>=3.6,<3.8", None),
        ("python=2", None),
    ],
)
def test_python_is_chosen_of_what_is_offered(text: str, python: str | None) -> None:
    assert fit_python(parse_conda_spec(text), PYTHONS)[0] == python


@pytest.mark.parametrize("text", ["python=3.11.0rc1", "python==3.11.0a7"])
def test_a_python_that_can_not_be_chosen(text: str) -> None:
    with pytest.raises(Unusable, match=r"3\.11"):
        fit_python(parse_conda_spec(text), PYTHONS)
