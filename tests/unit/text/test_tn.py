from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.text.numbers import numerals_en, numerals_zh
from lingting.text.numbers.itn import to_written
from lingting.text.numbers.tn import to_spoken

pytestmark = pytest.mark.unit

TABLES = Path(__file__).parents[2] / "data" / "text"
ASCII_DIGITS = set("0123456789")


def pairs(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(written, spoken) for written, spoken in rows]


CHINESE, ENGLISH = pairs("tn_zh.tsv"), pairs("tn_en.tsv")
NUMBERLIKE = st.text("0123456789.,:/-+%$¥℃°() 年月日点个kmgGHzapst&第室", max_size=24)


@pytest.mark.parametrize(("written", "spoken"), CHINESE)
def test_chinese_is_read_aloud(written: str, spoken: str) -> None:
    assert to_spoken(written, "zh") == spoken


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english_is_read_aloud(written: str, spoken: str) -> None:
    assert to_spoken(written, "en") == spoken


def test_each_table_is_long() -> None:
    assert min(len(CHINESE), len(ENGLISH)) >= 150


@given(NUMBERLIKE | st.text(max_size=24), st.sampled_from(["zh", "en"]))
def test_no_digit_is_left_of_any_text(text: str, language: str) -> None:
    assert not ASCII_DIGITS & set(to_spoken(text, language))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("text", ["1" * 20_000, "1," * 5_000, "1.1" * 5_000, "1-1/1:1%" * 2_000, "$" * 5_000 + "1"])
def test_a_very_long_number_is_no_trouble(text: str, language: str) -> None:
    assert to_spoken(text, language)


def test_other_languages_stay() -> None:
    assert to_spoken("3 km", "fr") == "3 km"


@given(st.integers(0, 10**16 - 1))
def test_chinese_numbers_are_read_back(value: int) -> None:
    assert numerals_zh.read_cardinal(numerals_zh.say_cardinal(value)) == value


@given(st.integers(0, 10**15 - 1))
def test_english_numbers_are_read_back(value: int) -> None:
    number = numerals_en.read_cardinal(numerals_en.say_cardinal(value).split())
    assert number is not None
    assert number.value == value


@given(st.integers(1, 10**9))
def test_english_ordinals_are_read_back(value: int) -> None:
    words = numerals_en.say_ordinal(value).split()
    number = numerals_en.ordinal_of(words)
    if len(words) <= numerals_en.MAX_ORDINAL_WORDS and words[-1] in numerals_en.ORDINALS:
        assert number is not None
        assert number.value == value


@pytest.mark.parametrize("value", [*range(10, 400), 1_000, 1_234, 99_999, 100_000, 120_003])
def test_what_is_spoken_is_written_back(value: int) -> None:
    assert to_written(to_spoken(str(value) + "人", "zh"), "zh") in {f"{value}人", f"{value / 10_000:g}万人"}
    if not 1_000 <= value <= 2_100:
        assert to_written(to_spoken(str(value), "en"), "en").replace(",", "") == str(value)


def test_a_sentence_costs_well_under_a_millisecond() -> None:
    """The bound is loose, since other work shares the machine; about 0.03 ms is usual."""
    table = [(written, "zh") for written, _ in CHINESE] + [(written, "en") for written, _ in ENGLISH]
    began_seconds = perf_counter()
    for written, language in table:
        to_spoken(written, language)
    assert (perf_counter() - began_seconds) / len(table) < 0.005
