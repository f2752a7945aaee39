"""What can be set of the Transformers engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lingting.domain.errors import SettingsInvalid
from lingting.domain.languages import LANGUAGES
from lingting.engines.whisper_window import WindowPolicy

__all__ = ["TransformersSettings"]

Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "float32", "float16", "bfloat16"]
_CHOICES = {"device": ("auto", "cpu", "cuda"), "dtype": ("auto", "float32", "float16", "bfloat16")}
_RANGES = {"device_index": (0, 63), "threads": (0, 1_024), "max_batch": (1, 256)}


@dataclass(frozen=True, slots=True)
class TransformersSettings:
    """Where and how the weights run.

    raises    SettingsInvalid, whose param is the field's name
    """

    device: Device = "auto"
    """auto: the GPU when there is one."""
    device_index: int = 0
    dtype: Dtype = "auto"
    """auto: float32 on a CPU, float16 on a GPU."""
    threads: int = 0
    """Torch's CPU threads, which all engines of the process share; 0 leaves them as they are."""
    max_batch: int = 8
    languages: tuple[str, ...] = ()
    """What a CTC model hears, the likeliest first; a server takes the catalog's. Whisper knows its own."""
    window: WindowPolicy = field(default_factory=WindowPolicy)
    """When an answer of Whisper is doubted; its windows are always of 30 s here."""

    def __post_init__(self) -> None:
        for name, accepted in _CHOICES.items():
            if getattr(self, name) not in accepted:
                raise _invalid(name, f"{getattr(self, name)!r} is none of {', '.join(accepted)}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise _invalid(name, f"{getattr(self, name)} is outside {low} to {high}")
        for language in self.languages:
            if language not in LANGUAGES:
                raise _invalid("languages", f"{language[:40]!r} is unknown")


def _invalid(name: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"{name}: {problem}", param=name)
