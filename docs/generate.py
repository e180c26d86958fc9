"""`python docs/generate.py` writes docs/reference.md from the code: settings, commands, routes, errors, outcomes."""

from __future__ import annotations

from pathlib import Path

from jupyter_dataflow_envs.app import DataflowEnvsApp
from jupyter_dataflow_envs.cli.program import program
from jupyter_dataflow_envs.domain.version import TRANSITIONS
from jupyter_dataflow_envs.handlers.base import STATUSES
from jupyter_dataflow_envs.openapi import document

PAGE = Path(__file__).with_name("reference.md")


def reference() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Reference",
            "",
            "Made from the code by `python docs/generate.py`; a test fails when it is not up to date.",
            *_section("Settings", "`DataflowEnvsApp.NAME` in any Jupyter configuration file.", _settings()),
            *_section("Commands", "`jupyter dataflow-envs COMMAND`; `--help` tells more.", _commands()),
            *_section("Routes", "Below `/dataflow-envs` of the server; `/openapi.json` tells more.", _routes()),
            *_section("Errors", "`code` of an answer, its HTTP status, and what it means.", _errors()),
            *_section("Outcomes of a build", "What may follow on what.", _transitions()),
        ]
    )


def _section(title: str, text: str, rows: list[tuple[str, ...]]) -> list[str]:
    head, *body = rows
    lines = ["", f"## {title}", "", text, "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body), ""]


def _settings() -> list[tuple[str, ...]]:
    traits = DataflowEnvsApp.class_own_traits(config=True)
    return [("name", "what for"), *((f"`{name}`", str(trait.help)) for name, trait in sorted(traits.items()))]


def _commands() -> list[tuple[str, ...]]:
    return [
        ("command", "what for"),
        *((f"`{name}`", command.get_short_help_str(200)) for name, command in sorted(program.commands.items())),
    ]


def _routes() -> list[tuple[str, ...]]:
    rows = [
        (f"`{method.upper()} {path}`", about["summary"])
        for path, operations in document()["paths"].items()
        for method, about in operations.items()
        if method != "parameters"
    ]
    stream = ("WebSocket `/environments/{short_name}/versions/{number}/log/stream`", "The build log as it is written.")
    return [("route", "what for"), *rows, stream]


def _errors() -> list[tuple[str, ...]]:
    rows = [(f"`{e.code}`", str(status), (e.__doc__ or "").splitlines()[0]) for e, status in STATUSES.items()]
    return [("code", "status", "meaning"), *sorted(rows, key=lambda row: row[1])]


def _transitions() -> list[tuple[str, ...]]:
    rows = [(one.value, ", ".join(sorted(next_.value for next_ in after)) or "—") for one, after in TRANSITIONS.items()]
    return [("outcome", "next"), *rows]


if __name__ == "__main__":
    PAGE.write_text(reference())
