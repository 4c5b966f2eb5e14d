"""docs/examples: what they say of ocrd is so, and each fits the schema of what reads it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocrd.config.settings import load
from ocrd.engine.remote.profiles import chosen
from tests.installation import ROOT

EXAMPLES = ROOT / "docs" / "examples"
COMPOSE = EXAMPLES / "compose.yaml"
KUBERNETES = EXAMPLES / "kubernetes.yaml"
RAY_SERVE = EXAMPLES / "ray_serve.py"
SCHEMAS = ROOT / "build" / "schemas" / "bin"  # packaging/apart.sh makes it
VERSIONS = ("1.34", "1.37")  # of Kubernetes

by_schema = pytest.mark.skipif(not SCHEMAS.exists(), reason="make test-more installs the schemas")


def composed() -> Any:
    return yaml.safe_load(COMPOSE.read_text())


def objects(kind: str = "") -> list[Any]:
    """Return the objects of the Kubernetes example, of one kind or all."""
    found = list(yaml.safe_load_all(KUBERNETES.read_text()))
    return [one for one in found if not kind or one["kind"] == kind]


def pods() -> Iterator[tuple[str, Any]]:
    """Yield each object's name that makes pods, with what they are made of."""
    for one in [*objects("Deployment"), *objects("StatefulSet")]:
        yield one["metadata"]["name"], one


def configurations() -> Iterator[Any]:
    yield pytest.param(composed()["configs"]["ocrd"]["content"], id="compose")
    (config,) = objects("ConfigMap")
    yield pytest.param(config["data"]["config.toml"], id="kubernetes")


@pytest.mark.parametrize("text", [*configurations()])
def test_configurations_are_in_force_as_they_are(text: str, tmp_path: Path) -> None:
    for place in ("/var/lib/ocrd", "/run/ocrd", "/srv/ocrd/inbox"):  # of the container
        (tmp_path / place[1:]).mkdir(parents=True)
        text = text.replace(f'"{place}"', f'"{tmp_path}{place}"')
    path = tmp_path / "config.toml"
    path.write_text(text)
    settings = load(path)
    assert settings.engine.kind == "openai"
    chosen(settings.engine.profile, "", settings.engine.own_profile)


def test_the_daemon_of_compose_asks_its_neighbour() -> None:
    services = composed()["services"]
    assert set(services) == {"ocrd", "vllm"}
    assert "http://vllm:8000/v1" in composed()["configs"]["ocrd"]["content"]
    assert set(services["ocrd"]["networks"]) <= set(services["vllm"]["networks"])


def test_places_on_vllm_are_as_many_as_it_decodes_together() -> None:
    text = composed()["configs"]["ocrd"]["content"]
    (places,) = re.findall(r"places = (\d+)", text)
    assert f"--max-num-seqs={places}" in composed()["services"]["vllm"]["command"]


def test_each_mount_of_a_pod_has_its_volume() -> None:
    claims = {one["metadata"]["name"] for one in objects("PersistentVolumeClaim")}
    maps = {one["metadata"]["name"] for one in objects("ConfigMap")}
    for name, one in pods():
        spec = one["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
        own = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
        mounts = [mount["name"] for box in spec["containers"] for mount in box["volumeMounts"]]
        assert set(mounts) == volumes.keys() | own, name
        for volume in volumes.values():
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in claims
            if config := volume.get("configMap"):
                assert config["name"] in maps


def test_services_and_pods_find_each_other() -> None:
    labels = {}
    for name, one in pods():
        labels[name] = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"] == labels[name]
    for service in objects("Service"):
        assert service["spec"]["selector"] in labels.values(), service["metadata"]["name"]
    (config,) = objects("ConfigMap")
    (host, port) = re.findall(r'"http://([a-z]+):(\d+)/v1"', config["data"]["config.toml"])[0]
    (service,) = [one for one in objects("Service") if one["metadata"]["name"] == host]
    assert int(port) in [one["port"] for one in service["spec"]["ports"]]


def test_what_ray_is_told_to_run_is_there() -> None:
    module = ast.parse(RAY_SERVE.read_text())
    functions = {one.name for one in module.body if isinstance(one, ast.FunctionDef)}
    (size,) = [one for one in module.body if getattr(one, "name", "") == "Size"]
    assert isinstance(size, ast.ClassDef)
    keys = {ast.unparse(one.target) for one in size.body if isinstance(one, ast.AnnAssign)}
    for text in (KUBERNETES.read_text(), RAY_SERVE.read_text()):
        calls = re.findall(r"serve run (?:--\S+ )*ray_serve:(\w+)((?: \w+=\d+)*)", text)
        assert calls
        for function, told in calls:
            assert function in functions
            assert {one.split("=")[0] for one in told.split()} == keys


@pytest.mark.more
@by_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_the_kubernetes_example_fits_its_schemas(version: str) -> None:
    run = validated("--kubernetes-version", version, str(KUBERNETES))
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("passed") + run.stderr.count("passed") == len(objects())


@pytest.mark.more
@by_schema
def test_a_key_that_kubernetes_does_not_know_is_found(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(KUBERNETES.read_text().replace("serviceName:", "servicename:"))
    assert validated(str(path)).returncode != 0


def validated(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(SCHEMAS / "kubernetes-validate"), "--strict", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.more
@by_schema
def test_the_compose_example_fits_the_specification(tmp_path: Path) -> None:
    assert parsed(COMPOSE) == ""
    wrong = tmp_path / "wrong.yaml"
    for right, other in (
        ("cap_drop:", "cap_dropped:"), ("service_healthy", "service_well"),
        ("interval: 10s", "interval: soon"), ("networks: [pages]", "networks: [page]"),
    ):  # fmt: skip
        wrong.write_text(COMPOSE.read_text().replace(right, other))
        assert parsed(wrong), other


def parsed(path: Path) -> str:
    """Return what is wrong with a compose file."""
    program = (
        "import pathlib, sys\n"
        "from compose_spec import PyCompose\n"
        "try:\n"
        "    found = PyCompose.from_yaml(pathlib.Path(sys.argv[1]).read_text())\n"
        "    found.validate_configs(), found.validate_networks(), found.validate_volumes()\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run(
        [SCHEMAS / "python", "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    return run.stdout.strip()
