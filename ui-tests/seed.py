"""Fills a deployment's database and logs directly, beside a running server or before one starts.

`python seed.py HOME/root --environments 1000` adds environments of all kinds and owners in some seconds: saved, failed,
drafts, waiting for approval, published, deprecated, on a base; with the names that people think of, and with hostile
ones. Each can be listed, opened, compared and decided on like others. None is installed, so that starting its kernel
shows the reason why it can't. Nothing is queued, because a running server would build it. A running server tells open
panels of them as of any other change. Run again, it adds more.

`python seed.py HOME/root --long-log mlenv 100000` appends that many lines to the log of the latest attempt at `mlenv`:
colours, progress bars made of carriage returns, markup, invisible characters, lines of 20,000 characters. Who follows
the log sees them at once while the build runs (the word `hold` of channel.py keeps it running), else when it is opened.
`--long-line mlenv 1000000` appends one line of about that many characters.

HOME is the folder that `server.py --home` was given.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sqlalchemy import Connection, select, update  # noqa: E402

from jupyter_dataflow_envs.builds.log import Logs  # noqa: E402
from jupyter_dataflow_envs.domain.clock import now, to_text  # noqa: E402
from jupyter_dataflow_envs.domain.environment import Environment  # noqa: E402
from jupyter_dataflow_envs.domain.events import EventKind  # noqa: E402
from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage  # noqa: E402
from jupyter_dataflow_envs.domain.names import check_description, check_full_name, check_short_name  # noqa: E402
from jupyter_dataflow_envs.domain.permissions import Person  # noqa: E402
from jupyter_dataflow_envs.domain.requirement import parse_pair  # noqa: E402
from jupyter_dataflow_envs.domain.review import ReviewState  # noqa: E402
from jupyter_dataflow_envs.domain.spec import Base, EnvironmentSpec  # noqa: E402
from jupyter_dataflow_envs.handlers.base import operating_system_user  # noqa: E402
from jupyter_dataflow_envs.service.trail import note  # noqa: E402
from jupyter_dataflow_envs.store import environments, reviews, tables, versions  # noqa: E402
from jupyter_dataflow_envs.store.database import Database  # noqa: E402
from jupyter_dataflow_envs.store.root import Root  # noqa: E402

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title = 'owned'</script>",
    "[a link](javascript:alert(1)) **bold** `code`",
    "\u05e1\u05d1\u05d9\u05d1\u05d4 \u05dc\u05de\u05d7\u05e7\u05e8 (2024)",
    "\u0628\u064a\u0626\u0629 \u0627\u0644\u062a\u062d\u0644\u064a\u0644 \u2013 v2",
    "W" * 100,
    "Nobreakablewordofexactlyonehundredcharacters" + "x" * 56,
    "A name of one hundred characters, which has spaces, so that it can be broken over several lines 12345",
    "\u6a5f\u68b0\u5b66\u7fd2\u74b0\u5883\uff08\u5171\u6709\uff09",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family of emoji \U0001f40d\U0001f680",
    "Z\u0351\u036b\u0343\u036a\u0302a\u0310l\u0301g\u0327o\u0362 combining",
    "&amp; &lt;b&gt; \"quotes\" 'and' {braces} %s %1 ${x}",
    "= 1 + 1",
    ".",
)
FIELDS = ("Machine Learning", "Geospatial", "Genomics", "Risk", "Time Series", "Vision", "Text Mining", "Reporting")
FOR = ("Team", "Course", "Production", "Prototype", "Workshop", "Nightly", "Thesis", "Dashboard", "Benchmark")
OWNERS = ("alice", "bob", "root", "carol.meyer@example.org", "o'brien", "<b>eve</b>", "\u540d\u524d")
NOTES = (
    "",
    "For the quarterly report.",
    "Keep pandas below 2 until the old notebooks are gone.\n\nAsk before changing it.",
    "<img src=x onerror=\"document.title='owned'\"> & [x](javascript:alert(1))",
    "long " * 399 + "end",
)
KINDS = ("saved", "failed", "draft", "pending", "published", "published", "deprecated", "edited", "based")
LIBRARIES = """
    attrs certifi charset-normalizer click cycler decorator executing filelock fonttools idna ipykernel ipython jinja2
    joblib jupyter-client jupyter-core kiwisolver libblas libffi markupsafe matplotlib networkx numpy openssl packaging
    pandas pexpect pillow pip platformdirs psutil pyparsing python-dateutil pytz pyzmq requests scikit-learn scipy
    setuptools six sqlite threadpoolctl tornado tqdm traitlets tzdata urllib3 wcwidth xz zlib
