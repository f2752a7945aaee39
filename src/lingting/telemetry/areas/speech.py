"""Metrics of voices: what was said, how soon it was heard; never what."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import LATENCY_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["SpeechMetrics"]


class SpeechMetrics:
    """Told by the hub of voices."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._texts = Counter("asr_speech_texts", "Texts spoken", ["engine", "outcome"], registry=registry)
        self._characters = Counter("asr_speech_characters", "Characters spoken", ["engine"], registry=registry)
        self._seconds = Counter("asr_speech_seconds", "Sound given to callers", ["engine"], registry=registry)
        self._first = Histogram(
            "asr_speech_first_sound_seconds",
            "From the reading of an answer to its first sound",
            ["engine"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._phrases = Counter(
            "asr_speech_phrases", "Clauses looked for among those kept", ["outcome"], registry=registry
        )
        from_zero(self._phrases, "hit", "shared", "miss")
        self._phrase_bytes = Gauge("asr_speech_phrase_bytes", "Clauses kept in memory", registry=registry)
        self._speaking = Gauge("asr_speech_in_hand", "Texts being spoken", registry=registry)

    def spoke(self, engine: str, outcome: str, *, characters: int, seconds: float) -> None:
        """outcome: `said`, `left` when the caller went, `failed`"""
        self._texts.labels(engine, outcome).inc()
        self._characters.labels(engine).inc(characters)
        self._seconds.labels(engine).inc(seconds)

    def first_sound(self, engine: str, seconds: float) -> None:
        self._first.labels(engine).observe(seconds)

    def phrase(self, outcome: str, *, size_bytes: int) -> None:
        """outcome: `hit`, `shared` for one that another server said, or `miss`"""
        self._phrases.labels(outcome).inc()
        self._phrase_bytes.set(size_bytes)

    def speaking(self, count: int) -> None:
        self._speaking.set(count)
