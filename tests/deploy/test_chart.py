"""The chart against the services it runs; what renders it needs helm, and else is skipped."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from peers import cache
from pydantic import SecretStr

import intake.__main__
import notify.__main__
import scoring.__main__
from shared.kit.bus.local import LocalBus
from shared.kit.clock import SystemClock
from shared.kit.command import Service

ROOT: Final = Path(__file__).parents[2]
HELM_FOLDER: Final = ROOT / "deploy" / "helm"
CHART: Final = HELM_FOLDER / "duban"
SERVICES: Final[Mapping[str, Service[Any]]] = {
    "intake": intake.__main__.SERVICE,
    "scoring": scoring.__main__.SERVICE,
    "notify": notify.__main__.SERVICE,
}
VERSIONS: Final = dict(
    re.findall(r"^([A-Z]+)=([\d.]+)", (HELM_FOLDER / "versions").read_text(), re.MULTILINE)
)
HELM: Final = cache() / "bin" / f"helm-{VERSIONS['HELM']}"
with_helm = pytest.mark.skipif(
    not HELM.exists(),
    reason="helm is not installed: run make chart-tools, then it renders the chart",
)

Json = dict[str, Any]


def read_yaml(path: Path) -> Json:
    found: Json = yaml.safe_load(path.read_text())
    return found


def settings_of(service: str) -> set[str]:
    return {f"{service}_{name}".upper() for name in SERVICES[service].settings.model_fields}


def render(values: str, *more: str) -> list[Json]:
    """Every object the chart makes of a set of values in its folder ci."""
    done = helm("template", "duban", str(CHART), "--values", str(CHART / "ci" / values), *more)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (str(HELM), *arguments, "--kube-version", VERSIONS["KUBERNETES"])
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours


def of_kind(kind: str, objects: Iterable[Json]) -> dict[str, Json]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def leaves(schema: Json, node: Json, values: Any, path: str = "") -> Iterator[tuple[str, Any, str]]:  # noqa: ANN401
    """Path, default and description of every value; the three services count as one."""
    node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node
    if "properties" not in node:
        yield path, values, node["description"]
        return
    names = [name for name in node["properties"] if name != "global"]
    assert names == list(values), path
    for name in names:
        if name in SERVICES and name != "intake":
            continue
        step = "SERVICE" if name in SERVICES else name
        below = f"{path}.{step}" if path else step
        yield from leaves(schema, node["properties"][name], values[name], below)


@pytest.mark.parametrize("service", SERVICES)
def test_the_chart_sets_exactly_the_settings_a_service_has(service: str) -> None:
    text = "\n".join(path.read_text() for path in (CHART / "templates").glob("*"))
    common = re.findall(r"\{\{ (?:\$prefix|upper \$service) \}\}_([A-Z_]+)", text)
    own = re.findall(rf"\b{service.upper()}_[A-Z_]+", text)
    assert {f"{service.upper()}_{name}" for name in common} | set(own) == settings_of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_compose_sets_only_settings_a_service_has(service: str) -> None:
    composed = read_yaml(ROOT / "docker-compose.yml")["services"]
    for name in (service, f"{service}-migrate"):
        environment = composed[name]["environment"]
        assert f"{service}_DATABASE".upper() in environment
        assert set(environment) <= settings_of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_the_chart_runs_the_image_that_is_built(service: str) -> None:
    values = read_yaml(CHART / "values.yaml")
    composed = read_yaml(ROOT / "docker-compose.yml")["services"][service]["image"]
    assert values["services"][service]["image"] == composed.partition(":")[0]
    user = re.findall(
        r"^USER (\d+):", (ROOT / f"services/{service}/Dockerfile").read_text(), re.MULTILINE
    )
    assert f"runAsUser: {user[-1]}\n" in (CHART / "templates" / "_pod.tpl").read_text()
    project = tomllib.loads((ROOT / f"services/{service}/pyproject.toml").read_text())["project"]
    assert read_yaml(CHART / "Chart.yaml")["appVersion"] == project["version"]


def test_the_readme_explains_every_value_as_the_schema_does() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = read_yaml(CHART / "values.yaml")
    rows = [
        f"| `{path}` | `{json.dumps(default, ensure_ascii=False)}` | {told} |"
        for path, default, told in leaves(schema, schema, values)
    ]
    explained = re.findall(r"^\| `.*\|$", (CHART / "README.md").read_text(), re.MULTILINE)
    assert explained == rows


async def test_every_route_of_the_services_is_at_the_origin_or_kept_inside(tmp_path: Path) -> None:
    routes, at_the_origin = read_yaml(CHART / "routes.yaml"), paths_at_the_origin()
    answered = {service: await paths_of(service, tmp_path) for service in SERVICES}
    for service, paths in answered.items():
        for path in paths:
            before = [known for known in [*at_the_origin, *routes["inside"]] if is_at(path, known)]
            assert before, f"{service} answers {path}, and routes.yaml does not say where"
            elsewhere = {at_the_origin[known] for known in before if known in at_the_origin}
            elsewhere.discard(service)
            alike = all(path in answered[other] for other in elsewhere)
            assert alike, f"{path} of {service} goes to {elsewhere}, which has no such page"
    for known, service in at_the_origin.items():
        assert any(is_at(path, known) for path in answered[service]), f"{service} has no {known}"


async def test_every_link_of_a_page_leads_somewhere_at_its_own_port_and_at_the_origin(
    tmp_path: Path,
) -> None:
    at_the_origin = paths_at_the_origin()
    answered = {service: await paths_of(service, tmp_path) for service in SERVICES}
    for service in SERVICES:
        links = links_of(service)
        assert "/" in links
        for link in links:
            assert answers(answered[service], link), f"{service} links to {link}, and has no such"
            [other] = {of for known, of in at_the_origin.items() if is_at(link, known)}
            assert answers(answered[other], link), f"{service} links to {link}, which is {other}'s"


def paths_at_the_origin() -> dict[str, str]:
    """Which service has which path, or all below it."""
    routes = read_yaml(CHART / "routes.yaml")
    return {
        path: service
        for service in SERVICES
        for path in [*routes[service].get("exact", []), *routes[service]["prefixes"]]
    }


def links_of(service: str) -> set[str]:
    """The paths that a service's templates and those of the shell lead to; "x" fills the gaps."""
    own = Path(f"{ROOT}/services/{service}/src/{service}/pages").glob("*.html")
    shell = (ROOT / "shared/src/shared/kit/pages/templates").glob("*.html")
    templates = "\n".join(path.read_text() for path in (*own, *shell))
    named: list[str] = re.findall(r'(?:href|src|action)="([^"]*)"', templates)
    filled = {re.sub(r"\{\{.*?\}\}", "x", one) for one in named}
    elsewhere = {one for one in filled if not one.startswith(("/", "#", "?"))}
    # A page's own address, what stands below it, its other language; no icon.
    assert elsewhere <= {"x", "x?version=x", "x/units/xx", "data:,"}
    return {one.partition("?")[0] for one in filled if one.startswith("/")}


