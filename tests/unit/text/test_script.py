import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import RecognizeOptions, Script, Segment, Word
from lingting.text import chain
from lingting.text.script import to_script

pytestmark = pytest.mark.unit

SIMPLIFIED = RecognizeOptions(language="zh")
TRADITIONAL = replace(SIMPLIFIED, script=Script.TRADITIONAL)
AS_IS = replace(SIMPLIFIED, script=Script.AS_IS)


def segment(text: str, *, language: str = "zh", words: tuple[str, ...] = ()) -> Segment:
    timed = tuple(Word(word, i * 0.5, i * 0.5 + 0.5, 0.9) for i, word in enumerate(words))
    return Segment(0, 0.0, 5.0, text, language, timed)


def rewritten(text: str, options: RecognizeOptions = SIMPLIFIED, *, language: str = "zh") -> str:
    return chain.apply([segment(text, language=language)], options)[0].text


def test_chinese_becomes_simplified_by_default() -> None:
    assert rewritten("這個軟體開發得很快") == "这个软体开发得很快"
    assert rewritten("唔該晒", language="yue") == "唔该晒"


def test_chinese_becomes_traditional_on_request() -> None:
    assert rewritten("头发发现", TRADITIONAL) == "頭髮發現"


def test_as_is_keeps_the_script() -> None:
    assert rewritten("頭髮和头发", AS_IS) == "頭髮和头发"
    assert to_script("頭髮", Script.AS_IS) == "頭髮"


@pytest.mark.parametrize(("text", "language"), [("図書館で勉強, する", "ja"), ("Hello, world: 3 , 4 .", "en")])
def test_other_languages_are_not_touched(text: str, language: str) -> None:
    assert rewritten(text, language=language) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天 天气 很好", "今天天气很好"),
        ("我 用 Python 写 code", "我用 Python 写 code"),
        ("你好,世界", "你好，世界"),
        ("你好, 世界!", "你好，世界！"),
        ("你好, world", "你好, world"),
        ("现在是3:30,对吗?", "现在是3:30,对吗？"),
        ("版本是 v1.2.", "版本是 v1.2."),
        ("到此结束.", "到此结束。"),
        ("我...", "我..."),
        ("约翰.史密斯", "约翰.史密斯"),
        ("请听：OK", "请听：OK"),
    ],
)
def test_only_spaces_and_marks_between_wide_characters_change(text: str, expected: str) -> None:
    assert rewritten(text) == expected


def test_words_are_converted_in_the_context_of_their_segment() -> None:
    before = segment("头发发现", words=("头", "发", "发", "现"))
    after = chain.apply([before], TRADITIONAL)[0]
    assert [word.text for word in after.words] == ["頭", "髮", "發", "現"]
    assert [word.start_seconds for word in after.words] == [word.start_seconds for word in before.words]


def test_words_spell_the_text_after_spaces_and_marks_changed() -> None:
    after = chain.apply([segment("你好, 世界 OK 吗?", words=("你好,", " 世界", " OK", " 吗?"))], SIMPLIFIED)[0]
    assert after.text == "你好，世界 OK 吗？"
    assert [word.text for word in after.words] == ["你好，", "世界", " OK", " 吗？"]


def test_a_text_that_its_words_do_not_spell_is_rewritten_alone() -> None:
    after = chain.apply([segment("這個好", words=("這", "個"))], SIMPLIFIED)[0]
    assert (after.text, [word.text for word in after.words]) == ("这个好", ["这", "个"])


@given(st.lists(st.text("头發髮发乾干 ,.?!abX3，。", min_size=1, max_size=4), max_size=12), st.sampled_from(Script))
def test_words_keep_their_number_and_go_on_spelling_the_text(texts: list[str], script: Script) -> None:
    before = segment("".join(texts).strip(), words=tuple(texts))
    after = chain.apply([before], replace(SIMPLIFIED, script=script))[0]
    assert len(after.words) == len(before.words)
    if after.words:
        assert "".join(word.text for word in after.words).strip() == after.text


def test_several_threads_may_convert_at_once() -> None:
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(to_script("頭髮", Script.SIMPLIFIED))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["头发"] * 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [("沿著大街走", "沿着大街走"), ("他著急了", "他着急了"), ("著名的著作", "著名的著作"), ("顯著", "显著")],
)
def test_the_particle_is_told_from_the_writing(text: str, expected: str) -> None:
    assert rewritten(text) == expected


@pytest.mark.parametrize("step", chain.STEPS)
def test_every_step_keeps_number_order_and_times(step: chain.Step) -> None:
    segments = [segment("這個", words=("這", "個")), segment("hello", language="en"), segment("")]
    after = step(segments, SIMPLIFIED)
    times = [(part.start_seconds, part.end_seconds, len(part.words)) for part in segments]
    assert [(part.start_seconds, part.end_seconds, len(part.words)) for part in after] == times
