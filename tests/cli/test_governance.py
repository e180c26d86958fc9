"""The commands on bases, versions, publishing and policy, as three people of one server call them."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.cli.program import run
from tests.cli.command_line import CommandLine, Ended
from tests.client.people import People


class Caller:
    """One person at the command line, within this process."""

    def __init__(self, url: str, token: str) -> None:
        self.address = ("--url", url, "--token", token)

    def __call__(self, *arguments: str) -> Ended:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = run([*arguments, *self.address])
        return Ended(code, out.getvalue(), err.getvalue())

    def done(self, *arguments: str) -> str:
        """What it prints, when all went well."""
        ended = self(*arguments)
        assert ended.code == 0, ended.err
        return ended.out


@pytest.fixture(scope="session")
def alice(people: People) -> Caller:
    return Caller(people.server.url, people.token("alice"))


@pytest.fixture(scope="session")
def boss(people: People) -> Caller:
    return Caller(people.server.url, people.token("boss"))


@pytest.fixture(scope="session")
def carol(people: People) -> Caller:
    return Caller(people.server.url, people.token("carol"))


@pytest.fixture
def name(people: People) -> Iterator[str]:
    """Built once, of packages that the shelf has."""
    short_name = people.built(conda_requirements=["tiny-000=1.0", "tiny-001=1.2"])
    yield short_name
    people.boss.delete(short_name, force=True)


def test_a_base(carol: Caller, people: People, shelf: str) -> None:
    child = people.fresh_name()
    made = carol("create", child, "--base", shelf, "--conda", "tiny-003=1.0", "--json").json
    assert made["base"] == {"short_name": shelf, "version": 1}
    assert re.search(rf"^base: +{shelf}@1$", carol.done("show", child), re.MULTILINE)
    assert f"of {shelf}@1" in carol.done("list", child)
    assert re.search(r"^tiny-000 .* base *$", carol.done("preview", child), re.MULTILINE)

    assert carol("edit", child, "--no-base").code == 1
    assert carol("edit", child, "--no-base", "--python", people.python, "--json").json["base"] is None
    previewed = carol("preview", child, "--base", f"{shelf}@1", "--json").json
    assert "base" in {p["origin"] for p in previewed["packages"]}
    assert carol("edit", child, "--base", f"{shelf}@1", "--json").json["base"] == made["base"]
    assert carol("edit", child, "--base", shelf, "--no-base").code == 2
    refused = carol("edit", child, "--base", f"{shelf}@2")
    assert refused.code == 1
    assert "only its usable version can be built on: take version 1" in refused.err
    carol.done("delete", child, "--yes")


def test_a_file_with_a_base(carol: Caller, people: People, shelf: str, tmp_path: Path) -> None:
    child, file = people.fresh_name(), tmp_path / "spec.json"
    carol.done("create", child, "--base", shelf)
    file.write_text(carol.done("show", child, "--json"))
    carol.done("delete", child, "--yes")
    assert carol("create", "--from-file", str(file), "--json").json["base"] == {"short_name": shelf, "version": 1}
    carol.done("delete", child, "--yes")
    again = carol("create", "--from-file", str(file), "--python", people.python, "--json").json
    assert (again["base"], again["python_version"]) == (None, people.python)
    carol.done("delete", child, "--yes")


def test_going_back(alice: Caller, people: People, name: str) -> None:
    people.succeed(name, conda_requirements=["tiny-000=1.1"])
    followed = alice.done("revert", name, "1", "--follow")
    assert f"Version 3 of {name} is built" in followed
    assert "reverted from version 1" in alice.done("versions", name)
    listed = alice("versions", name, "--json").json
    assert [(v["number"], v["reverted_from"]) for v in listed] == [(3, 1), (2, None), (1, None)]
    assert listed[0]["digest"] == listed[2]["digest"]
    assert "The same packages." in alice.done("compare", f"{name}@1", name)
    refused = alice("revert", name, "3", "--json")
    assert (refused.code, refused.error["code"]) == (1, "conflict")
    assert alice("revert", name, "0").code == 2
    told = alice.done("revert", name, "2")
    assert f"Version 4 of {name} is queued, with the packages of version 2." in told
    people.alice.wait(name, 60)


def test_comparing_and_what_is_newer(alice: Caller, carol: Caller, shelf: str) -> None:
    told = alice.done("compare", f"{shelf}@1", f"{shelf}@2")
    assert "1 added, 1 removed, 1 changed" in told
    rows = [re.split(r"  +", line.strip()) for line in told.splitlines()]
    assert ["change", "package", f"{shelf}@1", f"{shelf}@2", "from"] in rows
    assert ["newer", "tiny-000", "1.0", "1.1", "conda"] in rows
    assert ["added", "tiny-002", "1.5", "conda"] in rows
    assert ["removed", "tiny-001", "1.2", "conda"] in rows
    compared = alice("compare", f"{shelf}@1", shelf, "--json").json
    assert (compared["left"]["version"], compared["right"]["version"]) == (1, 2)
    assert carol("compare", f"{shelf}@1", f"{shelf}@2").code == 1
    assert alice("compare", shelf, "mlenv@x", "--json").error["code"] == "malformed"
    assert ["tiny-000", "1.1", "1.9", "conda"] in [line.split() for line in alice.done("newer", shelf).splitlines()]
    first = {p["name"]: p["version"] for p in alice("newer", shelf, "--version", "1", "--json").json}
    assert first["tiny-000"] == "1.0"


def test_from_submission_to_approval(alice: Caller, boss: Caller, carol: Caller, shelf: str, name: str) -> None:
    boss.done("activate", name, "--draft")
    assert f"dataflow-{name} (starts the draft)" in boss.done("show", name)
    boss.done("deactivate", name)
    assert f"Version 1 of {name} waits for approval" in alice.done("submit", name, "-m", "[b]please[/b]")
    (pending,) = alice("reviews", "--state", "pending", "--environment", name, "--json").json
    assert pending["note"] == "[b]please[/b]"
    assert pending["id"] in boss.done("reviews")
    assert "waits for approval" in alice.done("show", name)
    by_name, by_id = boss.done("review", name), boss.done("review", pending["id"])
    assert by_name == by_id
    for part in (
        "[b]please[/b]",
        "by alice",
        pending["digest"],
        "The policy forbids none of it.",
        "None of its versions",
    ):
        assert part in by_name
    assert re.search(rf"^{shelf} .* 1 +100%$", by_name, re.MULTILINE)
    assert f"compare {shelf}@1 {name}@1" in by_name
    assert f"newer {name} --version 1" in by_name
    assert boss("review", name, "--json").json["review"] == pending

    for caller, code in ((alice, "not_allowed"), (carol, "not_found")):
        refused = caller("approve", name, "--json")
        assert (refused.code, refused.error["code"]) == (1, code)
    other = boss("approve", name, "--digest", "0" * 64, "--json")
    assert (other.code, other.error["digest"]) == (1, pending["digest"])
    assert f"Version 1 of {name} is approved." in boss.done(
        "approve", name, "-m", "fine", "--digest", pending["digest"]
    )
    decided = boss("approve", pending["id"], "--json").json
    assert (decided["state"], decided["comment"]) == ("approved", "fine")
    late = boss("reject", name, "-m", "no", "--json")
    assert (late.code, late.error["code"], late.error["decided_by"]) == (1, "conflict", "boss")
    assert "boss approved it at" in boss("reject", name, "-m", "no").err
    assert re.search(r"^review: +version 1 approved by boss on .*: fine$", alice.done("show", name), re.MULTILINE)
    assert "Published" in carol.done("list", name)
    assert "It is the published version." in boss.done("review", name)
    refused = carol("review", name)
    assert (refused.code, "no review that you may see" in refused.err) == (1, True)


def test_a_review_shows_what_changes(alice: Caller, boss: Caller, shelf: str) -> None:
    alice.done("submit", shelf)
    told = boss.done("review", shelf)
    assert "Against the published version 1: 1 added, 1 removed, 1 changed" in told
    rows = [re.split(r"  +", line.strip()) for line in told.splitlines()]
    assert ["change", "package", "version 1", "version 2", "from"] in rows
    assert ["newer", "tiny-000", "1.0", "1.1", "conda"] in rows
    assert boss("reject", shelf).code == 2
    assert "comment: say why" in boss("reject", shelf, "-m", " ").err
    assert "is not published" in boss.done("reject", shelf, "-m", "Keep tiny-001.")
    assert "rejected by boss" in alice.done("show", shelf)
    assert "Keep tiny-001." in alice.done("reviews", "--environment", shelf, "--state", "rejected")
    alice.done("submit", shelf)
    assert "no longer waits" in alice.done("withdraw", shelf)
    assert alice("withdraw", shelf, "--json").error["code"] == "conflict"
    assert alice.done("reviews", "--state", "pending", "--environment", shelf) == "No reviews.\n"


def test_what_becomes_of_published_environments(boss: Caller, carol: Caller, people: People) -> None:
    name = people.published(conda_requirements=["tiny-000=1.0", "tiny-001=1.2"])
    assert boss("deprecate", name).code == 2
    boss.done("deprecate", name, "-m", "Take the new one.")
    assert re.search(r"^deprecated: +since .*: Take the new one\.$", carol.done("show", name), re.MULTILINE)
    assert "Published (deprecated)" in carol.done("list", name)
    assert "Take the new one." in carol("activate", name).err
    assert boss("undeprecate", name, "--json").json["deprecated"] is None

    carol.done("activate", name)
    assert re.search(r"^active for: +1 person$", boss.done("show", name), re.MULTILINE)
    refused = boss("unpublish", name)
    assert (refused.code, "active people: carol" in refused.err) == (1, True)
    carol.done("deactivate", name)
    assert "no longer published" in boss.done("unpublish", name, "-m", "tidy", "--yes")
    assert f"{name} belongs to carol now." in boss.done("transfer", name, "carol")
    assert boss("transfer", name, "carol", "--json").error["code"] == "conflict"
    assert boss("transfer", name).code == 2
    carol("delete", name, "--yes")


def test_a_person_at_a_terminal_is_asked(people: People, name: str) -> None:
    people.alice.submit(name)
    address = ("--url", people.server.url, "--token", people.token("boss"))
    boss = CommandLine(people.server.env)
    left = boss.in_terminal("approve", name, *address, typed="n\n")
    assert left.code == 130
    assert f"Publish version 1 of {name}, submitted by alice, digest " in left.out
    assert people.boss.environment(name)["status"] == "Pending Approval"
    assert boss.in_terminal("approve", name, *address, typed="y\n").code == 0
    assert boss.in_terminal("unpublish", name, *address, typed="n\n").code == 130
    assert people.boss.environment(name)["status"] == "Published"
    assert boss.in_terminal("unpublish", name, "--yes", *address).code == 0


def test_policy(boss: Caller, alice: Caller, shelf: str, tmp_path: Path) -> None:
    before = boss("policy", "show", "--json").json
    assert boss("policy", "--json").code == 0
    file = tmp_path / "policy.json"
    denied = {"name": "tiny-001", "specifier": "<1.3", "reason": "[b]Too old.[/b]"}
    try:
        wanted = {**before, "denied_packages": [denied], "max_versions": 3, "max_bytes": 5_000_000_000}
        file.write_text(json.dumps(wanted))
        told = boss.done("policy", "set", str(file))
        for part in (
            "tiny-001 <1.3: [b]Too old.[/b]",
            "at most 3 of an environment stay installed",
            "at most 5.0 GB a person",
            f"{shelf}@1, of alice:",
            "tiny-001 1.2: [b]Too old.[/b] (denied_packages)",
        ):
            assert part in told
        assert f"{shelf}@1, of alice:" in boss.done("policy", "violating")
        assert shelf in {v["short_name"] for v in boss("policy", "violating", "--json").json}
        file.write_text("[]")
        assert boss("policy", "set", str(file)).code == 2
    finally:
        file.write_text(json.dumps(before))
        changed = boss("policy", "set", str(file), "--json").json
    assert changed == {**before, "violating": []}
    assert "within the policy" in boss.done("policy", "violating")
    assert alice("policy", "violating", "--json").error["code"] == "not_allowed"
    assert alice("policy", "set", str(file)).code == 1
