"""Refusals come out of the client as the class they went into the server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jupyter_dataflow_envs.client import NotSignedIn, ServerError, ServerNotFound, Unavailable
from jupyter_dataflow_envs.client.errors import error_from_answer
from jupyter_dataflow_envs.domain import errors
from jupyter_dataflow_envs.domain.errors import (
    DataflowError,
    FieldError,
    InvalidSpec,
    LocalNameTaken,
    ShortNameTaken,
    Unreproducible,
)

WHERE = "http://127.0.0.1:8888/"


def family(base: type[DataflowError]) -> Iterator[type[DataflowError]]:
    yield base
    for kind in base.__subclasses__():
        yield from family(kind)


def example(kind: type[DataflowError]) -> DataflowError:
    if kind is LocalNameTaken:
        return LocalNameTaken("mlenv", "mlenv-2")
    if kind is Unreproducible:
        return Unreproducible({"mylib": "installed in editable mode", "mine": "installed from a file"})
    if issubclass(kind, InvalidSpec):
        return kind(
            [FieldError("conda_requirements", 2, "a b", "expected one"), FieldError("full_name", None, None, "x")]
        )
    if issubclass(kind, ShortNameTaken):
        return kind("mlenv")
    return kind("It is so.", used_by=["ada"])


@pytest.mark.parametrize("kind", [k for k in family(DataflowError) if k.__module__ == errors.__name__])
def test_every_class_survives_the_way(kind: type[DataflowError]) -> None:
    sent = example(kind)
    arrived = error_from_answer(409, json.dumps(sent.body()).encode(), WHERE)
    assert type(arrived) is kind
    assert arrived.body() == sent.body()
    assert str(arrived) == str(sent)


def test_a_code_from_a_newer_server_is_kept() -> None:
    body = {"code": "too_early", "message": "Wait.", "errors": [], "until": "tomorrow"}
    error = error_from_answer(425, json.dumps(body).encode(), WHERE)
    assert type(error) is DataflowError
    assert (error.code, error.message, error.more) == ("too_early", "Wait.", {"until": "tomorrow"})
    assert DataflowError.code == "error"


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (302, b"", NotSignedIn, "token"),
        (403, b'{"message": "Forbidden", "reason": null}', NotSignedIn, "token"),
        (404, b"<html>", ServerNotFound, "extension list"),
        (502, b"<html>Bad gateway", Unavailable, "try again later"),
        (500, b"\xff\xfe", ServerError, "HTTP 500"),
        (400, b"[1, 2]", ServerError, "HTTP 400"),
    ],
)
def test_answers_of_what_stands_before_the_extension(
    status: int, body: bytes, kind: type[DataflowError], told: str
) -> None:
    error = error_from_answer(status, body, WHERE)
    assert type(error) is kind
    assert told in error.message
    assert WHERE in error.message
