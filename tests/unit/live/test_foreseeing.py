"""What a final will say is told before the silence after it is over, to who asks for it and to nobody else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from live_house import PLAIN

from lingting.audio.vad_history import FRAME_SAMPLES
from lingting.domain import SAMPLE_RATE_HZ, Final, Hypothesis, PiiKind, RecognizeOptions, Redaction
from lingting.domain.errors import EngineFailed
from lingting.live.asks import Ask, AskKind, Drop, Foreseen, Output
from lingting.live.session import Session

pytestmark = pytest.mark.unit

TEXT = "今天天气怎么样？"


def hear(session: Session, probability: float, seconds: float) -> list[Output]:
    """Frame by frame."""
    outputs: list[Output] = []
    for _ in range(round(seconds * SAMPLE_RATE_HZ / FRAME_SAMPLES)):
        outputs += session.hear(np.zeros(FRAME_SAMPLES, np.float32), [probability], now_seconds=0.0)
    return outputs


def foreseeing(options=PLAIN) -> Session:
    session = Session(options)
    session.foresee()
    return session


def asks_of(outputs: list[Output]) -> list[Ask]:
    return [output for output in outputs if isinstance(output, Ask)]


def answer(session: Session, ask: Ask, text: str = TEXT) -> list[Output]:
    return session.answer(ask.number, Hypothesis(text, "zh"), now_seconds=0.0)


def test_a_pause_is_recognised_sooner_and_its_words_are_told() -> None:
    session = foreseeing()
    (ask,) = asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    assert answer(session, ask) == [Foreseen(1, TEXT, "zh")]
    assert [event.text for event in hear(session, 0.0, 1.0) if isinstance(event, Final)] == [TEXT]


def test_who_goes_on_takes_it_back() -> None:
    session = foreseeing()
    (ask,) = asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    answer(session, ask)
    assert Foreseen(1, "") in hear(session, 1.0, 0.1)


def test_what_was_not_told_is_not_taken_back() -> None:
    session = foreseeing()
    hear(session, 1.0, 2.0)
    hear(session, 0.0, 0.25)
    assert not [output for output in hear(session, 1.0, 0.1) if isinstance(output, Foreseen)]


def test_nobody_is_told_who_did_not_ask() -> None:
    session = Session(PLAIN)
    assert not asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    (ask,) = asks_of(hear(session, 0.0, 0.1))
    assert answer(session, ask) == []


def test_other_options_do_not_end_it() -> None:
    session = foreseeing()
    session.configure(replace(PLAIN, silence_seconds=0.8))
    (ask,) = asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    assert answer(session, ask) == [Foreseen(1, TEXT, "zh")]


def test_nothing_is_told_of_what_may_have_to_be_hidden() -> None:
    hiding = RecognizeOptions(redaction=Redaction((PiiKind.PHONE,)))
    session = foreseeing(replace(PLAIN, recognize=hiding))
    (ask,) = asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    assert answer(session, ask) == []


def test_nothing_is_told_where_nothing_was_heard() -> None:
    session = foreseeing()
    (ask,) = asks_of(hear(session, 1.0, 2.0) + hear(session, 0.0, 0.25))
    assert session.answer(ask.number, EngineFailed("it broke"), now_seconds=0.0) == []


def test_a_draft_is_let_go_where_a_pause_asks_for_more() -> None:
    session = foreseeing(replace(PLAIN, partials=True))
    drafts = asks_of(hear(session, 1.0, 2.0))
    assert [ask.kind for ask in drafts] == [AskKind.DRAFT]
    heard = hear(session, 0.0, 0.25)
    assert Drop(drafts[0].number) in heard
    assert [ask.kind for ask in asks_of(heard)] == [AskKind.FINAL]
