"""What a few corrected transcripts tell of the words that a recogniser does not know."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain import Segment, Transcript, Word
from lingting.text.hotwords.adapting import Pair, gain_of, propose, split
from lingting.text.hotwords.packs import HotwordPack, pack_to_toml, read_pack

pytestmark = pytest.mark.unit


def pair(heard: str, meant: str, language: str = "zh", probability: float = 0.4) -> Pair:
    texts = list(heard) if language == "zh" else [f" {word}" for word in heard.split()]
    words = tuple(Word(text, i * 0.1, i * 0.1 + 0.1, probability) for i, text in enumerate(texts))
    return Pair(Transcript((Segment(0, 0.0, 1.0, heard, language, words),), language, 1.0), meant)


def test_a_misheard_name_is_proposed() -> None:
    assert [word.text for word in propose([pair("珠庭领先群方", "朱婷领先群芳")])] == ["朱婷"]
    assert [word.text for word in propose([pair("I am Klaifren now", "I am Claflin now", "en")])] == ["Claflin"]


def test_of_one_wrong_character_the_word_around_it_that_recurs_is_proposed() -> None:
    pairs = [pair("提取攻积金", "提取公积金"), pair("公积金贷款", "公积金贷款"), pair("我的公积金", "我的公积金")]
    assert [word.text for word in propose(pairs)] == ["公积金"]


def test_a_mistake_told_twice_is_replaced_by_name_and_weighs_more() -> None:
    once, twice = propose([pair("珠庭好", "朱婷好")]), propose([pair("珠庭好", "朱婷好"), pair("看珠庭", "看朱婷")])
    assert once[0].replaces == ()
    assert twice[0].replaces == ("珠庭",)
    assert twice[0].weight > once[0].weight


@pytest.mark.parametrize(
    ("heard", "meant", "language"),
    [
        ("今天下雨", "明日出门", "zh"),
        ("many stents here", "many stent here", "en"),
        ("好的", "好的", "zh"),
        ("2015年", "2016年", "zh"),
        ("", "朱婷", "zh"),
    ],
)
def test_what_is_no_mishearing_is_not_proposed(heard, meant, language) -> None:
    assert propose([pair(heard, meant, language)]) == ()


def test_a_third_of_the_texts_is_held_out_and_none_is_on_both_sides() -> None:
    pairs = [pair("一", text) for text in ("甲", "乙", "丙", "丙", "丁", "甲")]
    learnt, held = split(pairs)
    assert [each.corrected for each in learnt] == ["甲", "乙", "丁", "甲"]
    assert [each.corrected for each in held] == ["丙", "丙"]
    assert split(pairs[:2]) == (pairs[:2], [])


def test_the_gain_is_told_on_what_was_held_out() -> None:
    words = propose([pair("珠庭好", "朱婷好")])
    gain = gain_of([pair("看珠庭", "看朱婷"), pair("看书", "看书")], words)
    assert (gain.said, gain.found_before, gain.found_after) == (1, 0, 1)
    assert (gain.errors_before, gain.errors_after, gain.units) == (2, 0, 5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=4))
def test_whatever_was_corrected_a_proposal_can_be_written_and_read(texts) -> None:
    words = propose([pair(heard, meant) for heard, meant in texts])
    if words:
        assert len(read_pack(pack_to_toml(HotwordPack("mine", "Mine", words)).encode(), "mine.toml").words) == len(
            words
        )
