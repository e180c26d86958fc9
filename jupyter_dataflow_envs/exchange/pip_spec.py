"""One requirement of pip, taken apart: a line of requirements.txt, or of the pip section of an environment.yml."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement

from .asked import Asked, Unusable

_OPTIONS = {
    ("-r", "--requirement"): "another file: import it by itself",
    ("-c", "--constraint"): "a file of constraints: the build solves for itself, and its lock holds the versions",
    ("-e", "--editable"): "an editable install: a library must come from an index",
    ("-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host"): (
        "where pip packages come from is set for the whole deployment"
    ),
}
_HASHES = re.compile(r"\s--hash[= ]\s*[a-z0-9]+:[0-9a-fA-F]+")
_PER_REQUIREMENT = re.compile(r"\s(--?[A-Za-z][A-Za-z-]*)(?:[=\s].*)?$", re.DOTALL)
_SINGLE = re.compile(r"(?<![<>=!~])=(?!=)")
_SERIES = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_EXTENSIONS = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2")


def parse_pip_spec(text: str) -> Asked:
    """A line without its comment. Raises Unusable for options, URLs, paths and what is no requirement."""
    text, lost = _without_options(text.strip())
    _refuse(text)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _conda_style(text, lost)
    if requirement.url:
        raise Unusable(f"a URL or file: a library must come from an index; '{requirement.name}' may be there")
    found = []
    for specifier in sorted(requirement.specifier, key=lambda s: _place(text, s.operator, s.version)):
        pair = _specifier(specifier.operator, specifier.version, lost)
        if pair is not None:
            found.append(pair)
    extras = tuple(sorted(requirement.extras))
    return Asked(requirement.name, extras, (tuple(found),), tuple(lost), requirement.marker)


def _place(text: str, operator: str, version: str) -> int:
    """Where a specifier stands: `packaging` keeps them in no order."""
    match = re.search(rf"{re.escape(operator)}\s*{re.escape(version)}\s*(?:[,;)]|$)", text)
    return match.start() if match else len(text)


def _without_options(text: str) -> tuple[str, list[str]]:
    """Hashes say nothing that a lock does not; other options of one requirement have no place."""
    text = _HASHES.sub("", text)
    match = None if text.startswith("-") else _PER_REQUIREMENT.search(text)
    if match is None:
        return text, []
    return text[: match.start()].strip(), [f"options such as {match[1]} are not taken"]


def _refuse(text: str) -> None:
    if not text:
        raise Unusable("there is no library in this line")
    if text.startswith("-"):
        option = re.split(r"[=\s]", text, maxsplit=1)[0]
        for names, message in _OPTIONS.items():
            if option in names or any(len(n) == 2 and option.startswith(n) and option[1] != "-" for n in names):
                raise Unusable(message)
        raise Unusable(f"the option {option[:40]} is not taken: how pip installs is set for the whole deployment")
    if re.search(r"\{\{|\{%|<%|\$\(", text):
        raise Unusable("a template's placeholder: write what it stands for")
    if re.match(r"(?:git|hg|svn|bzr)\+", text) or re.search(r"@\s*(?:git|hg|svn|bzr)\+", text):
        raise Unusable("an install from version control: a library must come from an index")
    bare = text.partition(";")[0].strip()
    path = bare.startswith((".", "/", "~", "\\")) or re.match(r"[A-Za-z]:\\", bare) or bare.endswith(_EXTENSIONS)
    if "://" not in text and (path or ("/" in bare and "@" not in bare)):
        raise Unusable("a path: a library must come from an index")
    if "@" not in text and ("://" in text or text.startswith("file:")):
        raise Unusable("a URL: a library must come from an index")


def _specifier(operator: str, version: str, lost: list[str]) -> tuple[str, str] | None:
    if operator == "===":
        lost.append("'===' is taken as '=='")
        return "==", version
    if not version.endswith(".*"):
        return operator, version
    version = version.removesuffix(".*")
    if operator == "!=":
        lost.append(f"'!={version}.*' could not be kept")
        return None
    if _SERIES.fullmatch(version):
        return "=", version
    lost.append(f"'=={version}.*' has no equal for pip here: exactly {version}")
    return "==", version


def _conda_style(text: str, lost: list[str]) -> Asked:
    """What pip itself would refuse, but the grammar may take: `library=1.2`."""
    try:
        requirement = Requirement(_SINGLE.sub("==", text))
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0].rstrip(":").rstrip()
        raise Unusable(f"pip knows no such requirement: {reason[0].lower() + reason[1:]}") from None
    pairs = [(s.operator, s.version) for s in requirement.specifier]
    if len(pairs) != 1 or "*" in pairs[0][1]:
        raise Unusable("pip knows no such requirement: expected == for a version")
    lost.append("pip knows no single '='; here it means the series")
    extras = tuple(sorted(requirement.extras))
    return Asked(requirement.name, extras, ((("=", pairs[0][1]),),), tuple(lost), requirement.marker)
