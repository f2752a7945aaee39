"""Models come here whole, and only the promised bytes are ever handed out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from lingting.domain.errors import ModelCorrupt, ModelMissing, ModelNotFound
from lingting.engines.catalog import Catalog, ModelState
from lingting.engines.catalog_integrity import RECORD_NAME, FileState, Record, write_record

pytestmark = pytest.mark.unit

WEIGHTS = b"weights" * 1000
CONFIG = b"{}"
GRAPH = b"graph" * 10


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _catalog(tmp_path: Path, *, pinned: bool = True, source: Path | None = None) -> Catalog:
    digest = f', sha256 = "{_sha(WEIGHTS)}"' if pinned else ""
    text = f"""
[[model]]
name = "tiny-test"
engine = "fake"
licence = "MIT"
languages = ["en"]
files = [{{ name = "config.json", sha256 = "{_sha(CONFIG)}" }}, {{ name = "model.bin"{digest} }},
    {{ name = "graph/phones/edges.int", sha256 = "{_sha(GRAPH)}" }}]
"""
    if source is not None:
        text += f'[[model.source]]\nkind = "folder"\npath = "{source}"\n'
    file = tmp_path / "extra.toml"
    file.write_text(text, encoding="utf-8")
    return Catalog.load(models_dir=tmp_path / "models", extra_file=file, offline=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "given"
    path.mkdir()
    (path / "model.bin").write_bytes(WEIGHTS)
    (path / "config.json").write_bytes(CONFIG)
    (path / "graph/phones").mkdir(parents=True)
    (path / "graph/phones/edges.int").write_bytes(GRAPH)
    return path


def test_a_missing_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="lingting models pull tiny-test"):
        _catalog(tmp_path).locate("tiny-test")


def test_an_unknown_model_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"tiny-test.*whisper-base"):
        _catalog(tmp_path).find("nonsense")


def test_a_pull_brings_every_file_and_reports_bytes(tmp_path: Path, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    catalog = _catalog(tmp_path)
    target = catalog.pull("tiny-test", folder=folder, progress=lambda done, total: seen.append((done, total)))
    assert (target / "model.bin").read_bytes() == WEIGHTS
    assert seen[-1][0] == len(WEIGHTS) + len(CONFIG) + len(GRAPH)
    assert (target / "graph/phones/edges.int").read_bytes() == GRAPH
    assert catalog.locate("tiny-test") == target
    assert not list(target.glob(".partial*"))


def test_a_folder_on_this_machine_is_used_without_being_asked(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path, source=folder)
    assert catalog.state("tiny-test") is ModelState.INSTALLED
    assert (catalog.locate("tiny-test") / "model.bin").is_file()
    assert catalog.state("tiny-test") is ModelState.READY


def test_wrong_bytes_are_refused_and_not_kept(tmp_path: Path, folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"something else")
    catalog = _catalog(tmp_path)
    with pytest.raises(ModelCorrupt, match=r"model\.bin"):
        catalog.pull("tiny-test", folder=folder)
    assert not (catalog.folder_of("tiny-test") / "model.bin").exists()


def test_a_file_changed_later_never_loads(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    target = catalog.pull("tiny-test", folder=folder)
    (target / "model.bin").write_bytes(WEIGHTS[:-1] + b"!")
    with pytest.raises(ModelCorrupt, match="lingting models pull tiny-test"):
        catalog.locate("tiny-test")


def test_a_pull_mends_a_damaged_file(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    target = catalog.pull("tiny-test", folder=folder)
    (target / "model.bin").write_bytes(b"damaged")
    catalog.pull("tiny-test", folder=folder)
    assert catalog.locate("tiny-test") == target


def test_a_touched_but_equal_file_is_hashed_and_accepted(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    target = catalog.pull("tiny-test", folder=folder)
    os.utime(target / "model.bin", ns=(1, 1))
    assert catalog.locate("tiny-test") == target


def test_an_untouched_file_is_not_hashed_again(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    weights = catalog.pull("tiny-test", folder=folder) / "model.bin"
    before = weights.stat()
    with weights.open("r+b") as file:
        file.write(b"W")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    catalog.locate("tiny-test")
    assert [status.state for status in catalog.verify("tiny-test")] == [
        FileState.OK,
        FileState.CORRUPT,
        FileState.OK,
    ]


def test_files_put_there_by_hand_are_hashed_then_recorded(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    catalog.models_dir.mkdir()
    folder.rename(catalog.folder_of("tiny-test"))
    target = catalog.locate("tiny-test")
    assert (target / RECORD_NAME).is_file()


def test_a_damaged_record_is_as_good_as_none(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path)
    target = catalog.pull("tiny-test", folder=folder)
    (target / RECORD_NAME).write_text('{"files": [1]}', encoding="utf-8")
    assert catalog.locate("tiny-test") == target


def test_a_folder_that_cannot_be_written_keeps_no_record(tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()  # as on a read-only file system, neither writing nor unlinking works in it
    write_record(tmp_path / "no-folder", Record(source="here", stamps={}))
    assert [path.name for path in tmp_path.iterdir()] == ["no-folder"]


def test_without_a_digest_the_first_pull_is_what_later_loads_are_held_to(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path, pinned=False)
    target = catalog.pull("tiny-test", folder=folder)
    assert catalog.locate("tiny-test") == target
    (target / "model.bin").write_bytes(b"other weights")
    with pytest.raises(ModelCorrupt):
        catalog.locate("tiny-test")


def test_without_a_digest_or_a_record_nothing_loads(tmp_path: Path, folder: Path) -> None:
    catalog = _catalog(tmp_path, pinned=False)
    catalog.models_dir.mkdir()
    folder.rename(catalog.folder_of("tiny-test"))
    with pytest.raises(ModelCorrupt):
        catalog.locate("tiny-test")
    assert catalog.verify("tiny-test")[1].state is FileState.UNRECORDED


def test_offline_never_asks_the_hub(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=tmp_path, offline=True)
    with pytest.raises(ModelMissing, match="offline is set"):
        catalog.pull("whisper-tiny")


def test_a_pull_that_cannot_write_says_where(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(ModelMissing, match="LINGTING_MODELS_DIR"):
        _catalog(tmp_path).pull("tiny-test", folder=folder)
