"""How long a pause ends the user's turn, by the words and by what a model hears in the voice."""

from __future__ import annotations

import pytest

from lingting.dialogue.turns.patience import Patience, PatienceSettings

pytestmark = pytest.mark.unit

SHORT, MIDDLE, LONG = 0.5, 0.9, 2.0
PATIENCE = Patience(PatienceSettings(SHORT, MIDDLE, LONG))


@pytest.mark.parametrize(
    ("text", "alone", "over", "not_over"),
    [
        ("今天天气怎么样？", SHORT, SHORT, MIDDLE),
        ("帮我开灯谢谢", SHORT, SHORT, MIDDLE),
        ("Turn it off.", SHORT, SHORT, MIDDLE),
        ("今天天气怎么样", MIDDLE, SHORT, LONG),
        ("turn it off", MIDDLE, SHORT, LONG),
        ("今天天气不错，", LONG, SHORT, LONG),
        ("I would like to", LONG, SHORT, LONG),
        ("因为", LONG, SHORT, LONG),
    ],
)
def test_words_and_voice_together_say_how_long(text: str, alone: float, over: float, not_over: float) -> None:
    assert [PATIENCE.after(text, over_probability=each) for each in (None, 0.5, 0.9, 0.1)] == [
        alone,
        alone,
        over,
        not_over,
    ]
    assert PATIENCE.may_be_over(text) == (alone < LONG)
