"""The grammar of requirements: one library a line, in the few forms that both conda and pip understand.

`library`, `library=version`, `library==version`, `library<=version`, `library>=version`, each also with `[extras]`;
everything else is refused with its line, its text and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .errors import FieldError, InvalidSpec
from .lock import Manager
from .names import shown

LINES_LIMIT, LENGTH_LIMIT = 500, 200
OPERATORS = ("==", "<=", ">=", "=")
EXTENDED_OPERATORS = ("==", "<=", ">=", "!=", "~=", "=", "<", ">")
FORMS = "library, library=1.2, library==1.2.3, library<=2 or library>=2"
FIELDS: dict[Manager, str] = {"conda": "conda_requirements", "pip": "pip_requirements"}

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_CONDA_NAME = re.compile(r"_?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?", re.ASCII)
_EXTRA = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_PARTS = re.compile(r"(?P<name>[^\s\[\]<>=!~,]+)\s*(?:\[(?P<extras>[^\[\]]*)\])?\s*(?P<rest>.*)", re.DOTALL)
_SPECIFIER = re.compile(r"(?P<operator>[<>=!~]+)\s*(?P<version>.*)", re.DOTALL)
_CONDA_VERSION = re.compile(
    r"(?:[0-9]+!)?[0-9][0-9A-Za-z]*(?:[._][0-9A-Za-z]+)*_?(?:\+[0-9A-Za-z]+(?:[._][0-9A-Za-z]+)*)?", re.ASCII
)
_LONG_NUMBER = re.compile(r"[0-9]{19}")  # resolvers keep numbers in 64 bits
_ARCHIVE = re.compile(r".*\.(?:whl|zip|tgz|tar|tar\.\w+|conda)", re.ASCII | re.IGNORECASE)  # uv opens such a file
_SERIES = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line, understood. `name` is normalised as PyPI does it, for comparing; `spelled` is as it was written."""

    manager: Manager
    name: str
    spelled: str
    extras: tuple[str, ...]
    specifiers: tuple[tuple[str, str], ...]
    line: int

    @property
    def text(self) -> str:
        """In the shortest form; parses to the same requirement."""
        return self.spelled + self._extras() + ",".join(o + v for o, v in self.specifiers)

    def conda_spec(self) -> str:
        """A MatchSpec. Conda has no extras: `with_extras_for_pip` takes care of those."""
        if any(operator == "=" for operator, _ in self.specifiers) and len(self.specifiers) > 1:
            parts = [version + ".*" if operator == "=" else operator + version for operator, version in self.specifiers]
            return f"{self.spelled.lower()} {','.join(parts)}"
        return self.spelled.lower() + ",".join(o + v for o, v in self.specifiers)

    def pip_spec(self) -> str:
        """A requirement of PEP 508. `=` means the series for one or two plain numbers, and exactly that for more."""
        return self.spelled + self._extras() + ",".join(_for_pip(o, v) for o, v in self.specifiers)

    def with_extras_for_pip(self) -> str | None:
        """For a conda requirement with extras: what pip is to resolve against the version that conda installs."""
        return self.spelled + self._extras() if self.extras else None

    def _extras(self) -> str:
        return f"[{','.join(self.extras)}]" if self.extras else ""


def parse_requirements(
    lines: Sequence[str], manager: Manager, *, extended: bool = False
) -> tuple[list[Requirement], list[FieldError]]:
    """Each line by itself, then names against each other; lines count from 1, blank ones and comments included."""
    field = FIELDS[manager]
    if len(lines) > LINES_LIMIT:
        return [], [FieldError(field, None, None, f"expected at most {LINES_LIMIT} lines, and there are {len(lines)}")]
    found: list[Requirement] = []
    errors: list[FieldError] = []
    for number, line in enumerate(lines, 1):
        try:
            requirement = _parse(line, manager, number, extended)
        except _Refused as refused:
            errors.append(FieldError(field, number, shown(line), refused.message))
        else:
            if requirement is not None:
                found.append(requirement)
    return found, errors + _duplicates(found, field)


def parse_pair(
    conda_lines: Sequence[str], pip_lines: Sequence[str], *, extended: bool = False
) -> tuple[list[Requirement], list[Requirement]]:
    """Both lists of an environment. Raises InvalidSpec with every error of both, names that stand in both included."""
    conda, conda_errors = parse_requirements(conda_lines, "conda", extended=extended)
    pip, pip_errors = parse_requirements(pip_lines, "pip", extended=extended)
    in_conda: dict[str, int] = {}
    for requirement in conda:  # of a name that stands there twice, the first is the one to keep
        in_conda.setdefault(requirement.name, requirement.line)
    twice = [
        FieldError(
            FIELDS["pip"],
            r.line,
            shown(r.text),
            f"'{r.spelled}' is in the conda libraries too (line {in_conda[r.name]}): keep one of them",
        )
        for r in pip
        if r.name in in_conda
    ]
    if conda_errors or pip_errors or twice:
        raise InvalidSpec([*conda_errors, *pip_errors, *twice])
    return conda, pip


