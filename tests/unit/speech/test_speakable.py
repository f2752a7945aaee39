"""What a voice is handed of a text that was written for the eye."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.speech.speakable import has_words, speakable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Two** steps:\n\n- Open `config`\n- Run _it_", "Two steps:\n\nOpen config\nRun it"),
        ("# Title\n> quoted\n***\n======", "Title\nquoted"),
        ("See https://www.example.com/docs/a-b?x=1&y=2. Then go.", "See example dot com. Then go."),
        ("(http://example.com/c), www.example.org/x!", "(example dot com), example dot org!"),
        ("Mail ann.b@example.com", "Mail ann dot b at example dot com"),
        ("[this page](https://example.com/x) ![a cat](cat.png)", "this page a cat"),
        ("| a | b |\n|---|:--|\n| 1 | 2 |", "a b\n\none two"),
        ("```python\nprint('hi')\n```\nDone.", "Done."),
        ("```sh\nls\n```", "sh\nls"),
        ("<b>Bold</b> &amp; plain", "Bold and plain"),
        ("Well done 😀👍🏽 ❤️ ✅ 1️⃣!", "Well done one !"),
        ("5 × 3 = 15 → 2 + 2", "five times three equals fifteen to two plus two"),
        ("x <= 3 and 3 < 5", "x is at most three and three is less than five"),
        ("$E = mc^2$ for $5", "E equals mc squared for five dollars"),
        ("Node.js, e.g. 3.14, file_name", "Node.js, for example three point one four, file_name"),
    ],
)
def test_what_is_for_the_eye_is_not_said_in_english(written: str, said: str) -> None:
    assert speakable(written, "en") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("看 https://www.example.com/路径，谢谢", "看 example点com，谢谢"),
        ("发到 ann@example.com。", "发到 ann艾特example点com。"),
        ("5×3=15，2+2=4", "五乘三等于十五，二加二等于四"),
        ("~~旧的~~ **新的** ★★★ 好的～", "旧的 新的 好的"),
    ],
)
def test_what_is_for_the_eye_is_not_said_in_chinese(written: str, said: str) -> None:
    assert speakable(written, "zh") == said


def test_other_languages_keep_their_signs_which_their_voices_know() -> None:
    assert speakable("5 = 5, siehe https://example.com/x", "de") == "5 = 5, siehe example.com"


@given(st.text(st.sampled_from("a1 \n`~|<>&=+.:/-_*#@$[]()!，。好https"), max_size=80), st.sampled_from(["en", "zh"]))
def test_words_never_go_with_their_markup_altogether(written: str, language: str) -> None:
    said = speakable(written, language)
    assert not set("`|<>*") & set(said)
    if written.isalpha():
        assert has_words(said)
