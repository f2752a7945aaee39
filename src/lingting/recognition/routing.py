"""Sends the clips of each request and live session to the model that was asked for, loading it if need be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from lingting.domain import Audio, Hypothesis, Priority, RecognizeOptions
from lingting.domain.principal import ANYBODY, Principal
from lingting.engines.base import Clip, Origin
from lingting.recognition.recognizer import EngineDoor, EngineQueue, require_able
from lingting.recognition.residency import Residency
from lingting.recognition.served import Served, ServedNames

__all__ = ["Router", "RouterParts"]


@dataclass(frozen=True, slots=True)
class RouterParts:
    """What a router leads to."""

    names: ServedNames
    residency: Residency[EngineDoor]


class Router:
    """Knows the way to every model. Belongs to one event loop."""

    def __init__(self, parts: RouterParts) -> None:
        self._parts = parts

    def route(
        self,
        options: RecognizeOptions,
        *,
        caller: Principal = ANYBODY,
        priority: Priority = Priority.REQUEST,
        seconds: float | None = None,
    ) -> RoutedCall:
        return RoutedCall(self._parts, options)


class RoutedCall:
    """The way of one request or live session; which model that is may change with the options of a clip."""

    def __init__(self, parts: RouterParts, options: RecognizeOptions) -> None:
        self._parts = parts
        self._first = self._served(options)

    @property
    def engine(self) -> str:
        return self._first.engine

    @property
    def model(self) -> str:
        return self._first.name

    def check(self, options: RecognizeOptions) -> None:
        served = self._served(options)
        door = self._parts.residency.door_if_loaded(served.name)
        if door is not None:
            require_able(door.capabilities, options, model=served.name)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[EngineQueue]:
        async with self._parts.residency.use(self._first.name) as door:
            yield door.scheduler

    async def transcribe(
        self,
        audio: Audio,
        options: RecognizeOptions,
        *,
        priority: Priority,
        coalesce: str | None = None,
        origin: Origin | None = None,
    ) -> Hypothesis:
        served = self._served(options)
        async with self._parts.residency.use(served.name) as door:
            require_able(door.capabilities, options, model=served.name)
            clip = Clip(audio, options, origin)
            hypothesis = await door.scheduler.submit(clip, priority=priority, coalesce=coalesce)
        return replace(hypothesis, engine=door.engine, model=door.model)

    def _served(self, options: RecognizeOptions) -> Served:
        names = self._parts.names
        name = names.chosen(options.model)
        return (names.find(name) if name is not None else None) or names.default