class _Refused(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def _parse(line: str, manager: Manager, number: int, extended: bool) -> Requirement | None:
    if len(line) > LENGTH_LIMIT:
        raise _Refused(f"expected at most {LENGTH_LIMIT} characters, and this has {len(line)}")
    if any(not c.isprintable() and c != "\t" for c in line):
        raise _Refused("expected one library on one line, without control characters")
    text = _COMMENT.sub("", line).strip()
    if not text:
        return None
    _refuse_what_tools_take(text, manager)
    match = _PARTS.fullmatch(text)
    if match is None:
        raise _Refused(f"expected a library's name first: {FORMS}")
    if "[" in match["rest"] or "]" in match["rest"]:
        raise _Refused("expected extras as in library[extra1,extra2]")
    name = _name(match["name"], manager)
    extras = _extras(match["extras"])
    if extras and not _NAME.fullmatch(name):
        raise _Refused(f"expected no extras: pip, which brings them, knows no library called '{name}'")
    specifiers = tuple(_specifiers(match["rest"].strip(), manager, extended))
    canonical = canonicalize_name(name)
    if canonical == "python":
        raise _Refused("Python is chosen by Python Version, not as a library")
    return Requirement(manager, canonical, name, extras, specifiers, number)


def _refuse_what_tools_take(text: str, manager: Manager) -> None:
    """What pip or conda would understand and an environment must not hold, each by its own name."""
    if text.startswith("-"):
        raise _Refused(f"options such as {shown(text.split()[0], 20)} are not taken; expected {FORMS}")
    if re.match(r"[A-Za-z]+\+[A-Za-z]+:", text) or text.startswith("git+"):
        raise _Refused(f"installs from version control are not taken; expected {FORMS}")
    if "::" in text:
        raise _Refused("channels are set for the whole deployment; expected the library without 'channel::'")
    if "://" in text or re.search(r"\s@|@\s", text) or text.startswith("file:"):
        raise _Refused(f"URLs are not taken; expected {FORMS}")
    if re.match(r"\.|~(?!=)", text) or "/" in text or "\\" in text:
        raise _Refused(f"paths are not taken; expected {FORMS}")
    if ";" in text:
        raise _Refused("markers (after ;) are not taken: the environment has one Python on one platform")
    if text.startswith(("<", ">", "=", "!", "~", "[", ",")):
        raise _Refused(f"expected a library's name first: {FORMS}")
    if manager == "conda" and re.fullmatch(r"[^=<>!~]+=[^=<>!~,]+=[^=]+", text):
        raise _Refused("build strings are not taken; expected library=version")


def _name(text: str, manager: Manager) -> str:
    if _ARCHIVE.fullmatch(text):
        raise _Refused(f"paths are not taken; expected {FORMS}")
    if not (_CONDA_NAME if manager == "conda" else _NAME).fullmatch(text):
        raise _Refused(
            f"'{shown(text, 40)}' is no library's name: expected letters a to z, digits, and . _ - between them"
        )
    return text


def _extras(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    extras = [extra.strip() for extra in text.split(",")]
    for extra in extras:
        if not _EXTRA.fullmatch(extra):
            raise _Refused("expected extras as in library[extra1,extra2]")
    return tuple(sorted({canonicalize_name(extra) for extra in extras}))


def _specifiers(text: str, manager: Manager, extended: bool) -> Iterable[tuple[str, str]]:
    if not text:
        return
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and not extended:
        raise _Refused(f"several versions in one line are not taken; expected one: {FORMS}")
    for part in parts:
        match = _SPECIFIER.fullmatch(part)
        if match is None:
            raise _Refused(f"expected an operator after the name; expected {FORMS}")
        operator, version = match["operator"], match["version"].strip()
        taken = EXTENDED_OPERATORS if extended else OPERATORS
        if operator not in taken:
            raise _Refused(f"'{operator}' is not taken; expected one of {' '.join(taken)}")
        _check_version(operator, version, manager)
        yield operator, version


def _check_version(operator: str, version: str, manager: Manager) -> None:
    if not version:
        raise _Refused(f"expected a version after {operator}")
    if any(c in version for c in "<>=~"):  # an ! may belong to the version: 1!2.0
        raise _Refused(f"expected one operator and one version: {FORMS}")
    if _LONG_NUMBER.search(version):
        raise _Refused("expected a version with numbers of at most 18 digits")
    if "*" in version:
        raise _Refused("'*' is not taken; for a series write library=2 or library=2.1")
    if " " in version or "\t" in version or "|" in version:
        raise _Refused(f"expected one version: {FORMS}")
    if manager == "conda":
        if not _CONDA_VERSION.fullmatch(version):
            raise _Refused(f"'{shown(version, 40)}' is no version: expected digits first, as in 2.1.4")
        return
    try:
        parsed = Version(version)
    except InvalidVersion:
        raise _Refused(f"'{shown(version, 40)}' is no version as pip knows them, such as 2.1.4 or 2.0rc1") from None
    if parsed.local and operator not in ("==", "=", "!="):
        raise _Refused(f"a local version (+…) goes with == only, not with {operator}")
    if operator == "~=" and len(parsed.release) < 2:
        raise _Refused("~= needs at least two numbers, as in ~=2.1")


def _for_pip(operator: str, version: str) -> str:
    if operator != "=":
        return operator + version
    return f"=={version}.*" if _SERIES.fullmatch(version) else f"=={version}"


def _duplicates(requirements: Sequence[Requirement], field: str) -> list[FieldError]:
    first: dict[str, int] = {}
    errors = []
    for requirement in requirements:
        line = first.setdefault(requirement.name, requirement.line)
        if line != requirement.line:
            message = f"'{requirement.spelled}' stands in line {line} already: keep one of them"
            errors.append(FieldError(field, requirement.line, shown(requirement.text), message))
    return errors
