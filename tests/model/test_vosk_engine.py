"""The Vosk engine with the Korean model, on real speech and on what is none."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from faster_whisper.audio import decode_audio

from absent import absent, require_recordings
from engine_rows import KOREAN
from lingting.domain import Audio, Hypothesis, RecognizeOptions, Span
from lingting.domain.errors import ModelCorrupt, ModelMissing, SettingsInvalid
from lingting.engines.vosk import VoskEngine, VoskSettings
from lingting.server import locate_model
from lingting.settings import load_settings
from lingting.testing import noise

pytestmark = pytest.mark.model

SAID = "조금만 생각을 하면서 살면 훨씬 편할 거야"
SPEAKS_KOREAN = VoskSettings(languages=("ko",))


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return locate_model(load_settings(model="vosk-ko"))
    except ModelMissing as missing:
        absent(str(missing))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[VoskEngine]:
    engine = VoskEngine(folder, SPEAKS_KOREAN)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def korean() -> Audio:
    require_recordings(KOREAN)
    return Audio(decode_audio(str(KOREAN)))


def heard(engine: VoskEngine, audio: Audio) -> Hypothesis:
    stream = engine.open(RecognizeOptions(word_times=True))
    for start in range(0, len(audio.samples), 8_000):
        stream.accept(audio.cut(Span(start, min(start + 8_000, len(audio.samples)))))
    answer = stream.finish()
    stream.close()
    return answer


def test_korean_speech_is_written_with_its_words_and_their_times(engine: VoskEngine, korean: Audio) -> None:
    answer = heard(engine, korean)
    assert SequenceMatcher(None, answer.text.replace(" ", ""), SAID.replace(" ", "")).ratio() > 0.7
    assert answer.words[0].start_seconds == pytest.approx(0.72, abs=0.2)
    assert answer.words[-1].end_seconds == pytest.approx(3.72, abs=0.3)
    assert answer.avg_logprob > -1.0


def test_noise_is_hardly_taken_for_speech(engine: VoskEngine) -> None:
    assert len(heard(engine, noise(4.0, level=0.1)).text) <= 8


def test_a_grammar_hears_only_its_own_phrases(folder: Path, korean: Audio, capfd: pytest.CaptureFixture[str]) -> None:
    phrases = ("조금만 생각을", "하면서 살면", "nosuchword")
    engine = VoskEngine(folder, VoskSettings(languages=("ko",), grammar=phrases))
    answer = heard(engine, korean)
    engine.close()
    assert answer.text
    assert set(answer.text.split()) <= {"조금만", "생각을", "하면서", "살면"}
    assert capfd.readouterr().err == "", "Kaldi's log would quote the grammar"


def test_a_grammar_of_words_it_does_not_know_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsInvalid, match="grammar"):
        VoskEngine(folder, VoskSettings(languages=("ko",), grammar=("nosuchword",)))


def test_a_model_with_a_broken_file_is_refused_and_nothing_else_happens(folder: Path, tmp_path: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            place = tmp_path / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file)
    graph = tmp_path / "graph/HCLr.fst"
    graph.unlink()
    graph.write_text("no graph")
    with pytest.raises(ModelCorrupt, match="fetch it again"):
        VoskEngine(tmp_path, SPEAKS_KOREAN)
