"""What Vosk says, in its own JSON, becomes hypotheses; what it would not survive is refused before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lingting.domain.errors import EngineFailed, ModelCorrupt, SettingsInvalid
from lingting.engines.vosk import INT16_SCALE, Ear, VoskEngine, VoskSettings, VoskStream
from lingting.testing import silence, tone

pytestmark = pytest.mark.unit


class Recognizer:
    """Says its partials in order; a list of words among them is the end of a sentence."""

    def __init__(self, *said: str | list[tuple[str, float]], last: list[tuple[str, float]] | None = None) -> None:
        self._said = list(said)
        self._last = last or []
        self._seconds = 0.0
        self.heard: list[bytes] = []

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802 - Vosk's name
        self.heard.append(data)
        return int(isinstance(self._said[0], list))

    def PartialResult(self) -> str:  # noqa: N802 - Vosk's name
        return json.dumps({"partial": self._said.pop(0)})

    def Result(self) -> str:  # noqa: N802 - Vosk's name
        return self._sentence(self._said.pop(0))

    def FinalResult(self) -> str:  # noqa: N802 - Vosk's name
        last, self._last = self._last, []
        return self._sentence(last) if last else '{"text": ""}'

    def _sentence(self, words: list[tuple[str, float]]) -> str:
        """One second for each word, after all that came before."""
        result = []
        for word, confidence in words:
            result.append({"word": word, "conf": confidence, "start": self._seconds, "end": self._seconds + 1.0})
            self._seconds += 1.0
        return json.dumps({"result": result, "text": " ".join(word for word, _ in words)})


class House:
    """Stands for the engine that takes its ears back."""

    def __init__(self) -> None:
        self.returned: list[Ear] = []

    def give_back(self, ear: Ear) -> None:
        self.returned.append(ear)


def stream_of(recognizer: Recognizer, *, heard_samples: int = 0, language: str = "en") -> VoskStream:
    ear = Ear(recognizer)
    ear.heard_samples = heard_samples
    return VoskStream(House(), ear, language, word_times=True)


def texts(stream: VoskStream, count: int) -> list[str | None]:
    answers = [stream.accept(silence(0.1)) for _ in range(count)]
    return [answer.text if answer is not None else None for answer in answers]


def test_nothing_is_said_again_while_nothing_changes() -> None:
    assert texts(stream_of(Recognizer("", "one", "one", "one two")), 4) == [None, "one", None, "one two"]


def test_sentences_that_vosk_has_ended_stay_in_front_of_what_follows() -> None:
    stream = stream_of(Recognizer("one", [("one", 1.0), ("two", 1.0)], "", "three", last=[("three", 1.0)]))
    assert texts(stream, 4) == ["one", "one two", None, "one two three"]
    answer = stream.finish()
    assert answer.text == "one two three"
    assert [(word.text, word.start_seconds) for word in answer.words] == [("one", 0.0), (" two", 1.0), (" three", 2.0)]


def test_what_is_no_word_is_left_out() -> None:
    stream = stream_of(Recognizer("[unk] one <noise>", last=[("[unk]", 0.3), ("one", 1.0), ("<noise>", 0.2)]))
    assert texts(stream, 1) == ["one"]
    answer = stream.finish()
    assert (answer.text, len(answer.words), answer.avg_logprob) == ("one", 1, 0.0)


def test_chinese_words_are_joined_without_spaces() -> None:
    stream = stream_of(Recognizer("今天 天气", last=[("今天", 1.0), ("天气", 1.0), ("ok", 1.0)]), language="zh")
    assert texts(stream, 1) == ["今天天气"]
    answer = stream.finish()
    assert answer.text == "今天天气ok"
    assert "".join(word.text for word in answer.words) == answer.text


def test_times_count_from_the_start_of_the_stream_not_of_the_recogniser() -> None:
    recognizer = Recognizer(last=[("one", 1.0)])
    recognizer._seconds = 30.25
    stream = stream_of(recognizer, heard_samples=30 * 16_000)
    (word,) = stream.finish().words
    assert (word.start_seconds, word.end_seconds) == (0.25, 1.25)


def test_the_average_is_of_the_logarithms_of_the_confidences_and_finite() -> None:
    assert stream_of(Recognizer(last=[("a", 0.5), ("b", 1.0)])).finish().avg_logprob == pytest.approx(np.log(0.5) / 2)
    assert stream_of(Recognizer(last=[("a", 0.0)])).finish().avg_logprob == pytest.approx(np.log(0.01))
    assert stream_of(Recognizer()).finish().avg_logprob == 0.0


def test_samples_out_of_range_are_clipped() -> None:
    recognizer = Recognizer("")
    stream_of(recognizer).accept(tone(440, 0.1, level=2.0))
    steps = np.frombuffer(recognizer.heard[0], dtype="<i2")
    assert (steps.min(), steps.max()) == (-INT16_SCALE, INT16_SCALE - 1)


def test_a_stream_gives_its_recogniser_back_once_and_hears_no_more() -> None:
    stream = stream_of(Recognizer())
    stream.close()
    stream.close()
    with pytest.raises(EngineFailed):
        stream.accept(silence(0.1))
    assert len(stream._engine.returned) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"languages": ("klingon",)},
        {"grammar": ("",)},
        {"grammar": ("x" * 101,)},
        {"grammar": ("yes",) * 1_001},
        {"threads": -1},
        {"spare_recognizers": -1},
    ],
)
def test_wrong_settings_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        VoskSettings(**wrong)
    assert refused.value.param == next(iter(wrong))


def model_like(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("nothing of the kind")
    return folder


COMPLETE = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
KOREAN = VoskSettings(languages=("ko",))


def test_a_folder_that_is_no_model_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match=r"am/final\.mdl"):
        VoskEngine(tmp_path, KOREAN)
    with pytest.raises(ModelCorrupt, match=r"graph/HCLr\.fst"):
        VoskEngine(model_like(tmp_path, *COMPLETE), KOREAN)


def test_a_whole_graph_takes_no_grammar(tmp_path: Path) -> None:
    folder = model_like(tmp_path, *COMPLETE, "graph/HCLG.fst", "graph/words.txt")
    with pytest.raises(SettingsInvalid, match="takes no grammar"):
        VoskEngine(folder, VoskSettings(languages=("ko",), grammar=("yes",)))


def test_an_engine_wants_to_know_its_languages(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="languages"):
        VoskEngine(tmp_path)
