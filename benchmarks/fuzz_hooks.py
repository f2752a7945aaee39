"""For `fuzz.py`: what stands for a recording in generated requests, so that some of them are understood."""

from __future__ import annotations

from pathlib import Path

import schemathesis
from hypothesis import strategies as st

from lingting.testing import silence, wav_bytes

SAMPLE = Path(__file__).parents[1] / "samples" / "en-short.flac"
SOUNDS = (wav_bytes(silence(0.05)), SAMPLE.read_bytes())
"""Of silence, whose text is empty, and of speech."""

schemathesis.openapi.format("binary", st.one_of(st.sampled_from(SOUNDS), st.binary(max_size=200)))