def answers(paths: Iterable[str], link: str) -> bool:
    return link.startswith("/static/") or any(
        re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), link) for path in paths
    )


async def paths_of(service: str, folder: Path) -> set[str]:
    of = SERVICES[service]
    settings = of.settings(
        database=f"sqlite+aiosqlite:///{folder / service}.db", session_secret=SecretStr("s" * 16)
    )
    bus = LocalBus(path=folder / f"{service}-bus.db", topics=())
    async with of.open_app(settings, bus, SystemClock(), "one") as app:
        return set(flatten(app.routes))


def flatten(routes: Iterable[Any]) -> Iterator[str]:
    """The paths of routes, also of those that came with a router."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from flatten(route.original_router.routes)
        else:
            yield route.path


def is_at(path: str, known: str) -> bool:
    return path == known or (known != "/" and path.startswith(f"{known}/"))


@with_helm
def test_the_chart_is_sound_with_every_set_of_values() -> None:
    done = subprocess.run(  # noqa: S603  # our own script
        [HELM_FOLDER / "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"Valid: (\d+), Invalid: 0, Errors: 0", done.stdout) == ["22", "16", "18"]


@with_helm
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("image.tag=latest", "at '/image/tag': 'not' failed"),
        ("services.intake.replicas=0", "at '/services/intake/replicas': minimum"),
        ("services.intake.digest=sha256:12", "at '/services/intake/digest': "),
        ("services.intake.replica=1", "additional properties 'replica' not allowed"),
        ("secrets.databases.notify=sqlite:///x.db", "at '/secrets/databases/notify': "),
        ("secrets.sessionSecret=short", "at '/secrets/sessionSecret': minLength"),
        ("secrets.existingSecret=mine", "at '/secrets/sessionSecret': maxLength"),
        ("publicUrl=https://example.org/duban", "at '/publicUrl': "),
        ("kafka.servers=null", "missing property 'servers'"),
        ("kafka.security=sasl_ssl", "at '/kafka/username': minLength"),
        ("kafka.username=me", "at '/kafka/username': maxLength"),
        ("smtp.host=mail", "at '/smtp/from': "),
        ("smtp.security=ssl", "at '/smtp/security': "),
        ("ingress.tlsSecret=tls,publicUrl=http://duban", "at '/publicUrl': "),
    ],
)
def test_a_wrong_value_is_refused_by_its_path(wrong: str, told: str) -> None:
    smallest = str(CHART / "ci" / "smallest.yaml")
    done = helm("template", "duban", str(CHART), "--values", smallest, "--set", wrong)
    assert done.returncode != 0
    assert told in done.stderr


@with_helm
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_every_setting_that_is_rendered(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = render("everything.yaml")
    name = f"duban-{service}"
    served = of_kind("StatefulSet", objects)[name]["spec"]["template"]["spec"]["containers"][0]
    secrets = of_kind("Secret", objects)["duban"]["stringData"]
    environment = dict(of_kind("ConfigMap", objects)[name]["data"])
    for one in served["env"]:
        reference = one["valueFrom"].get("secretKeyRef")
        environment[one["name"]] = secrets[reference["key"]] if reference else f"{name}-0"
    assert set(environment) == settings_of(service)
    for setting, value in environment.items():
        monkeypatch.setenv(setting, value)
    settings = SERVICES[service].settings()
    assert settings.member == f"{name}-0"
    assert settings.kafka_username == "duban"
    assert settings.secure_cookie


@with_helm
@pytest.mark.parametrize("values", ["smallest.yaml", "everything.yaml"])
def test_at_a_first_install_a_migration_reads_only_what_is_there_before_it(values: str) -> None:
    objects = render(values)
    jobs = of_kind("Job", objects)
    assert set(jobs) == {f"duban-{service}-migrate" for service in SERVICES}
    for job in jobs.values():
        pod = job["spec"]["template"]["spec"]
        assert "serviceAccountName" not in pod
        assert "envFrom" not in pod["containers"][0]
        asked = [
            one["valueFrom"]["secretKeyRef"]
            for one in pod["containers"][0]["env"]
            if "valueFrom" in one
        ]
        assert asked
        for reference in asked:
            secret = of_kind("Secret", objects)[reference["name"]]
            assert reference["key"] in secret["stringData"]
            assert weight(secret) < weight(job)


def weight(hook: Json) -> int:
    annotations = hook["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
    return int(annotations["helm.sh/hook-weight"])


@with_helm
def test_every_pod_runs_with_as_few_rights_as_it_needs() -> None:
    objects = render("everything.yaml")
    owners = [*of_kind("StatefulSet", objects).values(), *of_kind("Job", objects).values()]
    assert len(owners) == 2 * len(SERVICES)
    for owner in owners:
        pod = owner["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "@sha256:" in container["image"]


@with_helm
def test_the_origin_sends_each_path_as_the_table_says() -> None:
    (origin,) = of_kind("Ingress", render("everything.yaml")).values()
    (rule,) = origin["spec"]["rules"]
    assert rule["host"] == "duban.example.org"
    sent = {
        (one["pathType"], one["path"]): one["backend"]["service"]["name"]
        for one in rule["http"]["paths"]
    }
    table = read_yaml(CHART / "routes.yaml")
    assert sent == {
        (kind, path): f"duban-{service}"
        for service in SERVICES
        for kind, key in (("Exact", "exact"), ("Prefix", "prefixes"))
        for path in table[service].get(key, [])
    }
    assert ("Exact", "/") in sent


@with_helm
def test_the_rules_that_are_rendered_are_those_that_are_tested() -> None:
    objects = render("everything.yaml")
    rendered = of_kind("PrometheusRule", objects)["duban"]["spec"]
    assert rendered == read_yaml(ROOT / "deploy" / "prometheus" / "alerts.yaml")


@with_helm
def test_a_changed_setting_or_secret_replaces_the_pods_and_nothing_else_does() -> None:
    def stamps(*more: str) -> list[Json]:
        sets = of_kind("StatefulSet", render("smallest.yaml", *more)).values()
        return [one["spec"]["template"]["metadata"]["annotations"] for one in sets]

    before = stamps()
    assert stamps() == before
    for change in ("kafka.replication=3", "secrets.sessionSecret=another-example-secret"):
        assert all(new != old for new, old in zip(stamps("--set", change), before, strict=True))
