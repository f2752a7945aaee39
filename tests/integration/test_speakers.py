"""Persons told apart by their voices, through the doors, with the real voice model and a scripted engine."""

import base64
import importlib.util
from pathlib import Path

import httpx
import numpy as np
import pytest

from absent import absent
from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import Audio, Hypothesis, RecognizeOptions, StreamOptions, Word
from lingting.domain.errors import InvalidOption, ModelMissing
from lingting.engines.base import Clip
from lingting.engines.catalog import Catalog
from lingting.engines.fake import FakeEngine
from lingting.server.voices import load_voices
from lingting.testing import join, silence, wav_bytes

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).parents[2] / "samples"
TURNS = ("zh-short", "en-short", "zh-short")
"""Two voices; each sample has one of its own."""
WORD_SECONDS = 0.25


def spoken(clip: Clip) -> Hypothesis:
    """A word for each quarter of a second."""
    times = np.arange(0.0, clip.audio.duration_seconds - WORD_SECONDS, WORD_SECONDS)
    words = tuple(Word(f" w{index}", start, start + WORD_SECONDS, 1.0) for index, start in enumerate(times.tolist()))
    return Hypothesis("".join(word.text for word in words), "en", words=words if clip.options.word_times else ())


@pytest.fixture(scope="module")
def server(open_live, change_server):
    if importlib.util.find_spec("resemblyzer") is None:
        absent("resemblyzer is not installed; make test installs it")
    with open_live(FakeEngine(spoken), change_server(max_upload_bytes=4_000_000)) as running:
        yield running


@pytest.fixture(scope="module")
def talk() -> tuple[bytes, tuple[float, ...]]:
    """The recording, and when each of its turns ends."""
    parts = []
    with Decoder() as decoder:
        for name in TURNS:
            with decoder.open(AudioSource(path=SAMPLES / f"{name}.flac")) as opened:
                parts.append(Audio(np.concatenate([block[0] for block in opened])))
    joined = join([each for part in parts for each in (part, silence(0.3))])
    ends = np.cumsum([part.duration_seconds + 0.3 for part in parts])
    return wav_bytes(joined), tuple(ends.tolist())


@pytest.mark.parametrize("speakers", ["auto", "2"])
def test_each_segment_is_of_who_speaks_then(server, talk, speakers) -> None:
    sound, ends = talk
    body = {"audio": base64.b64encode(sound).decode(), "language": "en", "speakers": speakers}
    segments = httpx.post(f"{server.url}/v1/asr", json=body, timeout=60).json()["segments"]
    for segment in segments:
        middle = (segment["start"] + segment["end"]) / 2
        assert segment["speaker"] == ("Speaker 2" if ends[0] < middle < ends[1] else "Speaker 1"), segment
        assert "words" not in segment
    assert len(segments) >= len(TURNS)


def test_mono_speech_in_diarized_json_is_told_apart_by_voice(server, talk) -> None:
    form = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json", "language": "en"}
    answer = httpx.post(
        f"{server.url}/v1/audio/transcriptions", data=form, files={"file": ("talk.wav", talk[0])}, timeout=60
    ).json()
    said = [segment["speaker"] for segment in answer["segments"]]
    assert list(dict.fromkeys(said)) == ["Speaker 1", "Speaker 2"]
    assert said[-1] == "Speaker 1"


def test_history_keeps_who_spoke(server, talk) -> None:
    body = {"audio": base64.b64encode(talk[0]).decode(), "language": "en", "speakers": 2}
    answered = httpx.post(f"{server.url}/v1/asr", json=body, timeout=60).json()
    kept = httpx.get(f"{server.url}/v1/history/{answered['id']}", timeout=30).json()["transcript"]
    assert [each["speaker"] for each in kept["segments"]] == [each["speaker"] for each in answered["segments"]]


def test_a_voice_model_that_is_not_here_is_named_with_the_line_that_brings_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("lingting.engines.catalog_fetch.importlib.util.find_spec", lambda name: None)
    catalog = Catalog.load(models_dir=tmp_path, offline=True)
    with pytest.raises(ModelMissing, match="lingting models pull ge2e-voices"):
        load_voices(catalog, "ge2e-voices")
    with pytest.raises(ModelMissing, match=r"pip install --no-deps 'resemblyzer==0\.1\.4'"):
        catalog.pull("ge2e-voices")


def test_live_streams_are_refused() -> None:
    with pytest.raises(InvalidOption, match="recordings only"):
        StreamOptions(recognize=RecognizeOptions(speakers=0))
