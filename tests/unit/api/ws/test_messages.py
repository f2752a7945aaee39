"""What hostile text does to the reader of JSON messages: nothing."""

import base64
import json

import pytest

from lingting.api.ws.messages import decode_audio, read_object, write_object
from lingting.domain.errors import AudioTooLarge, InvalidMessage

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        '"text"',
        "[]",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "9" * 10_000 + "}",
        '{"a": Infinity}',
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": [' + "1," * 10_000 + "1]}",
        "\x00",
        "\ufeff{}",
        "{} {}",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_message_is_refused(text) -> None:
    with pytest.raises(InvalidMessage):
        read_object(text)


def test_a_message_survives_the_way() -> None:
    message = {"type": "X", "text": "你好", "n": 1.5}
    assert read_object(write_object(message)) == message


@pytest.mark.parametrize("prefix", ["", "data:audio/wav;base64,", "data:;base64,"])
def test_audio_may_have_a_data_uri_in_front(prefix) -> None:
    assert decode_audio(prefix + "AAECAw==", max_bytes=4) == bytes([0, 1, 2, 3])


@pytest.mark.parametrize(
    "text", ["A", "AA=A", "AAA", "AA==AA==", "AAAA\n", "-_-_", "=", "data:audio/wav;base64", "data:x,AAAA", "音频"]
)
def test_what_is_not_strict_base64_is_refused(text) -> None:
    with pytest.raises(InvalidMessage):
        decode_audio(text, max_bytes=100)


def test_audio_is_measured_before_it_is_decoded() -> None:
    with pytest.raises(AudioTooLarge):
        decode_audio("A" * 4_000, max_bytes=2_000)


def test_ten_seconds_of_the_widest_sound_fit() -> None:
    data = bytes(10 * 48_000 * 2 * 4)
    text = json.dumps({"type": "AUDIO", "audio": base64.b64encode(data).decode()})
    audio = read_object(text)["audio"]
    assert isinstance(audio, str)
    assert decode_audio(audio, max_bytes=4 * 2**20) == data
