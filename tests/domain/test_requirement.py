"""The grammar of requirements: what it takes, what that means to conda and pip, and every refusal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement as PipRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, PackageRecord, Version
from rattler.package import BuildString

from jupyter_dataflow_envs.domain.errors import InvalidSpec
from jupyter_dataflow_envs.domain.lock import Manager
from jupyter_dataflow_envs.domain.requirement import Requirement, parse_pair, parse_requirements
from tests.domain.texts import ANY_TEXT, CONDA_VERSIONS, LIKELY, VERSIONS, names, requirement_lines

MANAGERS: list[Manager] = ["conda", "pip"]
FIELD = {"conda": "conda_requirements", "pip": "pip_requirements"}


def parse_one(line: str, manager: Manager, *, extended: bool = False) -> Requirement:
    found, errors = parse_requirements([line], manager, extended=extended)
    assert errors == []
    (requirement,) = found
    return requirement


def refusal(line: str, manager: Manager, *, extended: bool = False) -> str:
    found, errors = parse_requirements(["", line], manager, extended=extended)
    assert found == []
    (error,) = errors
    assert (error.field, error.line) == (FIELD[manager], 2)
    assert error.text is not None
    return error.message


# --- what is taken -----------------------------------------------------------------------------------------------

TAKEN = [
    # as written, as kept, for conda, for pip
    ("pandas", "pandas", "pandas", "pandas"),
    ("pandas=2.1", "pandas=2.1", "pandas=2.1", "pandas==2.1.*"),
    ("pandas=2", "pandas=2", "pandas=2", "pandas==2.*"),
    ("pandas=2.1.4", "pandas=2.1.4", "pandas=2.1.4", "pandas==2.1.4"),
    ("pandas=2.1rc1", "pandas=2.1rc1", "pandas=2.1rc1", "pandas==2.1rc1"),
    ("pandas==2.1.4", "pandas==2.1.4", "pandas==2.1.4", "pandas==2.1.4"),
    ("pandas==2.1", "pandas==2.1", "pandas==2.1", "pandas==2.1"),
    ("pandas<=2", "pandas<=2", "pandas<=2", "pandas<=2"),
    ("pandas>=2", "pandas>=2", "pandas>=2", "pandas>=2"),
    ("  pandas \t>=  2  ", "pandas>=2", "pandas>=2", "pandas>=2"),
    ("pandas>=2 # for the merge", "pandas>=2", "pandas>=2", "pandas>=2"),
    ("dask[complete]", "dask[complete]", "dask", "dask[complete]"),
    ("dask [ complete , array ] >= 2024", "dask[array,complete]>=2024", "dask>=2024", "dask[array,complete]>=2024"),
    ("dask[array,Array]", "dask[array]", "dask", "dask[array]"),
    ("PyYAML", "PyYAML", "pyyaml", "PyYAML"),
    ("ruamel.yaml==0.18", "ruamel.yaml==0.18", "ruamel.yaml==0.18", "ruamel.yaml==0.18"),
    ("trees==1!2.0", "trees==1!2.0", "trees==1!2.0", "trees==1!2.0"),
    ("trees=1!2", "trees=1!2", "trees=1!2", "trees==1!2"),
    ("torch==2.1.0+cpu", "torch==2.1.0+cpu", "torch==2.1.0+cpu", "torch==2.1.0+cpu"),
]


@pytest.mark.parametrize(("written", "kept", "conda", "pip"), TAKEN, ids=[row[0] for row in TAKEN])
def test_meaning_to_conda_and_pip(written: str, kept: str, conda: str, pip: str) -> None:
    for manager in MANAGERS:
        requirement = parse_one(written, manager)
        assert (requirement.text, requirement.conda_spec(), requirement.pip_spec()) == (kept, conda, pip)


def test_blank_lines_and_comments_are_nothing() -> None:
    found, errors = parse_requirements(["", "   ", "\t", "# all of it", "  #x", "pandas"], "conda")
    assert errors == []
    assert [(r.name, r.line) for r in found] == [("pandas", 6)]


def test_a_hash_within_a_word_starts_no_comment() -> None:
    assert "no version" in refusal("pandas==2.1#x", "conda")


def test_conda_names_may_begin_and_end_with_an_underscore() -> None:
    assert parse_one("_libgcc_mutex", "conda").conda_spec() == "_libgcc_mutex"
    assert "is no library's name" in refusal("_libgcc_mutex", "pip")


def test_extras_of_a_conda_library_are_for_pip() -> None:
    assert parse_one("dask[complete]>=2024", "conda").with_extras_for_pip() == "dask[complete]"
    assert parse_one("dask>=2024", "conda").with_extras_for_pip() is None


def _record(version: str) -> PackageRecord:
    return PackageRecord("x", version, BuildString("0"), 0, "noarch")


@pytest.mark.parametrize(
    ("spec", "version", "matches"),
    [
        ("x=2.1", "2.1", True),
        ("x=2.1", "2.1.9", True),
        ("x=2.1", "2.10", False),
        ("x=2.1", "2.2", False),
        ("x=2.1.4", "2.1.4", True),
        ("x=2.1.4", "2.1.4.post1", True),
        ("x=2.1.4", "2.1.5", False),
        ("x==2.1.4", "2.1.4", True),
        ("x==2.1.4", "2.1.4.1", False),
        ("x<=2", "2.0", True),
        ("x<=2", "2.0.1", False),
        ("x>=2", "2", True),
        ("x>=2", "1.9", False),
    ],
)
def test_what_conda_itself_makes_of_it(spec: str, version: str, matches: bool) -> None:
    record = _record(version)
    assert MatchSpec(parse_one(spec, "conda").conda_spec()).matches(record) is matches


@pytest.mark.parametrize(
    ("spec", "version", "matches"),
    [
        ("x=2.1", "2.1", True),
        ("x=2.1", "2.1.9", True),
        ("x=2.1", "2.10", False),
        ("x=2", "2.9", True),
        ("x=2.1.4", "2.1.4", True),
        ("x=2.1.4", "2.1.4.1", False),
        ("x==2.1.4", "2.1.4", True),
        ("x<=2", "2.0", True),
        ("x<=2", "2.0.1", False),
        ("x>=2", "1.9", False),
    ],
)
def test_what_pip_itself_makes_of_it(spec: str, version: str, matches: bool) -> None:
    assert PipRequirement(parse_one(spec, "pip").pip_spec()).specifier.contains(version) is matches


# --- properties ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("extended", [False, True])
@given(data=st.data())
def test_its_text_parses_to_the_same(manager: Manager, extended: bool, data: st.DataObject) -> None:
    line = data.draw(requirement_lines(manager, extended=extended))
    requirement = parse_one(line, manager, extended=extended)
    assert parse_one(requirement.text, manager, extended=extended) == requirement
    assert requirement.name == canonicalize_name(requirement.spelled)


@pytest.mark.parametrize("extended", [False, True])
@given(data=st.data())
def test_pip_reads_it_as_meant(extended: bool, data: st.DataObject) -> None:
    requirement = parse_one(data.draw(requirement_lines("pip", extended=extended)), "pip", extended=extended)
    read = PipRequirement(requirement.pip_spec())
    assert canonicalize_name(read.name) == requirement.name
    assert {canonicalize_name(extra) for extra in read.extras} == set(requirement.extras)
    # One by one, as packaging merges equal ones.
    for specifier in requirement.specifiers:
        operator, version = _as_pip_has_it(specifier)
        assert {str(s) for s in SpecifierSet(operator + version)} <= {str(s) for s in read.specifier}
    assert bool(read.specifier) == bool(requirement.specifiers)
    assert (read.url, read.marker) == (None, None)


def _as_pip_has_it(specifier: tuple[str, str]) -> tuple[str, str]:
    operator, version = specifier
    if operator != "=":
        return specifier
    return "==", version + (".*" if re.fullmatch(r"\d+(\.\d+)?", version) else "")


@pytest.mark.parametrize("extended", [False, True])
@given(data=st.data())
def test_conda_reads_it_as_meant(extended: bool, data: st.DataObject) -> None:
    requirement = parse_one(data.draw(requirement_lines("conda", extended=extended)), "conda", extended=extended)
    spec = MatchSpec(requirement.conda_spec())
    assert spec.name is not None
    assert spec.name.normalized == requirement.spelled.lower()
    assert (spec.channel, spec.build, spec.subdir) == (None, None, None)
    assert (spec.version is None) == (not requirement.specifiers)


@given(CONDA_VERSIONS, VERSIONS)
def test_conda_compares_as_written(written: str, other: str) -> None:
    record = _record(other)
    for operator, expected in (
        (">=", Version(other) >= Version(written)),
        ("<=", Version(other) <= Version(written)),
        ("==", Version(other) == Version(written)),
    ):
        assert MatchSpec(parse_one(f"x{operator}{written}", "conda").conda_spec()).matches(record) is expected


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("extended", [False, True])
@given(lines=st.lists(ANY_TEXT, max_size=6))
def test_any_text_is_understood_or_refused_with_its_place(manager: Manager, extended: bool, lines: list[str]) -> None:
    found, errors = parse_requirements(lines, manager, extended=extended)
    for error in errors:
        assert error.field == FIELD[manager]
        assert error.line is not None
        assert 1 <= error.line <= len(lines)
        assert error.text is not None
        assert len(error.text) <= 80
        assert all(c.isprintable() or c in " \t\u200c\u200d" or not c.isascii() for c in error.text)
        assert error.message
        error.message.encode()  # no halves of surrogate pairs
        error.text.encode()
    for requirement in found:
        assert parse_one(requirement.text, manager, extended=extended) == replace(requirement, line=1)


@given(LIKELY)
def test_what_is_taken_is_taken_by_the_tools_too(line: str) -> None:
    for requirement in parse_requirements([line], "pip")[0]:
        PipRequirement(requirement.pip_spec())
    for requirement in parse_requirements([line], "conda")[0]:
        MatchSpec(requirement.conda_spec())


@given(st.lists(requirement_lines("pip"), max_size=8), st.data())
def test_each_line_for_itself(lines: list[str], data: st.DataObject) -> None:
    """A refused line costs the others nothing."""
    bad = "no/such/thing"
    place = data.draw(st.integers(0, len(lines)))
    with_bad = [*lines[:place], bad, *lines[place:]]
    found, errors = parse_requirements(lines, "pip")
    found_with, errors_with = parse_requirements(with_bad, "pip")
    assert [replace(r, line=0) for r in found_with] == [replace(r, line=0) for r in found]
    assert len(errors_with) == len(errors) + 1
    assert [e.text for e in errors_with if e.line == place + 1] == [bad]


# --- refusals ------------------------------------------------------------------------------------------------------

REFUSED_BY_BOTH = [
    # options
    ("-r requirements.txt", "options such as -r are not taken"),
    ("--index-url https://index.invalid", "options such as --index-url"),
    ("-e .", "options such as -e"),
    ("-i x", "options such as -i"),
    ("--hash=sha256:0", "options such as --hash=sha256:0"),
    # URLs and version control
    ("https://host.invalid/x.whl", "URLs are not taken"),
    ("pandas @ https://host.invalid/x.whl", "URLs are not taken"),
    ("pandas @ x.whl", "URLs are not taken"),
    ("pandas @x", "URLs are not taken"),
    ("file:x.whl", "URLs are not taken"),
    ("file:///etc/passwd", "URLs are not taken"),
    ("git+https://host.invalid/x.git", "version control"),
    ("hg+ssh://host.invalid/x", "version control"),
    ("git+ssh:x", "version control"),
    ("git+x", "version control"),
    ("conda-forge::pandas", "channels are set for the whole deployment"),
    ("conda-forge/linux-64::pandas", "channels are set for the whole deployment"),
    # paths
    ("./pandas", "paths are not taken"),
    ("../pandas", "paths are not taken"),
    ("..", "paths are not taken"),
    ("/opt/pandas", "paths are not taken"),
    ("~/pandas", "paths are not taken"),
    ("pandas/../../etc", "paths are not taken"),
    ("C:\\pandas", "paths are not taken"),
    ("dist/pandas.whl", "paths are not taken"),
    ("evil-1.0-py3-none-any.whl", "paths are not taken"),  # tools would open a file of that name
    ("x.zip", "paths are not taken"),
    ("x.tar.gz", "paths are not taken"),
    ("x.tgz", "paths are not taken"),
    # markers
    ("pandas; python_version<'3.11'", "markers (after ;)"),
    ("pandas>=2;sys_platform=='linux'", "markers (after ;)"),
    ("pandas;", "markers (after ;)"),
    # operators
    ("pandas!=2", "'!=' is not taken; expected one of == <= >= ="),
    ("pandas~=2.1", "'~=' is not taken"),
    ("pandas<2", "'<' is not taken"),
    ("pandas>2", "'>' is not taken"),
    ("pandas===2", "'===' is not taken"),
    ("pandas=>2", "'=>' is not taken"),
    ("pandas=<2", "'=<' is not taken"),
    ("pandas<>2", "'<>' is not taken"),
    ("pandas>=1,<=2", "several versions in one line are not taken"),
    ("pandas>=1,", "several versions in one line are not taken"),
    ("pandas,numpy", "several versions in one line are not taken"),
    ("pandas>=1<=2", "one operator and one version"),
    ("pandas 2.1", "expected an operator after the name"),
    ("pandas numpy", "expected an operator after the name"),
    ("pandas[x] numpy", "expected an operator after the name"),
    ("pandas$", "is no library's name"),
    # versions
    ("pandas=", "expected a version after ="),
    ("pandas==", "expected a version after =="),
    ("pandas>=  ", "expected a version after >="),
    ("pandas==2.*", "'*' is not taken; for a series write library=2 or library=2.1"),
    ("pandas=2.1.*", "for a series write library=2 or library=2.1"),
    ("pandas=*", "for a series write library=2 or library=2.1"),
    ("pandas==1.12345678901234567890123", "at most 18 digits"),
    ("pandas==2 1", "expected one version"),
    ("pandas==2|3", "expected one version"),
    ("pandas==abc", "'abc' is no version"),
    ("pandas==2..1", "'2..1' is no version"),
    ("pandas==2.", "'2.' is no version"),
    ("pandas==2!", "'2!' is no version"),
    ("pandas==2+", "'2+' is no version"),
    ("pandas==٢", "'٢' is no version"),
    ("pandas==$(id)", "'$(id)' is no version"),
    # names
    ("=2", "expected a library's name first"),
    (">=2", "expected a library's name first"),
    ("[extra]", "expected a library's name first"),
    (",", "expected a library's name first"),
    ("-", "options such as -"),
    ("pandas.", "'pandas.' is no library's name"),
    ("pändas", "'pändas' is no library's name"),
    ("пандас", "is no library's name"),
    ("pandas@2", "'pandas@2' is no library's name"),
    ("pandas'", "is no library's name"),
    ('"pandas"', "is no library's name"),
    ("{pandas}", "is no library's name"),
    ("pandas\u200b", "without control characters"),
    # extras
    ("pandas[]", "extras as in library[extra1,extra2]"),
    ("pandas[a,]", "extras as in library[extra1,extra2]"),
    ("pandas[a b]", "extras as in library[extra1,extra2]"),
    ("pandas[-a]", "extras as in library[extra1,extra2]"),
    ("pandas[a", "extras as in library[extra1,extra2]"),
    ("pandas]a", "extras as in library[extra1,extra2]"),
    ("pandas[a][b]", "extras as in library[extra1,extra2]"),
    ("pandas>=2[a]", "extras as in library[extra1,extra2]"),
    # what the environment decides itself
    ("python", "Python is chosen by Python Version"),
    ("Python=3.11", "Python is chosen by Python Version"),
    ("python[x]>=3", "Python is chosen by Python Version"),
    # more than a line
    ("pandas\nnumpy", "one library on one line, without control characters"),
    ("pandas\r", "without control characters"),
    ("pan\x00das", "without control characters"),
    ("pandas\x1b[31m", "without control characters"),
    ("pandas\u202e", "without control characters"),
    ("pandas\ud800", "without control characters"),
    ("# a comment\x07", "without control characters"),
    ("x" * 201, "at most 200 characters, and this has 201"),
]


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize(("line", "expected"), REFUSED_BY_BOTH, ids=[repr(row[0])[:40] for row in REFUSED_BY_BOTH])
def test_refused_by_both(line: str, expected: str, manager: Manager) -> None:
    assert expected in refusal(line, manager)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pandas=2.1=py311_0", "build strings are not taken"),
        ("pandas=*=cpu", "build strings are not taken"),
        ("pandas==v2", "'v2' is no version: expected digits first"),
        ("pandas==2-1", "'2-1' is no version"),
        ("pandas==2__1", "'2__1' is no version"),
        ("__cuda", "is no library's name"),
    ],
)
def test_refused_by_conda(line: str, expected: str) -> None:
    assert expected in refusal(line, "conda")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pandas==9e", "no version as pip knows them"),
        ("pandas==2024j", "no version as pip knows them"),
        ("pandas=2.1=py311_0", "one operator and one version"),
        ("pandas>=2.1+cpu", "a local version (+…) goes with == only, not with >="),
        ("pandas<=2.1+cpu", "goes with == only"),
        ("pandas_", "is no library's name"),
    ],
)
def test_refused_by_pip(line: str, expected: str) -> None:
    assert expected in refusal(line, "pip")


def test_the_offending_text_is_shown_without_what_could_hide_in_it() -> None:
    _, errors = parse_requirements(["pan\u202edas\x1b==\ud800" + "x" * 100], "pip")
    text = errors[0].text
    assert text is not None
    assert text.startswith("pan\ufffddas\ufffd==\ufffdxxx")
    assert text.endswith("x…")
    assert len(text) == 80


def test_at_most_500_lines() -> None:
    found, errors = parse_requirements(["pandas"] * 501, "conda")
    assert found == []
    assert [(e.line, e.message) for e in errors] == [(None, "expected at most 500 lines, and there are 501")]
    assert len(parse_requirements([f"x{i}" for i in range(500)], "conda")[0]) == 500


# --- several lines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("again", ["PANDAS>=2", "pandas [x]"])
def test_a_name_twice_in_a_list(manager: Manager, again: str) -> None:
    _, errors = parse_requirements(["pandas", "numpy", again, "pandas==1"], manager)
    assert [(e.line, e.message) for e in errors] == [
        (3, f"'{again.split()[0].split('>')[0]}' stands in line 1 already: keep one of them"),
        (4, "'pandas' stands in line 1 already: keep one of them"),
    ]


@pytest.mark.parametrize("spelling", ["scikit_learn", "scikit.learn", "Scikit-Learn", "scikit--learn"])
def test_names_are_compared_as_the_index_does(spelling: str) -> None:
    assert len(parse_requirements(["scikit-learn", spelling], "pip")[1]) == 1


def test_a_name_in_both_lists() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_pair(["numpy", "", "Scikit-Learn=1"], ["rich", "scikit_learn", "-r x"])
    assert [(e.field, e.line, e.message) for e in caught.value.errors if "both" in e.message or "too" in e.message] == [
        ("pip_requirements", 2, "'scikit_learn' is in the conda libraries too (line 3): keep one of them")
    ]
    assert len(caught.value.errors) == 2


def test_every_error_of_both_lists_is_told() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_pair(["a!=1", "b", "c>2"], ["d", "./e", "d"])
    assert [(e.field, e.line) for e in caught.value.errors] == [
        ("conda_requirements", 1),
        ("conda_requirements", 3),
        ("pip_requirements", 2),
        ("pip_requirements", 3),
    ]
    assert caught.value.message.startswith("conda_requirements, line 1: '!=' is not taken")
    assert caught.value.message.endswith("(and 3 more)")


def test_a_pair_without_faults() -> None:
    conda, pip = parse_pair(["pandas=2.1", "# x"], ["rich"])
    assert ([r.text for r in conda], [r.text for r in pip]) == (["pandas=2.1"], ["rich"])


@given(st.lists(names(), min_size=1, max_size=6), st.lists(names(), min_size=1, max_size=6))
def test_a_pair_is_refused_just_when_a_name_comes_twice(conda: list[str], pip: list[str]) -> None:
    every = [canonicalize_name(n) for n in (*conda, *pip)]
    if len(every) == len(set(every)):
        parse_pair(conda, pip)
        return
    with pytest.raises(InvalidSpec):
        parse_pair(conda, pip)


# --- extended ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "conda", "pip"),
    [
        ("pandas>=1,<2", "pandas>=1,<2", "pandas>=1,<2"),
        ("pandas >= 1 , != 1.5", "pandas>=1,!=1.5", "pandas>=1,!=1.5"),
        ("pandas~=2.1", "pandas~=2.1", "pandas~=2.1"),
        ("pandas>2", "pandas>2", "pandas>2"),
        ("pandas<2", "pandas<2", "pandas<2"),
        ("pandas!=2", "pandas!=2", "pandas!=2"),
        ("pandas=2.1,!=2.1.3", "pandas 2.1.*,!=2.1.3", "pandas==2.1.*,!=2.1.3"),
    ],
)
def test_extended(written: str, conda: str, pip: str) -> None:
    for manager in MANAGERS:
        requirement = parse_one(written, manager, extended=True)
        assert (requirement.conda_spec(), requirement.pip_spec()) == (conda, pip)
        MatchSpec(requirement.conda_spec())
        PipRequirement(requirement.pip_spec())
        refusal(written, manager)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pandas===2", "'===' is not taken; expected one of == <= >= != ~= = < >"),
        ("pandas>=1,", "expected an operator after the name"),
        ("pandas>=1,,<2", "expected an operator after the name"),
        ("pandas>=1,numpy", "expected an operator after the name"),
        ("pandas>=1;x", "markers"),
        ("pandas>=1 <2", "one operator and one version"),
        ("-r x", "options"),
    ],
)
def test_refused_when_extended_too(line: str, expected: str) -> None:
    for manager in MANAGERS:
        assert expected in refusal(line, manager, extended=True)


def test_a_compatible_release_needs_two_numbers() -> None:
    assert "~= needs at least two numbers" in refusal("pandas~=2", "pip", extended=True)


def test_credentials_in_a_refused_line_are_not_repeated() -> None:
    _, errors = parse_requirements(["https://user:secret@host/x", "https://host/t/TOKEN/x"], "pip")
    assert [e.text for e in errors] == ["https://***@host/x", "https://host/t/***/x"]


def test_extras_of_a_name_that_pip_does_not_take_are_refused() -> None:
    _, errors = parse_requirements(["_x[y]"], "conda")
    assert len(errors) == 1
