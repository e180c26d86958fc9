"""What strangers send: refused clearly, with field and line where there is one, and nothing of it stored."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.handlers.rest import Rest
from tests.live import LiveServer

Rows = Callable[[], dict[str, Any]]

GOOD = {"short_name": "bad", "full_name": "Bad input", "python_version": "3.11"}

LINES: dict[str, str] = {
    # what a line says: what the refusal says of it
    "-r requirements.txt": "options",
    "--index-url http://evil.example/simple": "options",
    "-e .": "options",
    "--pre pandas": "options",
    "-": "options",
    "https://evil.example/x.whl": "URL",
    "pandas @ https://evil.example/pandas.whl": "URL",
    "file:///etc/passwd": "URL",
    "file:etc/passwd": "URL",
    "git+https://evil.example/x.git": "version control",
    "git+ssh://git@evil.example/x": "version control",
    "hg+http://evil.example/x": "version control",
    "./package": "path",
    "../../etc/passwd": "path",
    "/etc/passwd": "path",
    "~/package": "path",
    "C:\\package": "path",
    "package/": "path",
    "pandas; python_version < '3.9'": "marker",
    "pandas ; sys_platform == 'win32'": "marker",
    "pandas!=1.0": "!=",
    "pandas~=1.0": "~=",
    "pandas<2": "<",
    "pandas>2": ">",
    "pandas===2.0": "===",
    "pandas>=1,<2": "several",
    "pandas>=1>=2": "one operator",
    "pandas==": "version",
    "pandas=2.*": "*",
    "pandas==2.0 extra": "one version",
    "pandas numpy": "operator",
    "pandas[": "",
    "pandas[]": "extras",
    "pandas[a,,b]": "extras",
    "pandas[a b]": "extras",
    "[complete]": "name",
    "==2.0": "name",
    "python": "Python",
    "Python==3.11": "Python",
    "conda-forge::pandas": "channel",
    "pandas\u0000": "control",
    "pandas\u0007==1": "control",
    "pandas\nnumpy": "control",
    "pandas\u202e==1": "control",
    "p\u0430ndas": "name",
    "p" * 201: "200 characters",
    "'; DROP TABLE environments; --": "",
    "$(touch /tmp/owned)": "",
    "`id`": "",
    "pandas|cat": "",
    "pandas&&ls": "",
    "<script>alert(1)</script>": "",
    "${HOME}": "",
    "%s%n": "",
    "{{7*7}}": "",
}


@pytest.mark.parametrize("line", LINES, ids=[ascii(line)[:40] for line in LINES])
@pytest.mark.parametrize("field", ["conda_requirements", "pip_requirements"])
def test_a_line_that_is_no_requirement(alice: Rest, rows: Rows, field: str, line: str) -> None:
    counted = rows()
    body = {**GOOD, field: ["numpy>=1", "", line]}
    refusal = alice.post("/environments", body).refused(422, "invalid")
    (error,) = refusal["errors"]
    assert (error["field"], error["line"]) == (field, 3)
    assert LINES[line].lower() in error["message"].lower()
    assert error["text"]
    assert error["text"].isprintable()
    assert refusal["message"].startswith(f"{field}, line 3: ")
    assert rows() == counted


FIELDS: dict[str, tuple[dict[str, Any], str, int | None]] = {
    "short name: empty": ({"short_name": ""}, "short_name", None),
    "short name: spaces": ({"short_name": "   "}, "short_name", None),
    "short name: six characters": ({"short_name": "sixsix"}, "short_name", None),
    "short name: a digit first": ({"short_name": "1abc"}, "short_name", None),
    "short name: a dot": ({"short_name": "a.b"}, "short_name", None),
    "short name: a slash": ({"short_name": "a/b"}, "short_name", None),
    "short name: dots": ({"short_name": ".."}, "short_name", None),
    "short name: a space inside": ({"short_name": "a b"}, "short_name", None),
    "short name: an umlaut": ({"short_name": "äb"}, "short_name", None),
    "short name: base": ({"short_name": "Base"}, "short_name", None),
    "short name: root": ({"short_name": "root"}, "short_name", None),
    "short name: local": ({"short_name": "LOCAL"}, "short_name", None),
    "short name: none": ({"short_name": "none"}, "short_name", None),
    "short name: NUL": ({"short_name": "a\u0000"}, "short_name", None),
    "short name: a line break": ({"short_name": "a\nb"}, "short_name", None),
    "short name: markup": ({"short_name": "<b>"}, "short_name", None),
    "short name: null": ({"short_name": None}, "short_name", None),
    "short name: a number": ({"short_name": 5}, "short_name", None),
    "short name: true": ({"short_name": True}, "short_name", None),
    "short name: a list": ({"short_name": ["a"]}, "short_name", None),
    "full name: empty": ({"full_name": " "}, "full_name", None),
    "full name: too long": ({"full_name": "x" * 101}, "full_name", None),
    "full name: a line break": ({"full_name": "a\nb"}, "full_name", None),
    "full name: NUL": ({"full_name": "a\u0000b"}, "full_name", None),
    "full name: turned round": ({"full_name": "a\u202eb"}, "full_name", None),
    "full name: nothing to see": ({"full_name": "\u200b\u200b"}, "full_name", None),
    "full name: a number": ({"full_name": 1}, "full_name", None),
    "description: too long": ({"description": "x" * 2001}, "description", None),
    "description: a bell": ({"description": "a\u0007b"}, "description", None),
    "description: null": ({"description": None}, "description", None),
    "description: an object": ({"description": {}}, "description", None),
    "python: empty": ({"python_version": ""}, "python_version", None),
    "python: one number": ({"python_version": "3"}, "python_version", None),
    "python: four numbers": ({"python_version": "3.11.1.1"}, "python_version", None),
    "python: an operator": ({"python_version": ">=3.11"}, "python_version", None),
    "python: a star": ({"python_version": "3.*"}, "python_version", None),
    "python: a suffix": ({"python_version": "3.13t"}, "python_version", None),
    "python: a float": ({"python_version": 3.11}, "python_version", None),
    "python: null": ({"python_version": None}, "python_version", None),
    "python: an option": ({"python_version": "3.11 --channel x"}, "python_version", None),
    "python: other digits": ({"python_version": "３.11"}, "python_version", None),
    "python: huge": ({"python_version": "3." + "9" * 5000}, "python_version", None),
    "conda: a text": ({"conda_requirements": "pandas"}, "conda_requirements", None),
    "conda: null": ({"conda_requirements": None}, "conda_requirements", None),
    "conda: an object": ({"conda_requirements": {"0": "pandas"}}, "conda_requirements", None),
    "conda: a number inside": ({"conda_requirements": ["pandas", 5]}, "conda_requirements", 2),
    "conda: null inside": ({"conda_requirements": [None]}, "conda_requirements", 1),
    "conda: lists inside": ({"conda_requirements": ["a", "b", ["c"]]}, "conda_requirements", 3),
    "conda: too many": ({"conda_requirements": ["# x"] * 501}, "conda_requirements", None),
    "conda: twice": ({"conda_requirements": ["Pandas", "numpy", "pandas>=2"]}, "conda_requirements", 3),
    "conda: twice, spelled otherwise": ({"conda_requirements": ["a_b", "A-B"]}, "conda_requirements", 2),
    "pip: also in conda": (
        {"conda_requirements": ["scikit_learn"], "pip_requirements": ["# x", "Scikit.Learn"]},
        "pip_requirements",
        2,
    ),
    "pip: an underscore first": ({"pip_requirements": ["_package"]}, "pip_requirements", 1),
    "pip: no version of pip's": ({"pip_requirements": ["pandas==1.0-x_y"]}, "pip_requirements", 1),
    "conda: a build string": ({"conda_requirements": ["pandas=2.0=py311_0"]}, "conda_requirements", 1),
    "unknown field": ({"owner": "boss"}, "owner", None),
    "unknown field: status": ({"status": "Published"}, "status", None),
    "unknown field: a control character": ({"a\u0007b": 1}, "a\ufffdb", None),
    "unknown field: prototype": ({"__proto__": {"is_admin": True}}, "__proto__", None),
    "unknown field: long": ({"x" * 100_000: 1}, "x" * 99 + "…", None),
}


@pytest.mark.parametrize(("more", "field", "line"), FIELDS.values(), ids=FIELDS.keys())
def test_a_field_that_breaks_its_rule(
    alice: Rest, rows: Rows, more: dict[str, Any], field: str, line: int | None
) -> None:
    counted = rows()
    refusal = alice.post("/environments", {**GOOD, **more}).refused(422, "invalid")
    assert (field, line) in [(e["field"], e["line"]) for e in refusal["errors"]]
    assert all(e["message"] for e in refusal["errors"])
    assert len(json.dumps(refusal)) < 10_000
    assert rows() == counted


@pytest.mark.parametrize("missing", GOOD)
def test_a_field_that_is_missing(alice: Rest, rows: Rows, missing: str) -> None:
    counted = rows()
    refusal = alice.post("/environments", {k: v for k, v in GOOD.items() if k != missing}).refused(422, "invalid")
    assert [e["field"] for e in refusal["errors"]] == [missing]
    assert rows() == counted


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "an empty object": (b"{}", 422),
    "no JSON": (b"short_name=bad", 400),
    "half of it": (b'{"short_name": "bad"', 400),
    "more than one": (b"{}{}", 400),
    "a list": (b"[]", 400),
    "a text": (b'"bad"', 400),
    "a number": (b"5", 400),
    "null": (b"null", 400),
    "true": (b"true", 400),
    "not UTF-8": (b'{"full_name": "\xff\xfe"}', 400),
    "Latin-1": ('{"full_name": "Ä"}'.encode("latin-1"), 400),
    "UTF-16": (json.dumps(GOOD).encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), 400),
    "half a surrogate pair": (b'{"full_name": "\\ud800"}', 400),
    "half a pair in a line": (b'{"conda_requirements": ["a\\udfff"]}', 400),
    "not a number": (b'{"full_name": NaN}', 400),
    "infinity": (b'{"full_name": -Infinity}', 400),
    "a number beyond all": (b'{"full_name": 1e999}', 400),
    "a number of many digits": (b'{"full_name": ' + b"9" * 10_000 + b"}", 400),
    "lists in lists": (b'{"conda_requirements": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
    "objects in objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
    "control characters": (b'{"full_name": "a\x00b"}', 400),
    "single quotes": (b"{'full_name': 'x'}", 400),
    "a comment": (b'{} // "x"', 400),
    "a field twice": (b'{"short_name": "bad", "full_name": "a", "full_name": "b", "python_version": "3.11"}', 422),
    "a field twice, inside": (b'{"x": {"y": 1, "y": 2}}', 422),
    "many unknown fields": (json.dumps({str(n): n for n in range(50_000)}).encode(), 422),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_can_not_be_read(alice: Rest, rows: Rows, body: bytes, status: int) -> None:
    counted = rows()
    refusal = alice.post("/environments", body=body).refused(status)
    assert refusal["code"] == ("malformed" if status == 400 else "invalid")
    assert len(refusal["errors"]) <= 100
    assert rows() == counted


@pytest.mark.parametrize("body", [b for b, status in BODIES.values() if status == 400], ids=lambda b: ascii(b[:20]))
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/environments/built"),
        ("POST", "/environments/built/build"),
        ("POST", "/environments/built/preview"),
        ("POST", "/environments/built/revert"),
        ("POST", "/environments/built/submit"),
        ("POST", "/environments/built/withdraw"),
        ("POST", "/environments/built/deprecate"),
        ("POST", "/environments/built/undeprecate"),
        ("POST", "/environments/built/unpublish"),
        ("POST", "/environments/built/transfer"),
        ("POST", "/environments/built/activate"),
        ("POST", "/reviews/0/approve"),
        ("POST", "/reviews/0/reject"),
        ("PUT", "/policy"),
    ],
)
def test_every_route_refuses_such_a_body(
    boss: Rest, built: str, rows: Rows, method: str, path: str, body: bytes
) -> None:
    counted = rows()
    boss.request(method, path, body=body).refused(400, "malformed")
    assert rows() == counted


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "", "?"]
)
def test_another_content_type_is_refused(alice: Rest, rows: Rows, kind: str) -> None:
    """A page elsewhere can send these with a person's cookies; JSON it can't."""
    counted = rows()
    alice.post("/environments", GOOD, headers={"Content-Type": kind}).refused(400)
    assert rows() == counted


@pytest.mark.parametrize("megabytes", [1.1, 10, 40])
def test_a_body_that_is_too_large(alice: Rest, rows: Rows, megabytes: float) -> None:
    counted = rows()
    body = b'{"full_name": "' + b"x" * int(megabytes * 1024 * 1024) + b'"}'
    refusal = alice.post("/environments", body=body).refused(413, "too_large")
    assert "1024 KiB" in refusal["message"]
    assert rows() == counted


def test_the_largest_honest_form_is_taken(alice: Rest) -> None:
    conda = [f"library-{n:03d}".ljust(190, "x") + ">=2" for n in range(500)]
    pip = [f"package-{n:03d}".ljust(190, "x") + ">=2" for n in range(500)]
    alice.create("most", full_name="x" * 100, description="ü" * 2000, conda_requirements=conda, pip_requirements=pip)
    alice.delete("/environments/most").ok(204)


EDITS: dict[str, tuple[dict[str, Any], str]] = {
    "the short name": ({"short_name": "other"}, "short_name"),
    "the owner": ({"owner": "carol"}, "owner"),
    "an empty name": ({"full_name": ""}, "full_name"),
    "a bad line": ({"pip_requirements": ["ok", "-x"]}, "pip_requirements"),
    "a bad Python": ({"python_version": "three"}, "python_version"),
    "a good field beside a bad one": ({"full_name": "Good", "description": "x" * 2001}, "description"),
    "a duplicate of what stays": ({"pip_requirements": ["Tiny_000"]}, "pip_requirements"),
}


@pytest.mark.parametrize(("body", "field"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_that_breaks_a_rule_changes_nothing(
    alice: Rest, built: str, rows: Rows, body: dict[str, Any], field: str
) -> None:
    before, counted = alice.get(f"/environments/{built}").ok(), rows()
    refusal = alice.patch(f"/environments/{built}", body).refused(422, "invalid")
    assert refusal["errors"][0]["field"] == field
    assert alice.get(f"/environments/{built}").ok() == before
    assert rows() == counted


@pytest.mark.parametrize(
    "body", [{"pin_installed": "yes"}, {"pin_installed": 1}, {"from_scratch": None}, {"force": True}, {"number": 3}]
)
def test_a_build_with_options_that_make_no_sense_is_not_queued(
    alice: Rest, built: str, rows: Rows, body: dict[str, Any]
) -> None:
    counted = rows()
    alice.post(f"/environments/{built}/build", body).refused(422, "invalid")
    assert rows() == counted


REVERTS = [{}, {"version": 0}, {"version": -1}, {"version": "1"}, {"version": 1.0}, {"version": True}, {"number": 1}]


@pytest.mark.parametrize("body", REVERTS, ids=json.dumps)
def test_a_revert_to_no_number_is_refused(alice: Rest, built: str, rows: Rows, body: dict[str, Any]) -> None:
    counted = rows()
    alice.post(f"/environments/{built}/revert", body).refused(422, "invalid")
    assert rows() == counted


SEGMENTS = {
    "dots": "..",
    "encoded dots": "%2e%2e",
    "a path": "..%2f..%2f..%2fetc%2fpasswd",
    "a path twice encoded": "%252e%252e%252fetc",
    "backslashes": "..%5c..%5cetc",
    "NUL": "built%00",
    "a line break": "built%0d%0aX-Injected:%20yes",
    "not UTF-8": "%ff%fe",
    "overlong": "%c0%ae%c0%ae",
    "SQL": quote("built' OR '1'='1", safe=""),
    "a wildcard": "%25",
    "long": "a" * 6000,
    "a dotless i": quote("buılt", safe=""),
    "a space": "%20",
}


@pytest.mark.parametrize("segment", SEGMENTS.values(), ids=SEGMENTS.keys())
def test_a_path_leads_nowhere_else(alice: Rest, built: str, rows: Rows, segment: str) -> None:
    counted = rows()
    for method, path in (
        ("GET", f"/environments/{segment}"),
        ("PATCH", f"/environments/{segment}"),
        ("DELETE", f"/environments/{segment}"),
        ("POST", f"/environments/{segment}/build"),
        ("POST", f"/environments/{segment}/activate"),
        ("GET", f"/environments/{segment}/versions/1/log"),
        ("GET", f"/environments/{built}/versions/{segment}/log"),
        ("GET", f"/environments/{built}/versions/1/export/{segment}"),
        ("GET", f"/packages/conda/{segment}"),
        ("GET", f"/packages/{segment}/python"),
        ("POST", f"/environments/{segment}/submit"),
        ("GET", f"/environments/{segment}/launcher"),
        ("GET", f"/reviews/{segment}"),
    ):
        answer = alice.request(method, path, {"full_name": "Moved"} if method == "PATCH" else None)
        assert answer.status in (400, 404), (method, path, answer.status, answer.body[:200])
        assert b"root:" not in answer.body
        assert "x-injected" not in answer.headers
    assert rows() == counted


def test_a_request_line_beyond_all_measure_is_refused(alice: Rest, server: LiveServer) -> None:
    try:
        answer = alice.get("/environments?q=" + "x" * 100_000)
    except (http.client.HTTPException, ConnectionError):
        return  # tornado hangs up on headers over 64 KiB
    assert answer.status in (400, 414, 431)


def test_nothing_was_stored_under_the_name_of_these_tests(boss: Rest) -> None:
    boss.get("/environments/bad").refused(404)
