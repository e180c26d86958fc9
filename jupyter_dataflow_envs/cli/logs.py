"""A log as it is printed: a part of it, or all until there is an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import Lines, cell, is_terminal, print_json, print_line

if TYPE_CHECKING:
    from ..client.log import LogPart, LogStream
    from .session import Session


def print_part(session: Session, part: LogPart) -> None:
    """With --json, one object."""
    if session.answer({"text": part.text, "next_offset": part.next_offset, "complete": part.complete}):
        return
    lines = Lines(colours=is_terminal())
    for line in (*lines.feed(part.text), *lines.end()):
        print_line(line, colours=True)


def print_stream(session: Session, stream: LogStream, what: str = "The build") -> None:
    """With --json, an object a line; `what` has an outcome at the end."""
    lines = Lines(colours=is_terminal())
    for text in stream:
        if session.as_json:
            print_json({"text": text, "next_offset": stream.offset}, compact=True)
        else:
            for line in lines.feed(text):
                print_line(line, colours=True)
    if session.as_json:
        print_json({"complete": True, "outcome": stream.outcome}, compact=True)
        return
    for line in lines.end():
        print_line(line, colours=True)
    session.note(f"{what} {cell(stream.outcome)}.")
