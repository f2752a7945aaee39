"""The pure parts of the gRPC door: requests, answers, statuses, and what is made of the proto."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest

from lingting.api.errors import SESSION_GRPC_STATUS, grpc_status
from lingting.api.grpc.answers import intent_message, result_message
from lingting.api.grpc.frame import key_in
from lingting.api.grpc.requests import asked
from lingting.domain import (
    ANYBODY,
    Call,
    CloseReason,
    Correction,
    PcmFormat,
    RecognizeOptions,
    Segment,
    Transcript,
    errors,
)
from lingting.domain.errors import InvalidOption, LingtingError, ModelNotFound
from lingting.domain.intents import Guess, IntentMatch, Slot
from lingting.domain.mood import mood_from
from lingting.domain.transcript import Suppression
from lingting.grpc import RecognizeRequest
from lingting.recognition.served import Served, ServedNames
from lingting.recognition.transcriber import CacheUse, Transcribed
from lingting.text.commands.intents import Intents
from lingting.text.hotwords.packs import load_shipped
from lingting.text.hotwords.shelf import HotwordShelf

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[4]
OFFERED = ServedNames((Served("whisper-base", "whisper", is_default=True), Served("tiny", "whisper")))
SHELVES = SimpleNamespace(names=OFFERED, intents=Intents(()), hotwords=HotwordShelf(load_shipped().values()))
STATUSES = [status.name for status in grpc.StatusCode]


def wanted(**config: object):
    data = RecognizeRequest(audio=b"RIFF", config=config).SerializeToString()
    return read(data)


def read(data: bytes):
    return asked(data, Call(ANYBODY, "/x"), defaults=RecognizeOptions(), services=SHELVES)


def test_fields_become_options_and_wishes() -> None:
    made = wanted(
        language="en-US", words=True, itn=True, beam_size=3, temperature=0.4, user="p-1", store=False, cache=False
    )
    assert (made.options.language, made.options.word_times, made.options.itn) == ("en", True, True)
    assert (made.options.beam_size, made.options.temperatures[0]) == (3, 0.4)
    assert (made.wishes.call.user, made.wishes.call.keep, made.wishes.use_cache) == ("p-1", False, False)
    assert made.matcher is None


def test_headerless_audio_is_declared() -> None:
    assert wanted(format="mulaw", sample_rate=8_000, channels=2).source.pcm == PcmFormat("mulaw", 8_000, 2)
    assert wanted(format="wav").source.pcm is None


def test_hotwords_and_packs_are_taken() -> None:
    hotwords = wanted(hotwords=["血压:3", "stent"], hotword_packs=["car"]).options.hotwords
    assert [(word.text, word.weight) for word in hotwords.own] == [("血压", 3.0), ("stent", 1.0)]
    assert {word.pack for word in hotwords.of_packs} == {"car"}
    with pytest.raises(InvalidOption, match="hotword_packs"):
        wanted(hotword_packs=["nonesuch"])


def test_a_model_that_is_served_may_be_named() -> None:
    assert (wanted(model="tiny").options.model, wanted(local_only=True).options.local_only) == ("tiny", True)
    with pytest.raises(ModelNotFound, match="whisper-base"):
        wanted(model="huge")


def test_speakers_may_be_told_apart() -> None:
    assert wanted(speakers="2").options.speakers == 2
    assert wanted(speakers="auto").options.speakers is not None
    with pytest.raises(InvalidOption, match="speakers"):
        wanted(speakers="many")


def test_names_of_channels_are_told_apart() -> None:
    assert wanted(channel="split", channel_names=["agent", "customer"]).options.channel_names == ("agent", "customer")


def test_a_request_without_audio_says_so() -> None:
    with pytest.raises(InvalidOption, match="audio"):
        read(b"")


def test_an_answer_has_all_that_rest_has() -> None:
    mended = Correction(0.2, 0.9, "find", "Fine", 0.8)
    segment = Segment(
        0, 0.1234, 1.5, "Fine.", "en", channel=1, speaker="agent", mood=mood_from(0.6), corrections=(mended,)
    )
    gone = Suppression(2.0, 3.0, "silence")
    transcript = Transcript((segment,), "en", 3.0, suppressed=(gone,), engine="fake", model="tiny", attempts=("slow",))
    match = IntentMatch("car", "open", 0.9, (Slot("degrees", "number", 26, "二十六"),), Guess("close", 0.4), "rules")
    message = result_message(Transcribed(transcript, "tr_1", CacheUse.HIT), [(segment, match)], with_words=True)
    assert (message.id, message.cached, message.transcript) == ("tr_1", True, "Fine.")
    told = message.segments[0]
    assert (told.start, told.channel, told.speaker, told.mood.label) == (0.123, 1, "agent", "positive")
    assert (told.corrections[0].heard, told.corrections[0].written) == ("find", "Fine")
    assert message.suppressed[0].reason == "silence"
    assert list(message.attempts) == ["slow"]
    assert message.mood["trend"] == "steady"
    assert message.intents[0].slots["degrees"].value.number_value == 26
    assert message.intents[0].runner_up.intent == "close"


def test_a_sentence_that_asks_for_nothing_has_no_intent() -> None:
    message = intent_message(IntentMatch("car", None, 0.1), 3)
    assert not message.HasField("intent")
    assert not message.HasField("runner_up")


@pytest.mark.parametrize("error", [getattr(errors, name) for name in errors.__all__], ids=lambda error: error.__name__)
def test_every_error_has_a_status(error: type[LingtingError]) -> None:
    assert grpc_status(error.__new__(error)) in STATUSES


def test_every_end_of_a_session_has_a_status() -> None:
    assert set(SESSION_GRPC_STATUS) == set(CloseReason)
    assert set(SESSION_GRPC_STATUS.values()) <= set(STATUSES)


@pytest.mark.parametrize(
    ("metadata", "key"),
    [
        ({}, None),
        ({"authorization": "Bearer k1"}, "k1"),
        ({"authorization": "bearer  k1 "}, "k1"),
        ({"authorization": "Basic eDp5"}, None),
        ({"x-api-key": " k2 "}, "k2"),
        ({"authorization": "Bearer k1", "x-api-key": "k2"}, "k1"),
    ],
)
def test_a_key_comes_in_the_metadata(metadata, key) -> None:
    assert key_in(metadata) == key


def test_the_messages_are_those_of_the_proto() -> None:
    """`make proto` makes them anew."""
    script = runpy.run_path(str(ROOT / "scripts" / "make_proto.py"))
    generated = ROOT / "src" / "lingting" / "api" / "grpc" / "_generated"
    assert {path.name: path.read_text() for path in generated.glob("*.py*")} == script["made"]()
