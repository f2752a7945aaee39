"""What `[[serve]]` says is checked at the start, and whatever is wrong is named as it was written."""

import pytest

from lingting.domain.errors import EngineUnavailable, ModelMissing, ModelNotFound, SettingsInvalid
from lingting.engines import registry
from lingting.engines.base import EngineKind
from lingting.engines.catalog import Catalog
from lingting.engines.registry import EngineRow
from lingting.engines.sherpa.settings import SherpaSettings
from lingting.engines.whisper import WhisperSettings
from lingting.recognition.served import Served, ServedNames
from lingting.server import recipe
from lingting.server.recipe import recipe_of
from lingting.server.served import read_plans
from lingting.settings import ServeEntry, Settings, load_settings

pytestmark = pytest.mark.unit


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = Catalog.load(models_dir=tmp_path)

    def plans(*entries: dict, **settings: object):
        served = tuple(ServeEntry(**entry) for entry in entries)
        chosen: Settings = load_settings().model_copy(update={"engine": "fake", "serve": served} | settings)
        return read_plans(chosen, catalog)

    return plans


def test_the_default_is_the_configured_model(read) -> None:
    (plan,) = read()
    assert (plan.served.name, plan.served.engine, plan.served.is_default) == ("whisper-base", "fake", True)
    assert plan.settings is None


def test_further_models_follow(read) -> None:
    _, cloud = read({"name": "cloud", "engine": "fake-remote", "aliases": ["far"], "max_in_flight": 3})
    assert (cloud.served.kind, cloud.served.is_remote, cloud.served.drafts) == (EngineKind.REMOTE, True, False)
    assert (cloud.served.aliases, cloud.served.max_in_flight, cloud.served.memory_bytes) == (("far",), 3, 0)


def test_an_entry_named_as_the_default_model_is_the_default(read) -> None:
    (plan,) = read({"name": "mine", "engine": "fake-remote"}, model="mine")
    assert (plan.served.name, plan.served.is_default, plan.served.is_remote) == ("mine", True, True)


def test_two_of_one_name_are_refused(read) -> None:
    with pytest.raises(SettingsInvalid, match="two models are called 'a'"):
        read({"name": "a", "engine": "fake"}, {"name": "a", "engine": "fake-remote"})


def test_an_unknown_engine_is_named_with_those_there_are(read) -> None:
    with pytest.raises(SettingsInvalid, match=r"serve\.a\.engine: 'far' is unknown; use one of .*fake-remote"):
        read({"name": "a", "engine": "far"})


def test_an_unknown_model_is_named(read) -> None:
    with pytest.raises(SettingsInvalid, match=r"serve\.a\.model: 'far' is not served"):
        read({"name": "a", "model": "far"})
    with pytest.raises(ModelNotFound):
        read({"name": "far"})


def test_missing_weights_stop_the_start_only_of_what_is_loaded_then(read) -> None:
    assert read({"name": "whisper-small"})[1].served.model == "whisper-small"
    with pytest.raises(ModelMissing, match="lingting models pull whisper-small"):
        read({"name": "whisper-small", "preload": True})


def test_weights_count_with_their_size_unless_said_otherwise(read) -> None:
    assert read({"name": "whisper-small"})[1].served.memory_bytes > 480_000_000
    assert read({"name": "whisper-small", "memory_bytes": 7})[1].served.memory_bytes == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"beams": 1}, r"serve\.whisper-small\.options\.beams is unknown; 'whisper' has device"),
        ({"device": "tpu"}, r"serve\.whisper-small\.options\.device: Input should be"),
        ({"window": {"min_seconds": "many"}}, r"serve\.whisper-small\.options\.window"),
        ({"max_batch": 0}, r"serve\.whisper-small\.options"),
    ],
)
def test_a_wrong_option_is_named_where_it_was_written(read, options, said) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        read({"name": "whisper-small", "options": options})


def test_what_an_engine_does_not_have_cannot_be_set(read) -> None:
    with pytest.raises(SettingsInvalid, match=r"serve\.a\.options: the engine 'fake' has nothing to set"):
        read({"name": "a", "engine": "fake", "options": {"x": 1}})


def test_whisper_takes_its_section_where_options_say_nothing(read) -> None:
    whisper = load_settings().whisper.model_copy(update={"device": "cpu", "max_batch": 3})
    _, plan = read({"name": "whisper-small", "options": {"max_batch": 5}}, whisper=whisper)
    assert isinstance(plan.settings, WhisperSettings)
    assert (plan.settings.device, plan.settings.max_batch) == ("cpu", 5)


def test_a_missing_extra_is_named_with_the_line_that_installs_it(read, monkeypatch) -> None:
    row = EngineRow("far", "a:B", needs=("not_there_at_all",), install="pip install 'lingting[far]'")
    monkeypatch.setattr(registry, "ENGINES", {**registry.ENGINES, "far": row})
    with pytest.raises(EngineUnavailable, match=r"not_there_at_all .*pip install 'lingting\[far\]'"):
        read({"name": "a", "engine": "far"})


def test_names_are_of_one_model_each() -> None:
    with pytest.raises(SettingsInvalid, match="'b' is taken by 'a'"):
        ServedNames([Served("a", "fake", aliases=("b",), is_default=True), Served("b", "fake")])


def test_other_names_mean_the_default_unless_a_model_takes_them() -> None:
    models = [Served("a", "fake", is_default=True), Served("b", "fake", aliases=("whisper-1",))]
    names = ServedNames(models, default_names=("whisper-1", "gpt-transcribe"))
    assert names.names == ("a", "b", "whisper-1", "gpt-transcribe")
    assert (names.chosen("whisper-1"), names.chosen("gpt-transcribe"), names.chosen(None)) == ("whisper-1", None, None)
    assert names.find("whisper-1") is models[1]
    with pytest.raises(ModelNotFound, match="use one of a, b, whisper-1, gpt-transcribe"):
        names.chosen("c")


def test_an_engine_is_told_by_the_catalog_what_its_weights_do_not_say(read) -> None:
    _, plan = read({"name": "sense-voice-small", "options": {"itn": False}})
    expected = SherpaSettings(languages=("en", "ja", "ko", "yue", "zh"), family="sense-voice", itn=False)
    assert plan.settings == expected


def test_another_version_of_an_engines_library_is_another_recipe(read, monkeypatch) -> None:
    plans = read({"name": "vosk-ko"})
    before = recipe_of(load_settings(), "fake", plans)
    monkeypatch.setattr(recipe, "version", lambda name: "99" if name == "vosk" else "1")
    with_vosk = recipe_of(load_settings(), "fake", plans)
    monkeypatch.setattr(recipe, "version", lambda name: "98" if name == "vosk" else "1")
    assert len({before, with_vosk, recipe_of(load_settings(), "fake", plans)}) == 3
