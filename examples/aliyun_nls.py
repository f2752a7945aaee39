"""Aliyun's official SDK (`alibabacloud-nls-python-sdk`): a URL and a token are all that changes. Needs doors.aliyun."""

import json
import os
import sys
import threading
import wave

import nls

URL = os.environ.get("LINGTING_URL", "http://127.0.0.1:8000").replace("http", "ws", 1)
over = threading.Event()


def sentence(message: str, *_: object) -> None:
    print(json.loads(message)["payload"]["result"])


def failed(message: str, *_: object) -> None:
    print(message, file=sys.stderr)
    over.set()


task = nls.NlsSpeechTranscriber(
    url=f"{URL}/ws/v1",
    token=os.environ.get("LINGTING_API_KEY", "none"),
    appkey="any",
    on_sentence_end=sentence,
    on_completed=lambda *_: over.set(),
    on_error=failed,
)
with wave.open(sys.argv[1]) as file:
    task.start(aformat="pcm", sample_rate=file.getframerate(), enable_punctuation_prediction=True)
    while audio := file.readframes(3_200):
        task.send_audio(audio)
task.stop()
over.wait(60)
task.shutdown()
