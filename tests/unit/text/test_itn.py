from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import RecognizeOptions, Script, Segment, Word
from lingting.text import chain
from lingting.text.numbers.itn import open_number, to_written

pytestmark = pytest.mark.unit

TABLES = Path(__file__).parents[2] / "data" / "text"


def pairs(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    rows = [tuple(line.split("\t")) for line in lines if not line.startswith("#")]
    return [(said, written) for said, written in rows]


CHINESE, ENGLISH = pairs("itn_zh.tsv"), pairs("itn_en.tsv")
NUMBER_WORDS = ("twenty", "hundred", "five", "and", "point", "a", "oh", "double", "first", "percent", "dollars", "to")
SPOKEN = st.text("一二两三十百千万亿零幺点分之半负比到年月日号块元个 abc,，twenty", max_size=30) | st.text(max_size=30)


@pytest.mark.parametrize(("said", "written"), CHINESE)
def test_chinese_numbers_are_written_in_digits(said: str, written: str) -> None:
    assert to_written(said, "zh") == written


@pytest.mark.parametrize(("said", "written"), ENGLISH)
def test_english_numbers_are_written_in_digits(said: str, written: str) -> None:
    assert to_written(said, "en") == written


def test_each_table_is_long_and_has_what_must_not_change() -> None:
    for table in (CHINESE, ENGLISH):
        assert len(table) >= 150
        assert sum(said == written for said, written in table) >= 40


@pytest.mark.parametrize(("table", "language"), [(CHINESE, "zh"), (ENGLISH, "en")])
def test_what_is_written_already_stays(table: list[tuple[str, str]], language: str) -> None:
    again = [(written, to_written(written, language)) for _, written in table]
    assert [pair for pair in again if pair[0] != pair[1]] == []


@given(SPOKEN, st.sampled_from(["zh", "yue", "en", "fr", ""]))
def test_any_text_can_be_written(text: str, language: str) -> None:
    assert isinstance(to_written(text, language), str)


@given(st.lists(st.sampled_from(NUMBER_WORDS)))
def test_any_order_of_number_words_can_be_written(words: list[str]) -> None:
    to_written(" ".join(words), "en")


def test_other_languages_stay() -> None:
    assert to_written("vingt et un", "fr") == "vingt et un"
    assert to_written("二十一", "ja") == "二十一"


def spoken(text: str, *words: str, language: str = "zh") -> Segment:
    timed = tuple(Word(word, i * 0.5, i * 0.5 + 0.4, 0.9 - i * 0.1) for i, word in enumerate(words))
    return Segment(0, 0.0, 5.0, text, language, timed)


WRITTEN = RecognizeOptions(language="zh", itn=True)


def test_words_that_make_a_number_become_one() -> None:
    after = chain.apply([spoken("我二十三岁", "我", "二", "十三", "岁")], WRITTEN)[0]
    assert after.text == "我23岁"
    assert [(word.text, word.start_seconds, word.end_seconds) for word in after.words] == [
        ("我", 0.0, 0.4),
        ("23", 0.5, 1.4),
        ("岁", 1.5, 1.9),
    ]


def test_a_date_keeps_a_word_for_each_of_its_parts() -> None:
    after = chain.apply([spoken("二零二六年三月五号", *"二零二六年三月五号")], WRITTEN)[0]
    assert [word.text for word in after.words] == ["2026", "年", "3", "月", "5", "号"]


def test_an_english_sum_is_one_word() -> None:
    segment = spoken("i paid two dollars", "i", " paid", " two", " dollars", language="en")
    after = chain.apply([segment], WRITTEN)[0]
    assert [word.text for word in after.words] == ["i", " paid", " $2"]


def test_numbers_stay_as_said_unless_asked_for() -> None:
    assert chain.apply([spoken("二十三")], RecognizeOptions(language="zh"))[0].text == "二十三"


def test_traditional_characters_are_kept() -> None:
    traditional = RecognizeOptions(language="zh", itn=True, script=Script.TRADITIONAL)
    assert chain.apply([spoken("三百五十块，三亿元")], traditional)[0].text == "350塊，3億元"


@pytest.mark.parametrize(
    ("text", "language", "open_part"),
    [
        ("今年是二零", "zh", "二零"),
        ("今年是2026年3月", "zh", "2026年3月"),
        ("今天天气好", "zh", ""),
        ("he paid twenty", "en", " twenty"),
        ("he paid $20", "en", " $20"),
        ("he paid", "en", ""),
        ("twenty-five", "en", "twenty-five"),
        ("二十", "ja", ""),
        ("", "en", ""),
    ],
)
def test_a_number_at_the_end_may_go_on(text: str, language: str, open_part: str) -> None:
    assert open_number(text, language) == len(open_part)


def test_a_sentence_costs_well_under_a_millisecond() -> None:
    """The bound is loose, since other work shares the machine; about 0.05 ms is usual."""
    table = [(said, "zh") for said, _ in CHINESE] + [(said, "en") for said, _ in ENGLISH]
    began_seconds = perf_counter()
    for said, language in table:
        to_written(said, language)
    assert (perf_counter() - began_seconds) / len(table) < 0.005


def test_a_very_long_number_is_no_trouble() -> None:
    assert to_written("一" * 20_000, "zh") == "1" * 20_000
    assert to_written("two hundred " * 2_000, "en").startswith("two hundred")
