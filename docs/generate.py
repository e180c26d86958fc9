"""`python docs/generate.py` writes docs/reference.md from the code: settings, commands, routes, errors, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

import click
from traitlets import HasTraits

from jupyter_dataflow_envs.app import DataflowEnvsApp
from jupyter_dataflow_envs.cli.program import program
from jupyter_dataflow_envs.domain.environment import Status
from jupyter_dataflow_envs.domain.events import PUBLIC, EventKind
from jupyter_dataflow_envs.domain.permissions import TABLE
from jupyter_dataflow_envs.domain.review import REVIEW_TRANSITIONS
from jupyter_dataflow_envs.domain.version import TRANSITIONS
from jupyter_dataflow_envs.handlers.base import STATUSES
from jupyter_dataflow_envs.handlers.routes import ROUTES
from jupyter_dataflow_envs.handlers.streaming import Streaming
from jupyter_dataflow_envs.openapi import document
from jupyter_dataflow_envs.serve import DataflowEnvsService
from jupyter_dataflow_envs.traits import DeploymentTraits

T = TypeVar("T", bound=Enum)

PAGE = Path(__file__).with_name("reference.md")


def reference() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Reference",
            "",
            "Made from the code by `python docs/generate.py`; a test fails when it is not up to date.",
            *_section(
                "Settings", "`DataflowEnvsApp.NAME` in any Jupyter configuration file.", _settings(DataflowEnvsApp)
            ),
            *_section(
                "Settings of a team's service",
                "`DataflowEnvsService.NAME` in jupyter_dataflow_envs_service_config.py; what both have stands above.",
                _settings(DataflowEnvsService),
            ),
            *_section("Commands", "`jupyter dataflow-envs COMMAND`; `--help` tells more.", _commands()),
            *_section("Routes", "Below `/dataflow-envs` of the server; `/openapi.json` tells more.", _routes()),
            *_section("Who may do what", "The table that the service refuses by.", _permissions()),
            *_section("Errors", "`code` of an answer, its HTTP status, and what it means.", _errors()),
            *_section("Outcomes of a build", "What may follow on what.", _transitions(TRANSITIONS)),
            *_section("States of a review", "What may follow on what.", _transitions(REVIEW_TRANSITIONS)),
            *_section("Events", "`kind` in the audit trail and on the socket of events.", _events()),
        ]
    )


def _section(title: str, text: str, rows: list[tuple[str, ...]]) -> list[str]:
    head, *body = rows
    lines = ["", f"## {title}", "", text, "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body), ""]


def _settings(app: type[HasTraits]) -> list[tuple[str, ...]]:
    traits = dict(app.class_own_traits(config=True))
    if app is DataflowEnvsApp:
        traits |= DeploymentTraits.class_own_traits(config=True)
    return [("name", "what for"), *((f"`{name}`", str(trait.help)) for name, trait in sorted(traits.items()))]


def _commands() -> list[tuple[str, ...]]:
    return [("command", "what for"), *_commands_of(program)]


def _commands_of(group: click.Group, before: str = "") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, command in sorted(group.commands.items()):
        rows.append((f"`{before}{name}`", command.get_short_help_str(200)))
        if isinstance(command, click.Group):
            rows += _commands_of(command, f"{before}{name} ")
    return rows


def _routes() -> list[tuple[str, ...]]:
    rows = [
        (f"`{method.upper()} {path}`", about["summary"])
        for path, operations in document()["paths"].items()
        for method, about in operations.items()
        if method != "parameters"
    ]
    streams = [
        (f"WebSocket `{path}`", (handler.__doc__ or "").splitlines()[0])
        for path, handler in ROUTES
        if issubclass(handler, Streaming)
    ]
    return [("route", "what for"), *rows, *streams]


def _errors() -> list[tuple[str, ...]]:
    rows = [(f"`{e.code}`", str(status), (e.__doc__ or "").splitlines()[0]) for e, status in STATUSES.items()]
    return [("code", "status", "meaning"), *sorted(rows, key=lambda row: row[1])]


def _permissions() -> list[tuple[str, ...]]:
    rows = []
    for action, rule in TABLE.items():
        refused = [
            f"{', '.join(status.value for status in Status if rule.not_in.get(status) == reason)}: {reason}"
            for reason in dict.fromkeys(rule.not_in.values())
        ]
        also = ", ".join(objection.__name__.strip("_").replace("_", " ") for objection in rule.objections)
        rows.append((f"`{action.value}`", rule.who.value, "<br>".join(refused) or "—", also or "—"))
    return [("action", "open to", "refused while", "and when"), *rows]


def _transitions(table: Mapping[T, frozenset[T]]) -> list[tuple[str, ...]]:
    rows = [(one.value, ", ".join(sorted(next_.value for next_ in after)) or "—") for one, after in table.items()]
    return [("state", "next"), *rows]


def _events() -> list[tuple[str, ...]]:
    return [("kind", "told to"), *((f"`{k.value}`", _audience(k)) for k in EventKind)]


def _audience(kind: EventKind) -> str:
    everybody = "; everybody while it is published" if kind in PUBLIC else ""
    return f"owner, actor, administrators{everybody}"


if __name__ == "__main__":
    PAGE.write_text(reference())
