"""Many languages by the voices of Microsoft Edge's reading aloud. The text leaves this machine, for Microsoft.

A service without a contract: it asks for no key, promises nothing, and may refuse at any time. Never used unless
`speech.engines` names it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Generator, Sequence
from importlib.metadata import version
from typing import Any

import aiohttp
import edge_tts
from edge_tts.exceptions import EdgeTTSException

from lingting.audio.mp3_stream import Mp3Stream
from lingting.domain import Samples
from lingting.domain.errors import EngineFailed, EngineUnavailable, SettingsInvalid
from lingting.speech.base import Style, VoiceInfo

__all__ = ["EdgeVoices"]

CONNECT_SECONDS = 5
SILENT_SECONDS = 15
_NAME = re.compile(r"([a-z]{2,3})-[A-Za-z]{2,8}(?:-[a-z]+)?-[A-Za-z]{2,60}")
"""As the service names them: zh-CN-XiaoxiaoNeural."""


class EdgeVoices:
    """Each voice is called `edge-NAME` here."""

    rate_hz = 24_000
    is_quick = False
    threads = 4
    may_pause = False

    def __init__(self, voices: Sequence[str]) -> None:
        """raises    SettingsInvalid"""
        for name in voices:
            if not _NAME.fullmatch(name):
                raise SettingsInvalid(
                    f"speech.edge_voices: {name[:80]!r} is no name of the service's; edge-tts --list-voices tells them",
                    param="speech.edge_voices",
                )
        self.version = f"edge-tts {version('edge-tts')}"
        self.voices = tuple(VoiceInfo(f"edge-{name}", "edge", (name.split("-")[0],), "Microsoft's") for name in voices)

    def warm_up(self) -> None: ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        asked: dict[str, Any] = {  # Any: the client's keyword arguments
            "rate": f"{round((style.speed - 1) * 100):+d}%",
            "connect_timeout": CONNECT_SECONDS,
            "receive_timeout": SILENT_SECONDS,
        }
        sound = Mp3Stream(self.rate_hz)
        with asyncio.Runner() as runner:
            said = edge_tts.Communicate(text, voice.removeprefix("edge-"), **asked).stream()
            try:
                while (piece := runner.run(_next(said))) is not None:
                    yield from sound.push(piece)
                yield from sound.finish()
            except (EdgeTTSException, ValueError) as problem:
                raise EngineFailed(
                    f"the service of the voice {voice!r} gave no sound ({type(problem).__name__}); is that voice still "
                    "there?"
                ) from problem
            except (aiohttp.ClientError, OSError) as problem:  # with TimeoutError
                raise EngineUnavailable(
                    f"the service of the voice {voice!r} does not answer ({type(problem).__name__}); try another voice"
                ) from problem
            finally:
                runner.run(_closed(said))

    def close(self) -> None: ...


async def _next(said: AsyncGenerator[Any, None]) -> bytes | None:
    """The next piece of sound; None at the end."""
    async for piece in said:
        if piece["type"] == "audio":
            data: bytes = piece["data"]
            return data
    return None


async def _closed(said: AsyncGenerator[Any, None]) -> None:
    await said.aclose()
