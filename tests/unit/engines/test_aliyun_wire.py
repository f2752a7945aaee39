"""What is sent to Aliyun, and what its answers mean."""

from __future__ import annotations

import json
import math
from urllib.parse import parse_qsl, urlsplit

import pytest

from lingting.crypto import sign_rpc
from lingting.domain import Word
from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.wire import (
    Service,
    TaskHead,
    Wishes,
    command,
    fault_of,
    parse_event,
    parse_rest,
    parse_token,
    rest_target,
    start_payload,
    token_query,
)
from lingting.engines.aliyun.words import Heard, Sentence, log_probability, parse_sentence
from lingting.engines.remote_words import Spoken, placed_words

pytestmark = pytest.mark.unit
WISHES = Wishes(punctuation=True, itn=False)


def test_the_signature_is_that_of_the_published_example() -> None:
    """Source: Alibaba Cloud, signature of RPC requests, the example DescribeRegions."""
    fields = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    assert sign_rpc("GET", fields, secret="testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_a_token_is_asked_for_with_a_signed_query_without_the_secret() -> None:
    query = token_query("id", "se cret", region="cn-beijing", nonce="n", timestamp="2000-01-01T00:00:00Z")
    fields = dict(parse_qsl(query))
    given = fields.pop("Signature")
    assert given == sign_rpc("POST", fields, secret="se cret")
    assert (fields["Action"], fields["Version"], fields["RegionId"]) == ("CreateToken", "2019-02-28", "cn-beijing")
    assert "cret" not in query


def test_a_start_says_who_and_how() -> None:
    head = TaskHead(Service.REALTIME, "app", "t" * 32)
    wishes = Wishes(punctuation=True, itn=True, words=True, vocabulary_id="v")
    sent = json.loads(command("Start", head, "m" * 32, start_payload(Service.REALTIME, wishes)))
    assert sent["header"] == {
        "message_id": "m" * 32,
        "task_id": "t" * 32,
        "namespace": "SpeechTranscriber",
        "name": "StartTranscription",
        "appkey": "app",
    }
    assert sent["payload"]["enable_words"] is True
    assert sent["payload"]["vocabulary_id"] == "v"
    assert "customization_id" not in sent["payload"]
    assert "payload" not in json.loads(command("Stop", head, "m" * 32))
    assert "app" not in repr(head).replace("TaskHead", "")


def test_a_rest_call_carries_its_wishes_in_the_query() -> None:
    fields = dict(parse_qsl(urlsplit(rest_target("a&b", WISHES)).query))
    assert fields["appkey"] == "a&b"
    assert (fields["format"], fields["sample_rate"]) == ("pcm", "16000")
    assert (fields["enable_punctuation_prediction"], fields["enable_inverse_text_normalization"]) == ("true", "false")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (40_000_001, FaultKind.TOKEN),
        (40_000_004, FaultKind.BROKEN_OFF),
        (40_010_003, FaultKind.BROKEN_OFF),
        (40_000_005, FaultKind.THROTTLED),
        (43_040_001, FaultKind.THROTTLED),
        (50_000_000, FaultKind.BROKEN_OFF),
        (51_040_104, FaultKind.BROKEN_OFF),
        (40_000_003, FaultKind.REFUSED),
        (40_020_105, FaultKind.REFUSED),
        (41_010_104, FaultKind.TOO_LONG),
        (41_010_101, FaultKind.SENSELESS),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, kind: FaultKind) -> None:
    fault = fault_of(status)
    assert fault.kind is kind
    tried_again = {FaultKind.TOKEN, FaultKind.BROKEN_OFF, FaultKind.THROTTLED}
    assert fault.may_be_tried_again is (kind in tried_again)


@pytest.mark.parametrize(
    ("body", "http", "kind"),
    [
        (b"<html>", 502, FaultKind.BROKEN_OFF),
        (b"", 429, FaultKind.THROTTLED),
        (b"", 403, FaultKind.TOKEN),
        (b"", 404, FaultKind.REFUSED),
        (b"{}", 200, FaultKind.SENSELESS),
        (b"[" * 100_000, 200, FaultKind.SENSELESS),
        (b"\xff", 200, FaultKind.SENSELESS),
        (b'{"status": "20000000", "result": "x"}', 200, FaultKind.SENSELESS),
        (b'{"status": 20000000, "result": 5}', 200, FaultKind.SENSELESS),
        (b'{"status": 43040001}', 400, FaultKind.THROTTLED),
    ],
)
def test_an_answer_over_http_that_is_no_text_is_a_fault(body: bytes, http: int, kind: FaultKind) -> None:
    with pytest.raises(Fault) as caught:
        parse_rest(body, http)
    assert caught.value.kind is kind


