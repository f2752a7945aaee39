"""Speech to text, subtitles, commands and conversation on your own hardware.

    import lingting
    lingting.transcribe("a.wav").text

Names here are imported when they are first used, so that `import lingting` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingting.domain import RecognizeOptions, Transcript
    from lingting.domain.errors import LingtingError
    from lingting.quick import transcribe

__all__ = ["LingtingError", "RecognizeOptions", "Transcript", "transcribe"]

_HOMES = {
    "LingtingError": "lingting.domain.errors",
    "RecognizeOptions": "lingting.domain",
    "Transcript": "lingting.domain",
    "transcribe": "lingting.quick",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'lingting' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
