"""What is shown of an open segment, and what is not."""

from dataclasses import replace

import pytest
from test_session_grammar import Driver, hear_seconds

from lingting.domain import Hypothesis, Partial, RecognizeOptions, StreamOptions
from lingting.live.answers import Spoken
from lingting.live.language import LanguageVote
from lingting.live.session import Session
from lingting.live.stabilizer import Stabilizer

pytestmark = pytest.mark.unit


def partials(driver: Driver) -> list[str]:
    return [event.text for event in driver.events if isinstance(event, Partial)]


def test_a_draft_that_the_engine_itself_doubts_is_not_shown() -> None:
    driver = Driver(Session(StreamOptions()))
    hear_seconds(driver, 0.9, 1.0)
    ask = driver.asks.popleft()
    doubted = replace(Hypothesis("BBBBBBBBBBBB", "en"), attempts=("repeated",))
    driver.take(driver.session.answer(ask.number, doubted, now_seconds=0.0))
    assert partials(driver) == []
    hear_seconds(driver, 0.9, 1.0)
    driver.answer(0, "good morning")
    assert partials(driver) == ["good morning"]


def test_a_short_draft_takes_the_language_of_the_final_before() -> None:
    vote = LanguageVote(RecognizeOptions())
    assert vote.of_draft(0.6) is None
    vote.hear(Spoken("你好", "zh", 0.95), speech_seconds=2.0)
    assert (vote.of_draft(0.6), vote.of_draft(2.0), vote.current) == ("zh", None, None)


def test_the_same_language_heard_surely_twice_is_kept() -> None:
    vote = LanguageVote(RecognizeOptions())
    vote.hear(Spoken("ok", "fr", 0.99), speech_seconds=0.5)
    vote.hear(Spoken("hello there", "en", 0.4), speech_seconds=3.0)
    vote.hear(Spoken("你好", "zh", 0.95), speech_seconds=2.0)
    assert vote.current is None
    vote.hear(Spoken("再见", "zh", 0.95), speech_seconds=2.0)
    assert vote.current == "zh"


def test_a_session_of_many_languages_never_settles() -> None:
    vote = LanguageVote(RecognizeOptions(per_segment_language=True))
    for _ in range(5):
        vote.hear(Spoken("你好", "zh", 0.99), speech_seconds=2.0)
    assert vote.current is None


@pytest.mark.parametrize(
    ("hypotheses", "stable", "tail"),
    [
        (["one two three"], "", "one two three"),
        (["one two three", "one two three four"], "one two three", " four"),
        (["one two", "one two"], "one", " two"),
        (["今天天气", "今天天气很好"], "今天天气", "很好"),
        (["打开 Spotify 放", "打开 Spotify 放歌"], "打开 Spotify 放", "歌"),
        (["one two three", "one two three", "two five six"], "one two", " five six"),
    ],
)
def test_stable_is_what_two_in_a_row_agree_on_but_for_the_newest(hypotheses, stable, tail) -> None:
    stabilizer = Stabilizer()
    for hypothesis in hypotheses:
        stabilizer.update(hypothesis)
    assert (stabilizer.stable, stabilizer.tail) == (stable, tail)
