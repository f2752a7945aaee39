"""Metrics of conversations with a language model; never what was said, nor by whom."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.domain.conversation import TurnStages
from lingting.telemetry.areas.buckets import LATENCY_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["DialogueMetrics"]


class DialogueMetrics:
    """Told by the chat what became of each reply."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._replies = Counter(
            "asr_chat_replies", "Replies of the language model, by how they ended", ["outcome"], registry=registry
        )
        from_zero(self._replies, "answered", "cached", "alike", "gone", "quota_exceeded", "chat_unavailable")
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
        self._kept = Counter("asr_conversation_turns", "Turns of conversations that were stored", registry=registry)
        self._unkept = Counter(
            "asr_conversation_failures", "Times that a conversation could not be stored or looked up", registry=registry
        )
        self._tools = Counter("asr_chat_tools", "Calls of tools by the language model", ["outcome"], registry=registry)
        from_zero(self._tools, "called", "refused")
        self._talks = Gauge("asr_talks_open", "Spoken conversations that go on", registry=registry)
        self._turns = Counter(
            "asr_talk_turns", "Turns of spoken conversations, by how they ended", ["outcome"], registry=registry
        )
        from_zero(self._turns, "heard", "interrupted", "stopped", "left", "failed")
        self._foreseen = Counter(
            "asr_talk_foreseen", "Replies begun before the user's turn was over", ["outcome"], registry=registry
        )
        from_zero(self._foreseen, "used", "dropped")
        self._stages = Histogram(
            "asr_talk_stage_seconds",
            "From the end of the user's speech to each stage of the reply",
            ["stage"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )

    def chat_ended(self, outcome: str, *, seconds: float) -> None:
        """outcome: `answered`, `cached`, `alike` for one kept for other words, `gone` where the caller left, a code"""
        self._replies.labels(outcome).inc()
        self._seconds.observe(seconds)

    def chat_first_token(self, *, seconds: float) -> None:
        self._first.observe(seconds)

    def chat_tool(self, outcome: str) -> None:
        """outcome: `called`, or `refused` where the call was not sound"""
        self._tools.labels(outcome).inc()

    def chat_tokens(self, *, read: int, written: int) -> None:
        self._tokens.labels("read").inc(read)
        self._tokens.labels("written").inc(written)

    def conversation_kept(self, turns: int) -> None:
        self._kept.inc(turns)

    def conversation_failed(self) -> None:
        self._unkept.inc()

    def talk_opened(self) -> None:
        self._talks.inc()

    def talk_closed(self) -> None:
        self._talks.dec()

    def talk_foreseen(self, outcome: str) -> None:
        """outcome: `used`, or `dropped` where the user went on"""
        self._foreseen.labels(outcome).inc()

    def talk_turn(self, outcome: str, stages: TurnStages) -> None:
        """outcome: `heard` to its end, `interrupted` by the user's words, `stopped`, `left` in, or `failed`"""
        self._turns.labels(outcome).inc()
        times = {
            "final": stages.final_seconds,
            "asked": stages.asked_seconds,
            "first_token": stages.first_token_seconds,
            "first_audio": stages.first_audio_seconds,
            "end": stages.ended_seconds,
        }
        for stage, seconds in times.items():
            if seconds is not None:
                self._stages.labels(stage).observe(seconds)
