"""Commands on reviews: reviews, review, approve, reject."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import click

from ..client.publishing import ReviewState
from ..domain.errors import NotFound
from .output import cell, print_line
from .quantities import moment, size
from .session import Session, connected

if TYPE_CHECKING:
    from ..models import ReviewAnswer, ReviewPageAnswer

_ID = re.compile("[0-9a-f]{32}")


@click.command()
@click.option("--state", type=click.Choice(get_args(ReviewState)), help="Only those in this state.")
@click.option("--environment", metavar="SHORT_NAME", help="Only of this environment.")
@connected
def reviews(session: Session, state: ReviewState | None, environment: str | None) -> None:
    """List reviews, newest first: of your environments, or all for administrators."""
    found = session.client.reviews(state, environment)
    if session.answer(found):
        return
    if not found:
        print_line("No reviews.")
        return
    from .tables import print_table

    print_table(
        ("environment", "version", "state", "submitted", "by", "decided", "by", "said", "id"),
        (
            (
                r["short_name"],
                r["version"],
                r["state"],
                moment(r["submitted_at"]),
                r["submitted_by"],
                moment(r["decided_at"]),
                r["decided_by"],
                r["note"] if r["decided_by"] is None else r["comment"],
                r["id"],
            )
            for r in found
        ),
        right=("version",),
    )


@click.command()
@click.argument("short_name_or_id", metavar="SHORT_NAME|ID")
@connected
def review(session: Session, short_name_or_id: str) -> None:
    """Show all that a decision is made on, for an environment's latest review or the one with this id.

    What is asked for and by whom, what changes against the published version, the published environments most like it,
    what the policy forbids, and broken requirements.
    """
    id = short_name_or_id if _ID.fullmatch(short_name_or_id) else _latest(session, short_name_or_id)["id"]
    page = session.client.review(id)
    if not session.answer(page):
        _print(page)


@click.command()
@click.argument("short_name_or_id", metavar="SHORT_NAME|ID")
@click.option("-m", "--comment", default="", help="What the owner should know.")
@click.option("--digest", help="Only if this is the digest of the lock [default: what is there now].")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@connected
def approve(session: Session, short_name_or_id: str, comment: str, digest: str | None, yes: bool) -> None:
    """Publish the version under review, so that everybody can use it. For administrators."""
    found = _found(session, short_name_or_id)
    name = cell(found["short_name"])
    session.confirm(
        f"Publish version {found['version']} of {name}, submitted by {cell(found['submitted_by'])}, "
        f"digest {cell(found['digest'])[:12]}?",
        yes=yes or found["state"] != "pending",
    )
    decided = session.client.approve(found, digest, comment)
    if not session.answer(decided):
        print_line(f"Version {decided['version']} of {name} is approved.")


@click.command()
@click.argument("short_name_or_id", metavar="SHORT_NAME|ID")
@click.option("-m", "--comment", required=True, help="Why: the owner reads it.")
@click.option("--digest", help="Only if this is the digest of the lock [default: what is there now].")
@connected
def reject(session: Session, short_name_or_id: str, comment: str, digest: str | None) -> None:
    """Refuse to publish the version under review, and say why. For administrators."""
    decided = session.client.reject(_found(session, short_name_or_id), comment, digest)
    if not session.answer(decided):
        print_line(
            f"Version {decided['version']} of {cell(decided['short_name'])} is not published: its owner is told."
        )


def _found(session: Session, text: str) -> ReviewAnswer:
    return session.client.review(text)["review"] if _ID.fullmatch(text) else _latest(session, text)


def _latest(session: Session, short_name: str) -> ReviewAnswer:
    """The latest review of an environment, open or decided: who comes too late is told so by the service."""
    environment = session.client.environment(short_name)
    if environment["review"] is None:
        name = cell(environment["short_name"])
        raise NotFound(
            f"'{name}' has no review that you may see. Its owner submits it: jupyter dataflow-envs submit {name}"
        )
    return environment["review"]


def _print(page: ReviewPageAnswer) -> None:
    from .differences import print_changes, summary
    from .tables import named, print_facts, print_table, violated

    r, e, v = page["review"], page["environment"], page["reviewed"]
    asked = v["requested"]
    decided = f"by {r['decided_by']} on {moment(r['decided_at'])}" if r["decided_by"] else ""
    print_facts(
        [
            ("environment", f"{r['short_name']} ({e['full_name']})"),
            ("version", r["version"]),
            ("state", f"{r['state']} {decided}"),
            ("comment", r["comment"]),
            ("submitted", f"{moment(r['submitted_at'])} by {r['submitted_by']}"),
            ("note", r["note"]),
            ("description", e["description"]),
            ("base", named(asked["base"]) if asked["base"] else ""),
            ("python", v["python"]),
            ("conda", ", ".join(asked["conda_requirements"])),
            ("pip", ", ".join(asked["pip_requirements"])),
            ("size", size(v["size"])),
            ("digest", r["digest"]),
            ("id", r["id"]),
        ]
    )
    print_line()
    if page["violations"]:
        print_line("What the policy forbids:")
        for violation in page["violations"]:
            print_line(f"  {violated(violation)}")
    else:
        print_line("The policy forbids none of it.")
    if v["warnings"]:
        print_line("Warnings:")
        for warning in v["warnings"]:
            print_line(f"  {cell(warning)}")
    print_line()
    published = e["published_version"]
    if page["changes"] is None:
        print_line("None of its versions is published.")
    elif published == r["version"]:
        print_line("It is the published version.")
    else:
        print_line(f"Against the published version {published}: {summary(page['changes'])}.")
        print_changes(page["changes"], heads=(f"version {published}", f"version {r['version']}"))
    if page["look_alikes"]:
        print_line()
        print_line("Published environments most like it:")
        print_table(
            ("name", "full name", "version", "equal packages"),
            ((a["short_name"], a["full_name"], a["version"], f"{a['share']:.0%}") for a in page["look_alikes"]),
            right=("version", "equal packages"),
        )
    print_line()
    name = cell(r["short_name"])
    if page["look_alikes"]:
        alike = page["look_alikes"][0]
        one = f"{cell(alike['short_name'])}@{alike['version']}"
        print_line(f"See the difference: jupyter dataflow-envs compare {one} {name}@{r['version']}")
    print_line(f"See what is newer: jupyter dataflow-envs newer {name} --version {r['version']}")
