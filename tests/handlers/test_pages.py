"""The pages on which administrators decide: through a real hub's login, by its forms, and not otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_dataflow_envs.handlers.pages.looks import TEMPLATES
from tests.handlers.rest import EMPTY_POLICY, Rest
from tests.hub.team import DECIDE, EVIL, Team, Visitor, team_in

Visit = Callable[[str], Visitor]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team_in(tmp_path_factory.mktemp("team")) as team:
        yield team


@pytest.fixture(scope="module")
def visit(team: Team) -> Iterator[Visit]:
    """Browsers by name, each logged in at the hub once."""
    visitors: dict[str, Visitor] = {}

    def visited(name: str) -> Visitor:
        if name not in visitors:
            visitors[name] = Visitor(team, name)
        return visitors[name]

    yield visited
    for visitor in visitors.values():
        visitor.close()


@pytest.fixture(scope="module")
def alice(team: Team) -> Rest:
    return team.rest("alice")


@pytest.fixture
def submitted(alice: Rest) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Reviews of alice's, which are withdrawn where the test leaves them open."""
    opened: list[str] = []

    def submit(name: str) -> dict[str, Any]:
        review = alice.submit(name, EVIL)
        opened.append(name)
        return review

    yield submit
    for name in opened:
        if alice.show(name)["status"] == "Pending Approval":
            alice.post(f"/environments/{name}/withdraw", {}).ok()


