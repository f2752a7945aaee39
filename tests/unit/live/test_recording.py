"""What a live session leaves in history."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from kept import call_by
from lingting.domain import Call, Closed, CloseReason, Event, Final, Transcript, Word
from lingting.domain.errors import StorageUnavailable
from lingting.live.recording import LiveRecorder
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit


class Session:
    engine, model = "fake", "tiny"

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Event], None]] = []

    def observe(self, callback: Callable[[Event], None]) -> None:
        self.callbacks.append(callback)

    def say(self, *events: Event) -> None:
        for event in events:
            for callback in self.callbacks:
                callback(event)


class Keeper:
    def __init__(self, *, fails: bool = False) -> None:
        self.kept: list[tuple[Call, Transcript]] = []
        self.fails = fails

    def wants(self, call: Call) -> bool:
        return call.keep is not False

    async def save(self, call: Call, transcript: Transcript, *, kind: str) -> str | None:
        await asyncio.sleep(0)
        if self.fails:
            raise StorageUnavailable("away", retry_after_seconds=1.0)
        self.kept.append((call, transcript))
        return kind


def final(segment: int, text: str, language: str = "en", *, seconds: float = 1.0) -> Final:
    word = Word(text, segment, segment + seconds, 0.9)
    return Final(segment, segment, segment, segment + seconds, text, language, words=(word,))


CLOSED = Closed(9, CloseReason.FINISHED, audio_seconds=12.5)


async def record(keeper: Keeper, *events: Event, call: Call | None = None) -> Telemetry:
    telemetry, session = Telemetry(), Session()
    recorder = LiveRecorder(keeper, telemetry.storage)
    recorder.follow(session, call or call_by("key1", user="Ann"))
    session.say(*events)
    await recorder.aclose()
    return telemetry


async def test_finals_become_one_transcript() -> None:
    keeper = Keeper()
    await record(keeper, final(1, "Hello."), final(2, ""), final(3, "再见。", "zh", seconds=3.0), CLOSED)
    ((call, transcript),) = keeper.kept
    assert ([segment.text for segment in transcript.segments], call.user) == (["Hello.", "再见。"], "Ann")
    assert (transcript.language, transcript.duration_seconds, transcript.speech_seconds) == ("zh", 12.5, 4.0)
    assert transcript.words[0].text == "Hello."


async def test_the_record_names_who_heard_most() -> None:
    keeper = Keeper()
    other = replace(final(2, "再见。", "zh", seconds=3.0), engine="openai", model="cloud")
    await record(keeper, final(1, "Hello."), CLOSED)
    await record(keeper, final(1, "Hello."), other, CLOSED)
    (_, own), (_, mixed) = keeper.kept
    assert [(each.engine, each.model) for each in (own, mixed)] == [("fake", "tiny"), ("openai", "cloud")]


async def test_a_session_that_said_nothing_leaves_nothing() -> None:
    keeper = Keeper()
    await record(keeper, final(1, ""), CLOSED)
    assert keeper.kept == []


async def test_a_caller_may_say_no() -> None:
    keeper = Keeper()
    await record(keeper, final(1, "Hello."), CLOSED, call=call_by(keep=False))
    assert keeper.kept == []


async def test_what_could_not_be_kept_is_counted() -> None:
    telemetry = await record(Keeper(fails=True), final(1, "Hello."), CLOSED)
    assert b"asr_history_failures_total 1.0" in telemetry.exposition()
