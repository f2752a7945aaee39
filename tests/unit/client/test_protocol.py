"""A stream's half of the conversation, message by message."""

import json

import pytest

from lingting.client.errors import ConnectionLost, ServerError
from lingting.client.events import (
    AudioLost,
    Committed,
    Ended,
    Final,
    Notice,
    Partial,
    Ready,
    Refused,
    SegmentError,
    SessionRestarted,
    SpeechStarted,
    SpeechStopped,
)
from lingting.client.protocol import StreamConfig, StreamProtocol
from lingting.client.retry import Again, Fatal, Finished, Refusal
from lingting.client.sound import StreamFormat
from lingting.domain import Word
from lingting.domain.errors import InvalidMessage

pytestmark = pytest.mark.unit

SECOND = 32_000
"""Bytes of 16 kHz s16le."""


class Dialog:
    """A protocol, and the server that the test plays."""

    def __init__(self, **config) -> None:
        self.client = StreamProtocol(StreamConfig(**config))

    def open(self, **ready):
        """Connect; what was sent, and the events of READY."""
        self.client.opened()
        greeting = json.loads(self.client.next_message())
        assert self.client.next_message() is None, "nothing is sent before READY"
        return greeting, self.say("READY", **{"session": "s1", "transcript": "", "received_ms": 0, "seq": 0, **ready})

    def say(self, kind: str, **fields):
        return list(self.client.receive(json.dumps({"type": kind, **fields})))

    def sent(self) -> list:
        """Everything there is to send: bytes as bytes, orders by their type."""
        messages = []
        while (message := self.client.next_message()) is not None:
            messages.append(message if isinstance(message, bytes) else json.loads(message)["type"])
        return messages

    def write(self, seconds: float, fill: bytes = b"\1") -> None:
        self.client.outbound.write(fill * round(seconds * SECOND))

    def final(self, seq: int, segment: int, start_ms: int, end_ms: int, text: str = "word"):
        return self.say("FINAL", seq=seq, segment=segment, start_ms=start_ms, end_ms=end_ms, transcript=text)


def total(messages: list) -> int:
    return sum(len(message) for message in messages if isinstance(message, bytes))


@pytest.fixture
def dialog() -> Dialog:
    talk = Dialog()
    talk.open()
    return talk


def test_the_greeting_tells_the_sound_and_the_options() -> None:
    talk = Dialog(sound=StreamFormat("FLOAT32", 48_000, 2), options={"language": "zh", "ack": False})
    greeting, events = talk.open(ignored=["colour"])
    assert greeting == {
        "type": "INIT",
        "config": {"encoding": "FLOAT32", "sample_rate": 48_000, "channels": 2, "language": "zh", "ack": False},
    }
    assert events == [Ready("s1", ignored=("colour",))]


def test_audio_that_was_written_before_ready_is_sent_after_it() -> None:
    talk = Dialog()
    talk.write(0.5)
    talk.open()
    assert total(talk.sent()) == SECOND // 2


def test_every_message_becomes_its_event(dialog) -> None:
    assert dialog.say("SPEECH_STARTED", seq=1, segment=1, start_ms=310) == [SpeechStarted(1, 0.31)]
    partial = dialog.say(
        "PARTIAL", seq=2, segment=1, start_ms=310, end_ms=900, transcript="how the", stable="how", language="en"
    )
    assert partial == [Partial(1, 0.31, 0.9, "how the", "how", "en")]
    assert partial[0].tail == " the"
    assert dialog.say("SPEECH_STOPPED", seq=3, segment=1, start_ms=310, end_ms=2_000) == [SpeechStopped(1, 0.31, 2.0)]
    assert dialog.say("NOTICE", seq=4, notice="lagging", lag_ms=1_500, message="slow") == [
        Notice("lagging", 1.5, "slow")
    ]
    problem = {"code": "engine_failed", "message": "broke", "retryable": True}
    failed = dialog.say("SEGMENT_ERROR", seq=5, segment=1, start_ms=310, end_ms=2_000, **problem)
    assert failed == [SegmentError(1, 0.31, 2.0, "engine_failed", "broke", retryable=True)]


