"""The overlays: built by kustomize, held to Kubernetes' own schemas; their parts fit each other and the code."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from absent import absent
from lingting.api.http.app import build_app
from lingting.api.http.doors import Doors, HttpLimits
from lingting.domain import RecognizeOptions
from lingting.settings import Settings, load_settings
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.integration

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
OVERLAYS = ("cpu", "gpu")
VERSIONS = ("1.30", "1.34")
KINDS_OF_PODS = ("Deployment", "StatefulSet")
OURS = ("lingting-server", "lingting-worker")
Manifest = dict[str, object]


@pytest.fixture(scope="module", params=OVERLAYS)
def built(request) -> list[Manifest]:
    """Every object of an overlay."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        absent("no kubectl here; install one that is later than 1.21 (Debian 12 has 1.20) to run this")
    overlay = KUBERNETES / "overlays" / request.param
    done = subprocess.run([kubectl, "kustomize", str(overlay)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(built: list[Manifest], *kinds: str) -> dict[str, dict]:
    return {item["metadata"]["name"]: item for item in built if item["kind"] in kinds}


def pods(built: list[Manifest]) -> dict[str, dict]:
    return {name: item["spec"]["template"] for name, item in of_kind(built, *KINDS_OF_PODS).items()}


def containers(pod: dict) -> list[dict]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_as_kubernetes_says(built, version) -> None:
    for item in built:
        kubernetes_validate.validate(item, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_so_are_the_secrets_of_the_example(version) -> None:
    for item in yaml.safe_load_all((KUBERNETES / "secrets.example.yaml").read_text(encoding="utf-8")):
        kubernetes_validate.validate(item, version, strict=True)


def test_the_schemas_would_find_something(built) -> None:
    broken = built[0] | {"kind": "Service", "apiVersion": "v1", "spec": {"ports": "many"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_every_pod_meets_the_restricted_standard(built) -> None:
    for pod in pods(built).values():
        whole = pod["spec"]["securityContext"]
        assert whole["runAsNonRoot"] is True
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in containers(pod):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["readOnlyRootFilesystem"] is True
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= set(container["resources"]["limits"])


def test_every_mount_has_its_volume_and_every_claim_is_there(built) -> None:
    claims = set(of_kind(built, "PersistentVolumeClaim"))
    for name, pod in pods(built).items():
        templates = of_kind(built, *KINDS_OF_PODS)[name]["spec"].get("volumeClaimTemplates", ())
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", ())}
        volumes |= {template["metadata"]["name"] for template in templates}
        mounted = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
        assert mounted == volumes
        named = {volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["spec"].get("volumes", ())}
        assert named - {None} <= claims


def test_every_selector_finds_pods(built) -> None:
    labels = [pod["metadata"]["labels"] for pod in pods(built).values()]
    selectors = [item["spec"]["selector"] for item in of_kind(built, "Service").values()]
    selectors += [item["spec"]["selector"]["matchLabels"] for item in of_kind(built, "PodDisruptionBudget").values()]
    for policy in of_kind(built, "NetworkPolicy").values():
        peers = [peer for rule in policy["spec"].get("ingress", ()) for peer in rule["from"]]
        peers += [peer for rule in policy["spec"].get("egress", ()) for peer in rule["to"]]
        inside = [peer["podSelector"] for peer in peers if "podSelector" in peer]
        selectors += [selector.get("matchLabels", {}) for selector in (policy["spec"]["podSelector"], *inside)]
    assert all(any(selector.items() <= pod.items() for pod in labels) for selector in selectors)


def test_secrets_are_those_that_are_made(built, tmp_path) -> None:
    folder = tmp_path / "secrets"
    script = KUBERNETES.parent / "make-secrets.sh"
    subprocess.run(["sh", str(script), "postgres", str(folder)], check=True)
    example = list(yaml.safe_load_all((KUBERNETES / "secrets.example.yaml").read_text(encoding="utf-8")))
    keys = {item["metadata"]["name"]: set(item["stringData"]) for item in example}
    volumes = [volume for pod in pods(built).values() for volume in pod["spec"].get("volumes", ())]
    assert {volume["secret"]["secretName"] for volume in volumes if "secret" in volume} == set(keys)
    assert keys["lingting"] == {path.name for path in folder.glob("lingting_*")}
    assert keys["lingting-redis"] | keys["lingting-database"] <= {path.name for path in folder.iterdir()}


@pytest.fixture
def settings(built, tmp_path, monkeypatch) -> Settings:
    """What the server reads: its file, and the variables of its container."""
    maps = [item for item in built if item["kind"] == "ConfigMap"]
    (tmp_path / "lingting.toml").write_text(maps[0]["data"]["lingting.toml"], encoding="utf-8")
    container = pods(built)["lingting-server"]["spec"]["containers"][0]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    variables |= {"LINGTING_CONFIG": str(tmp_path / "lingting.toml"), "LINGTING_SECRETS_DIR": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_the_servers_settings_are_read_by_the_real_loader(settings) -> None:
    assert settings.server.host == "0.0.0.0"
    assert settings.access.required
    assert settings.jobs.workers == 0


def test_they_differ_from_those_of_compose_by_the_proxies_only() -> None:
    def lines(path: Path) -> list[str]:
        kept = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return [line for line in kept.splitlines() if line and not line.startswith("trusted_proxies")]

    assert lines(KUBERNETES / "base" / "lingting.toml") == lines(KUBERNETES.parent / "settings" / "servers.toml")


def test_probes_ask_paths_that_the_server_has(built) -> None:
    paths = build_app(Doors(HttpLimits(), RecognizeOptions())).openapi()["paths"]
    container = pods(built)["lingting-server"]["spec"]["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
        assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}


def test_a_pod_is_given_the_time_that_a_server_takes_to_stop(built, settings) -> None:
    pod = pods(built)["lingting-server"]["spec"]
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    drains = settings.server.drain_seconds + settings.scheduler.drain_seconds
    assert pod["terminationGracePeriodSeconds"] > pause + max(drains, settings.live.drain_seconds)


def test_the_port_of_the_pod_is_the_servers(built, settings) -> None:
    container = pods(built)["lingting-server"]["spec"]["containers"][0]
    assert [port["containerPort"] for port in container["ports"]] == [settings.server.port]


def test_autoscalers_ask_for_metrics_that_the_server_has_and_the_adapter_gives(built) -> None:
    adapter = yaml.safe_load((KUBERNETES / "prometheus" / "adapter.yaml").read_text(encoding="utf-8"))["rules"]
    given = {rule["name"]["as"] for kind in ("custom", "external") for rule in adapter[kind]}
    asked = {
        metric[kind]["metric"]["name"]
        for item in of_kind(built, "HorizontalPodAutoscaler").values()
        for metric in item["spec"]["metrics"]
        for kind in ("pods", "external")
        if kind in metric
    }
    assert asked == given == {"asr_queue_audio_seconds", "asr_jobs_open"}
    assert asked <= set(Telemetry().metric_names)
    for kind in ("custom", "external"):
        for rule in adapter[kind]:
            assert rule["seriesQuery"].startswith(rule["name"]["as"])


def test_autoscalers_scale_what_is_there(built) -> None:
    deployments = of_kind(built, "Deployment")
    for item in of_kind(built, "HorizontalPodAutoscaler").values():
        assert item["spec"]["scaleTargetRef"]["name"] in deployments
    assert set(deployments) == set(OURS)


def test_the_ingress_takes_uploads_as_large_as_the_server_does(built, settings) -> None:
    (ingress,) = of_kind(built, "Ingress").values()
    bound = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert int(bound.removesuffix("m")) << 20 == settings.server.max_upload_bytes


def test_only_the_gpu_overlay_asks_for_gpus_and_mounts_weights(built) -> None:
    server = pods(built)["lingting-server"]["spec"]
    has_gpu = "nvidia.com/gpu" in server["containers"][0]["resources"]["limits"]
    assert has_gpu == server["containers"][0]["image"].startswith("lingting:cuda")
    assert has_gpu == ("initContainers" in server)


def test_prometheus_reads_what_it_is_given(tmp_path) -> None:
    """But for the finding of pods, which Debian's build of Prometheus does not know."""
    promtool = shutil.which("promtool")
    if promtool is None:
        absent("promtool is not installed; apt-get install prometheus to run this")
    (tmp_path / "key").touch()
    text = (KUBERNETES / "prometheus" / "scrape.yaml").read_text(encoding="utf-8")
    text = re.sub(r"kubernetes_sd_configs:\n +- .*\n", "static_configs: [{targets: [here]}]\n", text)
    file = tmp_path / "prometheus.yml"
    file.write_text(text.replace("/run/secrets/lingting/metrics_key", str(tmp_path / "key")))
    done = subprocess.run([promtool, "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
