"""OpenAI's official client in a spoken conversation with real weights: a question, its text, a model, a voice."""

from __future__ import annotations

import numpy as np
import pytest
from openai import AsyncOpenAI

from lingting.audio.encode import to_wav
from lingting.audio.pcm import from_pcm
from lingting.audio.resample import resample
from lingting.domain import SAMPLE_RATE_HZ, Audio
from openai_talk import conversation
from serve_process import talking
from voiced import said

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("whisper_base")]

SILENCE = bytes(48_000)
REPLY_RATE_HZ = 24_000


async def test_a_spoken_question_is_answered_by_a_real_model_and_the_answer_is_understood(
    tmp_path, small_model
) -> None:
    question = (np.clip(await said("hibari", "What is the capital of France?"), -1, 1) * 32_767).astype("<i2")
    spoken = {"format": {"type": "audio/pcm", "rate": SAMPLE_RATE_HZ}, "transcription": {"language": "en"}}
    with talking(tmp_path, small_model, "hibari", temperature="0", max_tokens="40") as url:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client, conversation(client) as talk:
            await talk.update(audio={"input": spoken})
            await talk.speak(question.tobytes() + SILENCE)
            done = (await talk.until("response.done")).response
            reply = resample(from_pcm(talk.sound(done.id), "s16le"), REPLY_RATE_HZ, SAMPLE_RATE_HZ)
            wav = ("reply.wav", to_wav(Audio(reply)))
            heard = await client.audio.transcriptions.create(model="whisper-1", file=wav, language="en")
    (asked_text,) = [event.transcript for event in talk.of("conversation.item.input_audio_transcription.completed")]
    assert "capital of france" in asked_text.lower()
    assert "paris" in done.output[0].content[0].transcript.lower()
    assert done.usage.output_tokens > 0
    assert "paris" in heard.text.lower()
