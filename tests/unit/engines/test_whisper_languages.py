"""Whisper's guess of the language, among those that are possible."""

import pytest

from lingting.engines.whisper_decode import WhisperModel

pytestmark = pytest.mark.unit

RANKED = [("<|ja|>", 0.5), ("<|zh|>", 0.3), ("<|en|>", 0.1), ("<|ko|>", 0.1)]


class Ranking:
    device, device_index = "cpu", [0]

    def detect_language(self, rows):
        return [RANKED] * len(rows)


class Rows:
    def rows(self, positions):
        return positions


def detect(*among):
    return WhisperModel(Ranking(), []).detect(Rows(), list(range(len(among))), among)


def test_the_likeliest_of_all_is_found_where_any_is_possible() -> None:
    assert detect(()) == [("ja", 0.5)]


def test_only_what_is_possible_is_found_and_shares_the_probability() -> None:
    ((language, probability),) = detect(("zh", "en"))
    assert language == "zh"
    assert probability == pytest.approx(0.75)


def test_each_clip_of_a_batch_has_its_own_possibilities() -> None:
    assert [language for language, _ in detect(("en",), (), ("ko", "en"))] == ["en", "ja", "en"]
