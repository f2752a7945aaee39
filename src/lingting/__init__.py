"""Speech to text, subtitles, commands and conversation on your own hardware.

    import lingting
    lingting.transcribe("a.wav").text

Names here are imported when they are first used, so that `import lingting` costs nothing. What it does is to keep ONNX
Runtime from reporting to its maker, which has to be said before that library is imported.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingting.domain import RecognizeOptions, Transcript
    from lingting.domain.errors import LingtingError
    from lingting.quick import transcribe

    __version__: str

__all__ = ["LingtingError", "RecognizeOptions", "Transcript", "__version__", "transcribe"]

# Else ONNX Runtime (1.31) makes an id for this machine, keeps a file of events and sends them to Microsoft.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOMES = {
    "LingtingError": "lingting.domain.errors",
    "RecognizeOptions": "lingting.domain",
    "Transcript": "lingting.domain",
    "transcribe": "lingting.quick",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("lingting")
    if name not in _HOMES:
        raise AttributeError(f"module 'lingting' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
