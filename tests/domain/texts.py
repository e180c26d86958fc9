"""What strangers may send, as hypothesis strategies: requirements that are right, and texts that look like them."""

from __future__ import annotations

import re
import string

from hypothesis import strategies as st

from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage, Manager

ALPHANUMERIC = string.ascii_letters + string.digits

LIKELY = st.text("abz019-_.=<>!~[],;:#@/\\ \t*|+'\"", max_size=30)
"""Made of the characters that have a meaning in requirements."""

ANY_TEXT = st.one_of(st.text(max_size=60), LIKELY, st.text(st.characters(), max_size=20))
"""Any Unicode, halves of surrogate pairs included."""

NUMBERS = st.lists(st.integers(0, 3000), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "rc1", "a2", "b3", ".dev4", ".post5"])
EPOCHS = st.sampled_from(["", "", "", "1!"])
VERSIONS = st.builds("{}{}{}".format, EPOCHS, NUMBERS, SUFFIXES)
"""Such as both conda and pip understand."""

CONDA_VERSIONS = st.one_of(
    VERSIONS, st.sampled_from(["9e", "2024a", "1.1.1_", "1_2", "1.0+cuda.12", "3.0.A1", "0.1.post2"])
)

SPACES = st.text(" \t", max_size=2)

ARCHIVE = re.compile(r".*\.(?:whl|zip|tgz|conda|tar(?:\.\w+)?)", re.IGNORECASE)


@st.composite
def names(draw: st.DrawFn) -> str:
    """Of libraries; never `python`, nor a file of an archive."""
    middle = draw(st.text(ALPHANUMERIC + "._-", max_size=12))
    ends = st.sampled_from(ALPHANUMERIC)
    name = draw(ends) + (middle + draw(ends) if middle else "")
    if ARCHIVE.fullmatch(name):
        return name.replace(".", "-")
    return name if name.lower() != "python" else "python3"


EXTRAS = st.lists(names(), max_size=3)


@st.composite
def requirement_lines(draw: st.DrawFn, manager: Manager, *, extended: bool = False) -> str:
    """One line that the grammar takes, with spaces and comments where it takes them."""
    operators = ["==", "<=", ">=", "="] + (["<", ">", "!="] if extended else [])
    versions = CONDA_VERSIONS if manager == "conda" else VERSIONS
    count = draw(st.integers(0, 3 if extended else 1))
    parts = [
        draw(SPACES) + draw(st.sampled_from(operators)) + draw(SPACES) + draw(versions) + draw(SPACES)
        for _ in range(count)
    ]
    extras = draw(EXTRAS)
    in_brackets = draw(SPACES) + "[" + ",".join(f" {extra} " for extra in extras) + "]" if extras else ""
    comment = draw(st.sampled_from(["", "", " # why", "\t#= 3, [x]"]))
    return draw(SPACES) + draw(names()) + in_brackets + ",".join(parts) + comment


HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
ODD_VERSIONS = st.one_of(
    VERSIONS,
    CONDA_VERSIONS,
    st.sampled_from(["", "2024a", "9e", "1.0.0.0", "1.0", "1.0-1", "jdk-17", "²", "٣.١", "a", "_", "1.٣x", "0.0.0dev"]),
    st.text(max_size=8),
)


def package(name: str = "numpy", version: str = "1.26.4", **changed: object) -> LockedPackage:
    """A conda package, unless told otherwise."""
    fields: dict[str, object] = {
        "manager": "conda",
        "build": "py311_0",
        "platform": "linux-64",
        "url": f"https://channel.invalid/linux-64/{name}-{version}.conda",
        "sha256": "0" * 64,
        "channel": "main-channel",
    }
    return LockedPackage(name=name, version=version, **{**fields, **changed})  # type: ignore[arg-type]


@st.composite
def packages(draw: st.DrawFn) -> list[LockedPackage]:
    """Each (manager, name) once, from few names, so that two draws have some in common."""
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from(["conda", "pip"]), st.sampled_from(["numpy", "pandas", "rich", "zlib"])),
            unique=True,
        )
    )
    return [
        package(
            name,
            draw(ODD_VERSIONS),
            manager=manager,
            build=draw(st.sampled_from(["", "0", "py311_1"])),
            sha256=draw(HASHES | st.just("0" * 64)),
        )
        for manager, name in chosen
    ]


def lock(packages: list[LockedPackage], platform: str = "linux-64") -> Lock:
    return Lock(platform, ("main-channel",), tuple(packages))
