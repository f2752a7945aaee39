"""What one batch asks of the weights: no more tokens than a loop needs to show, and nothing for those who have left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lingting.domain import Effort, RecognizeOptions
from lingting.engines.base import NoLongerWanted
from lingting.engines.whisper_batch import Settled, WhisperBatch, WhisperItem, WhisperPass
from lingting.engines.whisper_decode import Generated
from lingting.engines.whisper_window import WindowPolicy

pytestmark = pytest.mark.unit

SENTENCE = "城市文化和体育设施"
LONG = "这一系列调控措施让许多城市的房价在短短几个月里慢慢地降了下来而且还在降"
CLIP_SECONDS = 2.5
POLICY = WindowPolicy()
USUAL, MOST = POLICY.usual_tokens(CLIP_SECONDS), POLICY.max_tokens(CLIP_SECONDS)


class Letters:
    """A vocabulary whose tokens are letters."""

    languages = frozenset({"zh"})

    def prompt(self, language, options, *, timestamps=False):
        return [0]

    def start_sequence(self, language, task):
        return [0]

    def text_tokens(self, tokens):
        return tuple(tokens)

    def text(self, tokens):
        return "".join(map(chr, tokens))


class Weights:
    """Writes what it is told, cut where it is asked to stop."""

    def __init__(self, text: str) -> None:
        self.tokens = tuple(map(ord, text))
        self.asked: list[int] = []

    def encode(self, features):
        return features

    def generate(self, encoded, positions, prompts, search):
        self.asked.append(search.max_tokens)
        return [Generated(self.tokens[: search.max_tokens], -0.2, 0.01) for _ in positions]


def run(weights: Weights, effort: Effort, is_wanted: Callable[[], bool] = lambda: True) -> Settled:
    options = RecognizeOptions(language="zh", effort=effort, word_times=False, temperatures=(0.0,))
    features = np.zeros((80, int(100 * CLIP_SECONDS)), np.float32)
    item = WhisperItem(options, CLIP_SECONDS, features, POLICY.windows_seconds(CLIP_SECONDS), is_wanted)
    (settled,) = WhisperPass(weights, Letters(), POLICY).run(WhisperBatch((item,)), max_batch=4)
    return settled


def test_a_sentence_said_over_and_over_is_stopped_early_and_said_once() -> None:
    weights = Weights(SENTENCE * 9)
    settled = run(weights, Effort.LIVE)
    assert (settled.answer.text, weights.asked) == (SENTENCE, [USUAL])


def test_a_draft_that_falls_into_a_loop_ends_before_it() -> None:
    looping = Weights("天气很好" + "是" * 60)
    assert run(looping, Effort.DRAFT).answer.text == "天气很好是"


def test_somebody_who_speaks_fast_is_heard_to_the_end() -> None:
    assert USUAL < len(LONG) < MOST
    weights = Weights(LONG)
    assert run(weights, Effort.LIVE).answer.text == LONG
    assert weights.asked == [USUAL, MOST]


def test_usual_speech_is_written_once() -> None:
    weights = Weights(SENTENCE)
    assert run(weights, Effort.DRAFT).answer.text == SENTENCE
    assert weights.asked == [USUAL]


def test_a_recording_gets_all_the_tokens_at_once() -> None:
    weights = Weights(LONG)
    assert run(weights, Effort.FULL).answer.text == LONG
    assert weights.asked == [MOST]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_nothing_more_is_decoded_for_those_who_have_left(after: int) -> None:
    weights, asked = Weights("嗯" * 60), iter([True] * after)
    with pytest.raises(NoLongerWanted):
        run(weights, Effort.LIVE, is_wanted=lambda: next(asked, False))
    assert len(weights.asked) == after // 2
