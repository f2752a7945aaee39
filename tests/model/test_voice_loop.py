"""The whole loop with real weights: a spoken question, its text, a language model, a voice, and that heard again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import httpx
import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from lingting.audio.encode import to_wav
from lingting.audio.resample import resample
from lingting.domain import SAMPLE_RATE_HZ, Audio, Samples
from model_server import model_in_a_thread
from serve_process import talking
from spoken import pcm_of
from voice_client import REPLY_RATE_HZ, voice_client
from voiced import said

pytestmark = [pytest.mark.model, pytest.mark.timeout(300), pytest.mark.usefixtures("whisper_base")]

SPEECH = Path(__file__).parents[3] / "shared" / "speech"
SILENCE = bytes(48_000)
MAX_ERROR_RATE = 0.25
"""Of characters between what the bot said and what is heard of it: a small recogniser, and numbers written its way."""


def characters(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def assert_alike(said: str, heard: str) -> None:
    distance = Levenshtein.distance(characters(said), characters(heard))
    assert distance / len(characters(said)) <= MAX_ERROR_RATE, (said, heard)


def heard_again(url: str, samples: Samples, language: str) -> str:
    wav = to_wav(Audio(resample(samples, REPLY_RATE_HZ, SAMPLE_RATE_HZ)))
    asked = {"model": "whisper-1", "language": language}
    told = httpx.post(f"{url}/v1/audio/transcriptions", files={"file": ("a.wav", wav)}, data=asked, timeout=120)
    return str(told.json()["text"])


async def test_an_english_question_is_answered_by_a_real_model_and_the_answer_is_understood(
    tmp_path, small_model
) -> None:
    question = (np.clip(await said("hibari", "What is the capital of France?"), -1, 1) * 32_767).astype("<i2")
    with talking(tmp_path, small_model, "hibari", temperature="0", max_tokens="40") as url:
        async with voice_client(int(url.rpartition(":")[2])) as client:
            await client.begin(language="en")
            await client.speak(question.tobytes() + SILENCE)
            await client.until("REPLY_ENDED")
        asked, text = client.of("REPLY_STARTED")[0]["asked"], client.reply_text(1)
        heard = heard_again(url, client.reply_samples(1), "en")
    assert "capital of france" in asked.lower()
    assert "paris" in text.lower()
    assert_alike(text, heard)


async def test_a_chinese_recording_is_answered_and_the_answer_is_understood(tmp_path) -> None:
    recording = pcm_of((SPEECH / "zh" / "zh_aishell1_BAC009S0904W0278.wav").read_bytes())
    reply = "我国的经济正在转型，需要大家共同努力。"
    with (
        model_in_a_thread(lambda _: (reply[:10], reply[10:])) as model,
        talking(tmp_path, f"http://127.0.0.1:{model.port}/v1", "kokoro") as url,
    ):
        async with voice_client(int(url.rpartition(":")[2])) as client:
            await client.begin(language="zh", beam_size=3)
            await client.speak(recording + SILENCE)
            await client.until("REPLY_ENDED")
        heard = heard_again(url, client.reply_samples(1), "zh")
    assert_alike("我国的经济处在爬坡过坎的重要关口", client.of("REPLY_STARTED")[0]["asked"])
    assert client.reply_text(1) == reply
    assert_alike(reply, heard)
