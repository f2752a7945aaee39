"""The Dockerfile and the Compose files, as far as that goes without an engine for containers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from absent import absent
from lingting.crypto import Keyring
from lingting.settings import load_settings, setting_names

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose"
FILES = sorted(COMPOSE.glob("compose*.yaml"))
SERVICES = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))["services"]
DATABASES = ("postgres", "mariadb")


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment."""
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        absent(f"no {name} here; `make test` installs it from requirements/dev.lock")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def compose() -> dict[str, object]:
    """The Compose file with its variables at their defaults."""
    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    loaded: dict[str, object] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return loaded


def test_hadolint_finds_nothing() -> None:
    done = tool("hadolint", str(DOCKERFILE))
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd / && sudo pip install lingting\n")
    assert tool("hadolint", str(bad)).returncode == 1


def test_the_image_is_built_from_files_that_the_context_holds() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert name in kept or f"{Path(name).parent}/*{Path(name).suffix}" in kept


def test_everything_from_an_index_is_held_to_its_hash() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip install [^&\n]*", text)
    assert all("--require-hashes" in line or line.strip().endswith("/wheel/*.whl") for line in installs)


def test_the_image_runs_as_nobody_and_says_whether_it_lives() -> None:
    runtime = DOCKERFILE.read_text(encoding="utf-8").split(" AS runtime\n")[1].split("\nFROM ")[0]
    assert re.search(r"^USER 10001:10001$", runtime, re.MULTILINE)
    assert "/healthz" in runtime.split("HEALTHCHECK")[1]
    assert "LINGTING_ACCESS__REQUIRED=true" in runtime


def test_what_the_image_sets_are_settings() -> None:
    known = {f"LINGTING_{name.replace('.', '__')}".upper() for name in setting_names()}
    named = set(re.findall(r"^(?:ENV|   ) (LINGTING_\w+)=", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named
    assert named <= known


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_compose_file_is_as_its_specification_says(file) -> None:
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(file))
    assert done.returncode == 0, done.stdout


def test_what_is_used_in_compose_is_declared_and_the_files_are_there() -> None:
    whole = compose()
    used: dict[str, set[str]] = {"secrets": set(), "configs": set(), "networks": set(), "volumes": set()}
    for service in whole["services"].values():
        used["secrets"] |= set(service.get("secrets", ()))
        used["configs"] |= {entry["source"] for entry in service.get("configs", ())}
        used["networks"] |= set(service["networks"])
        used["volumes"] |= {entry.split(":")[0] for entry in service.get("volumes", ()) if entry[0] not in "./"}
    assert used == {kind: set(whole[kind]) for kind in used}
    assert all((COMPOSE / entry["file"]).is_file() for entry in whole["configs"].values())
    assert (COMPOSE / SERVICES["server"]["build"]["context"] / SERVICES["server"]["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_bounds_and_no_more_rights_than_it_needs(name) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert "healthcheck" in service or name == "server"  # the image has one
    assert "user" in service or name == "nginx"  # which gives up its own for its workers'


def test_only_the_proxy_and_the_board_are_reached_from_outside() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"nginx", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in ports["grafana"])


def test_the_server_waits_less_to_stop_than_it_is_given() -> None:
    settings = load_settings()
    given = int(SERVICES["server"]["stop_grace_period"].removesuffix("s"))
    assert given > settings.server.drain_seconds + settings.scheduler.drain_seconds


@pytest.fixture(params=DATABASES)
def made(request, tmp_path) -> tuple[str, Path]:
    folder = tmp_path / "secrets"
    subprocess.run(["sh", str(ROOT / "deploy" / "make-secrets.sh"), request.param, str(folder)], check=True)
    return request.param, folder


def test_the_secrets_that_are_made_are_settings_of_the_server(made, monkeypatch) -> None:
    database, folder = made
    monkeypatch.setenv("LINGTING_CONFIG", str(ROOT / "deploy" / "settings" / "servers.toml"))
    monkeypatch.setenv("LINGTING_SECRETS_DIR", str(folder))
    settings = load_settings()
    assert Keyring.parse(settings.vault.keys.splitlines())
    assert make_url(settings.storage.url).host == database
    assert make_url(settings.storage.url).password == (folder / "database_password").read_text().strip()
    assert settings.jobs.broker_url.endswith("@redis:6379/0")
    assert settings.limits.redis_url == settings.rooms.redis_url == settings.cache.redis_url


def test_every_secret_of_compose_is_made(made) -> None:
    _, folder = made
    names = {Path(entry["file"]).name for entry in compose()["secrets"].values()}
    assert names == {path.name for path in folder.iterdir() if path.is_file()}
    assert {path.name for path in (folder / "tls").iterdir()} == {"fullchain.pem", "privkey.pem"}
    assert folder.stat().st_mode & 0o077 == 0


def test_secrets_are_not_made_twice(made) -> None:
    database, folder = made
    before = (folder / "lingting_vault__keys").read_text()
    again = subprocess.run(
        ["sh", str(ROOT / "deploy" / "make-secrets.sh"), database, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert (folder / "lingting_vault__keys").read_text() == before


def test_the_proxy_that_is_trusted_is_the_one_of_compose(monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_CONFIG", str(ROOT / "deploy" / "settings" / "servers.toml"))
    address = SERVICES["nginx"]["networks"]["front"]["ipv4_address"]
    assert load_settings().server.trusted_proxies == (f"{address}/32",)


def test_prometheus_reads_what_compose_gives_it(tmp_path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        absent("promtool is not installed; apt-get install prometheus to run this")
    (tmp_path / "key").touch()
    text = (COMPOSE / "prometheus.yml").read_text(encoding="utf-8")
    shutil.copy(ROOT / "deploy" / "prometheus" / "lingting.rules.yml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets/metrics_key", str(tmp_path / "key")))
    done = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_finds_the_board_where_compose_puts_it() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    provider = yaml.safe_load((provisioning / "dashboards" / "lingting.yaml").read_text())["providers"][0]
    source = yaml.safe_load((provisioning / "datasources" / "lingting.yaml").read_text())["datasources"][0]
    targets = {entry["source"]: entry["target"] for entry in SERVICES["grafana"]["configs"]}
    assert str(Path(targets["board"]).parent) == provider["options"]["path"]
    assert source["url"] == "http://prometheus:9090"
    assert set(SERVICES["grafana"]["networks"]) & set(SERVICES["prometheus"]["networks"])
