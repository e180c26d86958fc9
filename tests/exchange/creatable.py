"""What must hold for everything that an import returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jupyter_dataflow_envs.domain.names import check_full_name, check_python_version, check_short_name
from jupyter_dataflow_envs.domain.requirement import LINES_LIMIT, Requirement, parse_pair
from jupyter_dataflow_envs.exchange.account import Imported


def assert_creatable(imported: Imported, *, extended: bool = False) -> None:
    """An environment can be saved with it: the grammar takes it, both lists together, and what is named is valid."""
    parse_pair(imported.conda_requirements, imported.pip_requirements, extended=extended)
    assert len(imported.conda_requirements) <= LINES_LIMIT
    assert len(imported.pip_requirements) <= LINES_LIMIT
    assert check_full_name(imported.full_name) == imported.full_name
    if imported.short_name is not None:
        assert check_short_name(imported.short_name) == imported.short_name
    if imported.python_version is not None:
        assert check_python_version(imported.python_version) == imported.python_version
    for change in imported.changed:
        assert change.became
        assert change.message


def meaning(conda: Sequence[str], pip: Sequence[str]) -> list[tuple[str, str, tuple[str, ...], set[str]]]:
    """Both lists as conda and pip understand them: for pip `=2.1.4` is `==2.1.4`. No specifier counts twice."""
    return [
        (r.manager, r.name, r.extras, set(_specifiers(r)))
        for requirements in parse_pair(conda, pip, extended=True)
        for r in requirements
    ]


def _specifiers(requirement: Requirement) -> Iterator[str]:
    for specifier in requirement.specifiers:
        alone = replace(requirement, extras=(), specifiers=(specifier,))
        yield alone.conda_spec() if requirement.manager == "conda" else alone.pip_spec()
