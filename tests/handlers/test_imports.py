"""Other tools' files over the wire: as JSON or as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.rest import Rest

TEXT = """\
name: teaching
channels:
  - conda-forge
dependencies:
  - python={minor}
  - tiny-000=1.3=0
  - numpy>=1.20,<2
  - pip:
    - tinywheel-00==1.4
    - -e .
"""


def test_a_file_becomes_an_environment(alice: Rest, fresh_name: Callable[[], str], minor: str) -> None:
    answer = alice.post("/import", {"text": TEXT.format(minor=minor), "name": "environment.yml"}).ok()
    assert answer["format"] == "environment.yml"
    assert answer["spec"] == {
        "short_name": "teach",
        "full_name": "teaching",
        "description": "",
        "python_version": minor,
        "conda_requirements": ["tiny-000==1.3", "numpy>=1.20"],
        "pip_requirements": ["tinywheel-00==1.4"],
    }
    assert [(c["line"], c["became"]) for c in answer["changed"]] == [(6, "tiny-000==1.3"), (7, "numpy>=1.20")]
    assert [(n["line"], n["text"]) for n in answer["left_out"]] == [(10, "-e .")]
    assert any("channel conda-forge is not among" in note for note in answer["notes"])
    name = fresh_name()
    saved = alice.post("/environments", {**answer["spec"], "short_name": name}).ok(201)
    assert saved["conda_requirements"] == answer["spec"]["conda_requirements"]


@pytest.mark.parametrize("kind", ["text/plain", "application/yaml; charset=utf-8", "application/octet-stream"])
def test_the_file_itself_may_be_sent(carol: Rest, minor: str, kind: str) -> None:
    text = TEXT.format(minor=minor)
    asked = carol.post("/import", {"text": text, "name": "x.yml"}).ok()
    headers = {"Content-Type": kind}
    assert carol.post("/import?name=x.yml", body=text.encode(), headers=headers).ok() == asked
    windows = text.replace("\n", "\r\n").encode("utf-16")
    assert carol.post("/import?name=x.yml", body=windows, headers=headers).ok() == asked


def test_a_python_is_chosen_of_what_the_channels_hold(alice: Rest, minor: str) -> None:
    major, number = minor.split(".")
    text = f"dependencies:\n  - python>={minor},<{major}.{int(number) + 1}\n"
    answer = alice.post("/import", {"text": text}).ok()
    assert answer["spec"]["python_version"] == minor
    assert answer["changed"][0]["became"] == f"Python {minor}"


def test_requirements_leave_the_python_open(alice: Rest) -> None:
    answer = alice.post("/import", {"text": "rich\nflask>=2\n", "name": "requirements.txt"}).ok()
    assert (answer["spec"]["python_version"], answer["spec"]["pip_requirements"]) == (None, ["rich", "flask>=2"])
    assert any("choose a version" in note for note in answer["notes"])


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", None, "empty"),
        ("name: x\ndependencies: [", "environment.yml", "Line 2"),
        ("numpy", "environment.yml", "no environment.yml"),
        ("version: 1\npackage: []\n", "conda-lock.yml", "This lock is for no platform"),
    ],
)
def test_what_is_no_such_file_is_refused(alice: Rest, text: str, name: str | None, message: str) -> None:
    refusal = alice.post("/import", {"text": text, "name": name}).refused(400, "malformed")
    assert message in refusal["message"]


def test_odd_bodies(alice: Rest, nobody: Rest) -> None:
    alice.post("/import", {"name": "x"}).refused(422, "invalid")
    alice.post("/import", {"text": 5}).refused(422, "invalid")
    alice.post("/import", {"text": "numpy", "more": 1}).refused(422, "invalid")
    alice.post("/import", body=b"{", headers={"Content-Type": "application/json"}).refused(400, "malformed")
    alice.post("/import", body=b"\xff\xfe\xfa", headers={"Content-Type": "text/plain"}).refused(400, "malformed")
    nobody.post("/import", {"text": "numpy"}).refused(403)


def test_files_are_larger_than_other_bodies_but_not_without_end(alice: Rest) -> None:
    text = "numpy\n" + "# a comment that takes room\n" * 100_000
    assert 2 * 1024 * 1024 < len(json.dumps(text)) < 4 * 1024 * 1024
    assert alice.post("/import", {"text": text}).ok()["spec"]["pip_requirements"] == ["numpy"]
    alice.post("/import", {"text": "#" * (4 * 1024 * 1024 + 1)}).refused(413, "too_large")
    alice.post("/import", {"text": "#" * (9 * 1024 * 1024)}).refused(413, "too_large")
    alice.post("/environments", {"full_name": "x" * (2 * 1024 * 1024)}).refused(413, "too_large")


def test_nothing_is_stored(alice: Rest, rows: Callable[[], dict[str, Any]], minor: str) -> None:
    before = rows()
    alice.post("/import", {"text": TEXT.format(minor=minor)}).ok()
    assert rows() == before
