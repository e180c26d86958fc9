"""What administrators of a deployment set, wherever its service runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Dict, HasTraits, Int, List, Unicode, default, validate

if TYPE_CHECKING:
    from .builds.workshop import BuildSettings


class DeploymentTraits(HasTraits):
    """For a Jupyter application. Importing it loads nothing that a server's start would have to wait for."""

    root_dir = Unicode(
        help="Folder of the database, package caches, prefixes and logs; on a local disk. Default: dataflow-envs in "
        "Jupyter's data folder."
    ).tag(config=True)

    database_url = Unicode(help="SQLAlchemy URL of the database. Default: SQLite in root_dir.").tag(config=True)

    channels = List(
        Unicode(), ["conda-forge"], help="Where conda packages come from: names, URLs, file:// folders; the first wins."
    ).tag(config=True)

    pip_index_url = Unicode("", help="Where pip packages come from. Default: what uv is configured to use.").tag(
        config=True
    )

    pip_extra_index_urls = List(Unicode(), help="More indexes for pip packages.").tag(config=True)

    admins = List(Unicode(), help="Administrators: names, or group:NAME. Default: whoever created root_dir.").tag(
        config=True
    )

    allow_source_builds = Bool(
        True, help="Whether pip packages without a wheel may be built, which runs their authors' code."
    ).tag(config=True)

    run_link_scripts = Bool(
        False, help="Whether conda packages' post-link scripts are run, which is their authors' code."
    ).tag(config=True)

    virtual_packages = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="What the machines that run the kernels have, for example {'__cuda': '12.4'}. Default: what this one has.",
    ).tag(config=True)

    allow_self_approval = Bool(
        None,
        allow_none=True,
        help="Whether administrators may approve what they submitted themselves. Default: only where the operating "
        "system's user is the only identity, as with Jupyter's own token login.",
    ).tag(config=True)

    extended_requirements = Bool(
        False, help="Whether requirements may hold several specifiers, and <, >, !=, ~= as well."
    ).tag(config=True)

    dask_scheduler = Unicode(
        help="Address of a Dask scheduler, such as tls://scheduler:8786, whose workers with the resource "
        "dataflow-build run the builds. Default: they run on this machine."
    ).tag(config=True)

    image_store = Unicode(
        help="Where built prefixes are kept as images, for machines that do not share the disk: any fsspec URL, as "
        "s3://bucket/folder. Default: nowhere."
    ).tag(config=True)

    max_concurrent_builds = Int(
        1,
        min=1,
        help="Builds that run side by side. Default: half the cores, at least 1; with dask_scheduler 32, as then the "
        "number of workers decides.",
    ).tag(config=True)

    max_log_bytes = Int(64 * 1024 * 1024, help="Bytes after which a build's log is cut.").tag(config=True)

    @default("root_dir")
    def _default_root_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "dataflow-envs")

    @validate("root_dir")
    def _absolute_root_dir(self, proposal: Any) -> str:
        return str(Path(proposal["value"]).expanduser().absolute())

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{self.root_dir}/dataflow-envs.sqlite"

    @default("max_concurrent_builds")
    def _default_max_concurrent_builds(self) -> int:
        return 32 if self.dask_scheduler else half_the_cores()

    def build_settings(self) -> BuildSettings:
        """In the words of the builds."""
        from .builds.workshop import BuildSettings

        return BuildSettings(
            channels=tuple(self.channels),
            pip_index_url=self.pip_index_url or None,
            pip_extra_index_urls=tuple(self.pip_extra_index_urls),
            allow_source_builds=self.allow_source_builds,
            run_link_scripts=self.run_link_scripts,
            virtual_packages=dict(self.virtual_packages) or None,
            max_concurrent_builds=self.max_concurrent_builds,
            max_log_bytes=self.max_log_bytes,
            extended_requirements=self.extended_requirements,
            image_store=self.image_store or None,
        )


def half_the_cores() -> int:
    """At least 1."""
    return max(1, (os.cpu_count() or 2) // 2)
