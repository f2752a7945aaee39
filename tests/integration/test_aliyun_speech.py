"""Real Chinese speech through Aliyun's official client and Whisper base, as one sentence and as several."""

import unicodedata
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from absent import require_whisper_base
from lingting.settings import load_settings
from lingting.settings.sections import DoorSettings
from nls_clients import Told, pcm_of, quiet, recognizer, send, transcriber

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"
MAX_CHARACTER_ERROR_RATE = 0.15
"""More than for files: live speech is cut at each pause, and heard with less behind it."""


@pytest.fixture(scope="module")
def url(open_live):
    settings = load_settings().model_copy(update={"doors": DoorSettings(aliyun=True)})
    require_whisper_base()
    with open_live(None, settings) as live, quiet():
        yield f"ws://127.0.0.1:{live.port}/ws/v1"


def characters(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


@pytest.mark.parametrize("make", [recognizer, transcriber])
def test_the_sample_comes_out_as_it_was_spoken(url, make) -> None:
    told = Told()
    task = make(url, "anything", told)
    task.start(aformat="pcm", enable_intermediate_result=True, enable_punctuation_prediction=True)
    send(task, pcm_of((SAMPLES / "zh-short.flac").read_bytes()))
    task.stop(timeout=60)
    told.wait()
    said = told.payloads("RecognitionCompleted") or told.payloads("SentenceEnd")
    heard = characters("".join(payload["result"] for payload in said))
    spoken = characters((SAMPLES / "zh-short.txt").read_text(encoding="utf-8"))
    assert Levenshtein.distance(spoken, heard) / len(spoken) <= MAX_CHARACTER_ERROR_RATE, heard
