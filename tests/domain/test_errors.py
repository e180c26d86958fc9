"""Every refusal has a code, a status, and a body of the one shape."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from http import HTTPStatus

import pytest

from jupyter_dataflow_envs.domain import errors
from jupyter_dataflow_envs.domain.errors import (
    DataflowError,
    FieldError,
    InvalidSpec,
    LocalNameTaken,
    ShortNameTaken,
    Unreproducible,
)
from jupyter_dataflow_envs.handlers.base import STATUSES, status_of

KINDS: list[type[DataflowError]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DataflowError) and kind is not DataflowError
]


def example(kind: type[DataflowError]) -> DataflowError:
    if kind is InvalidSpec:
        return InvalidSpec([FieldError("pip_requirements", 3, "-r x", "options are not taken")])
    if kind is ShortNameTaken:
        return ShortNameTaken("mlenv")
    if kind is LocalNameTaken:
        return LocalNameTaken("mlenv", "mlenv-2")
    if kind is Unreproducible:
        return Unreproducible({"mylib": "installed in editable mode from /src/mylib"})
    return kind("What happened: what to do.")


@pytest.mark.parametrize("kind", KINDS)
def test_has_a_status_of_its_own(kind: type[DataflowError]) -> None:
    assert 400 <= HTTPStatus(STATUSES[kind]) < 600
    assert status_of(kind) == STATUSES[kind]


def test_the_table_holds_nothing_else() -> None:
    assert set(STATUSES) == set(KINDS)


def test_codes_are_unique_and_stable() -> None:
    assert {kind.__name__: kind.code for kind in KINDS} == {
        "Conflict": "conflict",
        "InvalidSpec": "invalid",
        "LocalNameTaken": "local_name_taken",
        "Malformed": "malformed",
        "NotAllowed": "not_allowed",
        "NotFound": "not_found",
        "PolicyViolated": "policy_violated",
        "QuotaExceeded": "quota_exceeded",
        "ShortNameTaken": "short_name_taken",
        "Stale": "stale",
        "TooLarge": "too_large",
        "Unavailable": "unavailable",
        "Unreproducible": "unreproducible",
        "Unsolvable": "unsolvable",
    }
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_body_has_the_one_shape(kind: type[DataflowError]) -> None:
    error = example(kind)
    body = json.loads(json.dumps(error.body()))
    assert list(body)[:3] == ["code", "message", "errors"]
    assert body["code"] == kind.code
    assert body["message"] == error.message == str(error)
    for entry in body["errors"]:
        assert list(entry) == ["field", "line", "text", "message"]


def test_more_stands_beside_it() -> None:
    body = errors.PolicyViolated("Not allowed.", violations=["x"]).body()
    assert body == {"code": "policy_violated", "message": "Not allowed.", "errors": [], "violations": ["x"]}


def test_message_of_several_faults_says_where_the_first_is() -> None:
    fault = FieldError("conda_requirements", 2, "x", "expected y")
    assert InvalidSpec([fault]).message == "conda_requirements, line 2: expected y"
    assert InvalidSpec([fault, fault, fault]).message == "conda_requirements, line 2: expected y (and 2 more)"
    assert InvalidSpec([FieldError("full_name", None, "x", "expected y")]).message == "full_name: expected y"


def test_classes_that_a_layer_derives_are_answered_too() -> None:
    """Every refusal that any module of the server defines."""
    code = """
import importlib, pkgutil, jupyter_dataflow_envs as package
from jupyter_dataflow_envs.domain.errors import DataflowError
from jupyter_dataflow_envs.handlers.base import status_of
for name in ("builds", "engine", "handlers", "kernels", "service", "store"):
    part = importlib.import_module(f"{package.__name__}.{name}")
    for module in pkgutil.walk_packages(part.__path__, part.__name__ + "."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
def below(kind):
    return [kind, *(k for child in kind.__subclasses__() for k in below(child))]
for kind in below(DataflowError)[1:]:
    if ".client." not in kind.__module__:  # what talks to a service makes them its own
        print(kind.__name__, status_of(kind))
"""
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "SchemaUnusable 503" in told.splitlines()
    assert len(told.splitlines()) >= len(KINDS) + 1
