"""Kept conversations as JSON; the command line prints the same."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from lingting.dialogue.chat.conversation_report import ConversationReport
from lingting.domain.conversation import ConversationTurn, TurnStages
from lingting.storage.conversations.conversation_records import ConversationRecord
from lingting.text.mood.mood_fields import mood_fields, whole_course

__all__ = ["conversation_answer", "report_answer", "turn_answer"]

STAGES = tuple(field.name.removesuffix("_seconds") for field in fields(TurnStages))


def conversation_answer(record: ConversationRecord) -> dict[str, object]:
    """What is known without opening it."""
    return {
        "id": record.id,
        "owner": record.owner,
        "key": record.key_id,
        "began": _moment(record.began),
        "last": _moment(record.last),
        "expires": _moment(record.expires),
        "door": record.door,
        "turns": record.turns,
    }


def turn_answer(turn: ConversationTurn) -> dict[str, object]:
    return {
        "began": _moment(turn.began),
        "asked": turn.asked,
        "heard": turn.heard,
        "language": turn.language,
        "mood": None if turn.mood is None else mood_fields(turn.mood),
        "intent": turn.intent,
        "interrupted": turn.is_interrupted,
        "cached": turn.is_cached,
        "cut": turn.is_cut,
        "tokens": {"read": turn.read_tokens, "written": turn.written_tokens},
        "timings": {f"{name}_ms": _ms(getattr(turn.stages, f"{name}_seconds")) for name in STAGES},
    }


def report_answer(report: ConversationReport) -> dict[str, object]:
    stages = {
        f"{name}_ms": {"turns": each.turns, "p50": _ms(each.p50_seconds), "p95": _ms(each.p95_seconds)}
        for name, each in report.stages.items()
    }
    return {
        "turns": report.turns,
        "seconds": round(report.seconds, 3),
        "languages": dict(report.languages),
        "intents": dict(report.intents),
        "mood": None if report.mood is None else whole_course(report.mood),
        "timings": stages,
        "interruptions": report.interruptions,
        "unheard": report.unheard,
        "tokens": {"read": report.read_tokens, "written": report.written_tokens},
        "cached_ratio": round(report.cached_ratio, 3),
    }


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
