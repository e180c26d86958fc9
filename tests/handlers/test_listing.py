"""Filters, orders and pages of `GET /environments`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.handlers.rest import Rest

NAMES = ["la", "lb", "lc", "ld", "le", "lf", "lg"]


@pytest.fixture(scope="module", autouse=True)
def listed(alice: Rest, carol: Rest) -> Iterator[None]:
    """Seven environments of alice's, with full names that repeat, and one of carol's."""
    for number, name in enumerate(NAMES):
        alice.create(name, full_name=f"Listing {number % 2}", description="not searched")
    carol.create("lz", full_name="Ärger 100%_sure")
    yield
    for name in NAMES:
        alice.delete(f"/environments/{name}").ok(204)
    carol.delete("/environments/lz").ok(204)


def _list(person: Rest, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        page = person.get(f"/environments?{urlencode(asked)}").ok()
        assert len(page["items"]) <= int(query.get("limit", 100))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def _names(items: list[dict[str, Any]]) -> list[str]:
    return [e["short_name"] for e in items]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 1000])
@pytest.mark.parametrize("sort", ["short_name", "full_name", "created", "updated"])
def test_pages_hold_each_environment_once_in_order(alice: Rest, sort: str, limit: int) -> None:
    items = _list(alice, q="listing", sort=sort, limit=limit)
    keys = {"created": "created_at", "updated": "updated_at"}
    found = [e[keys.get(sort, sort)] for e in items]
    assert sorted(_names(items)) == NAMES
    assert found == sorted(found, reverse=sort in keys)


def test_an_environment_that_comes_or_goes_between_pages_moves_no_other(alice: Rest) -> None:
    first = alice.get("/environments?q=listing&limit=3").ok()
    alice.create("laa", full_name="Listing between")
    try:
        rest = alice.get(f"/environments?q=listing&limit=100&cursor={quote(first['next'])}").ok()
    finally:
        alice.delete("/environments/laa").ok(204)
    assert _names(first["items"]) + _names(rest["items"]) == NAMES


def test_only_what_one_may_see_is_listed(alice: Rest, boss: Rest, carol: Rest) -> None:
    assert set(NAMES) <= set(_names(_list(alice)))
    assert "lz" not in _names(_list(alice))
    assert not set(NAMES) & set(_names(_list(carol)))
    assert {*NAMES, "lz"} <= set(_names(_list(boss)))


def test_mine_and_owner(alice: Rest, boss: Rest) -> None:
    assert {e["owner"] for e in _list(boss, owner="carol")} == {"carol"}
    assert _list(boss, owner="nobody") == []
    for mine in ("mine", "mine=", "mine=true", "mine=1"):
        assert {e["owner"] for e in boss.get(f"/environments?{mine}").ok()["items"]} <= {"boss"}
        assert {e["owner"] for e in alice.get(f"/environments?{mine}").ok()["items"]} == {"alice"}
    assert boss.get("/environments?mine=false").ok()["items"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lb", ["lb"]),
        ("LISTING 1", ["lb", "ld", "lf"]),
        ("Ärger", ["lz"]),
        ("äRGER", ["lz"]),
        ("100%_", ["lz"]),
        ("%", ["lz"]),
        ("_", ["lz"]),
        ("'; DROP TABLE environments; --", []),
        ("not searched", []),
        ("x" * 5000, []),
    ],
)
def test_a_search_looks_into_names_and_takes_every_character_as_itself(
    boss: Rest, query: str, found: list[str]
) -> None:
    assert [n for n in _names(_list(boss, q=query)) if n in (*NAMES, "lz")] == found


def test_a_search_finds_owners(boss: Rest) -> None:
    assert {*_names(_list(boss, q="carol"))} >= {"lz"}


def test_a_status_is_filtered_by_the_table_that_derives_it(alice: Rest, built: str) -> None:
    everything = _list(alice)
    assert {"Saved", "Draft"} <= {e["status"] for e in everything}
    for status in ("Saved", "In Progress", "Failed", "Draft", "Pending Approval", "Published"):
        expected = [e["short_name"] for e in everything if e["status"] == status]
        assert _names(_list(alice, status=status)) == expected


@pytest.mark.parametrize(
    "query",
    ["1795238320400", "limit=100&1795238320400", "no_track_activity=1", "limit=100&no_track_activity=1&1795238320400="],
)
def test_what_the_front_end_adds_to_a_query_does_no_harm(alice: Rest, query: str) -> None:
    assert alice.get(f"/environments?{query}").ok()["items"]
    assert alice.get(f"/me?{query}").ok()["name"] == "alice"


def _cursor(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode()


BAD_QUERIES: dict[str, str] = {
    "limit: a word": "limit=many",
    "limit: negative": "limit=-1",
    "limit: a fraction": "limit=1.5",
    "limit: too many": "limit=1001",
    "limit: huge": "limit=" + "9" * 400,
    "limit: empty": "limit=",
    "limit: other digits": "limit=" + quote("١٢"),
    "sort: unknown": "sort=owner",
    "sort: SQL": "sort=" + quote("short_name; DROP TABLE environments"),
    "status: unknown": "status=Done",
    "status: empty": "status=",
    "status: NUL": "status=%00",
    "mine: a word": "mine=perhaps",
    "cursor: no base64": "cursor=!!!",
    "cursor: not ASCII": "cursor=" + quote("ä"),
    "cursor: not JSON": "cursor=" + _cursor(b"\xff\xfe"),
    "cursor: a number": "cursor=" + _cursor(5),
    "cursor: null": "cursor=" + _cursor(None),
    "cursor: an object": "cursor=" + _cursor({"a": 1, "b": 2, "c": 3}),
    "cursor: too short": "cursor=" + _cursor(["short_name", "a"]),
    "cursor: too long": "cursor=" + _cursor(["short_name", "a", "b", "c"]),
    "cursor: numbers": "cursor=" + _cursor(["short_name", 1, 2]),
    "cursor: lists": "cursor=" + _cursor(["short_name", ["a"], ["b"]]),
    "cursor: half a pair": "cursor=" + _cursor(["short_name", "\ud800", "a"]),
    "cursor: nested": "cursor=" + _cursor(b"[" * 30000),
    "cursor: of another order": "sort=updated&cursor=" + _cursor(["short_name", "a", "b"]),
    "q: not UTF-8": "q=%ff%fe",
    "owner: not UTF-8": "owner=%c3%28",
}


@pytest.mark.parametrize("query", BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_query_that_makes_no_sense_is_refused(alice: Rest, query: str, rows: Callable[[], object]) -> None:
    counted = rows()
    alice.get(f"/environments?{query}").refused(400, "malformed")
    assert rows() == counted
