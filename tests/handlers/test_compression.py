"""Answers that are worth it are compressed for those who ask for that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.handlers.rest import Answer, Rest

NAMES = ["za", "zb", "zc"]
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture(scope="module", autouse=True)
def listed(alice: Rest) -> Iterator[None]:
    for name in NAMES:
        alice.create(name)
    yield
    for name in NAMES:
        alice.delete(f"/environments/{name}").ok(204)


def _is_compressed(answer: Answer) -> bool:
    return "content-encoding" in answer.headers


def test_a_listing_is_compressed_and_holds_the_same(alice: Rest) -> None:
    plain, small = alice.get("/environments"), alice.get("/environments", headers=GZIP)
    assert small.headers["content-encoding"] == "gzip"
    assert not _is_compressed(plain)
    assert small.ok() == plain.ok()
    assert int(small.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.00, br", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_only_for_those_who_take_it(alice: Rest, accepted: str, *, compressed: bool) -> None:
    assert _is_compressed(alice.get("/environments", headers={"Accept-Encoding": accepted})) is compressed


def test_one_environment_keeps_its_etag_and_its_bytes(alice: Rest) -> None:
    answer = alice.get("/environments/za", headers=GZIP)
    assert not _is_compressed(answer)
    assert answer.headers["etag"] == f'"{answer.ok()["etag"]}"'
    changed = {"description": "New."}
    alice.patch("/environments/za", changed, headers={**GZIP, "If-Match": answer.headers["etag"]}).ok()
    alice.patch("/environments/za", changed, headers={**GZIP, "If-Match": answer.headers["etag"]}).refused(412, "stale")


def test_small_answers_and_refusals_stay_as_they_are(alice: Rest) -> None:
    assert not _is_compressed(alice.get("/environments/za/versions", headers=GZIP))
    refusal = alice.get("/environments/none", headers=GZIP)
    assert not _is_compressed(refusal)
    refusal.refused(404, "not_found")
