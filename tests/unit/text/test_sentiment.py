"""How a text sounds: tables of what a listener would say, beside what the libraries say alone."""

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Mood, MoodLabel, RecognizeOptions, Segment, mood_from
from lingting.domain.errors import InvalidOption
from lingting.text.mood import sentiment
from lingting.text.mood.sentiment import mood_of, with_moods
from lingting.text.mood.sentiment_en import score_en
from lingting.text.mood.sentiment_zh import score_zh, statistics_zh

pytestmark = pytest.mark.unit

TABLES = Path(__file__).parents[2] / "data" / "text"
MAX_SECONDS_A_SENTENCE = 0.005


def cases(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return [(text, label) for text, label in (line.split("\t") for line in lines if not line.startswith("#"))]


CHINESE, ENGLISH = cases("mood_zh.tsv"), cases("mood_en.tsv")


def vader_alone(text: str) -> float:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer().polarity_scores(text)["compound"]


@pytest.mark.parametrize(("text", "label"), CHINESE)
def test_chinese_sounds_as_a_listener_would_say(text: str, label: str) -> None:
    assert mood_of(text, "zh").label == label


@pytest.mark.parametrize(("text", "label"), ENGLISH)
def test_english_sounds_as_a_listener_would_say(text: str, label: str) -> None:
    assert mood_of(text, "en").label == label


@pytest.mark.parametrize(("table", "alone"), [(CHINESE, statistics_zh), (ENGLISH, vader_alone)])
def test_the_libraries_alone_are_right_much_less_often(table, alone) -> None:
    right = sum(mood_from(alone(text)).label == label for text, label in table)
    assert len(table) >= 60
    assert right < 0.65 * len(table), f"{right} of {len(table)}; the rules may be needless"


@given(st.text(max_size=60) | st.text("不没很太好差一点都问题满意，。吗not never good bad ?!'", max_size=40))
def test_nothing_raises_and_every_score_is_within_bounds(text: str) -> None:
    for score in (score_zh(text), score_en(text)):
        assert -1.0 <= score <= 1.0


def test_a_text_in_another_language_has_no_mood() -> None:
    assert mood_of("très bien", "fr") is None


def test_a_text_without_words_has_no_mood() -> None:
    assert mood_of("123 …", "zh") is None


def test_english_inside_a_chinese_recording_is_judged_as_english() -> None:
    assert mood_of("this is terrible", "zh").label is MoodLabel.NEGATIVE


def test_moods_change_no_text() -> None:
    segments = (Segment(0, 0.0, 1.0, "太差了", "zh"), Segment(1, 1.0, 2.0, "très bien", "fr"))
    marked = with_moods(segments)
    assert [segment.text for segment in marked] == ["太差了", "très bien"]
    assert [segment.mood is None for segment in marked] == [False, True]


def test_a_score_gets_the_label_of_its_side() -> None:
    assert mood_from(-0.2) == Mood(-0.2, MoodLabel.NEGATIVE)
    assert mood_from(0.1999).label is MoodLabel.POSITIVE
    assert mood_from(-0.0001) == Mood(0.0, MoodLabel.NEUTRAL)


def test_asking_where_it_is_not_installed_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(sentiment, "LIBRARIES", ("not_there",))
    sentiment.require_mood.cache_clear()
    with pytest.raises(InvalidOption, match=r"lingting\[mood\]"):
        sentiment.require_mood()


def test_names_of_channels_are_for_split_channels() -> None:
    with pytest.raises(InvalidOption, match="channel=split"):
        RecognizeOptions(channel_names=("agent",))


def test_a_sentence_takes_less_than_the_text_stage_may() -> None:
    score_zh("好"), score_en("good")
    started = perf_counter()
    for text, _ in CHINESE:
        score_zh(text)
    for text, _ in ENGLISH:
        score_en(text)
    each = (perf_counter() - started) / (len(CHINESE) + len(ENGLISH))
    print(f"mood: {1_000 * each:.3f} ms a sentence")
    assert each < MAX_SECONDS_A_SENTENCE
