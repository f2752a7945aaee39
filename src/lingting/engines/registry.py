"""Which engines there are: a table of names, each with the class that serves it.

Nothing is imported until an engine is opened, because native code that is merely imported can end the process. Whether
an engine could be opened is found out by looking for its modules. Other packages add engines with an entry point in
the group "lingting.engines", whose value is "module:Class".
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import cast

from lingting.domain.errors import EngineUnavailable, InvalidOption
from lingting.engines.base import AnyEngine, EngineKind

__all__ = ["ENGINES", "EngineRow", "all_engines", "find_engine", "open_engine"]

_ENTRY_POINT_GROUP = "lingting.engines"


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine that can be named."""

    name: str
    target: str
    """"module:Class", imported when the engine is opened."""
    kind: EngineKind = EngineKind.BATCH
    """Which of the contracts of `base.py` it keeps."""
    settings: str = ""
    """"module:Class" of a frozen dataclass that checks itself; empty where there is nothing to set."""
    has_weights: bool = False
    """Whether it is made with the folder of a model's weights: `Class(folder, settings)`, else `Class(settings)`."""
    memory_ratio: float = 1.0
    """Of the memory that a model takes to the size of its files."""
    needs: tuple[str, ...] = ()
    """Top-level modules of other packages that must be installed."""
    install: str = ""
    """The line that installs them."""
    libraries: tuple[str, ...] = ()
    """Distributions of which another version may hear otherwise."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules that are not there; empty when the engine can be opened."""
        return tuple(module for module in self.needs if importlib.util.find_spec(module) is None)


ENGINES: Mapping[str, EngineRow] = {
    row.name: row
    for row in (
        EngineRow(
            name="whisper",
            target="lingting.engines.whisper:WhisperEngine",
            settings="lingting.engines.whisper:WhisperSettings",
            has_weights=True,
            needs=("ctranslate2", "faster_whisper", "tokenizers"),
            install="pip install lingting",
            libraries=("ctranslate2", "faster-whisper"),
        ),
        EngineRow(
            name="aliyun",
            target="lingting.engines.aliyun.engine:AliyunEngine",
            kind=EngineKind.REMOTE,
            settings="lingting.engines.aliyun.settings:AliyunSettings",
        ),
        EngineRow(
            name="transformers",
            target="lingting.engines.hf_transformers.engine:TransformersEngine",
            settings="lingting.engines.hf_transformers.settings:TransformersSettings",
            has_weights=True,
            needs=("torch", "transformers"),
            install="pip install 'lingting[transformers]'",
            libraries=("transformers", "torch"),
        ),
        EngineRow(
            name="openai",
            target="lingting.engines.openai_compatible.engine:OpenAIEngine",
            kind=EngineKind.REMOTE,
            settings="lingting.engines.openai_compatible.settings:OpenAISettings",
            needs=("openai",),
            install="pip install 'lingting[openai]'",
        ),
        EngineRow(
            name="vosk",
            target="lingting.engines.vosk:VoskEngine",
            kind=EngineKind.STREAM,
            settings="lingting.engines.vosk:VoskSettings",
            has_weights=True,
            memory_ratio=1.9,  # measured with vosk-ko
            needs=("vosk",),
            install="pip install 'lingting[vosk]'",
            libraries=("vosk",),
        ),
        EngineRow(
            name="sherpa",
            target="lingting.engines.sherpa.offline:SherpaEngine",
            settings="lingting.engines.sherpa.settings:SherpaSettings",
            has_weights=True,
            needs=("sherpa_onnx",),
            install="pip install 'lingting[sherpa]'",
            libraries=("sherpa-onnx",),
        ),
        EngineRow(
            name="sherpa-online",
            target="lingting.engines.sherpa.online:SherpaOnlineEngine",
            kind=EngineKind.STREAM,
            settings="lingting.engines.sherpa.settings:SherpaOnlineSettings",
            has_weights=True,
            needs=("sherpa_onnx",),
            install="pip install 'lingting[sherpa]'",
            libraries=("sherpa-onnx",),
        ),
        EngineRow(name="fake", target="lingting.engines.fake:FakeEngine"),
        EngineRow(name="fake-stream", target="lingting.engines.fake_stream:FakeStreamEngine", kind=EngineKind.STREAM),
        EngineRow(name="fake-remote", target="lingting.engines.fake_remote:FakeRemote", kind=EngineKind.REMOTE),
    )
}
"""The engines of this package, by name."""


def all_engines() -> dict[str, EngineRow]:
    """Return our own engines and those of other installed packages; ours win over a foreign one of the same name."""
    foreign = {
        point.name: EngineRow(name=point.name, target=point.value) for point in entry_points(group=_ENTRY_POINT_GROUP)
    }
    return foreign | dict(ENGINES)


def find_engine(name: str) -> EngineRow:
    """raises    InvalidOption, naming the engines there are"""
    engines = all_engines()
    if name not in engines:
        raise InvalidOption("engine", f"{name[:80]!r} is unknown; use one of {', '.join(sorted(engines))}")
    return engines[name]


def open_engine(name: str, *arguments: object, **options: object) -> AnyEngine:
    """Import the engine's class and make one with the arguments given.

    raises    InvalidOption for an unknown name; EngineUnavailable, with the line that installs it, when it is known
              but its packages are not there
    """
    row = find_engine(name)
    if row.missing:
        raise EngineUnavailable(f"engine {name!r} needs {', '.join(row.missing)}; install with: {row.install}")
    module_name, _, class_name = row.target.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as problem:
        raise EngineUnavailable(
            f"engine {name!r} cannot be loaded from {row.target!r} ({type(problem).__name__}); reinstall its package"
        ) from problem
    return cast("AnyEngine", factory(*arguments, **options))
