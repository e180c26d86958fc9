"""A version as a bill of materials: CycloneDX 1.6 in JSON, equal for equal versions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from .._version import __version__
from ..domain.lock import Lock, LockedPackage
from ..domain.requirement import parse_pair
from .exported import Exported
from .lockfile import pip_dependencies

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

NAMESPACE = uuid.UUID("6f0d3f0e-5b1c-5a44-9d0b-6a8f3a1c2d7e")
"""Of the serial numbers: a version's is made of its environment's name, its number and its lock's digest."""

PREFIX = "jupyter-dataflow-envs"


def render_sbom(exported: Exported) -> str:
    """Every package with purl, licence and hashes; the graph of who needs whom; the environment as their root."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    lock = exported.lock
    seed = f"{exported.short_name}@{exported.number}:{lock.digest}"
    root = _environment(exported)
    tool = Component(name=PREFIX, version=__version__, type=ComponentType.APPLICATION, bom_ref=PREFIX)
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, seed),
        metadata=BomMetaData(component=root, timestamp=exported.built_at),
    )
    if exported.built_at is None:
        bom.metadata.timestamp = None  # type: ignore[assignment]
    bom.metadata.tools.components.add(tool)
    components = {p.identity: _component(p) for p in lock.packages}
    bom.components.update(components.values())
    needs = {p.identity: _needs(p, lock) for p in lock.packages}
    for identity, component in components.items():
        bom.register_dependency(component, [components[i] for i in sorted(needs[identity])])
    bom.register_dependency(root, [components[i] for i in sorted(_roots(exported, needs))])
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    return text + "\n"


def package_url(package: LockedPackage) -> PackageURL:
    """`pkg:conda/name@version?build=…&channel=…&subdir=…&type=conda` or `pkg:pypi/name@version`."""
    from packageurl import PackageURL

    if package.manager == "pip":
        return PackageURL("pypi", name=package.name, version=package.version)
    folder, _, file = urlsplit(package.url).path.rpartition("/")
    qualifiers = {
        "build": package.build,
        "channel": package.channel,
        "subdir": folder.rpartition("/")[2] or package.platform,
        "type": "conda" if file.endswith(".conda") else "tar.bz2",
    }
    return PackageURL("conda", name=package.name, version=package.version, qualifiers=qualifiers)


def _environment(exported: Exported) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    facts = {"digest": exported.lock.digest, "platform": exported.lock.platform, "python": exported.lock.python}
    return Component(
        name=exported.short_name,
        version=str(exported.number),
        description=exported.full_name,
        type=ComponentType.PLATFORM,
        bom_ref=f"{exported.short_name}@{exported.number}",
        properties=[Property(name=f"{PREFIX}:{name}", value=value) for name, value in facts.items() if value],
    )


def _component(package: LockedPackage) -> Component:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseAcknowledgement

    purl = package_url(package)
    hashes = [(HashAlgorithm.SHA_256, package.sha256), (HashAlgorithm.MD5, package.md5)]
    license = (package.license or "").strip()
    declared = LicenseAcknowledgement.DECLARED
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[HashType(alg=algorithm, content=content) for algorithm, content in hashes if content],
        licenses=[LicenseFactory().make_from_string(license, license_acknowledgement=declared)] if license else None,
        external_references=[ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(package.url))],
    )


def _needs(package: LockedPackage, lock: Lock) -> set[tuple[str, str]]:
    """The packages of the lock that this one asks for; what the machine itself provides is none of them."""
    if package.manager == "conda":
        names = {spec.split()[0].lower() for spec in package.depends if spec.strip()}
        found = {p.identity for p in lock.packages if p.manager == "conda" and p.name in names}
    else:
        names = set(pip_dependencies(package, lock.python))
        found = {p.identity for p in lock.packages if canonicalize_name(p.name) in names}
    return {(str(manager), name) for manager, name in found} - {package.identity}


def _roots(exported: Exported, needs: dict[tuple[str, str], set[tuple[str, str]]]) -> Iterable[tuple[str, str]]:
    """What was asked for, Python, and what nothing else needs."""
    spec = exported.requested
    conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
    asked = {("conda", "python"), *(("conda", r.name) for r in conda), *(("pip", r.name) for r in pip)}
    needed = {identity for found in needs.values() for identity in found}
    return {i for i in needs if (i[0], canonicalize_name(i[1])) in asked or i not in needed}
