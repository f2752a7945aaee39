"""What sounds like a hotword is written as one, as far as the recogniser was in doubt, and every time is reported."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain import (
    Correction,
    Hotword,
    Hotwords,
    PiiKind,
    RecognizeOptions,
    Redaction,
    RedactMode,
    Script,
    Segment,
    Word,
)
from lingting.text.chain import apply
from lingting.text.hotwords.correction import load_hotwords, rewrite_hotwords
from lingting.text.hotwords.packs import load_shipped
from lingting.text.privacy.pii_found import Found
from lingting.text.privacy.redaction import hide

pytestmark = pytest.mark.unit

HOTWORDS = Hotwords(
    (
        Hotword("高血压"),
        Hotword("朱婷"),
        Hotword("blood pressure"),
        Hotword("Gutenberg"),
        Hotword("CarPlay"),
        Hotword("Kafka", replaces=("卡夫卡",)),
        Hotword("阿司匹林", replaces=("阿斯匹灵",)),
    )
)


def segment_of(texts: list[str], probability: float = 0.4, language: str = "zh") -> Segment:
    words = tuple(Word(text, i * 0.2, i * 0.2 + 0.2, probability) for i, text in enumerate(texts))
    return Segment(0, 0.0, 0.2 * len(words), "".join(texts).strip(), language, words)


def corrected(texts: list[str], probability: float = 0.4, language: str = "zh", **options: object) -> Segment:
    given_options = RecognizeOptions(**{"hotwords": HOTWORDS, **options})
    (segment,) = rewrite_hotwords((segment_of(texts, probability, language),), given_options)
    return segment


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("患者高雪压三年", "患者高血压三年"),
        ("珠庭领先", "朱婷领先"),
        ("吃阿斯匹灵", "吃阿司匹林"),
        ("用卡夫卡吧", "用Kafka吧"),
    ],
)
def test_chinese_that_sounds_the_same_is_written_as_the_hotword(heard, written) -> None:
    assert corrected(list(heard)).text == written


def test_words_keep_their_number_and_their_times() -> None:
    before, after = segment_of(list("患者高雪压")), corrected(list("患者高雪压"))
    assert [word.text for word in after.words] == list("患者高血压")
    assert [word.start_seconds for word in after.words] == [word.start_seconds for word in before.words]


def test_a_correction_says_when_what_and_how_alike() -> None:
    (made,) = corrected(list("患者高雪压")).corrections
    assert (made.heard, made.written, made.pack) == ("高雪压", "高血压", "")
    assert (made.start_seconds, made.end_seconds) == pytest.approx((0.4, 1.0))
    assert 0.9 < made.score < 1.0


def test_what_the_recogniser_was_sure_of_stays() -> None:
    assert corrected(list("患者高雪压"), 0.97).corrections == ()
    assert corrected(list("珠庭领先"), 0.75).corrections == ()


def test_two_characters_that_differ_in_their_tones_need_more_doubt() -> None:
    assert corrected(list("竹挺领先"), 0.4).corrections == ()
    assert corrected(list("竹挺领先"), 0.05).text == "朱婷领先"


def test_a_listed_mistake_is_replaced_however_sure_it_was() -> None:
    assert corrected(list("用卡夫卡吧"), 1.0).text == "用Kafka吧"


def test_without_probabilities_only_what_sounds_almost_the_same_is_taken() -> None:
    options = RecognizeOptions(hotwords=HOTWORDS)
    close, far, short = (Segment(0, 0.0, 1.0, text, "zh") for text in ("患者高雪压", "患者高水压", "珠庭领先"))
    texts = [segment.text for segment in rewrite_hotwords((close, far, short), options)]
    assert texts == ["患者高血压", "患者高水压", "珠庭领先"]


def test_english_of_several_words_is_found_by_its_sound() -> None:
    after = corrected([" His", " blood", " presher", " rose."], language="en")
    assert after.text == "His blood pressure rose."
    assert [word.text for word in after.words] == [" His", " blood", " pressure", " rose."]


def test_words_that_become_one_take_the_times_of_all() -> None:
    after = corrected(["打开", " car", " play"], 0.9)
    assert (after.text, [word.text for word in after.words]) == ("打开 CarPlay", ["打开", " CarPlay"])
    assert (after.words[1].start_seconds, after.words[1].end_seconds) == pytest.approx((0.2, 0.6))


def test_an_inflected_word_is_no_mistake() -> None:
    hotwords = Hotwords((Hotword("stent"), Hotword("navigate")))
    for heard in (" stents", " navigated", " navigating"):
        assert corrected([heard], 0.1, "en", hotwords=hotwords).corrections == ()


def test_a_match_crosses_no_mark() -> None:
    assert corrected(["高", "雪，", "压"]).corrections == ()
    assert corrected([" blood,", " presher"], language="en").corrections == ()


def test_traditional_text_gets_traditional_hotwords() -> None:
    after = corrected(list("患者高雪壓"), script=Script.TRADITIONAL)
    assert after.text == "患者高血壓"
    assert corrected(list("患者高血壓"), script=Script.TRADITIONAL).corrections == ()


def test_a_word_of_another_language_is_not_heard() -> None:
    hotwords = Hotwords((Hotword("Gutenberg", language="de"),))
    assert corrected([" Guttenberg"], 0.3, "en", hotwords=hotwords).corrections == ()
    assert corrected([" Guttenberg"], 0.3, "de", hotwords=hotwords).text == "Guttenberg"


def test_a_weight_moves_the_bound() -> None:
    light, heavy = (Hotwords((Hotword("高血压", weight),)) for weight in (0.1, 10.0))
    assert corrected(list("高月压"), 0.25, hotwords=light).corrections == ()
    assert corrected(list("高月压"), 0.25, hotwords=heavy).text == "高血压"


def test_numbers_and_marks_come_after() -> None:
    options = RecognizeOptions(hotwords=HOTWORDS, itn=True)
    (after,) = apply((segment_of(list("患者高雪压二十三年")),), options)
    assert after.text == "患者高血压23年"
    assert len(after.corrections) == 1


def test_a_correction_shows_nothing_that_is_hidden() -> None:
    before = corrected(list("患者高雪压"))
    redaction = Redaction(RedactMode.MASK)
    untouched = hide(before, [], redaction)
    assert [(made.heard, made.written) for made in untouched.corrections] == [("", "高血压")]
    hidden = hide(before, [Found(2, 5, PiiKind.NAME)], redaction)
    assert [(made.heard, made.written) for made in hidden.corrections] == [("", "")]


ANY_TEXT = st.text(max_size=40)
SAID = st.lists(
    st.sampled_from([*"高雪压血珠庭竹挺卡夫阿司匹林，。 ", " blood", " presher", " car", " play", "𠀀", "\u0301"]),
    max_size=30,
)
PROBABILITIES = st.floats(0.0, 1.0)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.lists(ANY_TEXT, max_size=10), SAID), PROBABILITIES, st.sampled_from(["zh", "en", "ja", "", "yue"]))
def test_whatever_was_said_words_spell_the_text_and_times_run_forward(texts, probability, language) -> None:
    before = segment_of(texts, probability, language)
    (after,) = rewrite_hotwords((before,), RecognizeOptions(hotwords=HOTWORDS))
    if before.words and "".join(texts).strip():
        assert "".join(word.text for word in after.words).strip() == after.text
    starts = [word.start_seconds for word in after.words]
    assert starts == sorted(starts)
    assert len(after.words) <= len(before.words)
    assert len(after.words) == len(before.words) or after.corrections
    if not after.corrections:
        assert after == before


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8), max_size=8), ANY_TEXT)
def test_any_list_can_be_looked_for_in_any_text(words, text) -> None:
    hotwords = Hotwords(tuple(Hotword(word) for word in words if any(map(str.isalnum, word))))
    matchers = load_hotwords(hotwords)
    (after,) = rewrite_hotwords((Segment(0, 0.0, 1.0, text, "zh"),), RecognizeOptions(hotwords=hotwords))
    assert bool(matchers) == bool(hotwords)
    assert after.text.strip() or not text.strip()


def test_what_is_right_already_stays_under_every_pack() -> None:
    hotwords = Hotwords(tuple(word for pack in load_shipped().values() for word in pack.words))
    for word in hotwords.words:
        language = "en" if word.text.isascii() else "zh"
        segment = Segment(0, 0.0, 1.0, word.text, language, (Word(word.text, 0.0, 1.0, 0.1),))
        assert rewrite_hotwords((segment,), RecognizeOptions(hotwords=hotwords)) == (segment,)


def test_the_report_is_kept_with_the_segment() -> None:
    assert isinstance(corrected(list("高雪压")).corrections[0], Correction)