def test_a_final_has_its_words_with_the_spaces_of_the_text(dialog) -> None:
    words = [
        {"word": "Two", "start_ms": 0, "end_ms": 100, "probability": 0.5},
        {"word": "words.", "start_ms": 100, "end_ms": 400, "probability": 1},
    ]
    about = {"language": "en", "language_probability": 0.9, "confidence": 0.8, "suppressed": None, "lag_ms": 20}
    (final,) = dialog.say(
        "FINAL", seq=1, segment=1, start_ms=0, end_ms=400, transcript="Two words.", words=words, **about
    )
    said = (Word("Two", 0.0, 0.1, 0.5), Word(" words.", 0.1, 0.4, 1))
    assert final == Final(1, 0.0, 0.4, "Two words.", "en", 0.9, 0.8, said, None, 0.02)


def test_words_that_are_not_of_the_text_are_left_out(dialog) -> None:
    words = [{"word": "other", "start_ms": 0, "end_ms": 100, "probability": 1}]
    (final,) = dialog.say("FINAL", seq=1, segment=1, start_ms=0, end_ms=400, transcript="Two", words=words)
    assert final.words == ()


def test_what_later_servers_say_is_passed_over(dialog) -> None:
    assert dialog.say("WEATHER", seq=9, sky="blue") == []


@pytest.mark.parametrize("message", ["nonsense", "[]", '{"type": 1}', b"\xff"])
def test_a_server_of_another_kind_is_an_error(dialog, message) -> None:
    with pytest.raises(ServerError, match="does not speak"):
        dialog.client.receive(message)


def test_half_a_sample_waits_for_its_other_half(dialog) -> None:
    dialog.client.outbound.write(b"abc")
    assert dialog.sent() == [b"ab"]
    dialog.client.outbound.write(b"d")
    assert dialog.sent() == [b"cd"]


def test_no_more_is_under_way_than_the_window(dialog) -> None:
    for _ in range(30):
        dialog.write(0.5)
    assert total(dialog.sent()) == 10 * SECOND
    dialog.say("ACK", received_ms=4_000, transcript="")
    assert total(dialog.sent()) == 4 * SECOND


def test_without_acknowledgements_there_is_no_window_and_the_buffer_lets_go_of_what_was_sent() -> None:
    talk = Dialog(options={"ack": False}, buffer_seconds=5.0)
    talk.open()
    for _ in range(40):
        assert not talk.client.outbound.is_full
        talk.write(0.5)
        assert total(talk.sent()) == SECOND // 2
    for _ in range(10):
        talk.write(0.5)
    assert talk.client.outbound.is_full


def test_a_buffer_of_unconfirmed_audio_is_full() -> None:
    talk = Dialog(buffer_seconds=2.0)
    talk.open()
    talk.write(2.0)
    assert talk.client.outbound.is_full
    talk.sent()
    talk.say("ACK", received_ms=1_000, transcript="")
    assert not talk.client.outbound.is_full


def test_the_end_is_said_once_all_is_sent_and_answered_with_the_whole_text(dialog) -> None:
    dialog.write(1.0)
    dialog.client.outbound.finish()
    assert dialog.sent()[-1] == "END"
    dialog.final(1, 1, 0, 400, "Hello")
    dialog.final(2, 2, 500, 900, "world.")
    assert dialog.say("END", seq=3, transcript="…", audio_ms=1_000) == [Ended("Hello world.", 1.0)]
    assert dialog.client.wants_close
    assert dialog.client.closed(1000, "finished") == (Finished(), ())


def test_nothing_can_be_sent_after_the_end(dialog) -> None:
    dialog.client.outbound.finish()
    with pytest.raises(InvalidMessage):
        dialog.write(1.0)
    with pytest.raises(InvalidMessage):
        dialog.client.outbound.commit()


def test_commits_in_a_container_are_answered_in_turn() -> None:
    talk = Dialog(sound=StreamFormat("OGG"))
    talk.open()
    talk.client.outbound.write(b"one")
    talk.client.outbound.commit()
    talk.sent()
    assert talk.say("COMMITTED", seq=1, number=1, start_ms=0, end_ms=700) == [Committed(1, 0.7)]


