"""The Python client of a deployment: what the REST interface offers, typed.

>>> from jupyter_dataflow_envs import Client
>>> with Client() as client:                                    # finds the Jupyter server that runs here
...     client.create("mlenv", full_name="Machine learning", python_version="3.11", conda_requirements=["pandas>=2"])
...     client.build("mlenv")
...     for text in client.follow_log("mlenv"):
...         print(text, end="")
...     client.activate("mlenv")

Refusals are raised as the classes of `jupyter_dataflow_envs.domain.errors`, all of them `DataflowError`.
"""

from __future__ import annotations

from ..domain.errors import (
    Conflict,
    DataflowError,
    InvalidSpec,
    LocalNameTaken,
    Malformed,
    NotAllowed,
    NotFound,
    PolicyViolated,
    QuotaExceeded,
    ShortNameTaken,
    Stale,
    TooLarge,
    Unavailable,
    Unreproducible,
    Unsolvable,
)
from .connection import Client
from .errors import NotSignedIn, ServerError, ServerNotFound, ServerUnreachable
from .events import EventStream
from .log import LogPart

__all__ = [
    "Client",
    "Conflict",
    "DataflowError",
    "EventStream",
    "InvalidSpec",
    "LocalNameTaken",
    "LogPart",
    "Malformed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "PolicyViolated",
    "QuotaExceeded",
    "ServerError",
    "ServerNotFound",
    "ServerUnreachable",
    "ShortNameTaken",
    "Stale",
    "TooLarge",
    "Unavailable",
    "Unreproducible",
    "Unsolvable",
]
