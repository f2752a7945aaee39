"""The hub: what is said, kept, charged and refused."""

import asyncio
import threading

import numpy as np
import pytest

from lingting.domain import ANYBODY, Principal, SystemClock
from lingting.domain.errors import DeadlineExceeded, EngineFailed, Overloaded
from lingting.domain.principal import Call
from lingting.speech.base import VoiceInfo
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk, SpeechHub
from lingting.speech.settings import SpeechSettings
from lingting.speech.voices.fake import FAULT, FakeVoices
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

TEXT = "This is the first sentence. This is the second one."
CALL = Call(ANYBODY, "test")


class Meter:
    def __init__(self) -> None:
        self.charged: list[float] = []

    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None:
        self.charged.append(seconds)


class Silent(FakeVoices):
    """Says nothing, until it is told to end."""

    def speak(self, text, voice, style):
        import threading

        threading.Event().wait(0.05)
        yield np.zeros(0, np.float32)
        threading.Event().wait(0.3)


def made(*engines, **settings):
    meter = Meter()
    hub = SpeechHub(engines, SpeechSettings(**settings), clock=SystemClock(), meter=meter, observer=Telemetry().speech)
    return hub, meter


async def heard(hub, text=TEXT, call=CALL, **asked):
    speech = await hub.prepare(SpeechAsk(text, **asked), call)
    return np.concatenate([block async for block in speech.sound])


async def test_a_text_is_said_clause_by_clause_at_24_khz() -> None:
    voices = FakeVoices()
    hub, meter = made(voices)
    sound = await heard(hub)
    assert voices.said == ["This is the first sentence. ", "This is the second one."]
    assert len(sound) / SPEECH_RATE_HZ == pytest.approx(len(TEXT) * 0.05, abs=0.01)
    assert meter.charged == [pytest.approx(len(TEXT) * 0.05, abs=0.01)]
    await hub.aclose()


async def test_what_was_said_is_neither_made_nor_charged_again() -> None:
    voices = FakeVoices()
    hub, meter = made(voices)
    first, second = await heard(hub), await heard(hub)
    assert len(voices.said) == 2
    assert meter.charged[1] == 0
    assert np.allclose(first, second, atol=1e-3)
    await hub.aclose()


async def test_another_caller_another_speed_or_no_room_is_made_anew() -> None:
    voices = FakeVoices()
    hub, _ = made(voices)
    await heard(hub, "Hello.")
    await heard(hub, "Hello.", speed=2.0)
    await heard(hub, "Hello.", call=Call(Principal("other"), "test"))
    assert len(voices.said) == 3
    await hub.aclose()
    roomless, _ = made(other := FakeVoices(), phrase_bytes=0)
    await heard(roomless, "Hello.")
    await heard(roomless, "Hello.")
    assert len(other.said) == 2
    await roomless.aclose()


async def test_numbers_are_put_into_words_and_markdown_is_left_out() -> None:
    voices = FakeVoices()
    hub, _ = made(voices)
    await heard(hub, "**It** costs $2 🙂 [here](http://x.y)")
    assert voices.said == ["It costs two dollars here"]
    await hub.aclose()


async def test_a_caller_who_leaves_ends_the_work_and_is_charged_what_was_made() -> None:
    voices = FakeVoices()
    hub, meter = made(voices)
    speech = await hub.prepare(SpeechAsk(TEXT), CALL)
    await anext(speech.sound)
    await speech.sound.aclose()
    assert len(voices.said) == 1
    assert 0 < meter.charged[0] < 1.5
    await hub.aclose()


async def test_more_texts_than_may_be_in_hand_are_told_to_come_back() -> None:
    hub, _ = made(FakeVoices(), max_speaking=1)
    first = await hub.prepare(SpeechAsk(TEXT), CALL)
    await anext(first.sound)
    with pytest.raises(Overloaded):
        await heard(hub)
    await first.sound.aclose()
    await heard(hub)
    await hub.aclose()


async def test_many_callers_take_turns() -> None:
    voices = FakeVoices()
    hub, _ = made(voices)
    texts = [f"Sentence number one of {who}. Sentence number two of {who}." for who in ("ann", "bob")]
    speeches = [await hub.prepare(SpeechAsk(text), CALL) for text in texts]

    async def listen(speech) -> None:
        async for _ in speech.sound:
            pass

    await asyncio.gather(*map(listen, speeches))
    assert [said.split()[2] for said in voices.said] == ["one", "one", "two", "two"]
    await hub.aclose()


async def test_a_voice_that_breaks_is_an_error_and_the_next_text_is_said() -> None:
    hub, _ = made(FakeVoices())
    with pytest.raises(EngineFailed):
        await heard(hub, FAULT)
    assert len(await heard(hub))
    await hub.aclose()


async def test_a_fault_that_no_voice_foresaw_is_told_without_its_text() -> None:
    class Broken(FakeVoices):
        def speak(self, text, voice, style):
            raise ZeroDivisionError("division")
            yield

    hub, _ = made(Broken())
    with pytest.raises(EngineFailed, match="ZeroDivisionError"):
        await heard(hub)
    await hub.aclose()


async def test_a_voice_that_falls_silent_is_given_up() -> None:
    hub, _ = made(Silent(), stall_seconds=0.1)
    with pytest.raises(DeadlineExceeded):
        await heard(hub)
    await hub.aclose()


async def test_voices_of_one_name_are_told_apart_by_the_order_of_engines() -> None:
    first, second = FakeVoices(), FakeVoices()
    second.voices = (*second.voices, VoiceInfo("extra", "fake", ("en",)))
    hub, _ = made(first, second)
    await heard(hub, voice="tone-en")
    assert (len(first.said), len(second.said)) == (2, 0)
    assert [voice.name for voice in hub.roster.voices] == ["tone-en", "tone-zh", "extra"]
    await hub.aclose()


async def test_no_conversation_begins_with_a_voice_that_does_not_keep_up() -> None:
    voices, clock = FakeVoices(), VirtualClock()
    may_go = threading.Event()
    voices.warm_up = lambda: None
    voices.speak = lambda *asked: held(may_go, FakeVoices().speak(*asked))
    hub = SpeechHub([voices], SpeechSettings(late_seconds=3.0), clock=clock, meter=Meter(), observer=Telemetry().speech)
    hub.expect(voice="tone-zh", language="zh")
    talking = [asyncio.create_task(heard(hub, text, wanted_seconds=0.0)) for text in ("One.", "Two.")]
    with pytest.raises(Overloaded, match="'tone-zh' has let others wait for 4 seconds"):
        await newcomers(hub, clock)
    may_go.set()
    await asyncio.gather(*talking)
    hub.expect(voice="tone-zh", language="zh")
    await hub.aclose()


async def newcomers(hub, clock) -> None:
    """One each second, until one is refused."""
    for _ in range(1_000):
        hub.expect(voice="tone-zh", language="zh")
        await asyncio.sleep(0.01)  # texts are read in threads
        clock.advance(1.0)


def held(may_go, blocks):
    assert may_go.wait(30)
    yield from blocks


async def test_the_voice_of_a_language_is_loaded_once_and_before_it_speaks() -> None:
    warmed = []

    class Cold(FakeVoices):
        def warm_up(self) -> None:
            warmed.append("zh")

    hub, _ = made(Cold())
    for _ in range(2):
        hub.expect(voice=None, language="zh")
    hub.expect(voice="nobody", language="zh")
    await heard(hub)
    assert warmed == ["zh"]
    await hub.aclose()
