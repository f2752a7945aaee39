"""Wrong settings and missing credentials are told by name; secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingting.domain import RecognizeOptions
from lingting.domain.errors import AudioTooLong, InvalidOption, SettingsInvalid, UnsupportedLanguage
from lingting.domain.options import Task
from lingting.engines.aliyun.credentials import read_credentials
from lingting.engines.aliyun.engine import MAX_AUDIO_SECONDS, AliyunEngine
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.base import Clip
from lingting.engines.registry import open_engine
from lingting.testing import silence

pytestmark = pytest.mark.unit

APPKEY, KEY_ID = "an-appkey", "an-id"
SECRET = "a-very-secret-value"
ENVIRONMENT = {
    "ALIYUN_NLS_APPKEY": APPKEY,
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
}


def test_the_region_names_the_hosts() -> None:
    settings = AliyunSettings(region="cn-beijing")
    assert settings.http_url == "https://nls-gateway-cn-beijing.aliyuncs.com"
    assert settings.socket_url == "wss://nls-gateway-cn-beijing.aliyuncs.com/ws/v1"
    assert settings.maker_url == "https://nls-meta.cn-beijing.aliyuncs.com"


def test_a_gateway_of_ones_own_serves_both_ways() -> None:
    settings = AliyunSettings(gateway_url="http://127.0.0.1:8000/")
    assert settings.http_url == "http://127.0.0.1:8000"
    assert settings.socket_url == "ws://127.0.0.1:8000/ws/v1"
    assert not settings.uses_proxies


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "file"),
        ("region", "Mars/../x"),
        ("max_concurrent", 0),
        ("per_second", 0.0),
        ("per_second", float("nan")),
        ("attempts", 0),
        ("gateway_url", "http://example.com"),
        ("gateway_url", "ftp://example.com"),
        ("gateway_url", "https://example.com/path"),
        ("gateway_url", "https://user:word@example.com"),
        ("token_url", "https://example.com:99999"),
        ("languages", ()),
        ("languages", ("klingon",)),
        ("languages", ("Chinese",)),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        AliyunSettings(**{name: value})
    assert caught.value.param == f"aliyun.{name}"
    assert "word" not in caught.value.message


def test_credentials_come_from_the_environment_and_are_not_shown() -> None:
    found = read_credentials(AliyunSettings(), ENVIRONMENT)
    assert (found.appkey, found.access_key_id, found.access_key_secret) == (APPKEY, KEY_ID, SECRET)
    assert not any(secret in repr(found) for secret in (APPKEY, KEY_ID, SECRET))


def test_a_given_token_does_where_there_is_no_access_key() -> None:
    found = read_credentials(AliyunSettings(), {"ALIYUN_NLS_APPKEY": APPKEY, "ALIYUN_NLS_TOKEN": "t"})
    assert (found.token, found.access_key_id) == ("t", "")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"appkey": "{APPKEY}", "access_key_id": "{KEY_ID}", "access_key_secret": "{SECRET}"}}',
        f"appkey = {APPKEY}\naccess_key_id={KEY_ID}\naccess_key_secret: {SECRET}\n",
        f"[aliyun]\nappkey = {APPKEY}\naccess_key_id = {KEY_ID}\naccess_key_secret = {SECRET}\n",
    ],
)
def test_a_file_gives_them_as_json_or_as_lines(tmp_path: Path, text: str) -> None:
    file = tmp_path / "aliyun"
    file.write_text(text)
    found = read_credentials(AliyunSettings(credentials_file=str(file)), {})
    assert (found.appkey, found.access_key_id, found.access_key_secret) == (APPKEY, KEY_ID, SECRET)


@pytest.mark.parametrize(
    "text", ["[", "{", f"{{{SECRET}", SECRET, f"a={SECRET}\na={SECRET}", "[]\n", "\x00", "x" * 70_000]
)
def test_a_file_that_is_neither_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "aliyun"
    file.write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        read_credentials(AliyunSettings(credentials_file=str(file)), {})
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("lacks", ENVIRONMENT)
def test_what_is_missing_is_named(lacks: str) -> None:
    with pytest.raises(SettingsInvalid, match=lacks):
        read_credentials(AliyunSettings(), {name: value for name, value in ENVIRONMENT.items() if name != lacks})


def test_a_secret_with_a_line_break_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="access_key_id"):
        read_credentials(AliyunSettings(), ENVIRONMENT | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a\r\nX-Header: b"})


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AliyunEngine:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return AliyunEngine()


async def test_the_registry_opens_it_with_its_settings(engine: AliyunEngine) -> None:
    opened = open_engine("aliyun", AliyunSettings(mode="rest", languages=("en",)))
    assert opened.capabilities.languages == {"en"}
    assert not opened.capabilities.word_times
    assert engine.capabilities.word_times
    assert engine.capabilities.max_audio_seconds < 60.0


@pytest.mark.parametrize(
    ("clip", "error"),
    [
        (Clip(silence(1.0), RecognizeOptions(language="fr")), UnsupportedLanguage),
        (Clip(silence(1.0), RecognizeOptions(languages=("zh", "fr"))), UnsupportedLanguage),
        (Clip(silence(1.0), RecognizeOptions(task=Task.TRANSLATE)), InvalidOption),
        (Clip(silence(MAX_AUDIO_SECONDS + 1.0), RecognizeOptions()), AudioTooLong),
    ],
)
async def test_what_no_engine_of_this_kind_could_do_is_refused_before_anything_is_sent(
    engine: AliyunEngine, clip: Clip, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await engine.transcribe(clip)


async def test_an_empty_clip_is_an_empty_answer_and_goes_nowhere(engine: AliyunEngine) -> None:
    assert (await engine.transcribe(Clip(silence(0.0), RecognizeOptions(language="zh")))).text == ""