def test_commits_stay_between_the_sounds_they_were_said_between(dialog) -> None:
    dialog.client.outbound.write(b"aa")
    dialog.client.outbound.commit()
    dialog.client.outbound.write(b"bb")
    assert dialog.sent() == [b"aa", "COMMIT", b"bb"]
    assert dialog.say("COMMITTED", seq=1, number=1, start_ms=0, end_ms=0) == [Committed(1, 0.0)]


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1013])
def test_after_these_codes_the_session_is_resumed(dialog, code) -> None:
    verdict, _ = dialog.client.closed(code, "")
    assert isinstance(verdict, Again)
    assert dialog.open()[0] == {"type": "RESUME", "session": "s1", "seq": 0, "ack": True}


@pytest.mark.parametrize(
    ("code", "reason"), [(1008, "session_resumed_elsewhere"), (1009, "limit_exceeded"), (1002, "")]
)
def test_after_others_it_is_not(dialog, code, reason) -> None:
    verdict, _ = dialog.client.closed(code, reason)
    assert isinstance(verdict, Fatal)
    assert isinstance(verdict.error, ServerError)
    assert verdict.error.code == (reason or "connection_closed")


def test_audio_the_server_did_not_get_is_sent_again(dialog) -> None:
    dialog.client.outbound.write(b"a" * SECOND)
    dialog.client.outbound.write(b"b" * SECOND)
    dialog.sent()
    dialog.client.closed(1006, "")
    dialog.client.outbound.write(b"c" * SECOND)
    dialog.open(resumed=True, received_ms=1_500)
    assert b"".join(dialog.sent()) == b"b" * (SECOND // 2) + b"c" * SECOND


def test_events_that_were_seen_are_not_given_again(dialog) -> None:
    dialog.final(5, 1, 0, 400)
    dialog.client.closed(1006, "")
    greeting, _ = dialog.open(resumed=True)
    assert greeting["seq"] == 5
    assert dialog.final(5, 1, 0, 400) == []
    assert len(dialog.final(6, 2, 500, 900)) == 1


def test_the_end_is_said_again_after_a_resume(dialog) -> None:
    dialog.client.outbound.finish()
    assert dialog.sent() == ["END"]
    dialog.client.closed(1006, "")
    dialog.open(resumed=True)
    assert dialog.sent() == ["END"]


def test_a_commit_that_may_be_lost_is_said_again_and_counted_once(dialog) -> None:
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.sent()
    dialog.client.closed(1006, "")
    dialog.open(resumed=True, received_ms=1_000)
    assert dialog.sent() == ["COMMIT"]
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.sent()
    assert dialog.say("COMMITTED", seq=1, number=1, start_ms=0, end_ms=1_000) == [Committed(1, 1.0)]
    assert dialog.say("COMMITTED", seq=2, number=2, start_ms=1_000, end_ms=1_000) == []
    assert dialog.say("COMMITTED", seq=3, number=3, start_ms=1_000, end_ms=2_000) == [Committed(2, 2.0)]


def test_a_commit_behind_which_audio_arrived_is_not_said_again(dialog) -> None:
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.write(1.0)
    dialog.sent()
    dialog.client.closed(1006, "")
    dialog.open(resumed=True, received_ms=1_500)
    assert "COMMIT" not in dialog.sent()


def test_an_answer_to_a_commit_may_come_after_the_resume(dialog) -> None:
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.write(1.0)
    dialog.sent()
    dialog.client.closed(1006, "")
    dialog.open(resumed=True, received_ms=2_000)
    dialog.sent()
    assert dialog.say("COMMITTED", seq=1, number=1, start_ms=0, end_ms=1_000) == [Committed(1, 1.0)]


def test_an_outage_longer_than_the_buffer_is_filled_with_silence_and_told() -> None:
    talk = Dialog(options={"ack": False}, buffer_seconds=2.0)
    talk.open()
    for _ in range(5):
        assert not talk.client.outbound.is_full
        talk.write(1.0)
        talk.sent()
    talk.client.closed(1006, "")
    _, events = talk.open(resumed=True, received_ms=1_000)
    assert events[1:] == [AudioLost(1.0, 3.0)]
    assert b"".join(talk.sent()) == bytes(2 * SECOND) + b"\1" * 2 * SECOND


def lost_session(talk: Dialog) -> None:
    talk.client.closed(1006, "")
    talk.client.opened()
    talk.client.next_message()
    talk.say("ERROR", code="session_not_found", message="gone", retryable=False)
    verdict, _ = talk.client.closed(1008, "session_not_found")
    assert isinstance(verdict, Again)


def test_a_lost_session_is_replaced_and_hears_again_what_was_not_final(dialog) -> None:
    dialog.client.outbound.write(b"a" * SECOND)
    dialog.client.outbound.write(b"b" * SECOND)
    dialog.sent()
    dialog.say("ACK", received_ms=2_000, transcript="")
    dialog.final(3, 1, 0, 1_200)
    dialog.say("SPEECH_STARTED", seq=4, segment=2, start_ms=1_300)
    lost_session(dialog)
    greeting, events = dialog.open(session="s2")
    assert greeting["type"] == "INIT"
    assert events == [SessionRestarted("session_not_found", 1.2), Ready("s2", received_seconds=1.2)]
    assert b"".join(dialog.sent()) == b"b" * round(0.8 * SECOND)


def test_times_segments_and_text_run_on_in_the_other_session(dialog) -> None:
    dialog.write(2.0)
    dialog.sent()
    dialog.final(3, 1, 0, 1_200, "One")
    lost_session(dialog)
    dialog.open()
    dialog.client.outbound.finish()
    dialog.sent()
    (final,) = dialog.final(1, 1, 100, 600, "two.")
    assert (final.segment, final.start_seconds, final.end_seconds) == pytest.approx((2, 1.3, 1.8))
    assert dialog.say("END", seq=2, transcript="two.", audio_ms=800) == [Ended("One two.", 2.0)]


def test_a_session_that_is_lost_twice_keeps_its_place(dialog) -> None:
    dialog.write(3.0)
    dialog.sent()
    dialog.final(1, 1, 0, 1_000)
    lost_session(dialog)
    dialog.open()
    dialog.sent()
    dialog.final(1, 1, 0, 1_000)
    lost_session(dialog)
    _, events = dialog.open()
    assert events[0] == SessionRestarted("session_not_found", 2.0)
    assert total(dialog.sent()) == SECOND
    assert dialog.final(1, 1, 0, 500)[0].segment == 3


def test_commits_of_a_lost_session_are_answered_or_said_again(dialog) -> None:
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.write(1.0)
    dialog.client.outbound.commit()
    dialog.sent()
    dialog.final(1, 1, 0, 1_500)
    dialog.client.closed(1006, "")
    dialog.client.opened()
    dialog.client.next_message()
    dialog.say("ERROR", code="session_not_found", message="gone", retryable=False)
    _, events = dialog.client.closed(1008, "session_not_found")
    assert events == [Committed(1, 1.0)]
    dialog.open()
    assert dialog.sent()[-1] == "COMMIT"


@pytest.mark.parametrize(("reason", "from_seconds"), [("shutting_down", 1.5), ("too_long", 1.5), ("failed", 0.0)])
def test_a_session_that_the_server_ends_goes_on_in_another(dialog, reason, from_seconds) -> None:
    dialog.write(2.0)
    dialog.sent()
    dialog.say("CLOSED", seq=2, reason=reason, audio_ms=1_500, message="", transcript="")
    verdict, _ = dialog.client.closed(1012, reason)
    assert isinstance(verdict, Again)
    greeting, events = dialog.open()
    assert greeting["type"] == "INIT"
    assert events[0] == SessionRestarted(reason, from_seconds)
    assert total(dialog.sent()) == round((2.0 - from_seconds) * SECOND)


@pytest.mark.parametrize("reason", ["idle", "undecodable"])
def test_one_that_ends_for_good_is_an_error(dialog, reason) -> None:
    dialog.say("CLOSED", seq=2, reason=reason, audio_ms=0, message="because", transcript="")
    verdict, _ = dialog.client.closed(1008, reason)
    assert isinstance(verdict, Fatal)
    assert (verdict.error.code, verdict.error.message) == (reason, "because")


def test_a_server_that_is_busy_is_asked_again_when_it_says() -> None:
    talk = Dialog()
    talk.client.opened()
    talk.client.next_message()
    talk.say("ERROR", code="overloaded", message="full", retryable=True, retry_after_ms=5_000)
    verdict, _ = talk.client.closed(1013, "overloaded")
    assert verdict == Again("overloaded", 5.0)


def test_options_that_the_server_does_not_take_are_an_error_at_once() -> None:
    talk = Dialog()
    talk.client.opened()
    talk.client.next_message()
    talk.say("ERROR", code="unsupported_language", message="language: no", param="language", retryable=False)
    assert talk.client.wants_close
    verdict, _ = talk.client.closed(4000, "")
    assert isinstance(verdict, Fatal)
    assert (verdict.error.code, verdict.error.param) == ("unsupported_language", "language")


def test_a_complaint_that_the_connection_outlives_is_an_event(dialog) -> None:
    assert dialog.say("ERROR", code="invalid_message", message="what?", param="type", retryable=False) == []
    assert dialog.say("ACK", received_ms=0, transcript="") == [Refused("invalid_message", "what?", "type")]


def test_one_that_ends_it_is_the_reason(dialog) -> None:
    dialog.say("ERROR", code="limit_exceeded", message="too large", retryable=False)
    verdict, _ = dialog.client.closed(1009, "limit_exceeded")
    assert isinstance(verdict, Fatal)
    assert verdict.error.message == "too large"


@pytest.mark.parametrize("code", ["client_too_slow", "invalid_message"])
def test_a_client_that_read_too_slowly_or_spoke_too_late_comes_back(dialog, code) -> None:
    dialog.say("ERROR", code=code, message="no", retryable=False)
    assert isinstance(dialog.client.closed(1008, code)[0], Again)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_handshake_that_is_refused_for_now_is_tried_again(status) -> None:
    assert Dialog().client.refused(Refusal(status, "starting", "not yet", 2.0)) == Again("not yet", 2.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_one_that_is_refused_for_good_is_an_error(status) -> None:
    verdict = Dialog().client.refused(Refusal(status, "invalid_api_key", "no"))
    assert isinstance(verdict, Fatal)
    assert verdict.error.code == "invalid_api_key"


def test_a_container_goes_on_with_what_was_not_sent() -> None:
    talk = Dialog(sound=StreamFormat("WEBM_OPUS"))
    talk.open()
    talk.client.outbound.write(b"one")
    assert talk.sent() == [b"one"]
    talk.client.closed(1006, "")
    talk.client.outbound.write(b"two")
    talk.open(resumed=True, received_ms=700)
    assert talk.sent() == [b"two"]


def test_a_container_cannot_begin_anew_in_its_middle() -> None:
    talk = Dialog(sound=StreamFormat("WEBM_OPUS"))
    talk.open()
    talk.client.outbound.write(b"one")
    talk.sent()
    talk.client.closed(1006, "")
    talk.client.opened()
    talk.client.next_message()
    talk.say("ERROR", code="session_not_found", message="gone", retryable=False)
    verdict, _ = talk.client.closed(1008, "session_not_found")
    assert isinstance(verdict, Fatal)
    assert isinstance(verdict.error, ConnectionLost)


def test_the_server_owes_an_answer_while_audio_is_under_way(dialog) -> None:
    assert not dialog.client.awaits_answer
    dialog.write(1.0)
    dialog.sent()
    assert dialog.client.awaits_answer
    dialog.say("ACK", received_ms=1_000, transcript="")
    assert not dialog.client.awaits_answer


def test_the_part_of_a_millisecond_that_no_answer_tells_is_not_owed(dialog) -> None:
    dialog.client.outbound.write(bytes(SECOND + 30))
    dialog.sent()
    dialog.say("ACK", received_ms=1_000, transcript="")
    assert not dialog.client.awaits_answer
