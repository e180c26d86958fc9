"""The service of the team, asked in the name of this server's person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..client.environments import EnvironmentRoutes
from ..client.errors import NotSignedIn, ServerError, ServerNotFound, ServerUnreachable
from ..client.routes import SLOW_SECONDS, environment_path
from ..client.servers import Address
from ..client.transport import ANSWER_SECONDS, Transport, http_client
from ..domain.draft import Draft, WantedBase
from ..domain.errors import DataflowError, NotFound, Unavailable
from ..domain.grant import Grant

if TYPE_CHECKING:
    import httpx


AWAY = "The environment service can't be reached. Local environments and kernels go on working."
REFUSED = (
    "The environment service does not accept this notebook server's token. Local environments and kernels go on "
    "working. With JupyterHub, servers need the scope access:services for it: ask your administrator."
)
OTHER_RELEASE = (
    "The environment service is of another release than this notebook server: ask your administrator to install the "
    "same one for both."
)


class ServiceAway(Unavailable):
    """The service can't be reached or used now: nothing is wrong here, and trying again is all that helps."""


class TeamService:
    """May be used from several threads. Methods raise what the service refuses, as it says it; and ServiceAway when it
    can't be reached, or does not know this server."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._transport = Transport(address)
        self._environments = EnvironmentRoutes(self._transport)

    def close(self) -> None:
        self._transport.close()

    def active(self, server: str) -> tuple[str, list[Grant]]:
        """The deployment's id, and what is active in that notebook server."""
        with _understood():
            answer = self._transport.json("GET", "grants", query={"server": server})
            return str(answer["deployment"]), [Grant.from_json(g) for g in answer["items"]]

    def activate(self, short_name: str, server: str, *, draft: bool) -> Grant:
        body = {"server": server, "draft": draft}
        with _understood():
            return Grant.from_json(self._transport.json("PUT", environment_path(short_name, "grant"), body=body))

    def deactivate(self, short_name: str, server: str) -> None:
        with _understood():
            self._transport.send("DELETE", environment_path(short_name, "grant"), query={"server": server})

    def usable(self, short_name: str) -> Grant:
        """The version that the person can run commands in."""
        with _understood():
            return Grant.from_json(self._transport.json("GET", environment_path(short_name, "grant")))

    def renew(self, server: str, started: dict[str, dict[str, str]], running: dict[str, int]) -> None:
        """That this server is alive, when it last started what, and how many processes run from each prefix."""
        body = {"server": server, "started": started, "running": running}
        with _understood():
            self._transport.send("POST", "grants/renewal", body=body)

    def sources(self) -> tuple[list[str], list[str]]:
        """The channels and indexes of the deployment; no indexes: uv's own."""
        with _understood():
            me = self._transport.json("GET", "me")
            return list(me["channels"]), list(me["indexes"])

    def offered_pythons(self) -> list[str]:
        with _understood():
            answer = self._transport.json("GET", "packages/conda/python", timeout=SLOW_SECONDS)
            return list(answer["versions"])

    def plan(self, draft: Draft) -> dict[str, Any]:
        """The engine's job for requirements that are solved here. Raises InvalidSpec, Conflict."""
        with _understood():
            job: dict[str, Any] = self._transport.json("POST", "grants/plan", body=requested(draft))["job"]
            return job

    def installation(self, short_name: str) -> tuple[dict[str, Any], Grant]:
        """The engine's job for the version that the person can use, and what it is."""
        with _understood():
            answer = self._transport.json("GET", environment_path(short_name, "installation"))
            return answer["job"], Grant.from_json(answer["grant"])

    def is_free(self, short_name: str) -> bool:
        """Whether a new environment could have the name."""
        with _understood():
            return bool(self._environments.short_name(short_name)["available"])

    def create(self, spec: dict[str, Any]) -> dict[str, Any]:
        with _understood():
            made: dict[str, Any] = self._transport.json("POST", "environments", body=spec)
            return made

    def build(self, short_name: str) -> None:
        with _understood():
            self._transport.send("POST", environment_path(short_name, "build"), body={})

    def delete(self, short_name: str) -> None:
        with _understood():
            self._environments.delete(short_name)

    def environment(self, short_name: str) -> dict[str, Any]:
        with _understood():
            found: dict[str, Any] = self._transport.json("GET", environment_path(short_name))
            return found

    @contextmanager
    def image(self, short_name: str, number: int) -> Iterator[httpx.Response]:
        """The answer that brings the image of a version's files, from the service or from where that sends us.

        Raises NotFound where there is none.
        """
        import httpx

        path = environment_path(short_name, "versions", number, "image")
        try:
            with http_client(self.address, ANSWER_SECONDS) as http, http.stream("GET", path) as answer:
                if answer.status_code == 404:
                    raise NotFound("There is no image of it.")
                if answer.status_code != 307:
                    answer.raise_for_status()
                    yield answer
                    return
                head = answer.headers
            # The signed address is not the service's: this server's token has no business there.
            with httpx.stream("GET", head["Location"], timeout=ANSWER_SECONDS) as signed:
                signed.raise_for_status()
                for name in ("X-Image-Digest", "X-Image-Size"):
                    signed.headers[name] = head[name]
                yield signed
        except httpx.HTTPError as error:
            raise ServiceAway(AWAY) from error


def requested(draft: Draft) -> dict[str, Any]:
    """What a draft asks for, as bodies and answers have it."""
    base = draft.base if isinstance(draft.base, WantedBase) else None
    return {
        "base": {"short_name": base.short_name, "version": base.version} if base else None,
        "python_version": draft.python_version or None,
        "conda_requirements": list(draft.conda_requirements or ()),
        "pip_requirements": list(draft.pip_requirements or ()),
    }


@contextmanager
def _understood() -> Iterator[None]:
    """Turns what can go wrong on the way into ServiceAway; what the service refuses stays as it is."""
    try:
        yield
    except NotSignedIn as error:
        raise ServiceAway(REFUSED) from error
    except (ServerUnreachable, ServerError, ServerNotFound) as error:
        raise ServiceAway(AWAY) from error
    except Unavailable as error:
        raise ServiceAway(error.message) from error
    except DataflowError as error:
        if type(error) is DataflowError:  # of a newer service: no status is known for it
            raise ServiceAway(error.message) from error
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceAway(OTHER_RELEASE) from error
