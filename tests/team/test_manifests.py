"""What the example for Kubernetes says in one place fits what it says in the others, and what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest
from traitlets.config import Config

from jupyter_dataflow_envs import hub
from jupyter_dataflow_envs.serve import DataflowEnvsService
from tests.hub.hub import REPOSITORY

from . import manifests
from .manifests import FOLDER, PAGE, container, objects, plain_variables, pods, read

COMPONENTS = ("service", "scheduler", "worker", "postgresql")
OURS = ("service", "scheduler", "worker")
SERVICES = {"service": "environments", "scheduler": "environments-scheduler", "postgresql": "environments-postgresql"}


def labels(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "environments", "app.kubernetes.io/component": component}


def ports(component: str) -> dict[str, int]:
    return {p["name"]: p["containerPort"] for p in container(component)["ports"]}


def variable(component: str, name: str) -> dict[str, Any]:
    (found,) = [v for v in container(component)["env"] if v["name"] == name]
    return dict(found)


def policies(component: str) -> list[dict[str, Any]]:
    return [
        p["spec"]
        for p in objects("NetworkPolicy").values()
        if p["spec"]["podSelector"]["matchLabels"] == labels(component)
    ]


def let_through(rules: list[dict[str, Any]], side: str, other: dict[str, str]) -> set[int]:
    """The ports that the rules open between their pod and one with these labels."""
    return {
        port["port"]
        for rule in rules
        for peer in rule.get(side, ())
        if "podSelector" in peer and peer["podSelector"]["matchLabels"].items() <= other.items()
        for port in rule["ports"]
    }


@pytest.mark.parametrize("component", SERVICES)
def test_services_lead_to_their_pods(component: str) -> None:
    service = objects("Service")[SERVICES[component]]["spec"]
    assert service["selector"] == labels(component)
    assert service["selector"].items() <= pods()[component]["metadata"]["labels"].items()
    (port,) = service["ports"]
    assert port["port"] == ports(component)[port["targetPort"]]


@pytest.mark.parametrize(
    ("asks", "asked", "port"),
    [
        ("service", "postgresql", 5432),
        ("service", "scheduler", 8786),
        ("worker", "scheduler", 8786),
        ("scheduler", "worker", 8788),
    ],
)
def test_who_asks_is_let_out_and_in(asks: str, asked: str, port: int) -> None:
    assert port in ports(asked).values()
    ((out,), (into,)) = policies(asks), policies(asked)
    assert let_through(out["egress"], "to", labels(asked)) == {port}
    assert let_through(into["ingress"], "from", labels(asks)) == {port}


def test_nobody_else_is_let_in() -> None:
    allowed = {"service": set(), "postgresql": {"service"}, "scheduler": {"service", "worker"}, "worker": {"scheduler"}}
    for asked in COMPONENTS:
        (policy,) = policies(asked)
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert all("from" in rule for rule in policy["ingress"])
        assert {c for c in COMPONENTS if let_through(policy["ingress"], "from", labels(c))} == allowed[asked]


def test_hub_proxy_and_people_reach_the_service_alone() -> None:
    values = read("values.yaml")
    (policy,) = policies("service")
    here = set(ports("service").values())
    for pod in (values["hub"]["labels"], values["proxy"]["labels"], values["singleuser"]["extraLabels"]):
        assert let_through(policy["ingress"], "from", pod) == here
        for component in ("scheduler", "worker", "postgresql"):
            assert not let_through(policies(component)[0]["ingress"], "from", pod)
    rules = values["singleuser"]["networkPolicy"]["egress"]
    assert {c for c in COMPONENTS if let_through(rules, "to", labels(c))} == {"service"}
    assert let_through(rules, "to", labels("service")) == here
    assert let_through(policy["egress"], "to", {"app": "jupyterhub", "component": "hub"}) == {
        urlsplit(plain_variables("service")["JUPYTERHUB_API_URL"]).port
    }


def test_the_hub_knows_the_services_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATAFLOW_ENVS_URL", raising=False)
    monkeypatch.setenv("DATAFLOW_ENVS_API_TOKEN", "secret")
    c = Config()
    # As the chart has it when the values say nothing, and when they say something.
    c.KubeSpawner.environment = {"MINE": "1"}
    exec(manifests.extra_config(), {"c": c})  # as the chart does
    service = next(s for s in c.JupyterHub.services.get_value([]) if s["name"] == "environments")
    address = urlsplit(service["url"])
    variables = plain_variables("service")
    assert address.hostname in objects("Service")
    assert address.port == urlsplit(variables["JUPYTERHUB_SERVICE_URL"]).port == ports("service")["http"]
    assert service["name"] == variables["JUPYTERHUB_SERVICE_NAME"]
    assert variables["JUPYTERHUB_CLIENT_ID"] == f"service-{service['name']}"
    assert variables["JUPYTERHUB_SERVICE_PREFIX"] == f"/services/{service['name']}/"
    assert c.KubeSpawner.environment == {
        "MINE": "1",
        "DATAFLOW_ENVS_SERVICE_URL": f"{service['url']}{variables['JUPYTERHUB_SERVICE_PREFIX']}",
    }
    assert service["oauth_client_allowed_scopes"] == [hub.DECIDE]
    theirs = read("values.yaml")["hub"]["extraEnv"]["DATAFLOW_ENVS_API_TOKEN"]
    assert theirs == {"valueFrom": variable("service", "JUPYTERHUB_API_TOKEN")["valueFrom"]}


def test_secrets_are_those_that_the_page_makes() -> None:
    made = set(re.findall(r"create secret generic ([\w$-]+)", PAGE.read_text()))
    whole = {n.replace("$WHO", who) for n in made for who in (OURS if "$WHO" in n else ("",))}
    assert set(_secrets(manifests.documents())) <= whole
    assert set(_secrets(read("values.yaml"))) <= whole
    keys = {(s["name"], s["key"]) for s in _values(manifests.documents(), "secretKeyRef")}
    for name, key in keys:
        assert re.search(rf"generic {name} [^`]*?--from-literal={key}=", PAGE.read_text()), (name, key)


def _values(tree: Any, key: str) -> Iterator[Any]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, key)


def _secrets(tree: Any) -> Iterator[str]:
    yield from (s["name"] for s in _values(tree, "secretKeyRef"))
    yield from (s["name"] for s in _values(tree, "secretRef"))
    yield from _values(tree, "secretName")


@pytest.mark.parametrize("component", OURS)
def test_dask_is_reached_with_its_own_certificate_only(component: str) -> None:
    variables = plain_variables(component)
    role = {"service": "CLIENT"}.get(component, component.upper())
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    files = [variables[f"{tls}CA_FILE"], variables[f"{tls}{role}__CERT"], variables[f"{tls}{role}__KEY"]]
    assert [PurePosixPath(f).name for f in files] == ["ca.crt", "tls.crt", "tls.key"]
    assert variables["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"
    mounts = {m["name"]: m["mountPath"] for m in container(component)["volumeMounts"]}
    assert {str(PurePosixPath(f).parent) for f in files} == {mounts["tls"]}
    (volume,) = [v for v in pods()[component]["spec"]["volumes"] if v["name"] == "tls"]
    assert volume["secret"]["secretName"] == f"environments-tls-{component}"


def test_the_schedulers_address_is_the_same_for_all() -> None:
    address = plain_variables("service")["DATAFLOW_ENVS_DASK_SCHEDULER"]
    assert address in container("worker")["args"]
    assert urlsplit(address).hostname in objects("Service")
    assert urlsplit(address).port == ports("scheduler")["scheduler"]
    assert f"--port={urlsplit(address).port}" in container("scheduler")["args"]
    assert f"--worker-port={ports('worker')['worker']}" in container("worker")["args"]
    assert "--resources=dataflow-build=1" in container("worker")["args"]


def test_environments_have_one_path_everywhere() -> None:
    root = PurePosixPath(plain_variables("service")["DATAFLOW_ENVS_ROOT"])
    mounts = [m for c in ("service", "worker") for m in container(c)["volumeMounts"] if m["name"] == "root"]
    people = read("values.yaml")["singleuser"]["storage"]
    places = {m["mountPath"] for m in (*mounts, *people["extraVolumeMounts"])}
    assert len(mounts) == 2
    assert places == {str(root.parent)}, "below the mount, whose mode the service can't set"
    assert {v["name"] for v in people["extraVolumes"]} == {m["name"] for m in people["extraVolumeMounts"]}


@pytest.mark.parametrize("component", COMPONENTS)
def test_pods_have_no_more_rights_than_they_need(component: str) -> None:
    spec, limits = pods()[component]["spec"], container(component)["securityContext"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
    assert limits["allowPrivilegeEscalation"] is False
    assert limits["capabilities"] == {"drop": ["ALL"]}
    if component in OURS:
        assert spec["securityContext"]["runAsUser"] != 1000, "people's"
        assert limits["readOnlyRootFilesystem"] is True
    if component != "service":
        assert "database-url" not in json.dumps(spec)
        assert "api-token" not in json.dumps(spec)


def test_volumes_and_settings_are_there() -> None:
    claims, maps = objects("PersistentVolumeClaim"), manifests.settings()
    for component in COMPONENTS:
        spec = pods()[component]["spec"]
        own = {
            t["metadata"]["name"]
            for t in objects("StatefulSet").get(SERVICES.get(component, ""), _NONE)["spec"]["volumeClaimTemplates"]
        }
        volumes = {v["name"]: v for v in spec.get("volumes", ())}
        assert {m["name"] for m in container(component)["volumeMounts"]} == set(volumes) | own
        for volume in volumes.values():
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "environments") in claims
            assert volume.get("configMap", {}).get("name", "environments") in maps
    assert container("service")["args"] == ["--config=/etc/dataflow-envs/service.py"]


_NONE: dict[str, Any] = {"spec": {"volumeClaimTemplates": []}}


@pytest.mark.parametrize("folder", ["jupyterhub", "kubernetes"])
def test_settings_are_ones_that_there_are(folder: str) -> None:
    text = (REPOSITORY / "deploy" / folder / "service.py").read_text()
    named = set(re.findall(r"^c\.DataflowEnvsService\.(\w+) =", text, re.MULTILINE))
    assert named
    assert named <= set(DataflowEnvsService.class_traits(config=True))


def test_all_images_are_of_this_release() -> None:
    version = json.loads((REPOSITORY / "package.json").read_text())["version"]
    values, kustomization = read("values.yaml"), read("kustomization.yaml")
    assert values["hub"]["image"]["tag"] == values["singleuser"]["image"]["tag"] == version
    (image,) = kustomization["images"]
    assert image["newTag"] == version
    assert {container(c)["image"] for c in OURS} == {image["name"]}
    dockerfile = (FOLDER / "Dockerfile").read_text()
    assert f"ARG VERSION={version}\n" in dockerfile
    assert f"VERSION={version} " in PAGE.read_text()
    targets = re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.MULTILINE)
    assert re.findall(r"--target (\w+)", PAGE.read_text()) == targets == ["service", "hub", "singleuser"]
    assert dockerfile.count("jupyter-dataflow-envs") >= 3
    for stage in dockerfile.split("\nFROM ")[1:]:
        assert "==${VERSION}" in stage
        assert re.findall(r"^USER (\w+)$", stage, re.MULTILINE)[-1] != "root"
    assert {n for n in ("COPY ", "ADD ") if re.search(rf"^{n}", dockerfile, re.MULTILINE)} == set(), (
        "no context is needed"
    )
    tags = {values["hub"]["image"]["name"], values["singleuser"]["image"]["name"], image["newName"]}
    assert {t.rpartition("/")[2] for t in tags} <= set(
        re.findall(r"[\w-]*dataflow-envs(?=:\$VERSION)", PAGE.read_text())
    )
