"""What became of a clip on its way: who passed it on and why, which answer counts, which error is told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lingting.domain import Hypothesis
from lingting.domain.errors import Busy, EngineUnavailable, InvalidOption, LingtingError, QuotaExceeded

__all__ = ["BREAKER_OPEN", "BUDGET_SPENT", "LOW_CONFIDENCE", "Attempts"]

LOW_CONFIDENCE, BREAKER_OPEN, BUDGET_SPENT = "low_confidence", "breaker_open", "budget_spent"


@dataclass(slots=True)
class Attempts:
    """One clip's."""

    _passed: list[tuple[str, str]] = field(default_factory=list)
    """Models in the order they were tried, with the reason; of one that answered, the reason counts if another wins."""
    _answers: dict[str, Hypothesis] = field(default_factory=dict)
    _problems: list[LingtingError] = field(default_factory=list)

    @property
    def has_answer(self) -> bool:
        return bool(self._answers)

    @property
    def all_left_alone(self) -> bool:
        """Nobody was asked at all."""
        return bool(self._passed) and all(reason == BREAKER_OPEN for _, reason in self._passed)

    def failed(self, model: str, problem: LingtingError, reason: str) -> None:
        self._passed.append((model, reason))
        self._problems.append(problem)

    def answered(self, model: str, hypothesis: Hypothesis) -> None:
        self._passed.append((model, LOW_CONFIDENCE))
        self._answers[model] = hypothesis

    def answer(self) -> Hypothesis:
        """The likeliest, the earliest of equals, with what was tried besides.

        raises    what helps the caller most, where nobody answered
        """
        if not self._answers:
            raise told_of(self._problems)
        model = max(self._answers, key=lambda name: (bool(self._answers[name].text.strip()), self._logprob(name)))
        tried = tuple(f"{name}: {reason}" for name, reason in self._passed if name != model)
        best = self._answers[model]
        is_substitute = bool(self._problems) and self._passed[0][0] != model
        return replace(best, attempts=(*tried, *best.attempts), is_substitute=is_substitute)

    def _logprob(self, model: str) -> float:
        return self._answers[model].avg_logprob


def told_of(problems: Sequence[LingtingError]) -> LingtingError:
    """Of several errors the one to act on: when to come back, else what is broken, else what cannot be asked."""
    if not problems:
        return EngineUnavailable("no model can be asked just now; try again later")
    busy = [each for each in problems if isinstance(each, Busy) and not isinstance(each, QuotaExceeded)]
    if busy:
        return min(busy, key=lambda each: each.retry_after_seconds)
    broken = [each for each in problems if not isinstance(each, InvalidOption | QuotaExceeded)]
    quota = [each for each in problems if isinstance(each, QuotaExceeded)]
    return (broken or quota or list(problems))[0]
