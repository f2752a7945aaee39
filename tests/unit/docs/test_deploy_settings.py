"""The settings files that are shipped are read by the real loader, and say what they are there to say."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lingting.domain import RedactMode
from lingting.settings import Settings, load_settings

pytestmark = pytest.mark.unit

FILES = sorted((Path(__file__).parents[3] / "deploy" / "settings").glob("*.toml"))
DEPLOY = FILES[0].parents[1]


@pytest.fixture
def load(monkeypatch) -> Callable[[str], Settings]:
    """By the name of the file; nothing else says anything."""
    for name in [name for name in os.environ if name.upper().startswith("LINGTING_")]:
        monkeypatch.delenv(name)

    def read(name: str) -> Settings:
        monkeypatch.setenv("LINGTING_CONFIG", str(FILES[0].with_name(f"{name}.toml")))
        return load_settings()

    return read


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_everybody_is_asked_for_a_key_and_the_proxy_is_known(load, name) -> None:
    settings = load(name)
    assert settings.access.required
    assert settings.server.trusted_proxies
    assert not settings.server.allow_open


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_the_proxys_bound_on_uploads_is_the_servers(load, name) -> None:
    proxy = (DEPLOY / "nginx" / "lingting.conf").read_text(encoding="utf-8")
    assert f"client_max_body_size {load(name).server.max_upload_bytes >> 20}m;" in proxy


@pytest.mark.parametrize("name", ["single", "hospital"])
def test_one_machine_listens_to_itself_only(load, name) -> None:
    assert load(name).listens_on_loopback


def test_a_hospital_hides_and_seals_what_is_personal_and_keeps_no_recordings(load) -> None:
    settings = load("hospital")
    assert settings.redaction.required
    assert settings.redaction.mode is RedactMode.MASK
    assert settings.vault.key_file is not None
    assert not settings.history.keep_audio
    assert settings.audit.required
    assert settings.offline


def test_servers_leave_jobs_to_workers(load) -> None:
    assert load("servers").jobs.workers == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_secret_is_in_a_settings_file(file) -> None:
    text = file.read_text(encoding="utf-8")
    assert "://" not in text
    assert "ltk_" not in text
