"""Who speaks when, in a whole recording, by the sound of the voices.

Each piece of speech is heard in a thread while it is recognised, and what is kept of it are its prints, about 10 MB for
an hour, never its sound. Who is who is decided at the end, over all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.transcript import speaker_label
from lingting.engines.voices import Prints, VoiceModel
from lingting.recognition.long_audio import Piece
from lingting.recognition.voice_clusters import VoiceRules, speakers_of
from lingting.recognition.voice_turns import Turn, VoiceTurns

__all__ = ["Listening", "VoiceSettings", "Voices"]


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How voices are told apart."""

    model: str = "ge2e-voices"
    """A voice model of `lingting models list`."""
    threads: int = 1
    """Recordings whose voices are heard at the same moment; more wait their turn."""
    same_voice: float | None = None
    """The likeness, a cosine, from which two voices are one person's, where callers do not say how many there are.
    Higher finds more persons. None takes the model's own."""


class Voices:
    """The voice model, loaded when it is first asked for, and the threads it works in."""

    def __init__(self, load: Callable[[], VoiceModel], settings: VoiceSettings = VoiceSettings()) -> None:
        self._load = load
        self._settings = settings
        self._model: VoiceModel | None = None
        self._loading = asyncio.Lock()
        self._executor = ThreadPoolExecutor(settings.threads, thread_name_prefix="lingting-voices")

    async def listening(self, count: int) -> Listening:
        """For one recording with so many persons at most; 0 finds out.

        raises    ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable
        """
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.get_running_loop().run_in_executor(self._executor, self._load)
        same_voice = self._settings.same_voice
        rules = VoiceRules(
            same_voice=self._model.same_voice if same_voice is None else same_voice,
            change_cost=self._model.change_cost,
            count=count,
        )
        return Listening(self._model, rules, self._executor)

    async def aclose(self) -> None:
        """Wait for what is being heard."""
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)


class Listening:
    """The voices of one recording; pieces come and are taken in the order of time."""

    def __init__(self, model: VoiceModel, rules: VoiceRules, executor: ThreadPoolExecutor) -> None:
        self._model = model
        self._rules = rules
        self._executor = executor
        self._underway: deque[asyncio.Future[Prints]] = deque()
        self._starts: list[float] = []
        self._prints: list[Prints] = []

    def hear(self, piece: Piece) -> None:
        """Begin; the caller bounds how many are begun and not yet heard."""
        self._starts.append(piece.span.start_samples / SAMPLE_RATE_HZ)
        loop = asyncio.get_running_loop()
        self._underway.append(loop.run_in_executor(self._executor, self._model.prints, piece.audio.samples))

    async def heard(self) -> None:
        """Wait for the earliest piece that is not yet heard."""
        self._prints.append(await self._underway[0])
        self._underway.popleft()

    async def turns(self) -> VoiceTurns:
        """Who speaks when, after all is heard."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._told_apart)

    async def aclose(self) -> None:
        """What is not yet begun is dropped."""
        for each in self._underway:
            each.cancel()
        await asyncio.gather(*self._underway, return_exceptions=True)
        self._underway.clear()

    def _told_apart(self) -> VoiceTurns:
        labels, _ = speakers_of(self._prints, self._rules)
        return VoiceTurns(
            [
                _turns(start_seconds, prints, [speaker_label(int(label)) for label in found])
                for start_seconds, prints, found in zip(self._starts, self._prints, labels, strict=True)
            ]
        )


def _turns(start_seconds: float, prints: Prints, speakers: Sequence[str]) -> list[Turn]:
    """Parts of one person that follow each other are one turn."""
    turns: list[Turn] = []
    for (start, end), speaker in zip(prints.spans.tolist(), speakers, strict=True):
        begun = turns.pop().start_seconds if turns and turns[-1].speaker == speaker else start_seconds + start
        turns.append(Turn(begun, start_seconds + end, speaker))
    return turns
