"""What every WebSocket dialect promises, for each row of the table: its recorded dialogs, and that it never breaks."""

import random

import pytest

from dialogs import dialogs_of, handshake_of, replay
from lingting.api.errors import CLOSE_CODES, close_code
from lingting.api.ws.dialect import Command, Handshake, Opened
from lingting.api.ws.routes import DIALECTS
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Final,
    Notice,
    NoticeKind,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from lingting.domain import errors as error_tree
from lingting.domain.errors import InvalidMessage, LingtingError, Overloaded

pytestmark = pytest.mark.contract

ROWS = pytest.mark.parametrize("row", DIALECTS, ids=lambda row: row.name)
RECORDED = [pytest.param(row, path, id=f"{row.name}-{path.stem}") for row in DIALECTS for path in dialogs_of(row.name)]
EVENTS = [
    SpeechStarted(1, 1, 0.25),
    Partial(2, 1, 0.25, 1.0, "so", " far", "en"),
    SpeechEnded(3, 1, 0.25, 1.5),
    Final(4, 1, 0.25, 1.5, "So far.", "en", 0.9, (Word("So", 0.25, 0.5, 0.9),), -0.1, "so", lag_seconds=0.2),
    SpeechStarted(5, 2, 2.0),
    SpeechEnded(6, 2, 2.0, 3.0),
    SegmentFailed(7, 2, 2.0, 3.0, "engine_failed", "it broke", retryable=True),
    SpeechStarted(8, 3, 3.0),
    SpeechEnded(9, 3, 3.0, 4.0),
    Final(10, 3, 3.0, 4.0, "", "en", suppressed="no_speech"),
    Committed(11, 1, 0.0, 4.0),
    *(Notice(12 + number, kind, 1.0, "m") for number, kind in enumerate(NoticeKind)),
]
GARBAGE = [
    "{",
    "[]",
    "null",
    '{"type":null}',
    '{"type":"\\ud800"}',
    "[" * 100_000,
    '{"type":"' + "A" * 100_000 + '"}',
]


def made(row, *, is_open=True):
    dialect = row.make(Handshake())
    dialect.greet()
    if is_open:
        dialect.opened(Opened("session", resumed=False, received_seconds=0.0, last_seq=0))
    return dialect


@ROWS
def test_it_has_recorded_dialogs(row) -> None:
    assert dialogs_of(row.name)


@pytest.mark.parametrize(("row", "path"), RECORDED)
def test_the_dialog_goes_as_recorded(row, path) -> None:
    replay(path, row.make(handshake_of(path)))


@ROWS
@pytest.mark.parametrize("reason", CloseReason)
def test_every_event_is_worded_or_left_out(row, reason) -> None:
    dialect = made(row)
    for event in (*EVENTS, Closed(30, reason, 4.0, "why")):
        assert all(isinstance(word, str | bytes | Command) for word in dialect.render(event))


@ROWS
@pytest.mark.parametrize(
    "name", ["LingtingError", "InvalidMessage", "AudioUndecodable", "SessionIdle", "ClientTooSlow"]
)
@pytest.mark.parametrize("is_open", [False, True])
def test_every_error_is_worded(row, name, is_open) -> None:
    dialect, error = made(row, is_open=is_open), getattr(error_tree, name)("what was wrong")
    for fatal in (False, True):
        assert all(isinstance(message, str | bytes) for message in dialect.refuse(error, fatal=fatal))


@ROWS
def test_what_goes_wrong_here_is_fatal(row) -> None:
    dialect = made(row)
    for error in (LingtingError("x"), Overloaded("x", retry_after_seconds=1.0)):
        assert dialect.is_fatal(error)
        assert close_code(error) in CLOSE_CODES.values()


@ROWS
@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("message", GARBAGE, ids=lambda text: repr(text[:12]))
def test_garbage_is_refused(row, message, is_open) -> None:
    dialect = made(row, is_open=is_open)
    with pytest.raises(InvalidMessage) as refused:
        dialect.receive(message)
    assert len(refused.value.message) < 1_000
    dialect.refuse(refused.value, fatal=dialect.is_fatal(refused.value))


@ROWS
def test_random_bytes_and_texts_break_nothing(row) -> None:
    seed = 7
    source = random.Random(seed)
    dialect = made(row)
    for _ in range(500):
        size = source.randrange(40)
        message = source.randbytes(size) if source.random() < 0.5 else source.randbytes(size).decode("latin-1")
        try:
            dialect.receive(message)
        except LingtingError as error:
            dialect.refuse(error, fatal=False)
