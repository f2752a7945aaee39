"""gRPC: a recording, then the same as live speech. Needs `lingting serve --grpc`."""

import os
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import grpc

from lingting.grpc import End, RecognizeConfig, RecognizeRequest, SpeechStub, StreamConfig, StreamRequest

ADDRESS = os.environ.get("LINGTING_GRPC", "127.0.0.1:50051")


def live(path: str) -> Iterator[StreamRequest]:
    with wave.open(path) as file:
        yield StreamRequest(config=StreamConfig(encoding="LINEAR16", sample_rate=file.getframerate()))
        while audio := file.readframes(3_200):
            yield StreamRequest(audio=audio)
    yield StreamRequest(end=End())


with grpc.insecure_channel(ADDRESS) as channel:
    speech = SpeechStub(channel)
    whole = RecognizeRequest(audio=Path(sys.argv[1]).read_bytes(), config=RecognizeConfig(words=True))
    print(speech.Recognize(whole, timeout=300).transcript)
    for said in speech.StreamRecognize(live(sys.argv[1]), timeout=600):
        if said.HasField("final"):
            print(said.final.start_ms, said.final.transcript)
