"""The bodies of requests and answers, typed once: the OpenAPI document and the TypeScript types are made from these.

Requests are pydantic models, which check what strangers send. Answers are typed dictionaries, which mypy checks where
they are made and which cost nothing at run time. Times are ISO 8601 in UTC, sizes are bytes, durations are seconds.
"""

from __future__ import annotations

from typing import Any

from .deployment import *
from .environments import *
from .events import *
from .imports import *
from .local import *
from .requests import *
from .reviews import *
from .servers import *
from .versions import *

ANSWERS: dict[str, Any] = {
    name: value
    for name, value in list(globals().items())
    if name.endswith(("Answer", "List", "Frame", "Versions", "Summary", "Details"))
}
"""All answers by name, for the OpenAPI document."""
