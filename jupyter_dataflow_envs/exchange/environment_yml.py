"""environment.yml as conda, mamba and the tools around them read it, and as people write it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..domain.errors import Malformed
from ..domain.names import shown
from .account import SHOWN, Account, Imported, Target
from .conditions import selector
from .entries import Entry, take_entries
from .lines import normalised
from .yaml_tree import Mapping, Node, Scalar, Sequence, items, pairs, read_yaml, scalars

KEYS = ("name", "channels", "dependencies", "prefix", "variables", "platforms", "category")
FULL_NAME = "# Full name: "
"""Begins the comment in which our own exports keep what the format has no place for."""

_TEMPLATE = re.compile(r"^[ \t]*(?:-[ \t]+)?\{[{%#].*$", re.MULTILINE)
_NO_CHANNELS = ("nodefaults",)


def read_environment_yml(text: str, target: Target, file_name: str | None = None) -> Imported:
    """Raises Malformed for what is no environment.yml at all."""
    account = Account(target)
    reader = _Reader(normalised(text), account)
    reader.read()
    take_entries(reader.entries, account)
    if account.python is None:
        account.note("The file does not say which Python: choose a version.")
    return account.finish("environment.yml", reader.name, file_name, _full_name(reader.lines))


class _Reader:
    """Finds the entries; what is none goes into the account."""

    def __init__(self, text: str, account: Account) -> None:
        self.lines = text.split("\n")
        self.entries: list[Entry] = []
        self.name: str | None = None
        self._text = text
        self._account = account

    def read(self) -> None:
        text = _TEMPLATE.sub(self._template, self._text)
        root, tabs = read_yaml(text)
        if tabs:
            self._account.note("Tabs at the beginning of lines, which YAML does not know, were read as spaces.")
        if not isinstance(root, Mapping):
            raise Malformed("This is no environment.yml: expected name, channels and dependencies.")
        found = pairs(root)
        names = {key.text for key, _ in found if isinstance(key, Scalar)}
        if names.isdisjoint(("name", "channels", "dependencies")):
            raise Malformed("This is no environment.yml: it has no dependencies, channels or name.")
        if "dependencies" not in names:
            self._account.note("The file lists no dependencies.")
        for key, value in found:
            self._section(key, value)

    def _template(self, match: re.Match[str]) -> str:
        line = self._text.count("\n", 0, match.start()) + 1
        self._account.leave_out(line, match[0], "a template's line: write what it stands for")
        return ""

    def _section(self, key: Node, value: Node) -> None:
        name = key.text if isinstance(key, Scalar) else ""
        match name:
            case "name":
                if isinstance(value, Scalar) and not value.empty:
                    self.name = value.text
            case "dependencies":
                self._dependencies(value)
            case "channels":
                self._channels(value)
            case "prefix":
                self._account.note(f"Line {key.line}: prefix is not taken: the service chooses where it installs.")
            case "variables":
                named = [k.text for k, _ in value.pairs if isinstance(k, Scalar)] if isinstance(value, Mapping) else []
                self._account.note(
                    f"Line {key.line}: variables are not set ({shown(', '.join(named), SHOWN) or 'none is named'}): "
                    "an environment holds libraries only."
                )
            case "platforms":
                platforms = [scalar.text for scalar in _first(scalars(value), 50)]
                if platforms and self._account.target.platform not in platforms:
                    self._account.note(
                        f"Line {key.line}: made for {shown(', '.join(platforms), SHOWN)}; "
                        f"this deployment builds for {self._account.target.platform}."
                    )
            case "category":
                pass
            case _ if name.startswith(("x-", ".")):
                pass  # where people keep their anchors
            case _:
                known = ", ".join(KEYS[:5])
                self._account.leave_out(key.line, self._raw(key.line), f"not known in this format; known are {known}")

    def _channels(self, value: Node) -> None:
        known = {_plain_channel(c) for c in self._account.target.channels}
        for scalar in _first(scalars(value), 100):
            channel = scalar.text.strip()
            if scalar.empty or channel in _NO_CHANNELS or _plain_channel(channel) in known or not known:
                continue
            self._account.note(
                f"Line {scalar.line}: the channel {shown(channel, SHOWN)} is not among this deployment's "
                f"({shown(', '.join(self._account.target.channels), SHOWN)}): what only it holds will not be found."
            )

    def _dependencies(self, value: Node) -> None:
        if isinstance(value, Scalar) and value.empty:
            self._account.note(f"Line {value.line}: the list of dependencies is empty.")
            return
        if not isinstance(value, Sequence):
            self._account.leave_out(value.line, self._raw(value.line), "expected a list: '- ' before each library")
            return
        for item in items(value):
            if isinstance(item, Scalar):
                self._entry("conda", item)
            elif isinstance(item, Mapping):
                self._nested(item)

    def _nested(self, item: Mapping) -> None:
        for key, value in pairs(item):
            if not isinstance(key, Scalar) or key.text.strip() != "pip":
                reason = "a part that only other tools read"
                if isinstance(key, Scalar) and isinstance(value, Scalar):
                    reason = (
                        f"a colon within a line; expected a library such as {shown(key.text, 40)}={value.text[:20]}"
                    )
                self._account.leave_out(item.line, self._raw(key.line), reason)
            elif isinstance(value, Sequence):
                for line in items(value):
                    if isinstance(line, Scalar):
                        self._entry("pip", line)
                    elif (whole := _with_colon(line)) is not None:
                        self._entry("pip", whole)
                    else:
                        self._account.leave_out(line.line, self._raw(line.line), "expected one library")
            elif isinstance(value, Scalar):
                for text in value.text.split("\n") if not value.empty else ():
                    self._entry("pip", Scalar(value.line, text, value.plain))
            else:
                self._account.leave_out(key.line, self._raw(key.line), "expected a list: '- ' before each library")

    def _entry(self, manager: str, scalar: Scalar) -> None:
        text = re.sub(r"(?:^|\s)#.*$", "", scalar.text) if manager == "pip" else scalar.text
        if text.strip() and not scalar.empty:
            condition = selector(self.lines[scalar.line - 1]) if scalar.line <= len(self.lines) else None
            self.entries.append(Entry("pip" if manager == "pip" else "conda", scalar.line, text, condition))

    def _raw(self, line: int) -> str:
        return self.lines[line - 1].strip() if line <= len(self.lines) else ""


def _with_colon(node: Node) -> Scalar | None:
    """A line that only YAML takes for a key, as it ends with a colon."""
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        key, value = node.pairs[0]
        if isinstance(key, Scalar) and isinstance(value, Scalar) and value.empty:
            return Scalar(key.line, key.text + ":")
    return None


def _full_name(lines: list[str]) -> str | None:
    for line in lines:
        if not line.startswith("#"):
            return None
        if line.startswith(FULL_NAME):
            return line.removeprefix(FULL_NAME)
    return None


def _plain_channel(channel: str) -> str:
    """Such that a channel's name and its URL at some host are the same."""
    return re.sub(r"^https?://[^/]+/", "", channel.strip().rstrip("/")).lower()


def _first(found: Iterable[Scalar], count: int) -> list[Scalar]:
    return [scalar for scalar, _ in zip(found, range(count), strict=False)]
