import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Hypothesis, Punctuation, RecognizeOptions, Segment, Span, Word
from lingting.live.answers import spoken
from lingting.text import chain
from lingting.text.punctuation import restore_marks

pytestmark = pytest.mark.unit

AUTO = RecognizeOptions()


def said(text: str, language: str = "zh", pauses: dict[str, float] | None = None) -> Segment:
    """A segment that says the text evenly; `pauses` has the silence before some of its words."""
    spaced = re.findall(r"\s*\S+", text) if language == "en" else list(text)
    reached, words = 0.0, []
    for unit in spaced:
        reached += (pauses or {}).get(unit.strip(), 0.0)
        words.append(Word(unit, reached, reached + 0.2, 0.9))
        reached += 0.2
    return Segment(0, 0.0, reached, text, language, tuple(words))


def marked(text: str, language: str = "zh", pauses: dict[str, float] | None = None) -> str:
    return restore_marks([said(text, language, pauses)], AUTO)[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我国的经济处在爬坡过坎的重要关口", "我国的经济处在爬坡过坎的重要关口。"),
        ("今天天气很好我们去公园你有没有时间", "今天天气很好我们去公园你有没有时间？"),
        ("你知道他昨天没有来参加会议吗我给他打了电话", "你知道他昨天没有来参加会议吗？我给他打了电话。"),
        ("因为下雨所以我们没有去公园但是去了图书馆", "因为下雨，所以我们没有去公园，但是去了图书馆。"),
        ("请问你们公司的地址在哪里", "请问你们公司的地址在哪里？"),
        ("我不知道他昨天晚上去了哪里", "我不知道他昨天晚上去了哪里。"),
        ("正是因为大家都很努力才有今天", "正是因为大家都很努力才有今天。"),
        ("不要因为下雨就不去上班工作", "不要因为下雨就不去上班工作。"),
        ("打开客厅的灯", "打开客厅的灯"),
        ("今天天气很好，我们去公园走走吧", "今天天气很好，我们去公园走走吧"),
    ],
)
def test_chinese_without_marks_is_given_some(text: str, expected: str) -> None:
    assert marked(text) == expected


def test_a_pause_parts_clauses_and_a_long_one_sentences() -> None:
    text = "说起自己的伴侣大侠每日经济新闻记者注意到苹果公布了合作伙伴"
    assert (
        marked(text, pauses={"每": 0.6, "苹": 0.25})
        == "说起自己的伴侣大侠。每日经济新闻记者注意到，苹果公布了合作伙伴。"
    )


def test_a_pause_inside_a_number_or_after_a_word_that_goes_on_parts_nothing() -> None:
    assert marked("我的手机号码是幺三八零零幺三八", pauses={"零": 0.4}) == "我的手机号码是幺三八零零幺三八。"
    assert marked("这是我们公司的主要产品和服务", pauses={"主": 0.4}) == "这是我们公司的主要产品和服务。"


@pytest.mark.parametrize(
    ("text", "pauses", "expected"),
    [
        (
            "what time does the meeting start tomorrow morning",
            {},
            "What time does the meeting start tomorrow morning?",
        ),
        (
            "i think i'm late but i will call you",
            {},
            "I think I'm late but I will call you.",
        ),
        (
            "the weather is nice today we should go out",
            {"we": 0.7},
            "The weather is nice today. We should go out.",
        ),
        ("can you tell me where the station is", {}, "Can you tell me where the station is?"),
        ("when he came home he saw that it rained", {}, "When he came home he saw that it rained."),
        ("how many people are there in this room", {}, "How many people are there in this room?"),
        ("turn on the light", {}, "turn on the light"),
        ("Well, that is what he said to all of us", {}, "Well, that is what he said to all of us"),
    ],
)
def test_english_without_marks_is_given_some(text: str, pauses: dict[str, float], expected: str) -> None:
    assert marked(text, "en", pauses) == expected


def test_a_segment_that_was_cut_inside_a_sentence_ends_with_a_comma() -> None:
    first = said("这个问题我们已经讨论过很多次")
    second = replace(said("大家都没有别的意见我们就这样"), start_seconds=first.end_seconds + 0.1)
    after = restore_marks([first, second], AUTO)
    assert [segment.text[-1] for segment in after] == ["，", "。"]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("因为下雨所以我们没有去公园但是去了", "zh", "因为下雨，所以我们没有去公园，但是去了"),
        ("he went to the house and then he said that", "en", "He went to the house and then he said that"),
    ],
)
def test_speech_that_was_cut_without_a_pause_gets_no_mark_at_the_cut(text: str, language: str, expected: str) -> None:
    assert restore_marks([replace(said(text, language), is_cut=True)], AUTO)[0].text == expected


def test_other_languages_and_those_who_want_none_get_none() -> None:
    assert marked("今日はとてもいい天気なので公園に行きました", "ja")[-1] == "た"
    off = replace(AUTO, punctuation=Punctuation.OFF)
    segment = said("我国的经济处在爬坡过坎的重要关口")
    assert restore_marks([segment], off) == (segment,)


def test_words_carry_their_marks() -> None:
    after = restore_marks([said("因为下雨所以我们没有去公园玩")], AUTO)[0]
    assert "".join(word.text for word in after.words) == after.text
    assert [word.text for word in after.words if len(word.text) > 1] == ["雨，", "玩。"]


def test_a_draft_is_shown_without_the_marks_of_a_whole_sentence() -> None:
    heard = spoken(Hypothesis("我国的经济处在爬坡过坎的重要关口", "zh"), AUTO, Span(0, 16_000))
    assert heard.text == heard.draft + "。"


@given(st.text("你好吗因为所以但是我的 abc，0", max_size=40) | st.text(max_size=40), st.sampled_from(["zh", "en"]))
def test_only_marks_and_capitals_are_added(text: str, language: str) -> None:
    segment = said(text.strip(), language, {"我": 0.3, "a": 0.6})
    after = restore_marks([segment], AUTO)[0]
    assert re.sub(r"[，。？,.?]", "", after.text).lower() == re.sub(r"[，。？,.?]", "", segment.text).lower()
    assert len(after.words) == len(segment.words)


@pytest.mark.parametrize("step", chain.STEPS)
@given(text=st.text(max_size=30), language=st.sampled_from(["zh", "en", "ja"]))
def test_every_step_takes_any_text(step: chain.Step, text: str, language: str) -> None:
    segment = said(text.strip(), language)
    after = step([segment], replace(AUTO, itn=True))[0]
    assert "".join(word.text for word in after.words).strip() == after.text.strip() or not after.words
