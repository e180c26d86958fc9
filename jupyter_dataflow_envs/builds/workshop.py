"""What all builds of one deployment share: its settings, folders, database and runner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from ..domain.lock import Lock
from ..domain.requirement import parse_pair
from ..domain.spec import EnvironmentSpec
from ..engine.protocol import Caches, Job, Mode, Sources
from ..images import ImageStore
from ..store import deployment, versions
from ..store.database import Database
from ..store.prefixes import Prefix
from ..store.root import Root
from .log import Logs
from .prefix_folders import PrefixFolders
from .reserve import Reserve
from .runner import Runner


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What the deployment says about builds."""

    channels: tuple[str, ...]
    pip_index_url: str | None
    pip_extra_index_urls: tuple[str, ...]
    allow_source_builds: bool
    run_link_scripts: bool
    virtual_packages: dict[str, str] | None
    max_concurrent_builds: int
    max_log_bytes: int
    extended_requirements: bool
    image_store: str | None = None
    """An fsspec URL; None: prefixes reach people by the disk alone."""

    @property
    def sources(self) -> Sources:
        return Sources(self.channels, self.pip_index_url, self.pip_extra_index_urls)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that builds of one deployment share."""

    database: Database
    root: Root
    settings: BuildSettings
    runner: Runner
    """Of builds."""
    questions: Runner
    """Of what people wait for (previews, names, versions) and of what is the service's own machine's."""

    @property
    def folders(self) -> PrefixFolders:
        return PrefixFolders(self.root.prefixes)

    @property
    def logs(self) -> Logs:
        return Logs(self.root.logs, self.settings.max_log_bytes)

    @property
    def reserve(self) -> Reserve:
        return Reserve(self.root.reserve)

    @property
    def caches(self) -> Caches:
        return Caches(*(str(self.root.cache(name)) for name in ("packages", "repodata", "uv", "bytecode")))

    def install_job(self, lock: Lock, title: str, prefix: Path | str = "") -> Job:
        """What the engine is told to install from a lock."""
        return Job(
            mode=Mode.INSTALL,
            caches=self.caches,
            sources=self.settings.sources,
            prefix=str(prefix),
            title=title,
            lock=lock,
            allow_source_builds=self.settings.allow_source_builds,
            run_link_scripts=self.settings.run_link_scripts,
        )

    def image_url(self, connection: Connection) -> str | None:
        """Where this deployment's images are: a folder of its own, as others may use the same store."""
        url = self.settings.image_store
        return f"{url.rstrip('/')}/{deployment.read(connection, 'id')}" if url else None

    def images(self) -> ImageStore | None:
        """The store of this deployment's images, if it has any."""
        if self.settings.image_store is None:
            return None
        with self.database.read() as connection:
            url = self.image_url(connection)
        return ImageStore(url) if url else None

    def is_available(self, prefix: Prefix) -> bool:
        """Whether a ready prefix is on this disk, or can be brought to it."""
        return self.folders.is_whole(prefix.id) or self.is_fetchable(prefix)

    def is_fetchable(self, prefix: Prefix) -> bool:
        """Whether it has an image, as far as the database knows."""
        return self.settings.image_store is not None and prefix.image_digest is not None

    def job(
        self,
        connection: Connection,
        *,
        title: str,
        spec: EnvironmentSpec,
        prefix: Path | str = "",
        hold: Lock | None = None,
    ) -> Job:
        """What the engine is told to build `spec`; `hold`: what is installed and must stay as it is."""
        base = versions.lock(connection, spec.base.digest) if spec.base else None
        # What was allowed when the build was asked for stays readable.
        conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
        return Job(
            mode=Mode.BUILD,
            caches=self.caches,
            sources=self.settings.sources,
            prefix=str(prefix),
            title=title,
            python_version=spec.python_version,
            conda=tuple(r.conda_spec() for r in conda),
            pip=(
                *(r.pip_spec() for r in pip),
                *(text for r in conda if r.extras for text in (r.with_extras_for_pip(),) if text),
            ),
            lock=hold,
            base=base,
            base_title=spec.base.title if spec.base else "",
            policy=deployment.policy(connection),
            allow_source_builds=self.settings.allow_source_builds,
            run_link_scripts=self.settings.run_link_scripts,
            virtual_packages=self.settings.virtual_packages,
        )
