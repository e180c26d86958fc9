"""One line of the `dependencies` of an environment.yml: conda's MatchSpec, taken apart."""

from __future__ import annotations

import re

from .asked import Asked, Specifiers, Unusable

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_KEY = re.compile(r"""\s*([a-z_]+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,\s]*))\s*(?:,|$)""")
_SPACED_OPERATOR = re.compile(r"\s*([<>=!~]+|[,|])\s*")
_NAME = re.compile(r"[^\s=<>!~,|]+")
_PART = re.compile(r"([<>=!~]*)(.*)", re.DOTALL)
_ARCHIVE = re.compile(r".*\.(?:conda|tar\.bz2)(?:#.*)?", re.IGNORECASE)
_OPERATORS = ("", "=", "==", "<=", ">=", "!=", "~=", "<", ">")


def parse_conda_spec(text: str) -> Asked:
    """Raises Unusable for what is no package of a channel."""
    text = re.sub(r"(?:^|\s)#.*$", "", text, flags=re.DOTALL).strip()
    _refuse(text)
    lost: list[str] = []
    text, keys, extras = _brackets(text)
    channel, colons, text = text.rpartition("::")
    if colons or "channel" in keys:
        lost.append(f"channels are set for the whole deployment: without '{channel or keys.get('channel', '')}'")
    name, version, build = _fields(text)
    version = keys.get("version", version)
    build = keys.get("build", build)
    if build.strip("*"):
        lost.append(f"build strings are not taken: without '{build}'")
    lost += [f"'{key}' is not taken" for key in keys if key not in ("version", "build", "channel")]
    if version and re.search(r"[()^$]", version):
        raise Unusable(f"'{version[:40]}' can't be said with =, ==, <= and >=")
    alternatives = tuple(_specifiers(part, lost) for part in version.split("|"))
    return Asked(name, extras, alternatives, tuple(dict.fromkeys(lost)))


def _refuse(text: str) -> None:
    if not text:
        raise Unusable("there is nothing in this line")
    if re.search(r"\{\{|\{%|<%|\$\{|\$\(", text):
        raise Unusable("a template's placeholder: write what it stands for")
    if text.startswith("-"):
        raise Unusable("an option; expected a library")
    if "://" in text or _ARCHIVE.fullmatch(text) or text.startswith(("/", "./", "../", "~", "file:")):
        raise Unusable("a file or URL: libraries come from the deployment's channels")
    if text.startswith("__"):
        raise Unusable("a virtual package: the deployment's setting virtual_packages says what the machine has")


def _brackets(text: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Without `[key=value]` and `[extra]`, which are returned."""
    keys: dict[str, str] = {}
    extras: list[str] = []
    for inside in _BRACKETS.findall(text):
        if "=" in inside:
            keys.update({m[1]: next((v for v in m.groups()[1:] if v), "") for m in _KEY.finditer(inside)})
        else:
            extras += [extra.strip() for extra in inside.split(",") if extra.strip()]
    return _BRACKETS.sub(" ", text).strip(), keys, tuple(extras)


def _fields(text: str) -> tuple[str, str, str]:
    """Name, version and build, whether `=` or spaces are between them."""
    text = re.sub(r"\s*\(\s*(?:optional|target=[^)]*)\s*\)", "", text)
    text = _SPACED_OPERATOR.sub(r"\1", text) if re.search(r"[<>=!~]", text) else text
    match = _NAME.match(text)
    if match is None:
        raise Unusable("expected a library's name first")
    name, rest = match[0], text[match.end() :].strip()
    version, _, build = rest.partition(" ")
    if not build:
        exact = re.fullmatch(r"={1,2}([^=<>~,|]+)=([^=<>~,|]+)", version)
        if exact:
            return name, ("=" if exact[1].endswith("*") else "==") + exact[1], exact[2]
    return name, version, build.strip()


def _specifiers(text: str, lost: list[str]) -> Specifiers:
    found = []
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        operator, version = (match[1], match[2].strip()) if match else ("", "")
        if operator not in _OPERATORS:
            raise Unusable(f"'{operator}' is no operator")
        if not version and not operator:
            continue
        if version in ("", "*"):
            if operator not in ("", "=", "=="):
                raise Unusable(f"expected a version after {operator}")
            continue
        found.append(_specifier(operator, version, lost))
    return tuple(s for s in found if s is not None)


def _specifier(operator: str, version: str, lost: list[str]) -> tuple[str, str] | None:
    series = version.endswith("*")
    if series:
        if not version.endswith(".*") and operator in ("", "=", "=="):
            lost.append(f"'{version}' is taken as the series {version.rstrip('.*')}")
        version = version.rstrip(".*")
    if operator == "=" or (series and operator in ("", "==")):
        return "=", version
    if operator == "!=" and series:
        lost.append(f"'!={version}.*' could not be kept")
        return None
    if operator in ("<", "<=", ">") and series:
        lost.append(f"'{operator}{version}.*' is read as '{operator}{version}'")
    return operator or "==", version
