"""Writes a transcript as text, JSON, SRT, WebVTT or TSV: the only renderer in the house.

Pure. Whatever the transcript holds, the result parses: no text can end a cue, begin one or add markup. What
goes into which cue is decided in `cues`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

from lingting.domain import Redacted, Segment, Transcript, Word
from lingting.domain.transcript import join_texts
from lingting.text.cues import Cue, SubtitleOptions, cues_of
from lingting.text.hotwords.wire import correction_fields
from lingting.text.mood.mood_fields import course_fields, segment_mood
from lingting.text.pieces import Piece, plain_line

__all__ = ["SubtitleOptions", "TranscriptFormat", "render"]


class TranscriptFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    VERBOSE_JSON = "verbose_json"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"


def render(transcript: Transcript, format: TranscriptFormat, options: SubtitleOptions | None = None) -> str:  # noqa: A002
    """The transcript in one of the formats; `options` matter to SRT and WebVTT only.

    keeps     every word, in order; nothing is added but times, names of voices and markup
    """
    match format:
        case TranscriptFormat.TEXT:
            return _text(transcript)
        case TranscriptFormat.JSON:
            return _dumps(_summary(transcript))
        case TranscriptFormat.VERBOSE_JSON:
            return _dumps(_verbose(transcript))
        case TranscriptFormat.SRT:
            return _srt(transcript, options or SubtitleOptions())
        case TranscriptFormat.VTT:
            return _vtt(transcript, options or SubtitleOptions())
        case TranscriptFormat.TSV:
            return _tsv(transcript)


def _text(transcript: Transcript) -> str:
    """All on one line; with several voices, one line for each turn."""
    turns: list[tuple[str | None, list[str]]] = []
    for segment in transcript.segments:
        voice = segment.voice
        if not turns or turns[-1][0] != voice:
            turns.append((voice, []))
        turns[-1][1].append(plain_line(segment.text))
    lines = (_named(voice, join_texts(texts)) for voice, texts in turns if any(texts))
    return "".join(f"{line}\n" for line in lines)


def _named(voice: str | None, text: str) -> str:
    return text if voice is None else f"{plain_line(voice)}: {text}"


def _tsv(transcript: Transcript) -> str:
    """A row for each segment, times in milliseconds, as openai-whisper writes it."""
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = _named(segment.voice, plain_line(segment.text))
        rows.append(f"{round(segment.start_seconds * 1000)}\t{round(segment.end_seconds * 1000)}\t{text}\n")
    return "".join(rows)


def _srt(transcript: Transcript, options: SubtitleOptions) -> str:
    blocks: list[str] = []
    for cue in cues_of(transcript, options):
        name = "" if cue.voice is None else f"{plain_line(cue.voice)}: "
        for start_ms, end_ms, text in _srt_shots(cue, highlight=options.highlight_words):
            times = f"{_clock(start_ms, ',')} --> {_clock(end_ms, ',')}"
            blocks.append(f"{len(blocks) + 1}\n{times}\n{_srt_safe(name)}{text}\n")
    return "\n".join(blocks)


def _srt_shots(cue: Cue, *, highlight: bool) -> Iterable[tuple[int, int, str]]:
    """The cue once; or, to highlight, once for each word with that word underlined, and plain between words.

    source    openai/whisper, SubtitlesWriter.iterate_result
    """
    if not (highlight and cue.has_word_times):
        yield cue.start_ms, cue.end_ms, _srt_lines(cue)
        return
    reached_ms = cue.start_ms
    for piece in (piece for line in cue.lines for piece in line):
        start_ms, end_ms = max(piece.start_ms, reached_ms), min(piece.end_ms, cue.end_ms)
        if end_ms <= start_ms:
            continue
        if start_ms > reached_ms:
            yield reached_ms, start_ms, _srt_lines(cue)
        yield start_ms, end_ms, _srt_lines(cue, underlined=piece)
        reached_ms = end_ms
    if reached_ms < cue.end_ms:
        yield reached_ms, cue.end_ms, _srt_lines(cue)


def _srt_lines(cue: Cue, *, underlined: Piece | None = None) -> str:
    return "\n".join(
        "".join(_underline(piece) if piece is underlined else _srt_safe(piece.text) for piece in line).strip()
        for line in cue.lines
    )


def _underline(piece: Piece) -> str:
    text = piece.text.lstrip(" ")
    return f"{piece.text[: len(piece.text) - len(text)]}<u>{_srt_safe(text)}</u>"


def _srt_safe(text: str) -> str:
    """SRT has no escapes: the arrow that parts two times becomes another arrow."""
    return text.replace("-->", "\u2192")


def _vtt(transcript: Transcript, options: SubtitleOptions) -> str:
    blocks = ["WEBVTT\n"]
    for cue in cues_of(transcript, options):
        timed = options.highlight_words and cue.has_word_times
        lines = "\n".join(_vtt_line(line, cue, timed=timed) for line in cue.lines)
        voice = "" if cue.voice is None else f"<v {_vtt_safe(plain_line(cue.voice))}>"
        blocks.append(f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{voice}{lines}\n")
    return "\n".join(blocks)


def _vtt_line(line: Sequence[Piece], cue: Cue, *, timed: bool) -> str:
    """A timestamp must lie inside its cue, so a word at the cue's own edge goes without.

    source    W3C WebVTT, section 4.2.2
    """
    written = []
    for i, piece in enumerate(line):
        text = _vtt_safe(piece.text.lstrip(" ") if i == 0 else piece.text)
        inside = cue.start_ms < piece.start_ms < cue.end_ms
        stamp = f"<{_clock(piece.start_ms, '.')}>" if timed and inside else ""
        written.append(f"{stamp}<c>{text}</c>" if timed else text)
    return "".join(written)


def _vtt_safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_ms: int, mark: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds:03}"


def _summary(transcript: Transcript) -> dict[str, object]:
    return {
        "text": transcript.text,
        "language": transcript.language,
        "duration_seconds": _rounded(transcript.duration_seconds),
    }


def _verbose(transcript: Transcript) -> dict[str, object]:
    return (
        _summary(transcript)
        | course_fields(transcript.segments)
        | {
            "language_probability": _rounded(transcript.language_probability),
            "speech_seconds": _rounded(transcript.speech_seconds),
            "engine": transcript.engine,
            "model": transcript.model,
            "attempts": list(transcript.attempts),
            "segments": [_segment(segment) for segment in transcript.segments],
            "redactions": [_redacted(segment, gone) for segment in transcript.segments for gone in segment.redacted],
            "suppressed": [
                {
                    "start_seconds": _rounded(suppression.start_seconds),
                    "end_seconds": _rounded(suppression.end_seconds),
                    "reason": suppression.reason,
                }
                for suppression in transcript.suppressed
            ],
        }
    )


def _segment(segment: Segment) -> dict[str, object]:
    return (
        {
            "id": segment.id,
            "start_seconds": _rounded(segment.start_seconds),
            "end_seconds": _rounded(segment.end_seconds),
            "text": segment.text,
            "language": segment.language,
            "channel": segment.channel,
            "speaker": segment.speaker,
            "avg_logprob": _rounded(segment.avg_logprob),
            "no_speech_prob": _rounded(segment.no_speech_prob),
            "compression_ratio": _rounded(segment.compression_ratio),
            "temperature": _rounded(segment.temperature),
            "words": [_word(word) for word in segment.words],
        }
        | segment_mood(segment.mood)
        | correction_fields(segment.corrections, suffix="_seconds")
    )


def _redacted(segment: Segment, gone: Redacted) -> dict[str, object]:
    """What was hidden: its kind and when it was said."""
    return {
        "kind": str(gone.kind),
        "segment": segment.id,
        "start_seconds": _rounded(gone.start_seconds),
        "end_seconds": _rounded(gone.end_seconds),
    }


def _word(word: Word) -> dict[str, object]:
    return {
        "text": word.text,
        "start_seconds": _rounded(word.start_seconds),
        "end_seconds": _rounded(word.end_seconds),
        "probability": _rounded(word.probability),
    }


def _rounded(value: float) -> float:
    """To milliseconds and thousandths; what a recogniser measures is coarser."""
    return round(value, 3)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
