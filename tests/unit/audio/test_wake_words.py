"""Words of the sound: which there are, and what is said where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from absent import absent
from lingting.audio import wake_words
from lingting.audio.wake_words import WAKE_WORDS, WordSpotter, require_wake_words
from lingting.domain.errors import EngineUnavailable, InvalidOption

pytestmark = pytest.mark.unit


def test_a_word_that_is_not_carried_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidOption, match=r"'hey_computer' is none of okay_nabu, .*alexa; any other phrase"):
        require_wake_words(["alexa", "hey_computer"])


def test_without_the_package_the_line_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_words.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'lingting\[wake\]'"):
        WordSpotter(["alexa"])


def test_without_words_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_words.importlib.util, "find_spec", lambda _name: None)
    require_wake_words([])


def test_the_words_are_those_of_the_package_and_noise_is_none_of_them() -> None:
    try:
        require_wake_words(WAKE_WORDS)
    except EngineUnavailable as missing:
        absent(missing.message)
    from pymicro_wakeword import Model

    assert {model.value for model in Model} == set(WAKE_WORDS)
    spotter = WordSpotter(WAKE_WORDS)
    noise = np.random.default_rng(7).standard_normal(2 * 16_000).astype(np.float32) * 0.1
    assert [spotted for piece in np.array_split(noise, 13) for spotted in spotter.hear(piece)] == []
    assert spotter.hear(np.zeros(0, np.float32)) == []
    spotter.close()
