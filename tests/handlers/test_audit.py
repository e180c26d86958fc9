"""The audit trail over HTTP: whose events, which of them, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.handlers.rest import Rest

Name = Callable[[], str]


def _found(person: Rest, **asked: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get(f"/audit?{urlencode(asked)}").ok()["items"]
    return items


def _what(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["kind"], e["actor"]) for e in events]


@pytest.fixture(scope="module")
def gone(alice: Rest, boss: Rest, fresh_name: Name) -> str:
    """An environment of alice's that the administrator edited, and that is deleted."""
    name = fresh_name()
    alice.create(name)
    boss.patch(f"/environments/{name}", {"full_name": "Better"}).ok()
    alice.delete(f"/environments/{name}").ok(204)
    return name


def test_everything_done_to_an_environment_newest_first(alice: Rest, boss: Rest, gone: str) -> None:
    for person in (alice, boss):
        found = _found(person, environment=gone.upper())
        assert _what(found) == [
            ("environment.deleted", "alice"),
            ("environment.edited", "boss"),
            ("environment.created", "alice"),
        ]
        assert {e["short_name"] for e in found} == {gone}
        assert [e["seq"] for e in found] == sorted((e["seq"] for e in found), reverse=True)
        assert [e["at"] for e in found] == sorted((e["at"] for e in found), reverse=True)


def test_others_find_nothing_of_it(carol: Rest, gone: str) -> None:
    assert _found(carol, environment=gone) == []
    assert _found(carol, user="alice") == []
    assert gone not in {e["short_name"] for e in _found(carol)}


def test_who_did_it_finds_it_also_when_it_was_not_theirs(
    alice: Rest, boss: Rest, carol: Rest, fresh_name: Name
) -> None:
    name = fresh_name()
    carol.create(name)
    carol.delete(f"/environments/{name}").ok(204)
    assert _what(_found(carol, environment=name)) == [
        ("environment.deleted", "carol"),
        ("environment.created", "carol"),
    ]
    assert _found(alice, environment=name) == []
    assert len(_found(boss, environment=name)) == 2


def test_by_person_kind_and_time(boss: Rest, gone: str) -> None:
    deleted, edited, created = _found(boss, environment=gone)
    assert _found(boss, environment=gone, user="boss") == [edited]
    assert _found(boss, environment=gone, kind="environment.edited") == [edited]
    assert _found(boss, environment=gone, kind="environment.") == [deleted, edited, created]
    assert _found(boss, environment=gone, kind="build.") == []
    assert _found(boss, environment=gone, since=edited["at"]) == [deleted, edited]
    assert _found(boss, environment=gone, until=edited["at"]) == [created]
    assert _found(boss, environment=gone, since=edited["at"], until=deleted["at"]) == [edited]
    assert _found(boss, environment=gone, since=edited["at"].replace("+00:00", "Z")) == [deleted, edited]
    assert _found(boss, environment=gone, since=edited["at"].replace("+00:00", "")) == [deleted, edited]
    assert _found(boss, environment=gone, until="2026-01-01") == []
    assert len(_found(boss, environment=gone, since="2026-01-01")) == 3


@pytest.mark.parametrize("asked", ["", "&environment={gone}"])
def test_pages_put_together_are_the_whole(boss: Rest, gone: str, asked: str) -> None:
    query = asked.format(gone=gone)
    whole = boss.get(f"/audit?limit=9{query}").ok()["items"]
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(pages) < len(whole):
        page = boss.get(f"/audit?limit=2{query}" + (f"&cursor={cursor}" if cursor else "")).ok()
        assert len(page["items"]) <= 2
        pages += page["items"]
        cursor = page["next"]
    assert pages[: len(whole)] == whole
    assert len(whole) >= 3
    if asked:
        assert cursor is None
        assert boss.get(f"/audit?limit=3{query}").ok()["next"] is None
        assert boss.get(f"/audit?limit=2{query}").ok()["next"] is not None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=nonsense", "review.approved"),
        ("kind=review", "review."),
        ("since=yesterday", "2026-05-04T12:30:00Z"),
        ("until=2026-13-01", "ISO 8601"),
        ("until=0001-01-01T00:00:00%2B12:00", "ISO 8601"),
        ("limit=1001", "limit must be a number from 0 to 1000"),
        ("limit=-1", "limit"),
        ("cursor=abc", "cursor"),
        ("cursor=" + "9" * 30, "cursor"),
    ],
)
def test_what_can_not_be_read_is_refused_with_what_is_expected(boss: Rest, query: str, expected: str) -> None:
    assert expected in boss.get(f"/audit?{query}").refused(400, "malformed")["message"]


@pytest.mark.parametrize("name", ["", " ", "'; DROP TABLE events; --", "%", "_", "ünï✓", "x" * 5000])
def test_names_are_taken_as_they_are(boss: Rest, name: str) -> None:
    assert _found(boss, user=name) == []
    assert boss.get(f"/audit?environment={quote(name)}").ok() == {"items": [], "next": None}
