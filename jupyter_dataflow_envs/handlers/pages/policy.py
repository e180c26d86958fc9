"""The policy as a form of plain text: one entry a line."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ...domain.errors import Conflict, DataflowError, FieldError, InvalidSpec
from ...domain.policy import Policy
from ..base import field_error
from ..deployment import policy_of
from .once import Done
from .page import Page, refusing

LISTS = ("channels", "indexes", "required_packages", "python_versions")
NUMBERS = ("max_environments", "max_versions", "max_bytes")
GIGABYTE = 10**9

_DENIED = re.compile(r"\s*(?P<name>[^\s<>=!~#]+)\s*(?P<specifier>[^#]*?)\s*(#\s*(?P<reason>.*?)\s*)?")


class PolicyPage(Page):
    section = "policy"

    @refusing
    async def get(self) -> None:
        policy = await self.call(self.deployment.policies.get)
        await self._show(_typed(policy), policy)

    @refusing
    async def post(self) -> None:
        typed = {name: self.field(name) for name in (*LISTS, *NUMBERS, "denied_packages")}

        async def act() -> Done:
            seen = self.field("seen")
            if seen != _mark(await self.call(self.deployment.policies.get)):
                raise Conflict("Somebody changed the policy since this page was opened. Below is what you typed.")
            violating = await self.call_slow(self.deployment.policies.set, self.person, _wanted(typed))
            found = f" {len(violating)} of what is published would not be allowed now." if violating else ""
            return Done(f"The policy is saved.{found}", self.url("policy"))

        try:
            await self.do(act)
        except DataflowError as error:
            await self._show(typed, await self.call(self.deployment.policies.get), error)

    async def _show(self, typed: dict[str, str], policy: Policy, problem: DataflowError | None = None) -> None:
        violating = await self.call_slow(self.deployment.policies.violating, self.person)
        self.show("policy.html", title="Policy", problem=problem, typed=typed, seen=_mark(policy), violating=violating)


def _typed(policy: Policy) -> dict[str, str]:
    """As one would have typed it."""
    denied = (" ".join(f"{d.name} {d.specifier} # {d.reason}".split()) for d in policy.denied_packages)
    numbers = {name: getattr(policy, name) for name in NUMBERS}
    if policy.max_bytes is not None:
        numbers["max_bytes"] = f"{Decimal(policy.max_bytes) / GIGABYTE:f}"
    return {
        **{name: "\n".join(getattr(policy, name)) for name in LISTS},
        **{name: "" if value is None else str(value) for name, value in numbers.items()},
        "denied_packages": "\n".join(denied),
    }


def _wanted(typed: dict[str, str]) -> Policy:
    """Raises InvalidSpec, which counts the lines that say something."""
    from pydantic import ValidationError

    from ...models import PolicyBody

    content: dict[str, Any] = {name: _lines(typed[name]) for name in LISTS}
    content["denied_packages"] = [_denied(line) for line in _lines(typed["denied_packages"])]
    content |= {name: _number(typed[name].strip()) for name in NUMBERS}
    gigabytes = typed["max_bytes"].strip()
    if gigabytes:
        content["max_bytes"] = _bytes(gigabytes)
    try:
        return policy_of(PolicyBody.model_validate(content))
    except ValidationError as error:
        raise InvalidSpec([_fault(e) for e in error.errors()]) from error


def _fault(error: Any) -> FieldError:
    """In words for a form."""
    fault = field_error(error)
    words = {
        "string_too_short": "write # and the reason after the name and the versions",
        "int_type": "expected a whole number" if fault.field != "max_bytes" else "expected a number",
    }
    return replace(fault, message=words.get(error["type"], fault.message))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _denied(line: str) -> dict[str, str]:
    match = _DENIED.fullmatch(line)
    if match is None:
        return {"name": line, "specifier": "", "reason": "-"}  # no name: the service says so
    return {"name": match["name"], "specifier": match["specifier"], "reason": match["reason"] or ""}


def _number(text: str) -> int | str | None:
    """What is no number is left to be refused."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else text


def _bytes(gigabytes: str) -> int | str:
    try:
        number = Decimal(gigabytes) * GIGABYTE
        return int(number) if 0 <= number < 10**18 else gigabytes
    except InvalidOperation:
        return gigabytes


def _mark(policy: Policy) -> str:
    return hashlib.sha256(json.dumps(policy.to_json(), sort_keys=True).encode()).hexdigest()
