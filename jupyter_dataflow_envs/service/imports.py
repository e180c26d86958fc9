"""Reading other tools' files; nothing is stored by that."""

from __future__ import annotations

import logging
import platform
from dataclasses import replace

from ..builds.workshop import Workshop
from ..domain.errors import DataflowError, InvalidSpec
from ..domain.names import check_python_version
from ..domain.permissions import Person
from ..exchange.account import Imported, Target
from ..exchange.reading import read_file
from ..store import deployment
from .solver import Solver

_LOG = logging.getLogger(__name__)

_SYSTEMS = {"Linux": "linux", "Darwin": "osx", "Windows": "win"}
_MACHINES = {"x86_64": "64", "AMD64": "64", "i686": "32"}


class Imports:
    def __init__(self, workshop: Workshop, solver: Solver) -> None:
        self._workshop = workshop
        self._solver = solver

    def read(self, person: Person, text: str, name: str | None) -> Imported:
        """What a file asks for, as a specification to look over. `name` is the file's.

        May ask the engine, which takes seconds, where the file leaves the choice of a Python. Raises Malformed and
        TooLarge.
        """
        settings = self._workshop.settings
        with self._workshop.database.read() as connection:
            offered = deployment.policy(connection).python_versions
        target = Target(this_platform(), settings.sources.channels, offered, settings.extended_requirements)
        imported = read_file(text, target, name)
        if imported.python_version is None and not offered and (known := self._pythons()):
            imported = read_file(text, replace(target, pythons=known), name)
        return imported

    def _pythons(self) -> tuple[str, ...]:
        """The versions that the channels hold. A channel that does not answer must not fail an import."""
        try:
            return tuple(v for v in self._solver.versions("conda", "python") if _is_plain(v))
        except DataflowError as error:
            _LOG.info("The versions of Python are not known for an import: %s", error.message)
            return ()


def this_platform() -> str:
    """This machine as conda calls it, such as `linux-64`: environments are built where the service runs."""
    system, machine = _SYSTEMS.get(platform.system(), "linux"), platform.machine()
    if machine in ("arm64", "aarch64"):
        return f"{system}-{'aarch64' if system == 'linux' else 'arm64'}"
    return f"{system}-{_MACHINES.get(machine, machine)}"


def _is_plain(version: str) -> bool:
    """Without a suffix: nobody gets a release candidate by not choosing."""
    try:
        check_python_version(version)
    except InvalidSpec:
        return False
    return True
