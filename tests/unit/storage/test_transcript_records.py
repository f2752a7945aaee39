"""A transcript comes back from its bytes as it went in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Segment, Transcript, Word
from lingting.domain.errors import SealBroken
from lingting.domain.transcript import Suppression
from lingting.storage.transcripts.transcript_records import transcript_from, transcript_to

pytestmark = pytest.mark.unit

numbers = st.floats(allow_nan=False, allow_infinity=False)
tokens = st.lists(st.integers(0, 60_000), max_size=4).map(tuple)
words = st.builds(Word, st.text(), numbers, numbers, numbers, tokens)
segments = st.builds(
    Segment,
    id=st.integers(0, 10**6),
    start_seconds=numbers,
    end_seconds=numbers,
    text=st.text(),
    language=st.text(max_size=8),
    words=st.lists(words, max_size=3).map(tuple),
    tokens=tokens,
    avg_logprob=numbers,
    channel=st.none() | st.integers(0, 255),
    speaker=st.none() | st.text(max_size=8),
)
transcripts = st.builds(
    Transcript,
    segments=st.lists(segments, max_size=3).map(tuple),
    language=st.text(max_size=8),
    duration_seconds=numbers,
    suppressed=st.lists(st.builds(Suppression, numbers, numbers, st.text()), max_size=2).map(tuple),
    engine=st.text(),
    model=st.text(),
    attempts=st.lists(st.text(), max_size=2).map(tuple),
)
WHOLE = Transcript(
    (Segment(0, 0.1, 1.7, "聆听 ok", "zh", (Word("聆", 0.1, 0.2, 0.9, (5, 6)),), (5, 6), channel=1),), "zh", 1.7
)


@given(transcripts)
def test_what_comes_back_equals_what_went_in(transcript: Transcript) -> None:
    assert transcript_from(transcript_to(transcript)) == transcript


def test_fields_of_a_later_version_are_passed_over() -> None:
    row = json.loads(transcript_to(WHOLE)) | {"mood": "glad"}
    row["segments"][0]["shade"] = 3
    assert transcript_from(json.dumps(row).encode()) == WHOLE


def test_fields_that_an_earlier_version_did_not_have_take_their_defaults() -> None:
    row = json.loads(transcript_to(WHOLE))
    del row["attempts"], row["segments"][0]["speaker"]
    assert transcript_from(json.dumps(row).encode()) == WHOLE


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"segments":[{}],"suppressed":[]}', b"null"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SealBroken):
        transcript_from(data)