""".split()  # noqa: SIM905
CHUNK = 2000


@dataclass(frozen=True)
class Plan:
    """One environment to be."""

    number: int
    short_name: str
    kind: str
    owner: Person


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a deployment of the browser tests.")
    parser.add_argument("root", type=Path, help="the deployment's folder: HOME/root")
    parser.add_argument("--environments", type=int, default=0, metavar="COUNT")
    parser.add_argument("--owner", action="append", help="instead of the usual owners; may be repeated")
    parser.add_argument("--long-log", nargs=2, metavar=("SHORT_NAME", "LINES"))
    parser.add_argument("--long-line", nargs=2, metavar=("SHORT_NAME", "LENGTH"))
    options = parser.parse_args()
    root = Root(options.root.absolute())
    new = not root.database.exists()
    root.create()
    database = Database(f"sqlite:///{root.database}")
    database.prepare(backups=root.backups, may_migrate=new, creator=operating_system_user())
    try:
        if options.environments:
            add_environments(database, root, options.environments, options.owner or [*OWNERS, operating_system_user()])
        if options.long_log:
            short_name, lines = options.long_log
            append_lines(database, root, short_name, int(lines))
        if options.long_line:
            short_name, length = options.long_line
            append_line(database, root, short_name, int(length))
    finally:
        database.close()


def add_environments(database: Database, root: Root, count: int, owners: list[str]) -> None:
    """Each kind with each owner in turn; every seventh name is a hostile one."""
    logs = Logs(root.logs, 1 << 30)
    locks = [_lock(n) for n in range(5)]
    with database.write() as connection:
        for lock in locks:
            versions.save_lock(connection, lock)
        taken = set(connection.execute(select(tables.environments.c.short_name)).scalars())
        names = (name for n in itertools.count() if (name := f"s{n:03x}") not in taken)
        kinds, people = itertools.cycle(KINDS), itertools.cycle([Person(owner) for owner in owners])
        base: Base | None = None
        for number, short_name in enumerate(itertools.islice(names, count)):
            plan = Plan(number, check_short_name(short_name), next(kinds), next(people))
            made = _add(connection, plan, locks, base, logs)
            base = made or base


def _add(connection: Connection, plan: Plan, locks: list[Lock], base: Base | None, logs: Logs) -> Base | None:
    """Returns what others can be built on, if it is such a thing."""
    lock = locks[plan.number % len(locks)]
    based = base if plan.kind == "based" else None
    spec = _spec(plan.number, based)
    moment = now() - timedelta(minutes=7 * plan.number)
    environment = Environment(
        id=uuid.uuid4().hex,
        short_name=plan.short_name,
        full_name=check_full_name(_full_name(plan.number)),
        description=check_description(NOTES[plan.number % len(NOTES)]),
        owner=plan.owner.name,
        spec=spec,
        revision=1,
        created_at=moment,
        updated_at=moment,
    )
    environments.insert(connection, environment)
    note(connection, EventKind.CREATED, plan.owner, environment)
    if plan.kind == "saved":
        return None
    built = 0
    for _ in range(1 + plan.number % 4):
        built, _ = _attempt(connection, environment, spec, lock, logs)
    if plan.kind == "failed":
        _attempt(connection, environment, spec, None, logs)
    elif plan.kind == "pending":
        _review(connection, environment, built, lock)
    elif plan.kind in ("published", "deprecated"):
        _publish(connection, environment, built, lock, deprecated=plan.kind == "deprecated")
        return Base(environment.id, environment.short_name, built, lock.digest) if plan.kind == "published" else None
    elif plan.kind == "edited":
        changed = EnvironmentSpec(spec.python_version, (*spec.conda_requirements, "polars"), spec.pip_requirements)
        environments.edit(
            connection,
            environment.id,
            revision=environments.by_id(connection, environment.id).revision,  # type: ignore[union-attr]
            full_name=environment.full_name,
            description=environment.description,
            spec=changed,
        )
        note(connection, EventKind.EDITED, plan.owner, environment, changed=["requirements"])
    return None


def _attempt(
    connection: Connection, environment: Environment, spec: EnvironmentSpec, lock: Lock | None, logs: Logs
) -> tuple[int, int]:
    """A build that has ended: with this lock, or failed."""
    number, attempt = versions.enqueue(connection, environment.id, spec, by=environment.owner)
    reason = None if lock else "The requirements can't be fulfilled together: conflict-a 1.0 needs shared-lib <2."
    steps = [{"name": "solving", "duration": 1.5}, {"name": "downloading", "duration": 4.0}]
    connection.execute(
        update(tables.attempts)
        .where(tables.attempts.c.environment_id == environment.id, tables.attempts.c.number == number)
        .where(tables.attempts.c.attempt == attempt)
        .values(
            outcome="succeeded" if lock else "failed",
            phase=None,
            reason=reason,
            steps=steps,
            started_at=to_text(environment.created_at),
            finished_at=to_text(environment.created_at + timedelta(seconds=42)),
            duration=42.0,
        )
    )
    if lock:
        connection.execute(
            update(tables.versions)
            .where(tables.versions.c.environment_id == environment.id, tables.versions.c.number == number)
            .values(lock_digest=lock.digest, python=lock.python, size=sum(p.size or 0 for p in lock.packages))
        )
        connection.execute(
            update(tables.environments).where(tables.environments.c.id == environment.id).values(latest_success=number)
        )
    log = logs.open(environment.id, number, attempt)
    log.write(f"[solving] for {environment.full_name}")
    log.close(f"[done] version {number} is built" if lock else f"[failed] {reason}")
    ended = EventKind.BUILD_SUCCEEDED if lock else EventKind.BUILD_FAILED
    note(connection, ended, Person(environment.owner), environment, number, attempt=attempt)
    return number, attempt


def _review(connection: Connection, environment: Environment, number: int, lock: Lock) -> str:
    opened = reviews.open_review(
        connection, environment.id, version=number, digest=lock.digest, by=environment.owner, note="Please look at it."
    )
    note(connection, EventKind.SUBMITTED, Person(environment.owner), environment, number, review=opened.id)
    return opened.id


def _publish(connection: Connection, environment: Environment, number: int, lock: Lock, *, deprecated: bool) -> None:
    review = _review(connection, environment, number, lock)
    reviews.decide(connection, review, ReviewState.APPROVED, by="root", comment="")
    moment = to_text(environment.created_at + timedelta(hours=1))
    connection.execute(
        update(tables.environments)
        .where(tables.environments.c.id == environment.id)
        .values(
            published_version=number,
            published_full_name=environment.full_name,
            published_description=environment.description,
            published_spec=environment.spec.to_json(),
            published_at=moment,
            deprecated_reason="Take the newer one; this stays for old notebooks." if deprecated else None,
            deprecated_at=moment if deprecated else None,
        )
    )
    note(connection, EventKind.APPROVED, Person("root"), environment, number, review=review)


def _full_name(number: int) -> str:
    if number % 7 == 3:
        return HOSTILE[number // 7 % len(HOSTILE)][:100]
    field, use = FIELDS[number % len(FIELDS)], FOR[number // len(FIELDS) % len(FOR)]
    return f"{field} {use} {number}"


def _spec(number: int, base: Base | None) -> EnvironmentSpec:
    chosen = random.Random(number).sample(LIBRARIES, 3 + number % 12)
    conda = tuple(f"{name}>={number % 5}" if i % 2 else name for i, name in enumerate(chosen))
    pip = ("# for the report", f"tinywheel-{number % 20:02d}==1.{number % 10}") if number % 3 else ()
    parse_pair(conda, pip)
    return EnvironmentSpec("" if base else f"3.{10 + number % 3}", conda, pip, base)


def _lock(number: int) -> Lock:
    """As many packages as real ones have; no two locks hold the same."""
    chooser = random.Random(number)
    packages = [_package("python", f"3.11.{number}", chooser)]
    packages += [_package(n, f"{chooser.randint(0, 4)}.{chooser.randint(0, 30)}.{number}", chooser) for n in LIBRARIES]
    return Lock("linux-64", ("https://channel.invalid/main",), tuple(packages))


def _package(name: str, version: str, chooser: random.Random) -> LockedPackage:
    file = f"{name}-{version}-0.conda"
    return LockedPackage(
        manager="conda",
        name=name,
        version=version,
        build="0",
        platform="linux-64",
        url=f"https://channel.invalid/main/linux-64/{file}",
        sha256=hashlib.sha256(file.encode()).hexdigest(),
        size=chooser.randint(10_000, 30_000_000),
        channel="https://channel.invalid/main",
        license="BSD-3-Clause",
    )


def append_lines(database: Database, root: Root, short_name: str, count: int) -> None:
    """Straight into the file: what a build writes is cut at `max_log_bytes`, and masked."""
    with _log(database, root, short_name).open("ab") as file:
        for chunk in _chunks(count):
            file.write(chunk)
            file.flush()


def append_line(database: Database, root: Root, short_name: str, length: int) -> None:
    """One line of so many characters, with styles now and then, and a short one behind it."""
    words = "".join(f"\x1b[32m{n}\x1b[0m and more of the one line, " for n in range(length // 30 + 1))
    with _log(database, root, short_name).open("ab") as file:
        file.write(f"The long line {words}ends\nbehind the long line\n".encode())


def _log(database: Database, root: Root, short_name: str) -> Path:
    with database.read() as connection:
        environment = environments.find(connection, short_name, Person("", is_admin=True))
        if environment.latest is None:
            raise SystemExit(f"'{short_name}' has not been built: there is no log yet.")
        latest = versions.find(connection, environment.id, environment.latest.number)
    return Logs(root.logs, 0).path(environment.id, latest.number, latest.attempt)


def _chunks(count: int) -> Iterator[bytes]:
    for begin in range(1, count + 1, CHUNK):
        lines = (_line(n) for n in range(begin, min(begin + CHUNK, count + 1)))
        yield ("\n".join(lines) + "\n").encode()


def _line(number: int) -> str:
    match number % 500:
        case 7:
            return (
                f"{number} \x1b[31mred\x1b[0m \x1b[1;32mbold green\x1b[0m \x1b[38;5;208morange\x1b[0m \x1b]0;title\x07"
            )
        case 77:
            return f"{number} <img src=x onerror=\"document.title='owned'\"> <script>alert(1)</script> &amp;"
        case 177:
            return f"{number} \u202egnp.txt\u202c \u2066hidden\u2069 zero\u200bwidth \ufeffbom"
        case 277:
            return "\r".join(f"{number} downloading {done:3d} %" for done in range(0, 101, 10))
        case 377:
            return f"{number} " + "a very long line without end " * 690
        case 477:
            return f"{number} \x1b[2J\x1b[H\x1b[9999Cmoves the cursor\x08\x08\x08\x00 and rings\x07"
        case _:
            return f"{number} linked package-{number % 97} ({number % 13}.{number % 7}) into the prefix"


if __name__ == "__main__":
    main()
