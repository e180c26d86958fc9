"""requirements.txt as pip reads it: comments, continued lines, options, hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .account import Account, Imported, Target
from .entries import Entry, PythonComment, take_entries
from .lines import normalised

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_PYTHON = re.compile(r"^#.*\b[Pp]ython (\d\.\d{1,2}(?:\.\d{1,2})?)\b", re.ASCII)


def read_requirements_txt(text: str, target: Target, file_name: str | None = None) -> Imported:
    """Every line is taken or told of."""
    account = Account(target)
    text = normalised(text)
    entries = [Entry("pip", line, content) for line, content in _logical_lines(text)]
    take_entries(entries, account, _python_comment(text))
    if account.python is None:
        account.note("The file does not say which Python: choose a version.")
    return account.finish("requirements.txt", None, file_name, None)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined where a backslash ends them, without comments and empty ones; each with its number."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        if not parts:
            first = number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        parts.append("" if comment else line)
        if content := _COMMENT.sub("", " ".join(parts)).strip():
            yield first, content
        parts = []
    if content := _COMMENT.sub("", " ".join(parts)).strip():
        yield first, content


def _python_comment(text: str) -> PythonComment | None:
    for number, line in enumerate(text.split("\n", 20)[:20], 1):
        if match := _PYTHON.match(line):
            return PythonComment(number, match[1])
    return None
