"""What speakers got, told from events at known moments."""

import numpy as np
import pytest

from lingting.client import Final, Notice, Partial, SegmentError
from lingting.domain.errors import InvalidOption
from lingting.proof.load.clips import Spoken
from lingting.proof.load.speakers import Heard, figures_of
from lingting.proof.load.talks import Talk, Utterance, make_talk
from lingting.proof.transcription_door import Target, one_language

pytestmark = pytest.mark.unit
TALK = Talk(np.zeros(160_000, np.float32), (Utterance("a", 1.0, 3.0), Utterance("b", 5.0, 8.0)))


def test_texts_and_finals_are_told_from_the_true_ends_of_speech() -> None:
    heard = Heard(TALK)
    heard.events = [
        (1.6, Partial(0, 0.9, 1.5, "one", "")),
        (3.7, Final(0, 0.9, 3.1, "one two", lag_seconds=0.2)),
        (6.0, Partial(1, 4.9, 5.5, "", "")),
        (8.4, Final(1, 4.9, 7.0, "three")),
        (9.0, Final(2, 7.1, 8.1, "four", lag_seconds=0.4)),
    ]
    found = figures_of("here", [heard])
    assert (found.said, found.delivered) == (2, 2)
    assert found.first_text.p50 == pytest.approx((0.6 + 3.4) / 2)
    assert found.final.p50 == pytest.approx((0.7 + 1.0) / 2)


def test_a_recording_without_a_final_is_missed() -> None:
    heard = Heard(TALK, [(3.7, Final(0, 0.9, 3.1, "one"))])
    found = figures_of("here", [heard])
    assert (found.said, found.delivered) == (2, 1)


def test_what_goes_wrong_is_counted_by_its_code() -> None:
    broken = SegmentError(0, 0.0, 1.0, "engine_failed", "broke", retryable=False)
    heard = Heard(TALK, [(1.0, broken)], problem="connection_lost")
    other = Heard(TALK, [(1.0, Notice("lagging", 2.0, "busy"))])
    found = figures_of("here", [heard, other])
    assert found.failed == {"connection_lost": 1, "engine_failed": 1}
    assert found.notices == {"lagging": 1}


def test_the_first_seconds_may_be_left_out() -> None:
    assert figures_of("here", [Heard(TALK)], warm_up_seconds=3.0).said == 1


def test_a_talk_has_pauses_and_knows_where_its_speech_is() -> None:
    spoken = [Spoken(name, np.ones(16_000, np.float32), 0.25, 0.75) for name in "ab"]
    talk = make_talk(spoken, seconds=9.0, seed=1)
    assert talk.seconds >= 9.0
    for one in talk.utterances:
        middle = int((one.speech_from + one.speech_to) / 2 * 16_000)
        assert talk.samples[middle] == 1.0
    assert talk.samples[-1] == 0.0
    assert np.array_equal(talk.samples, make_talk(spoken, seconds=9.0, seed=1).samples)


@pytest.mark.parametrize(
    ("given", "base_url", "root", "model"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000", "whisper-1"),
        ("127.0.0.1:8000/v1/#large", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000", "large"),
        ("https://x.example/openai/v1", "https://x.example/openai/v1", "https://x.example/openai", "whisper-1"),
    ],
)
def test_an_address_is_a_server_or_its_base_url(given: str, base_url: str, root: str, model: str) -> None:
    target = Target.of(given)
    assert (target.base_url, target.root, target.model) == (base_url, root, model)


@pytest.mark.parametrize("given", ["ftp://x", "http://", "http://a:b@x", "http://x/?key=1", "http://x:port"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidOption):
        Target.of(given)


def test_a_server_is_told_one_language() -> None:
    assert [one_language(given) for given in ("zh-CN", "en", "zh-en", "ja_en", "")] == ["zh", "en", None, None, None]
