"""Deepgram's answer for a recording: channels, their words, paragraphs and utterances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lingting.api.deepgram.answers import alternative, seconds
from lingting.domain import Segment, Transcript
from lingting.domain.transcript import join_texts

__all__ = ["Shape", "results_fields"]

PARAGRAPH_PAUSE_SECONDS = 1.5
MAX_PARAGRAPH_SENTENCES = 5
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """What of an answer a client asked to see."""

    request_id: str
    with_marks: bool = True
    with_paragraphs: bool = False
    with_utterances: bool = False
    with_language: bool = False
    is_multi: bool = False
    is_split: bool = False
    """One answer for each channel of the recording."""


def results_fields(transcript: Transcript, shape: Shape) -> dict[str, object]:
    fields: dict[str, object] = {
        "channels": [_channel(segments, transcript, shape) for segments in _by_channel(transcript, shape)]
    }
    if shape.with_utterances:
        fields["utterances"] = [_utterance(segment, shape) for segment in transcript.segments]
    return fields


def _by_channel(transcript: Transcript, shape: Shape) -> Iterator[list[Segment]]:
    """At least one, though nothing was said; silent channels before the last that speaks are there as well."""
    count = 1 + max((segment.channel or 0 for segment in transcript.segments), default=0) if shape.is_split else 1
    for number in range(count):
        yield [each for each in transcript.segments if not shape.is_split or (each.channel or 0) == number]


def _channel(segments: Sequence[Segment], transcript: Transcript, shape: Shape) -> dict[str, object]:
    words = [word for segment in segments for word in segment.words]
    text = join_texts(segment.text for segment in segments)
    told = alternative(text, words, avg_logprob=_mean_logprob(segments), with_marks=shape.with_marks)
    if shape.is_multi:
        told["languages"] = list(dict.fromkeys(segment.language for segment in segments if segment.language))
    if shape.with_paragraphs:
        paragraphs = [_paragraph(each) for each in _paragraphs(segments)]
        texts = ("\n\n" + join_texts(segment.text for segment in each) for each in _paragraphs(segments))
        told["paragraphs"] = {"transcript": "".join(texts)[1:], "paragraphs": paragraphs}
    fields: dict[str, object] = {"alternatives": [told]}
    if shape.with_language and transcript.language:
        fields["detected_language"] = transcript.language
        fields["language_confidence"] = round(transcript.language_probability, DIGITS)
    return fields


def _mean_logprob(segments: Sequence[Segment]) -> float:
    return sum(segment.avg_logprob for segment in segments) / max(1, len(segments))


def _paragraphs(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Parted where there is a pause, and before they grow long."""
    made: list[list[Segment]] = []
    for segment in segments:
        before = made[-1] if made else []
        pause_seconds = segment.start_seconds - before[-1].end_seconds if before else 0.0
        if before and pause_seconds < PARAGRAPH_PAUSE_SECONDS and len(before) < MAX_PARAGRAPH_SENTENCES:
            before.append(segment)
        else:
            made.append([segment])
    return made


def _paragraph(segments: Sequence[Segment]) -> dict[str, object]:
    return {
        "sentences": [
            {"text": each.text, "start": seconds(each.start_seconds), "end": seconds(each.end_seconds)}
            for each in segments
        ],
        "num_words": sum(len(each.words) for each in segments),
        "start": seconds(segments[0].start_seconds),
        "end": seconds(segments[-1].end_seconds),
    }


def _utterance(segment: Segment, shape: Shape) -> dict[str, object]:
    told = alternative(segment.text, segment.words, avg_logprob=segment.avg_logprob, with_marks=shape.with_marks)
    return {
        "id": f"{shape.request_id}-{segment.id}",
        "start": seconds(segment.start_seconds),
        "end": seconds(segment.end_seconds),
        "channel": segment.channel or 0,
        **told,
    }
