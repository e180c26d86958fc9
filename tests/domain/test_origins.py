"""Why a package is there."""

from __future__ import annotations

from jupyter_dataflow_envs.domain.origins import explain
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from tests.domain.texts import package

SPEC = EnvironmentSpec("3.11", ("Pandas >= 2 # for all", "", "dask[complete]"), ("scikit_learn==1.5",))


def test_each_package_says_who_asked_for_it() -> None:
    held = [
        package("zlib"),
        package("scikit-learn", manager="pip"),
        package("python"),
        package("pip"),
        package("pandas"),
        package("ipykernel"),
        package("dask"),
        package("dask", manager="pip"),
    ]
    assert [(e.package.name, e.package.manager, e.origin, e.requested) for e in explain(held, SPEC)] == [
        ("dask", "conda", "requested", "dask[complete]"),
        ("dask", "pip", "requested", "dask[complete]"),
        ("ipykernel", "conda", "added", None),
        ("pandas", "conda", "requested", "Pandas>=2"),
        ("pip", "conda", "added", None),
        ("python", "conda", "requested", "python=3.11"),
        ("scikit-learn", "pip", "requested", "scikit_learn==1.5"),
        ("zlib", "conda", "dependency", None),
    ]


def test_what_was_asked_for_is_not_added() -> None:
    (pip,) = explain([package("pip")], EnvironmentSpec("3.11", ("pip>=24",)))
    assert (pip.origin, pip.requested) == ("requested", "pip>=24")


def test_requirements_that_were_allowed_when_saved_stay_readable() -> None:
    (pandas,) = explain([package("pandas")], EnvironmentSpec("3.11", ("pandas>=1,<2",)))
    assert pandas.requested == "pandas>=1,<2"


def test_packages_of_the_base_are_its_own_unless_asked_for() -> None:
    """A package of the same name in another file, or from the other manager, is not the base's."""
    base = [package("numpy"), package("ipykernel"), package("click", manager="pip"), package("zlib"), package("python")]
    held = [*base[:2], package("click"), package("zlib", sha256="f" * 64), package("pandas"), package("python")]
    child = EnvironmentSpec("", ("numpy>=1", "pandas"))
    assert [(e.package.name, e.origin, e.requested) for e in explain(held, child, base)] == [
        ("click", "dependency", None),
        ("ipykernel", "base", None),
        ("numpy", "requested", "numpy>=1"),
        ("pandas", "requested", "pandas"),
        ("python", "base", None),
        ("zlib", "dependency", None),
    ]


def test_without_a_python_version_nobody_asked_for_python() -> None:
    (python,) = explain([package("python")], EnvironmentSpec(""))
    assert (python.origin, python.requested) == ("dependency", None)
