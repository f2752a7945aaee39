"""Where two languages are possible and an engine was not sure which it heard: when to ask again, and whom to believe.

Pure. Whisper writes down speech of the other language too, but badly, and sometimes translated; how likely it finds its
own text tells the two apart where its guess of the language does not.
"""

from __future__ import annotations

from dataclasses import replace

from lingting.domain import Hypothesis, RecognizeOptions, Task
from lingting.text.language import script_language
from lingting.text.script import CHINESE

__all__ = ["asked_again", "likelier", "relabelled"]

SURE_PROBABILITY = 0.6
"""A language that is surer than this is not doubted: up to 0.95 the second answer was as often worse as better
(benchmarks/mixed_language.py)."""
PAIR = 2


def asked_again(hypothesis: Hypothesis, options: RecognizeOptions) -> str | None:
    """The other language, to be tried as well; None where the first answer can be believed."""
    if len(options.languages) != PAIR or options.task is not Task.TRANSCRIBE or not hypothesis.text.strip():
        return None
    is_sure = hypothesis.language_probability >= SURE_PROBABILITY
    if is_sure and not _contradicts(hypothesis):
        return None
    return next((code for code in options.languages if code != hypothesis.language), None)


def likelier(first: Hypothesis, second: Hypothesis) -> Hypothesis:
    """The one whose text its engine believes more; the first keeps the benefit of the doubt."""
    return second if second.text.strip() and second.avg_logprob > first.avg_logprob else first


def relabelled(hypothesis: Hypothesis, options: RecognizeOptions) -> Hypothesis:
    """The language that the text is written in, where that is one of the possible ones."""
    if not options.languages or options.task is not Task.TRANSCRIBE or not _contradicts(hypothesis):
        return hypothesis
    written = script_language(hypothesis.text)
    likely = CHINESE if written == "zh" else {"en"}
    language = next((code for code in options.languages if code in likely), hypothesis.language)
    return replace(hypothesis, language=language)


def _contradicts(hypothesis: Hypothesis) -> bool:
    """Whether a text is written in the script of the other of Chinese and English."""
    written = script_language(hypothesis.text)
    if written is None or hypothesis.language not in (*CHINESE, "en"):
        return False
    return (written == "zh") != (hypothesis.language in CHINESE)