def test_an_answer_over_http_is_its_text_and_silence_is_none() -> None:
    assert parse_rest('{"status": 20000000, "result": "你好"}'.encode(), 200) == "你好"
    assert parse_rest(b'{"status": 40270002, "message": "SILENT_SPEECH"}', 400) == ""


def test_a_fault_does_not_repeat_what_the_service_said() -> None:
    with pytest.raises(Fault) as caught:
        parse_rest(b'{"status": 40000001, "message": "The token \'abcdef\' is invalid!"}', 400)
    assert "abcdef" not in caught.value.message


@pytest.mark.parametrize(
    "frame", ["", "5", "{}", '{"header": []}', '{"header": {"name": 1}}', b"\x00\xff", '{"header":']
)
def test_what_is_no_event_is_a_fault(frame: str | bytes) -> None:
    with pytest.raises(Fault, match="it sent"):
        parse_event(frame)


def test_a_token_is_its_id_and_its_end() -> None:
    assert parse_token(b'{"ErrMsg":"","Token":{"Id":"abc","ExpireTime":1553825814}}') == ("abc", 1_553_825_814.0)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"Token":{"Id":"a\\n","ExpireTime":1}}', b'{"Token":{"Id":"a"}}', b'{"Token":{"ExpireTime":1}}']
)
def test_what_is_no_token_is_a_fault(body: bytes) -> None:
    with pytest.raises(Fault):
        parse_token(body)


def heard(text: str, *words: str, confidence: float | None = 0.5) -> Heard:
    spoken = tuple(Spoken(word, float(i), i + 1.0, confidence or 1.0) for i, word in enumerate(words))
    return Heard((Sentence(text, confidence, spoken),))


def spelled(words: tuple[Word, ...]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("text", "spoken", "placed"),
    [
        ("你好，世界。", ["你好", "世界"], ["你好，", "世界。"]),
        ("Hello, big world!", ["hello", "big", "world"], ["Hello,", " big", " world!"]),
        ("价格是25元。", ["价格", "是", "二十五", "元"], ["价格", "是25", "元。"]),
        ("25元。", ["二十五", "元"], ["25", "元。"]),
        ("元。", ["二十五", "元"], ["元。"]),
        ("the the cat", ["the", "the", "cat"], ["the", " the", " cat"]),
        ("完全不同", ["别的", "词"], ["完全不同"]),
    ],
)
def test_words_spell_the_text(text: str, spoken: list[str], placed: list[str]) -> None:
    words = placed_words(text, heard(text, *spoken).words, duration_seconds=60.0)
    assert spelled(words) == placed
    assert "".join(spelled(words)) == text


def test_words_of_several_sentences_spell_the_whole() -> None:
    sentences = (*heard("How are you?", "how", "are", "you").sentences, *heard("Fine.", "fine").sentences)
    assert (
        "".join(spelled(placed_words(Heard(sentences).text, Heard(sentences).words, duration_seconds=9.0)))
        == "How are you? Fine."
    )


def test_word_times_go_forward_and_stay_inside_the_audio() -> None:
    spoken = (Spoken("a", 0.5, 0.4, 1.0), Spoken("b", 0.2, 5.0, 1.0), Spoken("c", 9.0, 12.0, 1.0))
    words = placed_words("a b c", spoken, duration_seconds=3.0)
    times = [time for word in words for time in (word.start_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert times[-1] == 3.0


def test_confidence_becomes_a_mean_log_probability_by_length() -> None:
    both = (Sentence("abc", 1.0), Sentence("a", 0.5), Sentence("zzz", None))
    assert log_probability(both) == pytest.approx(math.log(0.5) / 4)
    assert log_probability((Sentence("a", 0.0),)) == pytest.approx(math.log(0.01))
    assert log_probability((Sentence("a", None),)) == 0.0


@pytest.mark.parametrize(
    "payload",
    [
        {"result": "a", "confidence": "0.5"},
        {"result": "a", "confidence": True},
        {"result": "a", "words": "a"},
        {"result": "a", "words": [{"text": "a"}]},
        {"result": "a", "words": [{"text": "a", "startTime": 0, "endTime": float("inf")}]},
        {"result": "a", "words": [{}] * 5_000},
        {"result": ["a"]},
        {"result": "a" * 50_000},
    ],
)
def test_a_sentence_that_makes_no_sense_is_a_fault(payload: dict[str, object]) -> None:
    with pytest.raises(Fault) as caught:
        parse_sentence(payload)
    assert caught.value.kind is FaultKind.SENSELESS
