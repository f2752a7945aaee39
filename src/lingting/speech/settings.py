"""What can be set about voices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["SPEECH_RANGES", "SpeechSettings"]


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Text to speech."""

    engines: tuple[str, ...] = ("hibari", "kokoro", "espeak")
    """Those whose packages are there are used; the first that speaks a language is its own."""
    by_language: tuple[str, ...] = ()
    """Which voice speaks a language, as `zh=zm_yunxi`; the engines' order decides for the others."""
    preload: tuple[str, ...] = ()
    """Engines that are loaded at the start; others at the first text."""
    max_characters: int = 4_096
    """Of one text."""
    max_speaking: int = 16
    """Texts in hand at once; more are refused."""
    late_seconds: float = 3.0
    """No conversation begins while somebody waits for so long for the first sound of its voice."""
    stall_seconds: float = 60.0
    """A voice that gives no sound for so long has failed."""
    phrase_bytes: int = 32 * 2**20
    """Clauses that were said are kept in memory, to be said again; 0 keeps none."""
    phrase_seconds: float = 3_600.0
    words_per_minute: int = 175
    """Of espeak and pyttsx3."""
    volume: float = 1.0
    """Of espeak and pyttsx3, 0 to 1."""
    piper_folder: Path | None = None
    """With the voices of the engine `piper`: NAME.onnx and NAME.onnx.json."""
    edge_voices: tuple[str, ...] = ("zh-CN-XiaoxiaoNeural", "en-US-AvaNeural")
    """Of the engine `edge`, as the service names them. What they say is sent to Microsoft's servers."""
    remote_url: str = ""
    """Of a server with OpenAI's speech API, with the path before `/audio/speech`, for the engine `remote`."""
    remote_model: str = "tts-1"
    remote_voices: tuple[str, ...] = ("alloy",)
    """As that server names them; here they are `remote-NAME`."""
    remote_languages: tuple[str, ...] = ("en", "zh")
    remote_key_env: str = ""
    """The variable that holds that server's key; empty sends none."""


SPEECH_RANGES = {
    "max_characters": (1, 100_000),
    "max_speaking": (1, 10_000),
    "late_seconds": (0.5, 600.0),
    "stall_seconds": (1.0, 600.0),
    "phrase_bytes": (0, 2**34),
    "phrase_seconds": (1.0, 30 * 86_400.0),
    "words_per_minute": (80, 450),
    "volume": (0.0, 1.0),
}
