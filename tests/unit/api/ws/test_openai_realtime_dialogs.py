"""What the official client makes of every answer in the recorded dialogs of Realtime, and a connection's bounds."""

import json
from pathlib import Path

import pytest
from openai._models import construct_type_unchecked
from openai.types.beta.realtime import RealtimeServerEvent as OlderServerEvent
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from dialogs import dialogs_of
from lingting.api.ws.dialect import Append, Handshake, Say
from lingting.api.ws.openai.dialect import MAX_AWAITED_COMMITS, OpenAIRealtime
from lingting.domain.errors import AudioTooLarge, InvalidMessage

pytestmark = pytest.mark.unit

OF_TODAY = [path for path in dialogs_of("openai_realtime") if path.stem not in {"beta", "bot_older"}]
EVENT = TypeAdapter(RealtimeServerEvent)
OLDER_EVENT = TypeAdapter(OlderServerEvent)


@pytest.mark.parametrize("path", OF_TODAY, ids=lambda path: path.stem)
def test_the_official_client_knows_every_answer(path: Path) -> None:
    answers = [
        answer
        for line in path.read_text(encoding="utf-8").splitlines()
        for answer in json.loads(line).get("server", ())
    ]
    assert answers
    for answer in answers:
        parsed = construct_type_unchecked(value=answer, type_=RealtimeServerEvent)
        assert parsed.type == answer["type"]
        EVENT.validate_python(answer)


def test_the_client_of_before_knows_every_answer_of_a_conversation() -> None:
    (path,) = [path for path in dialogs_of("openai_realtime") if path.stem == "bot_older"]
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    answers = [answer for line in lines for answer in line.get("server", ())]
    assert {"response.audio.delta", "conversation.item.created"} <= {answer["type"] for answer in answers}
    for answer in answers:
        OLDER_EVENT.validate_python(answer)


def _live(**handshake: object) -> OpenAIRealtime:
    dialect = OpenAIRealtime(Handshake(**handshake))
    dialect.greet()
    return dialect


def _send(dialect: OpenAIRealtime, **event: object) -> list[object]:
    return list(dialect.receive(json.dumps(event)))


def test_audio_over_the_limit_of_a_message_is_refused_and_the_next_one_taken() -> None:
    dialect = _live(max_audio_bytes=6)
    with pytest.raises(AudioTooLarge):
        _send(dialect, type="input_audio_buffer.append", audio="AAAA" * 3)
    assert _send(dialect, type="input_audio_buffer.append", audio="AAAA") == [Append(b"\0\0\0")]


def test_commits_without_an_end_are_refused() -> None:
    dialect = _live()
    for _ in range(MAX_AWAITED_COMMITS):
        _send(dialect, type="input_audio_buffer.append", audio="AAAA")
        _send(dialect, type="input_audio_buffer.commit")
    _send(dialect, type="input_audio_buffer.append", audio="AAAA")
    with pytest.raises(InvalidMessage, match="wait"):
        _send(dialect, type="input_audio_buffer.commit")


def test_a_client_id_that_is_no_text_or_far_too_long_is_not_repeated() -> None:
    dialect = _live()
    for given in (5, "x" * 1_000, None, ["a"], "\ud800"):
        (answer,) = _send(dialect, type="input_audio_buffer.commit", event_id=given)
        assert isinstance(answer, Say)
        assert json.loads(answer.message)["error"]["event_id"] is None


def test_ids_of_two_connections_differ() -> None:
    said = {str(_send(_live(token=token), type="input_audio_buffer.clear")[0]) for token in ("one", "two")}
    assert len(said) == 2
