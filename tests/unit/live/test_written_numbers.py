"""Numbers in digits while somebody speaks: what is shown, what is stable, and what Realtime clients put together."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_session_grammar import Driver, hear_seconds

from lingting.api.ws.openai.events import EventWriter
from lingting.api.ws.openai.items import Conversation
from lingting.domain import (
    Final,
    Hypothesis,
    Partial,
    RecognizeOptions,
    Span,
    SpeechEnded,
    SpeechStarted,
    StreamOptions,
)
from lingting.live.answers import spoken
from lingting.live.session import Session
from lingting.live.stabilizer import Stabilizer

pytestmark = pytest.mark.unit

WRITTEN = RecognizeOptions(itn=True)
SPAN = Span(0, 16_000)


def shown(texts: list[str], language: str) -> list[tuple[str, str]]:
    """What is stable and what is not after each hypothesis."""
    stabilizer, states = Stabilizer(), []
    for text in texts:
        heard = spoken(Hypothesis(text, language), WRITTEN, SPAN)
        stabilizer.update(heard.draft, open_characters=heard.open_characters)
        states.append((stabilizer.stable, stabilizer.tail))
    return states


def test_a_number_is_not_stable_while_it_may_go_on() -> None:
    said = ["今年是二零", "今年是二零二", "今年是二零二六年", "今年是二零二六年我们", "今年是二零二六年我们去"]
    assert [stable for stable, _ in shown(said, "zh")] == [
        "", "今年是", "今年是", "今年是2026年", "今年是2026年我们",
    ]  # fmt: skip


def test_an_english_number_is_not_stable_while_it_may_go_on() -> None:
    said = ["he paid twenty", "he paid twenty five", "he paid twenty five dollars", "he paid twenty five dollars to me"]
    assert [stable for stable, _ in shown(said, "en")] == ["", "he paid", "he paid", "he paid $25"]


def test_the_final_of_a_stream_has_its_numbers_in_digits() -> None:
    driver = Driver(Session(StreamOptions(recognize=WRITTEN)))
    hear_seconds(driver, 0.9, 1.5)
    driver.answer(0, "i have twenty five")
    hear_seconds(driver, 0.9, 1.5)
    driver.answer(0, "i have twenty five apples and")
    hear_seconds(driver, 0.0, 1.5)
    driver.answer(0, "i have twenty five apples")
    driver.end()
    assert [event.text for event in driver.events if isinstance(event, Final)] == ["i have 25 apples"]
    assert next(event.text for event in driver.events if isinstance(event, Partial)) == "i have 25"


def test_a_stream_that_did_not_ask_keeps_its_numbers_as_said() -> None:
    assert spoken(Hypothesis("二十五", "zh"), replace(WRITTEN, itn=False), SPAN).text == "二十五"


@given(
    st.lists(
        st.sampled_from(["今年", "二零", "二六", "年", "三月", "五", "号", "下午", "三点", "半", "去", "十", "，"]),
        max_size=16,
    ),
    st.lists(st.integers(1, 16), max_size=5),
)
def test_deltas_make_the_completed_transcript_whatever_the_numbers(words: list[str], cuts: list[int]) -> None:
    conversation, stabilizer = Conversation(EventWriter("t"), is_manual=False), Stabilizer()
    messages = conversation.started(SpeechStarted(1, 1, 0.0))
    for cut in sorted(cuts):
        heard = spoken(Hypothesis("".join(words[:cut]), "zh"), WRITTEN, SPAN)
        before = stabilizer.stable
        stabilizer.update(heard.draft, open_characters=heard.open_characters)
        assert stabilizer.stable.startswith(before)
        messages += conversation.partial(Partial(1, 1, 0.0, 1.0, stabilizer.stable, stabilizer.tail, "zh"))
    final = spoken(Hypothesis("".join(words), "zh"), WRITTEN, SPAN)
    messages += conversation.ended(SpeechEnded(1, 1, 0.0, 1.0))
    messages += conversation.final(Final(1, 1, 0.0, 1.0, final.text, "zh"))
    events = [json.loads(message) for message in messages]
    deltas = "".join(event["delta"] for event in events if event["type"].endswith(".delta"))
    (completed,) = [event["transcript"] for event in events if event["type"].endswith(".completed")]
    assert deltas == completed
