"""Conditions on a line: markers of pip, and the selectors that stand in comments of environment.yml (`# [linux]`)."""

from __future__ import annotations

import ast
import re

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

_SELECTOR = re.compile(r"(?:^|\s)#\s*\[([^\[\]]{1,100})\]\s*(?:#.*)?$")

_SYSTEMS = {
    "linux": ("linux", "Linux", "posix"),
    "osx": ("darwin", "Darwin", "posix"),
    "win": ("win32", "Windows", "nt"),
}
_MACHINES = {"64": "x86_64", "32": "i686", "aarch64": "aarch64", "arm64": "arm64", "ppc64le": "ppc64le"}


def marker_holds(marker: Marker, platform: str, python: str) -> bool:
    """On a conda platform such as `linux-64`, for a Python such as `3.11` or `3.11.7`."""
    system, _, machine = platform.partition("-")
    sys_platform, platform_system, os_name = _SYSTEMS.get(system, ("", "", ""))
    environment = {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": _MACHINES.get(machine, machine),
        "platform_release": "",
        "platform_version": "",
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python if python.count(".") > 1 else python + ".0",
        "implementation_name": "cpython",
        "implementation_version": python if python.count(".") > 1 else python + ".0",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    try:
        return marker.evaluate(environment)
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def selector(line: str) -> str | None:
    """The selector in the comment at the end of a line."""
    match = _SELECTOR.search(line)
    return match[1].strip() if match else None


def selector_holds(text: str, platform: str, python: str) -> bool | None:
    """None for what is no selector but somebody's comment."""
    if re.fullmatch(r"(?:linux|osx|win)-[a-z0-9]+", text):
        return text == platform
    try:
        return bool(_value(ast.parse(text, mode="eval").body, _names(platform, python)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return None


def _names(platform: str, python: str) -> dict[str, bool | int]:
    system, _, machine = platform.partition("-")
    major, minor = (int(part) for part in python.split(".")[:2])
    names: dict[str, bool | int] = {s: s == system for s in _SYSTEMS}
    names |= {s + bits: s == system and bits == machine for s in _SYSTEMS for bits in ("32", "64")}
    names |= {m: m == machine for m in ("aarch64", "arm64", "ppc64le", "s390x")}
    names |= {f"py{n}": f"{major}{minor}" == n for n in ("27", *(f"3{m}" for m in range(4, 20)))}
    return names | {
        "unix": system != "win",
        "x86_64": machine == "64",
        "x86": machine in ("32", "64"),
        "py": int(f"{major}{minor}"),
        "py2k": major == 2,
        "py3k": major == 3,
    }


def _value(node: ast.expr, names: dict[str, bool | int]) -> bool | int:
    """Raises ValueError for anything but names, numbers, comparisons and their combinations."""
    match node:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Constant(value=bool() | int() as value):
            return value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, names)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(v, names) for v in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_value(v, names) for v in values)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compare(operator, _value(left, names), _value(right, names))
    raise ValueError(ast.dump(node))


def _compare(operator: ast.cmpop, left: int, right: int) -> bool:
    match operator:
        case ast.Lt():
            return left < right
        case ast.LtE():
            return left <= right
        case ast.Gt():
            return left > right
        case ast.GtE():
            return left >= right
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
    raise ValueError(ast.dump(operator))
