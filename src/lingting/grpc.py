"""The messages and the stub of the gRPC door, for clients; docs/grpc.md has examples.

import grpc
from lingting.grpc import RecognizeRequest, SpeechStub
"""

from __future__ import annotations

try:
    from lingting.api.grpc._generated.speech_pb2 import (
        Clear,
        Commit,
        End,
        RecognizeConfig,
        RecognizeFileResponse,
        RecognizeRequest,
        RecognizeResponse,
        StreamConfig,
        StreamRequest,
        StreamResponse,
    )
    from lingting.api.grpc._generated.speech_pb2_grpc import SpeechStub
except ImportError as missing:
    raise ImportError(f"{missing}; to speak gRPC: pip install 'lingting[grpc]'") from missing

__all__ = [
    "Clear",
    "Commit",
    "End",
    "RecognizeConfig",
    "RecognizeFileResponse",
    "RecognizeRequest",
    "RecognizeResponse",
    "SpeechStub",
    "StreamConfig",
    "StreamRequest",
    "StreamResponse",
]
