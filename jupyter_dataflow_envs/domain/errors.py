"""Everything that can be refused, each with a code that programs read and a message that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of one field of a request; `line` counts from 1 within a list of requirements."""

    field: str
    line: int | None
    text: str | None
    message: str


class DataflowError(Exception):
    """Base of all refusals. `code` is stable; `more` goes into the answer beside code and message."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.more = more

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"code": self.code, "message": self.message, "errors": [], **self.more}


class Malformed(DataflowError):
    """The request can't be read: not JSON, not an object, a parameter that is no number."""

    code = "malformed"


class TooLarge(DataflowError):
    """The body is larger than any honest request."""

    code = "too_large"


class InvalidSpec(DataflowError):
    """The request can be read, and what it asks for breaks the rules; `errors` says where."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError], message: str = "") -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        where = f"{first.field}, line {first.line}" if first.line else first.field
        others = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(message or f"{where}: {first.message}{others}")

    def body(self) -> dict[str, Any]:
        return {**super().body(), "errors": [asdict(e) for e in self.errors]}


class PolicyViolated(DataflowError):
    """What was asked for, or what it resolved to, is not allowed in this deployment; `violations` says why."""

    code = "policy_violated"


class Unsolvable(DataflowError):
    """What was asked for can't be resolved; `details` are the lines that explain it."""

    code = "unsolvable"


class NotFound(DataflowError):
    """There is no such thing, or the person may not see it: the answer does not tell which."""

    code = "not_found"


class NotAllowed(DataflowError):
    """The person sees the thing but may not do that with it."""

    code = "not_allowed"


class Conflict(DataflowError):
    """The state of the thing does not allow it now."""

    code = "conflict"


class ShortNameTaken(Conflict):
    """Another environment has the short name; the message does not say whose."""

    code = "short_name_taken"

    def __init__(self, short_name: str) -> None:
        super().__init__(f"Short name '{short_name}' is already in use; try another.")


class LocalNameTaken(Conflict):
    """The person has a Local environment of that name; `suggestion` is free."""

    code = "local_name_taken"

    def __init__(self, name: str, suggestion: str) -> None:
        super().__init__(
            f"You have a Local environment '{name}' already; '{suggestion}' is free.", suggestion=suggestion
        )


class Unreproducible(InvalidSpec):
    """No name and version would bring these packages again, and they were not to be left out; a field error each."""

    code = "unreproducible"

    def __init__(self, packages: Mapping[str, str]) -> None:
        """`packages`: why, by name."""
        super().__init__(
            [FieldError("packages", None, name, reason) for name, reason in packages.items()],
            f"{', '.join(packages)} can't be reproduced elsewhere: no name and version brings what is installed. "
            "Leave them out, or install released versions of them first.",
        )


class Stale(DataflowError):
    """Someone else changed it since it was read."""

    code = "stale"


class QuotaExceeded(DataflowError):
    """The person has as much as the deployment allows."""

    code = "quota_exceeded"


class Unavailable(DataflowError):
    """Something the service needs is not there now; trying again later may work."""

    code = "unavailable"


class EngineError(Exception):
    """A build can't go on. `reason` is one sentence; `details` are the lines that matter."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details
