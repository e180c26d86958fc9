"""What people's notebook servers are granted: theirs alone, renewed without a write unless there is one to make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.errors import Malformed
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store.activations import LEASE
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, query
from tests.service.scripted_runner import ScriptedRunner

BOB = Person("bob")
SERVER = "/user/bob/"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> Iterator[Deployment]:
    root = tmp_path_factory.mktemp("grants") / "root"
    with deployment_in(root, "file:///scripted", runner=ScriptedRunner(waits=False)) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(deployment: Deployment) -> str:
    """Published, and alice has a later version of it."""
    create(deployment, "share", "3.11", "one==1")
    build(deployment, "share")
    review, _ = deployment.reviews.submit(ALICE, "share", "")
    deployment.reviews.approve(BOSS, review.id, review.digest, "")
    build(deployment, "share")
    return "share"


def lease(deployment: Deployment, person: str) -> str:
    return str(query(deployment, "SELECT leased_until FROM activations WHERE person = :p", p=person)[0][0])


def let_pass(deployment: Deployment, person: str, share: float) -> str:
    """As if that share of the lease were over."""
    until = to_text(now() + LEASE * (1 - share))
    with deployment.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE activations SET leased_until = '{until}' WHERE person = '{person}'")
    return until


def test_each_gets_what_is_theirs_to_use(deployment: Deployment, shared: str) -> None:
    hers = deployment.grants.activate(ALICE, shared, "/user/alice/")
    his = deployment.grants.activate(BOB, shared, SERVER)
    assert (hers.audience, hers.version) == ("latest", 2)
    assert (his.audience, his.version) == ("published", 1)
    assert deployment.grants.active(BOB, SERVER) == [his]
    assert deployment.grants.active(ALICE, "/user/alice/") == [hers]
    assert deployment.grants.active(ALICE, SERVER) == []


def test_nobody_speaks_for_the_server_of_another(deployment: Deployment, shared: str) -> None:
    """Whatever names people and their servers have: together they name one server of one person."""
    whole, part = Person("carol@example.org"), Person("carol")
    deployment.grants.activate(whole, shared, "/user/x/")
    assert deployment.grants.active(part, "example.org@/user/x/") == []
    assert deployment.grants.active(Person("carol%40example.org"), "/user/x/") == []
    long = Person("c" * 300)
    deployment.grants.activate(long, shared, "/user/x/")
    assert deployment.grants.active(Person("c" * 299), "c/user/x/") == []
    assert [g.short_name for g in deployment.grants.active(long, "/user/x/")] == [shared]


@pytest.mark.parametrize("server", ["", "s" * 151, "a\nb"])
def test_a_server_has_a_name(deployment: Deployment, shared: str, server: str) -> None:
    with pytest.raises(Malformed, match="server must name your notebook server"):
        deployment.grants.activate(BOB, shared, server)


def test_a_lease_is_renewed_when_some_of_it_has_gone(deployment: Deployment, shared: str) -> None:
    """A write for each of a thousand servers twice a minute would be most of what the database does."""
    deployment.grants.activate(BOB, shared, SERVER)
    early = let_pass(deployment, "bob", 0.2)
    deployment.grants.renew(BOB, SERVER, {}, {})
    deployment.grants.active(BOB, SERVER)
    assert lease(deployment, "bob") == early
    for renewed in (
        lambda: deployment.grants.renew(BOB, SERVER, {}, {}),
        lambda: deployment.grants.active(BOB, SERVER),
    ):
        late = let_pass(deployment, "bob", 0.5)
        renewed()
        assert lease(deployment, "bob") > late


def test_starts_and_running_processes_are_told(deployment: Deployment, shared: str) -> None:
    grant = deployment.grants.activate(BOB, shared, SERVER)
    assert grant.prefix_id is not None
    moment = now() + timedelta(seconds=1)
    started = {grant.environment_id: {"published": moment}, "no-such-id": {"latest": moment}}
    deployment.grants.renew(BOB, SERVER, started, {grant.prefix_id: 2, "0" * 12: 1})
    usage = deployment.usages.of(BOSS, shared)
    assert usage.last_started == moment.replace(microsecond=usage.last_started.microsecond)
    assert usage.running_kernels == 2
    assert grant.prefix_id in leases.held(deployment.root.path)
    deployment.grants.renew(BOB, SERVER, {}, {})
    assert grant.prefix_id not in leases.held(deployment.root.path)


def test_what_gives_nothing_any_more_ends(deployment: Deployment) -> None:
    create(deployment, "ended", "3.11", "one==1")
    build(deployment, "ended")
    review, _ = deployment.reviews.submit(ALICE, "ended", "")
    deployment.reviews.approve(BOSS, review.id, review.digest, "")
    deployment.grants.activate(BOB, "ended", "/user/bob/other/")
    with deployment.database.write() as connection:
        connection.exec_driver_sql("UPDATE environments SET published_version = NULL WHERE short_name = 'ended'")
    assert deployment.grants.active(BOB, "/user/bob/other/") == []
    assert query(deployment, "SELECT * FROM activations WHERE server LIKE :s", s="%/user/bob/other/") == []
