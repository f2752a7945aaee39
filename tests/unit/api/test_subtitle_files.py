"""A transcript of the caller's becomes a file; what is wrong with it is named."""

import pytest

from lingting.api.http import subtitle_files
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit

SEGMENT = {"text": "Good morning.", "start_seconds": 0.5, "end_seconds": 2.0}


def read(**body: object):
    return subtitle_files._transcript(body)


def test_segments_keep_their_text_times_speaker_and_words() -> None:
    word = {"text": "Good", "start_seconds": 0.5, "end_seconds": 1.0}
    transcript = read(segments=[SEGMENT | {"speaker": "Ann", "words": [word], "language": "en-GB"}], language="zh")
    segment = transcript.segments[0]
    assert (segment.text, segment.start_seconds, segment.end_seconds) == ("Good morning.", 0.5, 2.0)
    assert (segment.speaker, segment.language, segment.words[0].text) == ("Ann", "en", "Good")
    assert (transcript.language, transcript.duration_seconds) == ("zh", 2.0)


def test_no_segments_are_a_transcript_too() -> None:
    assert read(segments=[]).segments == ()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "segments"),
        ({"segments": "text"}, "segments"),
        ({"segments": [1]}, "segments"),
        ({"segments": [{"text": "a", "end_seconds": 1}]}, "segments[0].start_seconds"),
        ({"segments": [SEGMENT, SEGMENT | {"end_seconds": 0.1}]}, "segments[1].end_seconds"),
        ({"segments": [SEGMENT | {"start_seconds": -1}]}, "segments[0].start_seconds"),
        ({"segments": [SEGMENT | {"end_seconds": "1e300"}]}, "segments[0].end_seconds"),
        ({"segments": [SEGMENT | {"text": 5}]}, "segments[0].text"),
        ({"segments": [SEGMENT | {"text": "\ud800"}]}, "segments[0].text"),
        ({"segments": [SEGMENT | {"speaker": "a" * 121}]}, "segments[0].speaker"),
        ({"segments": [SEGMENT | {"words": [{"text": "a", "start_seconds": 1}]}]}, "segments[0].words[0].end_seconds"),
        ({"segments": [SEGMENT | {"words": "a"}]}, "segments[0].words"),
        ({"segments": [SEGMENT], "duration_seconds": -1}, "duration_seconds"),
        ({"segments": [SEGMENT] * 20_001}, "segments"),
        ({"segments": [SEGMENT | {"text": "a" * 4_000_001}]}, "segments"),
    ],
)
def test_what_is_wrong_is_named(body, param) -> None:
    with pytest.raises(InvalidOption) as refused:
        read(**body)
    assert refused.value.param == param
