"""The OpenAPI document, made of routes and typed bodies. `python -m jupyter_dataflow_envs.openapi` prints it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from . import models
from ._version import __version__
from .handlers.base import Operation
from .handlers.routes import NAMESPACE, PATTERNS, ROUTES
from .models import Request

METHODS = ("get", "post", "put", "patch", "delete")
REFERENCE = "#/components/schemas/{model}"
BODIES = tuple(m for m in vars(models).values() if isinstance(m, type) and issubclass(m, Request) and m is not Request)


def document() -> dict[str, Any]:
    """The same as a request to `/openapi.json` gets."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "jupyter-dataflow-envs", "version": __version__},
        "servers": [{"url": f"/{NAMESPACE}"}],
        "paths": {path: _path(path, handler) for path, handler in ROUTES if _operations(handler)},
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    _, bodies = models_json_schema([(m, "validation") for m in BODIES], ref_template=REFERENCE)
    answers: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(answer)) for name, answer in models.ANSWERS.items()
    ]
    _, documents = TypeAdapter.json_schemas(answers, ref_template=REFERENCE)
    return dict(sorted({**bodies["$defs"], **documents["$defs"]}.items()))


def _operations(handler: Any) -> dict[str, Operation]:
    found = {m: getattr(getattr(handler, m, None), "operation", None) for m in METHODS}
    return {m: o for m, o in found.items() if o is not None}


def _path(path: str, handler: Any) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{PATTERNS[name]}$"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    return {
        **({"parameters": parameters} if parameters else {}),
        **{method: _operation(about) for method, about in _operations(handler).items()},
    }


def _operation(about: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if about.answer is not None:
        good["content"] = {about.media_type: {"schema": {"$ref": REFERENCE.format(model=about.answer)}}}
    elif about.media_type != "application/json":
        good["content"] = {about.media_type: {"schema": {"type": "string"}}}
    error = {"application/json": {"schema": {"$ref": REFERENCE.format(model="ErrorAnswer")}}}
    described: dict[str, Any] = {
        "summary": about.summary,
        "responses": {str(about.status): good, "default": {"description": "Refused.", "content": error}},
    }
    if about.query:
        described["parameters"] = [{"name": n, "in": "query", "schema": {"type": "string"}} for n in about.query]
    if about.body is not None:
        schema = {"$ref": REFERENCE.format(model=about.body)}
        described["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return described


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")
