from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import RecognizeOptions, Script, Segment, Spacing, Word
from lingting.text import chain
from lingting.text.spacing import rewrite_spaces, rewrite_widths

pytestmark = pytest.mark.unit

AS_IS = RecognizeOptions()
SPACED, TIGHT = replace(AS_IS, spacing=Spacing.SPACED), replace(AS_IS, spacing=Spacing.TIGHT)


def segment(text: str, language: str = "zh", words: tuple[str, ...] = ()) -> Segment:
    timed = tuple(Word(word, i * 0.5, i * 0.5 + 0.5, 0.9) for i, word in enumerate(words))
    return Segment(0, 0.0, 5.0, text, language, timed)


@pytest.mark.parametrize(
    ("tight", "spaced"),
    [
        ("我用Python写代码", "我用 Python 写代码"),
        ("一共3个人", "一共 3 个人"),
        ("涨了15.5%。", "涨了 15.5%。"),
        ("涨了15.5%以后", "涨了 15.5% 以后"),
        ("花了$25买书", "花了 $25 买书"),
        ("今天-5℃左右", "今天 -5℃ 左右"),
        ("打开Visual Studio，再打开Excel", "打开 Visual Studio，再打开 Excel"),
        ("你好，世界", "你好，世界"),
        ("OK", "OK"),
    ],
)
def test_spaces_stand_where_scripts_meet_or_nowhere(tight: str, spaced: str) -> None:
    assert rewrite_spaces([segment(tight)], SPACED)[0].text == spaced
    assert rewrite_spaces([segment(spaced)], SPACED)[0].text == spaced
    assert rewrite_spaces([segment(spaced)], TIGHT)[0].text == tight
    assert rewrite_spaces([segment(tight)], TIGHT)[0].text == tight
    assert rewrite_spaces([segment(tight)], AS_IS)[0].text == tight


def test_other_languages_keep_their_spaces() -> None:
    assert rewrite_spaces([segment("東京は 3 月", "ja")], TIGHT)[0].text == "東京は 3 月"


def test_a_space_goes_to_the_word_after_it() -> None:
    after = rewrite_spaces([segment("用Python写", words=("用", "Python", "写"))], SPACED)[0]
    assert [word.text for word in after.words] == ["用", " Python", " 写"]


def test_digits_and_letters_have_their_usual_width() -> None:
    assert rewrite_widths([segment("ＡＢｃ１２３，好")], AS_IS)[0].text == "ABc123，好"
    assert rewrite_widths([segment("１２３")], replace(AS_IS, script=Script.AS_IS))[0].text == "１２３"


def test_numbers_that_become_digits_are_spaced_as_well() -> None:
    both = replace(SPACED, itn=True)
    assert chain.apply([segment("一共二十三个人")], both)[0].text == "一共 23 个人"


@given(st.text("你好世界abc019 ，%$", max_size=30))
def test_spacing_undoes_itself(text: str) -> None:
    spaced = rewrite_spaces([segment(text.strip())], SPACED)[0]
    again = rewrite_spaces([spaced], SPACED)[0]
    assert again.text == spaced.text
    assert spaced.text.replace(" ", "") == text.replace(" ", "")
