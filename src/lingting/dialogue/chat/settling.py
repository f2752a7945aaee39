"""What became of a spoken reply: only what was heard of it is remembered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lingting.dialogue.turns.turn_news import Cancel, Finished, TurnTimes
from lingting.domain.conversation import ConversationTurn, TurnStages

__all__ = ["Settled", "outcome_of", "settled_by", "settled_turn", "stages_of"]


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a spoken reply, as its user had it."""

    heard_text: str
    """Nothing else of the reply is remembered."""
    stages: TurnStages = field(default_factory=TurnStages)
    is_interrupted: bool = False
    is_withdrawn: bool = False
    """The user went on before anything sounded: their words come again with the next question, and this turn goes."""
    mark: int = 0
    """Of the question, as its `ChatAsk` had it."""


def settled_by(end: Cancel | Finished, mark: int = 0) -> Settled:
    """By what turn-taking says of a reply of the model to the question with this mark."""
    is_cut = isinstance(end, Cancel)
    is_withdrawn = is_cut and end.times.first_audio_seconds is None
    return Settled(end.heard_text, stages_of(end.times), is_interrupted=is_cut, is_withdrawn=is_withdrawn, mark=mark)


def outcome_of(end: Cancel | Finished, failure: str | None) -> str:
    """How a turn ended, for metrics."""
    if failure is not None:
        return "failed"
    return end.why if isinstance(end, Cancel) else "heard"


def stages_of(times: TurnTimes) -> TurnStages:
    """Counted from the end of speech; from the question where there was no speech."""
    start_seconds = times.asked_seconds if times.speech_ended_seconds is None else times.speech_ended_seconds
    if start_seconds is None:
        return TurnStages()

    def after(moment_seconds: float | None) -> float | None:
        return None if moment_seconds is None else max(0.0, moment_seconds - start_seconds)

    return TurnStages(
        final_seconds=after(times.final_seconds),
        asked_seconds=after(times.asked_seconds),
        first_token_seconds=after(times.first_token_seconds),
        first_audio_seconds=after(times.first_audio_seconds),
        ended_seconds=after(times.ended_seconds),
    )


def settled_turn(turn: ConversationTurn, settled: Settled) -> ConversationTurn:
    """The turn as it is remembered from then on."""
    return replace(turn, heard=settled.heard_text, stages=settled.stages, is_interrupted=settled.is_interrupted)
