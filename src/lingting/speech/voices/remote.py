"""Voices of any server with OpenAI's speech API. The text leaves this machine."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE
from lingting.domain.errors import EngineFailed, EngineUnavailable, SettingsInvalid
from lingting.speech.base import Style, VoiceInfo

__all__ = ["RemoteSettings", "RemoteVoices"]

BLOCK_BYTES = 9_600
"""A fifth of a second."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Where the server is, and what it has."""

    url: str
    """With the path before `/audio/speech`."""
    model: str
    voices: tuple[str, ...]
    languages: tuple[str, ...]
    key_env: str
    """The variable that holds its key."""


class RemoteVoices:
    """Each voice is called `remote-NAME` here."""

    rate_hz = 24_000
    is_quick = False
    threads = 4
    may_pause = False

    def __init__(self, settings: RemoteSettings) -> None:
        """raises    SettingsInvalid"""
        if not settings.url.startswith(("https://", "http://")):
            raise SettingsInvalid(
                "speech.remote_url: is not an http address; set it for the engine remote", param="speech.remote_url"
            )
        from openai import OpenAI

        key = os.environ.get(settings.key_env, "") if settings.key_env else ""
        self._client = OpenAI(base_url=settings.url, api_key=key or "none", timeout=TIMEOUT_SECONDS, max_retries=1)
        self._model = settings.model
        self.version = f"{settings.url} {settings.model}"
        self.voices = tuple(VoiceInfo(f"remote-{name}", "remote", settings.languages) for name in settings.voices)

    def warm_up(self) -> None: ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        import openai

        asked: dict[str, Any] = {  # Any: the client's keyword arguments
            "model": self._model,
            "voice": voice.removeprefix("remote-"),
            "input": text,
            "speed": style.speed,
            "response_format": "pcm",
        }
        held = b""
        try:
            with self._client.audio.speech.with_streaming_response.create(**asked) as answer:
                for piece in answer.iter_bytes(BLOCK_BYTES):
                    held += piece
                    whole = len(held) // 2 * 2
                    yield np.frombuffer(held[:whole], "<i2").astype(np.float32) / np.float32(INT16_SCALE)
                    held = held[whole:]
        except openai.APIStatusError as problem:
            raise EngineFailed(
                f"the server of the voice {voice!r} refused ({problem.status_code}); check speech.remote_*"
            ) from problem
        except (openai.APIError, OSError) as problem:
            raise EngineUnavailable(
                f"the server of the voice {voice!r} does not answer ({type(problem).__name__}); try another voice"
            ) from problem

    def close(self) -> None:
        self._client.close()
