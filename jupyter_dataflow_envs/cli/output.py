"""What goes to the terminal: cleaned text, JSON and errors.

Strings from a server are a stranger's: they may hold control sequences that move the cursor, retitle the window or
write into the clipboard, characters that turn the direction of reading, and what looks like rich's markup. None of that
passes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_UNWANTED = re.compile(
    "(?P<colour>\x1b\\[[0-9;:]{0,64}m)"
    "|\x1b[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # titles, clipboard, device strings
    "|\x1b\\[[0-?]*[ -/]*[@-~]"  # cursor, screen, modes
    "|\x1b[ -/]*[0-~]"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    "|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    "|[\ud800-\udfff]"
)


def clean(text: str, *, colours: bool = False) -> str:
    """Text without anything that a terminal would act on; newlines and tabs stay, and colours if asked for."""

    def kept(found: re.Match[str]) -> str:
        return found[0] if colours and found["colour"] else ""

    return _UNWANTED.sub(kept, text.replace("\r\n", "\n").replace("\r", "\n"))


def cell(value: object) -> str:
    """A value on one line, for a table or within a sentence; None is empty."""
    return "" if value is None else " ".join(clean(str(value)).split())


def print_line(text: str = "", *, error: bool = False, colours: bool = False) -> None:
    """A line, cleaned, to standard output or error."""
    stream = sys.stderr if error else sys.stdout
    stream.write(clean(text, colours=colours) + "\n")
    stream.flush()


def print_json(value: Any, *, error: bool = False, compact: bool = False) -> None:
    """A JSON document; all but ASCII is escaped, so that no terminal acts on it."""
    stream = sys.stderr if error else sys.stdout
    stream.write(json.dumps(value, indent=None if compact else 2) + "\n")
    stream.flush()


def print_error(code: str, message: str, body: Mapping[str, Any] | None = None, *, as_json: bool = False) -> None:
    """A refusal to standard error: as the server put it, with each field, line and offending text."""
    body = body or {"code": code, "message": message, "errors": []}
    if as_json:
        print_json(dict(body), error=True)
        return
    errors = body.get("errors") or []
    if len(errors) == 1:
        print_line(f"Error: {_fault(errors[0])}", error=True)
        return
    print_line(f"Error: {message}", error=True)
    for fault in errors:
        print_line(f"  {_fault(fault)}", error=True)
    for line in _details(body):
        print_line(f"  {line}", error=True)


def _fault(fault: Mapping[str, Any]) -> str:
    where = cell(fault.get("field"))
    if fault.get("line"):
        where += f", line {cell(fault['line'])}"
    text, message = cell(fault.get("text")), cell(fault.get("message"))
    return f"{where}: {message}" if not text or f"'{text}'" in message else f"{where}: {text!r}: {message}"


def _details(body: Mapping[str, Any]) -> Iterator[str]:
    """What a refusal brings beside its message: lists, such as who uses an environment, and a solver's explanation."""
    for name, value in body.items():
        if name == "details" and isinstance(value, str) and value.strip() != str(body.get("message", "")).strip():
            yield from clean(value).splitlines()
        if name in ("code", "message", "errors") or not isinstance(value, list):
            continue
        if value and not any(isinstance(item, dict) for item in value):
            yield f"{cell(name.replace('_', ' '))}: {', '.join(cell(item) for item in value)}"
            continue
        for item in value:
            yield (
                ", ".join(cell(v) for v in item.values() if v not in (None, ""))
                if isinstance(item, dict)
                else cell(item)
            )


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console() -> Console:
    """Where tables go: as wide as the terminal, or as what they hold when nobody's terminal is the limit."""
    from rich.console import Console

    class Quiet(Console):
        def on_broken_pipe(self) -> None:
            raise  # within rich's handler: what a reader that left means is for `main` to say

    if is_terminal():
        return Quiet(highlight=False, markup=False, emoji=False)
    return Quiet(highlight=False, markup=False, emoji=False, no_color=True, width=4000, soft_wrap=True)


class Lines:
    """Makes whole, cleaned lines of a log's text, whatever pieces it comes in."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        *lines, self._rest = (self._rest + text).split("\n")
        return [self._line(line) for line in lines]

    def end(self) -> list[str]:
        rest, self._rest = self._rest, ""
        return [self._line(rest)] if rest else []

    def _line(self, line: str) -> str:
        line = clean(line.removesuffix("\r"), colours=self._colours)
        # Without the reset one line's colour would run on into what is not the log.
        return f"{line}\x1b[0m" if "\x1b[" in line else line
