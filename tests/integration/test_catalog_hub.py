"""Files from the hub: whole, resumed and damaged, against a small server that answers as the hub does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from lingting.domain.errors import ModelCorrupt, ModelMissing
from lingting.engines.catalog import Catalog

pytestmark = pytest.mark.integration

REVISION = "a" * 40
WEIGHTS = bytes(range(256)) * 4_000
CONFIG = b'{"a": 1}'


def _git_blob(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@dataclass
class FakeHub:
    """What the server holds and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=lambda: {"model.bin": WEIGHTS, "config.json": CONFIG})
    etags: dict[str, str] = field(
        default_factory=lambda: {"model.bin": hashlib.sha256(WEIGHTS).hexdigest(), "config.json": _git_blob(CONFIG)}
    )
    break_after_bytes: int | None = None
    """The next answer stops there, once."""
    ranges: list[str | None] = field(default_factory=list)

    def handler(hub) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the request below
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def _answer(self, *, with_body: bool) -> None:
                name = self.path.rsplit("/", 1)[-1]
                data = hub.files.get(name)
                if data is None or f"/resolve/{REVISION}/" not in self.path:
                    self.send_error(404)
                    return
                start = 0
                if with_body:
                    hub.ranges.append(self.headers["Range"])
                    start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
                self.send_response(206 if start else 200)
                self.send_header("X-Repo-Commit", REVISION)
                self.send_header("ETag", f'"{hub.etags[name]}"')
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                if with_body:
                    self._write(data[start:])

            def _write(self, body: bytes) -> None:
                if hub.break_after_bytes is not None and len(body) > hub.break_after_bytes:
                    body, hub.break_after_bytes = body[: hub.break_after_bytes], None
                    self.close_connection = True
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
                return

        return Handler


def _point_at(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    template = "http://127.0.0.1:%d/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template % port)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    fake = FakeHub()
    with ThreadingHTTPServer(("127.0.0.1", 0), fake.handler()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        _point_at(monkeypatch, server.server_port)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield fake
        server.shutdown()
        thread.join()


def _catalog(tmp_path: Path, *, revision: str = REVISION) -> Catalog:
    file = tmp_path / "extra.toml"
    file.write_text(
        f"""
[[model]]
name = "from-hub"
engine = "fake"
licence = "MIT"
languages = ["en"]
files = [{{ name = "config.json" }}, {{ name = "model.bin" }}]
[[model.source]]
kind = "hub"
repo = "someone/something"
revision = "{revision}"
""",
        encoding="utf-8",
    )
    return Catalog.load(models_dir=tmp_path / "models", extra_file=file)


def test_a_pull_holds_large_and_small_files_to_the_hubs_own_checksums(tmp_path: Path, hub: FakeHub) -> None:
    seen: list[tuple[int, int]] = []
    target = _catalog(tmp_path).pull("from-hub", progress=lambda done, total: seen.append((done, total)))
    assert (target / "model.bin").read_bytes() == WEIGHTS
    assert seen[-1] == (len(WEIGHTS) + len(CONFIG), len(WEIGHTS) + len(CONFIG))
    assert _catalog(tmp_path).locate("from-hub") == target


def test_a_download_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path, hub: FakeHub) -> None:
    hub.break_after_bytes = 300_000
    target = _catalog(tmp_path).pull("from-hub")
    assert (target / "model.bin").read_bytes() == WEIGHTS
    resumed = [given for given in hub.ranges if given]
    assert len(resumed) == 1
    assert 0 < int(resumed[0].removeprefix("bytes=").rstrip("-")) <= 300_000


def test_bytes_of_an_earlier_pull_are_not_fetched_again(tmp_path: Path, hub: FakeHub) -> None:
    partial = tmp_path / "models" / "from-hub" / ".partial"
    partial.mkdir(parents=True)
    (partial / "model.bin").write_bytes(WEIGHTS[:1_000])
    _catalog(tmp_path).pull("from-hub")
    assert "bytes=1000-" in hub.ranges


def test_damaged_bytes_are_refused_and_forgotten(tmp_path: Path, hub: FakeHub) -> None:
    hub.files["model.bin"] = WEIGHTS[:-1] + b"!"
    catalog = _catalog(tmp_path)
    with pytest.raises(ModelCorrupt, match="arrived damaged"):
        catalog.pull("from-hub")
    hub.files["model.bin"] = WEIGHTS
    assert catalog.pull("from-hub")


def test_a_revision_the_hub_has_not_got_is_missing(tmp_path: Path, hub: FakeHub) -> None:
    with pytest.raises(ModelMissing, match="someone/something"):
        _catalog(tmp_path, revision="b" * 40).pull("from-hub")


def test_a_hub_that_cannot_be_reached_tells_what_else_to_do(
    tmp_path: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    _point_at(monkeypatch, 9)
    with pytest.raises(ModelMissing, match=r"lingting models pull from-hub --from"):
        _catalog(tmp_path).pull("from-hub")
