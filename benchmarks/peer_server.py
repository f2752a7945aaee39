"""What a team writes today: a server that calls faster-whisper's `transcribe` once per request.

usage: python benchmarks/peer_server.py MODEL_DIR PORT
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, Form, UploadFile
from faster_whisper import WhisperModel


def build(model_dir: str) -> FastAPI:
    app = FastAPI()
    model = WhisperModel(model_dir, device="cpu", compute_type="int8", cpu_threads=2)

    @app.post("/v1/audio/transcriptions")
    def transcribe(file: Annotated[UploadFile, File()], language: Annotated[str, Form()]) -> dict[str, str]:
        segments, _ = model.transcribe(io.BytesIO(file.file.read()), beam_size=5, language=language)
        return {"text": "".join(segment.text for segment in segments)}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
