"""What was read from another tool's file, line by line."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class ImportedSpecAnswer(TypedDict):
    """What the file asks for; where `short_name` or `python_version` is null a person must choose."""

    short_name: str | None
    full_name: str
    description: str
    python_version: str | None
    conda_requirements: list[str]
    pip_requirements: list[str]


class LeftOutAnswer(TypedDict):
    """A line that is no part of the specification, and why."""

    line: int | None
    text: str
    message: str


class ChangedAnswer(TypedDict):
    """A line that could not be kept as it stands, what became of it, and what is lost by that."""

    line: int | None
    text: str
    became: str
    message: str


class ImportAnswer(TypedDict):
    format: Literal["environment.yml", "requirements.txt", "conda-lock.yml", "explicit.txt"]
    spec: ImportedSpecAnswer
    left_out: list[LeftOutAnswer]
    changed: list[ChangedAnswer]
    notes: list[str]
