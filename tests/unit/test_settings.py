"""Settings come from the environment and a file; wrong ones stop the start and say which."""

import pytest

from lingting.audio.decode import DecodeSettings
from lingting.domain import Script
from lingting.domain.errors import SettingsInvalid
from lingting.engines.whisper import WhisperSettings
from lingting.recognition.batching import SchedulerSettings
from lingting.recognition.pipeline import PipelineSettings
from lingting.settings import load_settings

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    import os

    for name in [name for name in os.environ if name.upper().startswith("LINGTING_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_safe() -> None:
    settings = load_settings()
    assert (settings.server.host, settings.server.allow_open) == ("127.0.0.1", False)
    assert settings.listens_on_loopback


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("decode", DecodeSettings),
        ("scheduler", SchedulerSettings),
        ("whisper", WhisperSettings),
        ("pipeline", PipelineSettings),
    ],
)
def test_defaults_are_those_beside_the_code(section, kind) -> None:
    assert load_settings().built(section, kind) == kind()


def test_the_environment_reaches_into_sections(monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_SERVER__PORT", "9")
    monkeypatch.setenv("LINGTING_RECOGNITION__SCRIPT", "traditional")
    settings = load_settings()
    assert settings.server.port == 9
    assert settings.recognition.options().script is Script.TRADITIONAL


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(monkeypatch, tmp_path) -> None:
    (tmp_path / "lingting.toml").write_text('model = "a"\n[server]\nport = 1\nhost = "::1"\nmax_requests = 7\n')
    monkeypatch.setenv("LINGTING_SERVER__PORT", "2")
    settings = load_settings(port=3)
    assert (settings.model, settings.server.port) == ("a", 3)
    assert (settings.server.host, settings.server.max_requests) == ("::1", 7)
    assert load_settings().server.port == 2


def test_the_file_may_lie_elsewhere(monkeypatch, tmp_path) -> None:
    (tmp_path / "other.toml").write_text('model = "b"\n')
    monkeypatch.setenv("LINGTING_CONFIG", str(tmp_path / "other.toml"))
    assert load_settings().model == "b"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LINGTING_SERVER__PORT", "70000", "65535"),
        ("LINGTING_SERVER__PORT", "many", "integer"),
        ("LINGTING_SERVER__DRAIN_SECONDS", "-1", "0"),
        ("LINGTING_LOG__LEVEL", "loud", "'debug', 'info'"),
        ("LINGTING_WHISPER__DEVICE", "tpu", "'cpu'"),
        ("LINGTING_SCHEDULER__MAX_BATCH", "0", "1"),
        ("LINGTING_DECODE__MAX_CHANNELS", "1000", "255"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(monkeypatch, name, value, said) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    message = caught.value.message
    assert name in message
    assert value in message
    assert said in message


def test_each_problem_has_a_line(monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_SERVER__PORT", "70000")
    monkeypatch.setenv("LINGTING_LOG__LEVEL", "loud")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize("name", ["LINGTING_SERVER__PROT", "LINGTING_MODLE", "LINGTING_SREVER__PORT"])
def test_an_unknown_variable_stops_the_start(monkeypatch, name) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsInvalid, match=name):
        load_settings()


@pytest.mark.parametrize("text", ["[server]\nprot = 1\n", "modle = 'x'\n", "[server\n", "server = 3\n"])
def test_a_wrong_file_stops_the_start(tmp_path, text) -> None:
    (tmp_path / "lingting.toml").write_text(text)
    with pytest.raises(SettingsInvalid):
        load_settings()


def test_a_named_file_must_be_there(monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsInvalid, match=r"nowhere\.toml"):
        load_settings()


def test_an_unknown_default_language_stops_the_start(monkeypatch) -> None:
    monkeypatch.setenv("LINGTING_RECOGNITION__LANGUAGE", "klingon")
    with pytest.raises(SettingsInvalid, match="klingon"):
        load_settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_addresses_are_open(host) -> None:
    assert not load_settings(host=host).listens_on_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_known_by_each_of_its_names(host) -> None:
    assert load_settings(host=host).listens_on_loopback


def test_a_folder_of_secrets_holds_single_settings(monkeypatch, tmp_path) -> None:
    (tmp_path / "lingting_vault__keys").write_text("k1:secret\n")
    (tmp_path / "LINGTING_SERVER__PORT").write_text("5")
    (tmp_path / "other").write_text("not ours")
    monkeypatch.setenv("LINGTING_SECRETS_DIR", str(tmp_path))
    settings = load_settings()
    assert (settings.vault.keys, settings.server.port) == ("k1:secret", 5)


def test_secrets_give_way_to_the_environment_and_go_before_the_file(monkeypatch, tmp_path) -> None:
    (tmp_path / "lingting.toml").write_text("[server]\nport = 1\nmax_requests = 7\n")
    (tmp_path / "lingting_server__port").write_text("2")
    (tmp_path / "lingting_server__max_requests").write_text("8")
    monkeypatch.setenv("LINGTING_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("LINGTING_SERVER__PORT", "3")
    settings = load_settings()
    assert (settings.server.port, settings.server.max_requests) == (3, 8)


def test_a_secret_that_is_no_setting_is_refused(monkeypatch, tmp_path) -> None:
    (tmp_path / "lingting_storage__password").write_text("x")
    monkeypatch.setenv("LINGTING_SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsInvalid, match="lingting_storage__password is not a setting"):
        load_settings()


def test_a_folder_of_secrets_that_is_not_there_is_refused(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LINGTING_SECRETS_DIR", str(tmp_path / "gone"))
    with pytest.raises(SettingsInvalid, match="there is no such folder"):
        load_settings()