def shown(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    return unescape(re.sub(r"<[^>]*>", " ", page.text))


def test_the_hub_asks_who_it_is_and_an_administrator_approves(
    visit: Visit, alice: Rest, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("mlenv")
    boss = visit("boss")
    page = boss.open(f"reviews/{review['id']}")
    assert page.status_code == 200
    assert DECIDE in boss.confirmed, "the hub told what the login may do"
    assert "Never published before" in page.text
    assert "numpy==2.1" in page.text
    assert "Machine Learning" in boss.open().text

    fields = boss.form(f"reviews/{review['id']}", digest=review["digest"])
    done = boss.send(f"reviews/{review['id']}", {**fields, "decision": "approve", "comment": "Good."})
    assert done.status_code == 200
    assert [r.status_code for r in done.history] == [303]
    assert "Version 1 of mlenv is published." in done.text
    assert "boss approved it" in shown(done)
    assert "is published." not in boss.open(f"reviews/{review['id']}").text, "a message is told once"
    assert alice.show("mlenv")["review"]["comment"] == "Good."

    again = boss.send(f"reviews/{review['id']}", {**fields, "decision": "approve", "comment": "Good."})
    assert again.status_code == 200
    assert "Version 1 of mlenv is published." in again.text
    decided = [e for e in alice.get("/audit?environment=mlenv").ok()["items"] if e["kind"] == "review.approved"]
    assert len(decided) == 1


def test_texts_of_people_are_text_and_the_page_is_kept_apart(
    visit: Visit, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("evil")
    for path in ("", f"reviews/{review['id']}", "environments", "environments/evil", "decisions"):
        page = visit("boss").open(path)
        assert EVIL in shown(page), path
        assert "<script" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert " style=" not in page.text


def test_what_could_move_text_is_made_visible() -> None:
    said = TEMPLATES.from_string("{{ name }}").render(name="exe\u202egpj.\x1b[2J\n<b>")
    assert said == "exe\N{REPLACEMENT CHARACTER}gpj.\N{REPLACEMENT CHARACTER}[2J\n&lt;b&gt;"


def test_a_server_s_token_decides_nothing_and_is_told_where_one_can(
    team: Team, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("rep")
    server, decider = team.rest("boss"), team.rest("boss", DECIDE)
    refusal = server.decide(review, "approve").refused(403, "not_allowed")
    assert "environment service's own page" in refusal["message"]
    assert server.get("/me").ok()["decision_page"] == "/services/environments/"
    assert decider.get("/me").ok()["decision_page"] is None
    assert team.rest("alice").get("/me").ok()["decision_page"] is None
    assert decider.decide(review, "reject", "Not this one.").ok()["state"] == "rejected"


def test_the_command_line_decides_with_a_token_that_may(team: Team, submitted: Callable[[str], dict[str, Any]]) -> None:
    submitted("shell")
    for scopes, status, said in (((), 1, "environment service's own page"), ((DECIDE,), 0, "shell")):
        env = {
            **os.environ,
            "JUPYTER_DATAFLOW_ENVS_URL": team.url,
            "JUPYTER_DATAFLOW_ENVS_TOKEN": str(team.rest("boss", *scopes).token),
        }
        done = subprocess.run(
            [sys.executable, "-c", "from jupyter_dataflow_envs.cli import main; main()", "approve", "shell", "--yes"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        assert said in done.stdout + done.stderr


def test_the_login_s_cookie_is_nothing_to_the_api_and_a_token_nothing_to_the_pages(visit: Visit, team: Team) -> None:
    boss = visit("boss")
    boss.open()
    cookies = [c for c in boss.browser.cookies.jar if c.name == "service-environments"]
    assert len(cookies) == 1
    assert cookies[0].path == "/services/environments/"
    assert cookies[0].has_nonstandard_attr("HttpOnly")
    assert cookies[0].get_nonstandard_attr("SameSite") == "Lax"
    assert cookies[0].expires is None
    refused = boss.browser.get(f"{team.url}dataflow-envs/me")
    assert refused.status_code == 403
    assert refused.json()["code"] == "not_logged_in"

    token = team.rest("boss", DECIDE).token
    with httpx.Client(trust_env=False, headers={"Authorization": f"token {token}"}) as client:
        page = client.get(team.url)
        assert page.status_code == 302
        assert page.headers["Location"].startswith("/hub/api/oauth2/authorize")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("alice", "no administrator of the environments"),
        ("chief", f"role that gives the scope {DECIDE}"),
        ("paul", "no administrator of the environments"),
    ],
)
def test_who_may_not_decide_is_told_whom_to_ask(
    visit: Visit, submitted: Callable[[str], dict[str, Any]], name: str, said: str
) -> None:
    review = submitted("evil")
    visitor = visit(name)
    for path in ("", f"reviews/{review['id']}", "environments/evil", "policy", "decisions"):
        page = visitor.open(path)
        assert page.status_code == 403
        assert said in " ".join(shown(page).split())
        assert "evil" not in page.text.replace(f"reviews/{review['id']}", "")
    sent = visitor.send(f"reviews/{review['id']}", {"decision": "approve", "digest": review["digest"]})
    assert sent.status_code == 403


def test_a_form_needs_the_token_of_its_login(
    visit: Visit, alice: Rest, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("evil")
    path = f"reviews/{review['id']}"
    boss, grace = visit("boss"), visit("grace")
    fields = {**boss.form(path, digest=review["digest"]), "decision": "approve"}
    theirs = grace.form(path, digest=review["digest"])["_xsrf"]
    for xsrf in ("", "0" * 64, theirs):
        refused = boss.send(path, {**fields, "_xsrf": xsrf})
        assert refused.status_code == 403
        assert "not from this login" in refused.text
    assert boss.send(path, {k: v for k, v in fields.items() if k != "_xsrf"}).status_code == 403
    elsewhere = boss.send(path, fields, **{"Sec-Fetch-Site": "same-site"})
    assert elsewhere.status_code == 403
    for header in ({"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Dest": "iframe"}):
        read = boss.browser.get(boss.team.url + path, headers=header)
        assert read.status_code == 403
        assert fields["_xsrf"] not in read.text
    assert alice.show("evil")["review"]["state"] == "pending"


def test_of_two_administrators_the_second_is_told_who_decided(
    visit: Visit, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("nlp")
    path = f"reviews/{review['id']}"
    boss, grace = visit("boss"), visit("grace")
    first, second = (v.form(path, digest=review["digest"]) for v in (boss, grace))
    assert boss.send(path, {**first, "decision": "reject", "comment": "Too old."}).status_code == 200
    late = grace.send(path, {**second, "decision": "approve"})
    assert late.status_code == 409
    assert "boss rejected it at" in late.text
    assert "the first decision stands" in late.text
    assert "Too old." in late.text


def test_only_what_was_looked_at_is_decided_about(
    visit: Visit, alice: Rest, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("spare")
    path = f"reviews/{review['id']}"
    boss = visit("boss")
    fields = boss.form(path, digest=review["digest"])
    stale = boss.send(path, {**fields, "digest": "0" * 64, "decision": "approve", "comment": "As typed"})
    assert stale.status_code == 409
    assert "look at it again" in stale.text
    assert "As typed" in stale.text
    silent = boss.send(path, {**fields, "decision": "reject"})
    assert silent.status_code == 422
    assert 'aria-invalid="true"' in silent.text
    assert alice.show("spare")["review"]["state"] == "pending"


def test_what_is_published_is_deprecated_given_away_and_deleted(team: Team, visit: Visit, alice: Rest) -> None:
    decider, boss, path = team.rest("boss", DECIDE), visit("boss"), "environments/geo"
    decider.approve(alice.submit("geo"))

    silent = boss.send(path, boss.form(path, action="deprecate"))
    assert silent.status_code == 422
    assert "its users read it" in silent.text
    done = boss.send(path, {**boss.form(path, action="deprecate"), "reason": "Take mlenv."})
    assert "geo is deprecated" in done.text
    assert "Take mlenv." in done.text
    assert boss.send(path, boss.form(path, action="undeprecate")).status_code == 200
    assert alice.show("geo")["deprecated"] is None

    moved = boss.send(path, {**boss.form(path, action="transfer"), "owner": "grace"})
    assert "geo belongs to grace now" in moved.text

    alice.create("child", python_version=None, base={"short_name": "geo"})
    plain = boss.form(path, action="delete")
    refused = boss.send(path, plain)
    assert refused.status_code == 409
    assert "it is the base of child" in refused.text
    confirmed = re.search(r'name="confirmed" value="([0-9a-f]+)"', refused.text)
    assert confirmed
    alice.create("other", python_version=None, base={"short_name": "geo"})
    changed = boss.send(path, {**plain, "confirmed": confirmed[1]})
    assert changed.status_code == 409
    assert "child, other" in changed.text
    confirmed = re.search(r'name="confirmed" value="([0-9a-f]+)"', changed.text)
    assert confirmed
    gone = boss.send(path, {**plain, "confirmed": confirmed[1]})
    assert gone.status_code == 200
    assert "geo is deleted." in gone.text
    assert boss.open(path).status_code == 404


def test_the_policy_is_a_form_of_lines(team: Team, visit: Visit) -> None:
    decider, boss = team.rest("boss", DECIDE), visit("boss")
    fields = boss.form("policy")
    wanted = {
        "channels": "conda-forge\r\n\r\n  defaults ",
        "denied_packages": "left-pad <2,!=1.5 # has a hole\r\nrich # no",
        "python_versions": "3.12",
        "max_bytes": "1.5",
        "max_versions": "4",
    }
    saved = boss.send("policy", {**fields, **wanted})
    assert saved.status_code == 200
    assert "The policy is saved." in saved.text
    assert decider.get("/policy").ok() == {
        **EMPTY_POLICY,
        "channels": ["conda-forge", "defaults"],
        "denied_packages": [
            {"name": "left-pad", "specifier": "<2,!=1.5", "reason": "has a hole"},
            {"name": "rich", "specifier": "", "reason": "no"},
        ],
        "python_versions": ["3.12"],
        "max_bytes": 1_500_000_000,
        "max_versions": 4,
    }
    late = boss.send("policy", {**fields, "python_versions": "3.11"})
    assert late.status_code == 409
    assert "Somebody changed the policy" in late.text

    kept = boss.form("policy")
    assert kept["denied_packages"].split("\n") == ["", "left-pad <2,!=1.5 # has a hole", "rich # no"]
    assert kept["max_bytes"] == "1.5"
    wrong = boss.send("policy", {**kept, "python_versions": "3.12\nthree", "denied_packages": "rich <<2 # no"})
    assert wrong.status_code == 422
    assert "Line 2: expected a version such as 3.11" in wrong.text
    assert "Line 1: expected a specifier" in wrong.text
    assert "three" in wrong.text
    wrong = boss.send("policy", {**kept, "max_versions": "many", "denied_packages": "rich"})
    assert "expected a whole number" in wrong.text
    assert "write # and the reason" in wrong.text
    decider.put("/policy", EMPTY_POLICY).ok()


def test_somebody_is_logged_out_and_a_lost_login_loses_nothing_else(
    team: Team, submitted: Callable[[str], dict[str, Any]], alice: Rest
) -> None:
    review = submitted("evil")
    path = f"reviews/{review['id']}"
    visitor = Visitor(team, "boss")
    try:
        fields = visitor.form(path, digest=review["digest"])
        out = visitor.send("logout", {"_xsrf": fields["_xsrf"]})
        assert "You are logged out here" in out.text
        late = visitor.send(path, {**fields, "decision": "approve"})
        assert late.status_code == 403
        assert "nothing was done" in late.text
        assert alice.show("evil")["review"]["state"] == "pending"
    finally:
        visitor.close()


def test_a_login_that_was_not_begun_here_is_begun_again(visit: Visit) -> None:
    page = visit("boss").browser.get(f"{visit('boss').team.url}oauth_callback?code=x&state=y")
    assert page.status_code == 403
    assert "begun in another window" in page.text


def test_a_form_that_asks_for_nothing_known_is_refused(
    visit: Visit, submitted: Callable[[str], dict[str, Any]]
) -> None:
    review = submitted("evil")
    boss = visit("boss")
    xsrf = {"_xsrf": boss.form("policy")["_xsrf"]}
    assert boss.send(f"reviews/{review['id']}", xsrf).status_code == 400
    assert boss.send("environments/evil", {**xsrf, "action": "build"}).status_code == 400
    assert boss.send("environments/nope", {**xsrf, "action": "delete"}).status_code == 404
    assert boss.open("reviews/nope").status_code == 404
    assert boss.open("environments?cursor=nonsense").status_code in (200, 400)


def test_the_log_of_a_build_is_plain_text(visit: Visit, team: Team) -> None:
    log = visit("boss").open("environments/evil/versions/1/log")
    assert log.headers["Content-Type"].startswith("text/plain")
    assert "\x1b" not in log.text
    assert "nosniff" in log.headers["X-Content-Type-Options"]
    assert "Traceback" not in team.hub.log, Path(team.hub.log_path).read_text()[-4000:]
