"""Metrics of conversations with a language model; never what was said, nor by whom."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from lingting.telemetry.areas.buckets import LATENCY_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["DialogueMetrics"]


class DialogueMetrics:
    """Told by the chat what became of each reply."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._replies = Counter(
            "asr_chat_replies", "Replies of the language model, by how they ended", ["outcome"], registry=registry
        )
        from_zero(self._replies, "answered", "cached", "gone", "quota_exceeded", "chat_unavailable")
        self._seconds = Histogram(
            "asr_chat_seconds", "A reply, to its end", buckets=LATENCY_BUCKETS_SECONDS, registry=registry
        )
        self._first = Histogram(
            "asr_chat_first_token_seconds",
            "From a question to the model's first word",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._tokens = Counter("asr_chat_tokens", "Tokens of the language model", ["kind"], registry=registry)
        from_zero(self._tokens, "read", "written")

    def chat_ended(self, outcome: str, *, seconds: float) -> None:
        """outcome: `answered`, `cached`, `gone` for a caller who left, or the error's code"""
        self._replies.labels(outcome).inc()
        self._seconds.observe(seconds)

    def chat_first_token(self, *, seconds: float) -> None:
        self._first.observe(seconds)

    def chat_tokens(self, *, read: int, written: int) -> None:
        self._tokens.labels("read").inc(read)
        self._tokens.labels("written").inc(written)
