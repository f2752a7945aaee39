"""A live session that hides: which finals wait, for how long, and what its partials show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.domain import (
    CloseReason,
    Final,
    Hypothesis,
    Partial,
    RecognizeOptions,
    Redaction,
    RedactMode,
    SpeechEnded,
    StreamOptions,
    Word,
)
from lingting.live.asks import Ask, AskKind, Output
from lingting.live.redacting import HOLD_SECONDS
from lingting.live.session import Session

pytestmark = pytest.mark.unit

FRAME = 512
FRAME_SECONDS = FRAME / 16_000
OPTIONS = StreamOptions(
    RecognizeOptions(language="zh", redaction=Redaction(RedactMode.MASK), guard=False), adaptive_silence=False
)


class Talk:
    """Speaks into a session and answers its asks by a script."""

    def __init__(self, options: StreamOptions = OPTIONS) -> None:
        self.session = Session(options)
        self.said: list[Output] = []
        self.text = ""

    def hear(self, seconds: float, probability: float) -> None:
        for _ in range(round(seconds / FRAME_SECONDS)):
            self._take(self.session.hear(np.zeros(FRAME, np.float32), [probability], now_seconds=0.0))

    def speak(self, text: str, *, seconds: float = 1.0, pause_seconds: float = 0.8) -> None:
        self.text = text
        self.hear(seconds, 0.9)
        self.hear(pause_seconds, 0.0)

    def finish(self) -> None:
        self._take(self.session.finish(np.zeros(0, np.float32), now_seconds=0.0))
        self._take(self.session.close(CloseReason.FINISHED))

    @property
    def finals(self) -> list[str]:
        return [each.text for each in self.said if isinstance(each, Final)]

    @property
    def partials(self) -> list[str]:
        return [each.text for each in self.said if isinstance(each, Partial)]

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.said.append(output)
            if isinstance(output, Ask):
                end = len(output.audio.samples) / 16_000
                words = (Word(self.text, 0.0, end, 1.0),) if output.kind is AskKind.FINAL else ()
                heard = Hypothesis(self.text, "zh", words=words)
                self._take(self.session.answer(output.number, heard, now_seconds=0.0))


def test_a_final_without_an_open_end_is_said_at_once() -> None:
    talk = Talk()
    talk.speak("你好。")
    assert talk.finals == ["你好。"]


def test_a_number_over_two_finals_is_hidden_in_both() -> None:
    talk = Talk()
    talk.speak("电话是138。")
    assert talk.finals == []
    talk.speak("00138000，谢谢。")
    assert talk.finals == ["电话是***。", "********，谢谢。"]


def test_silence_lets_a_final_go_with_its_open_end_hidden() -> None:
    talk = Talk()
    talk.speak("电话是138")
    talk.hear(HOLD_SECONDS + 1.0, 0.0)
    assert talk.finals == ["电话是***"]


def test_the_end_lets_go_of_what_waits_and_the_session_is_settled() -> None:
    talk = Talk()
    talk.speak("一共138。")
    assert not talk.session.is_settled
    talk.finish()
    assert talk.finals == ["一共138。"]
    assert talk.session.is_settled


def test_a_commit_lets_go_before_it_is_answered() -> None:
    talk = Talk()
    talk.speak("电话是138。")
    talk._take(talk.session.commit(now_seconds=0.0))
    assert talk.finals == ["电话是***。"]


def test_a_final_says_what_kind_was_hidden_and_when() -> None:
    talk = Talk()
    talk.speak("电话13800138000。")
    (final,) = [each for each in talk.said if isinstance(each, Final)]
    assert [str(gone.kind) for gone in final.redacted] == ["phone"]
    assert final.start_seconds <= final.redacted[0].start_seconds < final.redacted[0].end_seconds
    assert all("138" not in word.text for word in final.words)


def test_no_partial_shows_a_digit_of_what_the_final_hides() -> None:
    talk = Talk()
    for text in (
        "我的电话",
        "我的电话是138",
        "我的电话是1380013",
        "我的电话是13800138000",
        "我的电话是13800138000。好的",
    ):
        talk.text = text
        talk.hear(0.7, 0.9)
    talk.hear(0.8, 0.0)
    assert talk.finals == ["我的电话是***********。好的"]
    assert not any(character.isdigit() for text in talk.partials for character in text)


def test_options_that_hide_nothing_change_nothing() -> None:
    talk = Talk(StreamOptions(RecognizeOptions(language="zh", guard=False), adaptive_silence=False))
    talk.speak("电话是138。")
    assert talk.finals == ["电话是138。"]


texts = st.sampled_from(["电话是138", "0013", "8000。", "你好。", "我叫王小明。", "", "一三八", "13800138000"])
acts = st.lists(st.tuples(texts, st.sampled_from(["", "commit", "clear", "silence", "rest"])), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(acts)
def test_every_segment_has_one_final_in_order_whatever_waits(script: list[tuple[str, str]]) -> None:
    talk = Talk()
    for text, act in script:
        talk.speak(text)
        if act == "silence":
            talk.hear(HOLD_SECONDS + 1.0, 0.0)
        elif act:
            talk._take(getattr(talk.session, act)(now_seconds=0.0))
    talk.finish()
    ended = [each.segment for each in talk.said if isinstance(each, SpeechEnded)]
    finals = [each.segment for each in talk.said if isinstance(each, Final)]
    assert finals == ended
    assert talk.session.is_settled
    assert "13800138000" not in "".join(talk.finals)
    seqs = [each.seq for each in talk.said if isinstance(each, Final | SpeechEnded)]
    assert seqs == sorted(seqs)
