"""The engines that `lingting eval` compares, as they are named on the command line.

whisper-base                                  a model of this machine, see lingting models list
whisper-base,beam_size=1,name=greedy          the same, asked in another way
openai:http://127.0.0.1:8000/v1#whisper-1     a server of OpenAI's protocol, and the model asked of it
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lingting.audio.decode import AudioSource
from lingting.cli.opening import Opener, RunningPipeline, Wishes
from lingting.domain import RecognizeOptions
from lingting.domain.errors import InvalidInput, InvalidOption
from lingting.proof.accuracy.hearing import Ears, Utterance
from lingting.proof.transcription_door import Target, TranscriptionDoor, one_language

__all__ = ["EngineWish", "open_ears", "read_engine"]

REMOTE = "openai:"
OPTIONS = ("beam_size", "detect", "engine", "key_variable", "name", "price")
MAX_PRICE = 1_000.0


@dataclass(frozen=True, slots=True)
class EngineWish:
    """One engine as it was asked for."""

    name: str
    """What the report calls it."""
    model: str = ""
    """Of this machine; empty for a server."""
    engine: str | None = None
    target: Target | None = None
    beam_size: int | None = None
    detect: bool = False
    """Do not tell it the language."""
    price_per_minute: float | None = None


def read_engine(given: str) -> EngineWish:
    """raises    InvalidOption, saying what may be given"""
    what, *rest = given.split(",")
    options = dict(_option(part) for part in rest)
    beam = options.get("beam_size")
    if beam is not None and not (beam.isdecimal() and 1 <= int(beam[:3]) <= 10):
        raise InvalidOption("--engine", f"beam_size={beam[:20]!r} is no number from 1 to 10")
    remote = what.startswith(REMOTE)
    if not what or (remote and (beam or "engine" in options)) or (not remote and "key_variable" in options):
        raise InvalidOption("--engine", "beam_size and engine are for models of this machine, key_variable for servers")
    return EngineWish(
        name=options.get("name") or given,
        model="" if remote else what,
        engine=options.get("engine"),
        target=Target.of(what.removeprefix(REMOTE), key=_key(options)) if remote else None,
        beam_size=int(beam) if beam else None,
        detect="detect" in options,
        price_per_minute=_price(options.get("price")),
    )


@asynccontextmanager
async def open_ears(opener: Opener, wish: EngineWish, *, at_once: int) -> AsyncIterator[Ears]:
    """The engine, ready to hear.

    raises    SettingsInvalid, ModelMissing, ModelCorrupt, EngineUnavailable
    """
    if wish.target is not None:
        async with TranscriptionDoor(wish.target, connections=at_once) as door:
            yield _Remote(door, wish)
        return
    async with opener.pipeline(Wishes(model=wish.model, engine=wish.engine)) as pipeline:
        yield _Local(pipeline, wish)


@dataclass(frozen=True, slots=True)
class _Local:
    pipeline: RunningPipeline
    wish: EngineWish

    async def hear(self, utterance: Utterance) -> str:
        options = RecognizeOptions(
            language=None if self.wish.detect else utterance.language,
            beam_size=self.wish.beam_size or RecognizeOptions().beam_size,
        )
        source = AudioSource(path=utterance.path, name=utterance.id)
        return (await self.pipeline.transcribe(source, options)).text


@dataclass(frozen=True, slots=True)
class _Remote:
    door: TranscriptionDoor
    wish: EngineWish

    async def hear(self, utterance: Utterance) -> str:
        try:
            data = await asyncio.to_thread(utterance.path.read_bytes)
        except OSError as problem:
            raise InvalidInput(f"the recording cannot be read: {problem.strerror}") from problem
        language = None if self.wish.detect else one_language(utterance.language)
        fields = {"language": language} if language else {}
        return (await self.door.ask(utterance.path.name, data, fields=fields)).text


def _option(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if name not in OPTIONS or bool(value) == (name == "detect"):
        wanted = ", ".join(one if one == "detect" else f"{one}=…" for one in OPTIONS)
        raise InvalidOption("--engine", f"{part[:40]!r} is none of {wanted}")
    return name, value


def _key(options: Mapping[str, str]) -> str | None:
    variable = options.get("key_variable")
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise InvalidOption("--engine", f"the variable {variable[:80]} that key_variable names is not set")
    return key


def _price(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        price = float(given)
    except ValueError:
        price = -1.0
    if not 0 <= price <= MAX_PRICE:
        raise InvalidOption("--engine", f"price={given[:20]!r} is no price of a minute from 0 to {MAX_PRICE:g}")
    return price
