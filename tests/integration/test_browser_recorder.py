"""A browser's own MediaRecorder speaks to the native socket: WebM with Opus, in chunks, from a microphone."""

import asyncio
import json
from pathlib import Path

import pytest

from browser import BROWSER_SECONDS, page_of
from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import Audio
from lingting.engines.fake import FakeEngine
from lingting.testing import join, silence, wav_bytes

pytestmark = pytest.mark.integration

SPEECH_SECONDS = 6
WHERE = "location.pathname + document.readyState"
RECORD = """
window.said = [];
(async () => {
  const microphone = await navigator.mediaDevices.getUserMedia({audio: true});
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/v1/asr/stream");
  socket.onmessage = (message) => window.said.push(JSON.parse(message.data));
  await new Promise((opened) => { socket.onopen = opened; });
  socket.send(JSON.stringify({type: "INIT", config: {encoding: "WEBM_OPUS", ack: false}}));
  const recorder = new MediaRecorder(microphone, {mimeType: "audio/webm;codecs=opus"});
  recorder.ondataavailable = async (chunk) => { socket.send(await chunk.data.arrayBuffer()); };
  recorder.onstop = () => setTimeout(() => socket.send('{"type":"END"}'), 200);
  recorder.start(100);
  setTimeout(() => recorder.stop(), %d);
})().catch((problem) => window.said.push({type: "TROUBLE", message: String(problem)}));
"""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory) -> Path:
    """What the browser hears: the first sentence of a sample, and a pause."""
    decoder = Decoder()
    try:
        with decoder.open(AudioSource(path=Path(__file__).parents[2] / "samples" / "en-short.flac")) as decoded:
            blocks = [Audio(block[0]) for block in decoded]
    finally:
        decoder.close()
    file = tmp_path_factory.mktemp("microphone") / "speech.wav"
    file.write_bytes(wav_bytes(join([*blocks[:4], silence(3.0)])))
    return file


async def test_what_a_browser_records_is_recognised(open_live, microphone, tmp_path) -> None:
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    )
    with open_live(FakeEngine(lambda _: "good morning")) as server:
        async with page_of(f"{server.url}/healthz", tmp_path, *flags) as evaluate:
            async with asyncio.timeout(BROWSER_SECONDS):
                while await evaluate(WHERE) != "/healthzcomplete":  # noqa: ASYNC110 - a page is asked, it does not tell
                    await asyncio.sleep(0.05)
                await evaluate(RECORD % (SPEECH_SECONDS * 1_000))
                said: list[dict[str, object]] = []
                while not any(message["type"] in ("END", "ERROR", "TROUBLE") for message in said):
                    await asyncio.sleep(0.2)
                    said = json.loads(str(await evaluate("JSON.stringify(window.said)")))
    assert said[0]["type"] == "READY"
    assert [message for message in said if message["type"] == "FINAL"]
    assert said[-1]["type"] == "END"
    assert "good morning" in str(said[-1]["transcript"])
    assert int(str(said[-1]["audio_ms"])) == pytest.approx(SPEECH_SECONDS * 1_000, rel=0.15)
