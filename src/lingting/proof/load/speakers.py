"""People who speak to a live server at their own pace, and what each of them gets and when.

Each sends 16 kHz s16le in pieces of 100 ms over one WebSocket. First text: from the true beginning of a recording's
speech to the first text of it. Final: from the true end of its speech to the last final of it. Both include the up to
100 ms for which a microphone holds sound back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lingting.client import Event, Final, Notice, Partial, SegmentError, connect
from lingting.client.stream import LiveStream
from lingting.domain import SAMPLE_RATE_HZ, Clock
from lingting.domain.audio import pcm16
from lingting.domain.errors import LingtingError
from lingting.proof.figures import Spread
from lingting.proof.load.figures import StreamFigures
from lingting.proof.load.talks import Talk, Utterance

__all__ = ["Heard", "Microphone", "figures_of", "speak", "speak_together"]

PIECE_SECONDS = 0.1
LAST_FINALS_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Microphone:
    """Where speakers speak to."""

    url: str
    language: str = "auto"
    key: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Heard:
    """What one speaker got, with the seconds since the talk began at which it came."""

    talk: Talk
    events: list[tuple[float, Event]] = field(default_factory=list)
    problem: str = ""
    slip_seconds: float = 0.0
    """How late the worst piece was sent."""

    def finals(self) -> list[tuple[float, Final]]:
        return [(at, event) for at, event in self.events if isinstance(event, Final)]

    def of(self, one: Utterance) -> tuple[float | None, float | None]:
        """When the first text and the last final of a recording came."""
        texts = [at for at, event in self.events if isinstance(event, Partial | Final) and _is_text_of(event, one)]
        finals = [at for at, final in self.finals() if self.talk.nearest(final.start_seconds, final.end_seconds) is one]
        return min(texts, default=None), max(finals, default=None)


def _is_text_of(event: Partial | Final, one: Utterance) -> bool:
    return bool(event.text) and one.overlap(event.start_seconds, event.end_seconds) > 0


async def speak_together(to: Microphone, talks: Sequence[Talk], *, clock: Clock) -> list[Heard]:
    """All of them at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(speak(to, talk, clock=clock)) for talk in talks]
    return [task.result() for task in tasks]


async def speak(to: Microphone, talk: Talk, *, clock: Clock) -> Heard:
    """One person's talk from beginning to end; what goes wrong is told in `problem`."""
    heard = Heard(talk)
    try:
        async with connect(to.url, language=to.language, api_key=to.key) as stream:
            await anext(stream)
            began = clock.monotonic()
            async with asyncio.timeout(talk.seconds + LAST_FINALS_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(_send(stream, heard, clock))
                async for event in stream:
                    heard.events.append((clock.monotonic() - began, event))
    except TimeoutError:
        heard.problem = "deadline_exceeded"
    except LingtingError as problem:
        heard.problem = problem.code
    except BaseExceptionGroup as several:
        first = several.exceptions[0]
        if not isinstance(first, LingtingError):
            raise
        heard.problem = first.code
    return heard


async def _send(stream: LiveStream, heard: Heard, clock: Clock) -> None:
    data = pcm16(heard.talk.samples).astype("<i2").tobytes()
    step, began = int(PIECE_SECONDS * SAMPLE_RATE_HZ) * 2, clock.monotonic()
    for index, first in enumerate(range(0, len(data), step)):
        due = began + (index + 1) * PIECE_SECONDS
        await asyncio.sleep(max(0.0, due - clock.monotonic()))
        heard.slip_seconds = max(heard.slip_seconds, clock.monotonic() - due)
        await stream.send(data[first : first + step])
    await stream.finish()


def figures_of(target: str, heard: Sequence[Heard], *, warm_up_seconds: float = 0.0) -> StreamFigures:
    """The figures of all speakers together; recordings that begin before `warm_up_seconds` do not count."""
    counted = [
        (*one.of(utterance), utterance)
        for one in heard
        for utterance in one.talk.utterances
        if utterance.speech_from >= warm_up_seconds
    ]
    problems = Counter(one.problem for one in heard if one.problem)
    problems.update(event.code for one in heard for _, event in one.events if isinstance(event, SegmentError))
    return StreamFigures(
        target,
        speakers=len(heard),
        said=len(counted),
        delivered=sum(last is not None for _, last, _ in counted),
        first_text=Spread.of([first - one.speech_from for first, _, one in counted if first is not None]),
        final=Spread.of([last - one.speech_to for _, last, one in counted if last is not None]),
        lag=Spread.of([final.lag_seconds for one in heard for _, final in one.finals()]),
        slip_seconds=max((one.slip_seconds for one in heard), default=0.0),
        failed=dict(problems),
        notices=dict(Counter(event.kind for one in heard for _, event in one.events if isinstance(event, Notice))),
    )
