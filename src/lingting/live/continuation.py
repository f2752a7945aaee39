"""Going on from text that was already shown, when the better text that replaces it begins differently. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lingting.domain.transcript import join_texts

__all__ = ["continue_after", "units"]

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"\s*(?:[{_CJK}]|[^\s{_CJK}]+)")
"""A word of a spaced script with the space before it, or one character of an unspaced one."""
_SAID = re.compile(r"\w+")
WORD_COST, MARK_COST = 2, 1
"""Of one unit more or less, by whether anything of it is said: marks come and go between two hypotheses."""
MAX_COMPARED_UNITS = 60
"""Of what was shown, after the beginning that both share; more would hold up the loop, and says no more."""


def units(text: str) -> list[str]:
    """Return the words or characters of a text; joined they give it back, but for space at its end."""
    return _UNIT.findall(text)


def continue_after(emitted: str, final_text: str) -> str:
    """Return `emitted` followed by what `final_text` says after it.

    keeps     every character of `emitted`; `final_text` itself, when it begins with `emitted`
    source    the end of `emitted` is found by the least edit distance to a beginning of `final_text`, by units
    """
    if final_text.startswith(emitted):
        return final_text
    shown, said = units(emitted), units(final_text)
    if not shown or not said:
        return emitted
    cut = _end_of(shown, said)
    last = _grown(shown[-1].strip(), said[cut - 1].strip()) if cut else ""
    return _glued(emitted + last, "".join(said[cut:]))


def _end_of(shown: Sequence[str], said: Sequence[str]) -> int:
    """How many units of `said` tell what `shown` tells; the most, where several counts fit as well."""
    left, right = [_key(unit) for unit in shown], [_key(unit) for unit in said]
    skipped = 0
    while skipped < min(len(left), len(right)) and left[skipped] == right[skipped]:
        skipped += 1
    skipped = min(max(skipped, len(left) - MAX_COMPARED_UNITS), len(right))
    left, right = left[skipped:], right[skipped : skipped + 2 * MAX_COMPARED_UNITS]
    costs = _prefix_costs(left, right)
    return skipped + max(range(len(costs)), key=lambda count: (-costs[count], count))


def _prefix_costs(left: Sequence[str], right: Sequence[str]) -> list[int]:
    """The edit distance of all of `left` to each beginning of `right`, the empty one first."""
    prices = [_cost(key) for key in right]
    row = [0]
    for price in prices:
        row.append(row[-1] + price)
    for key in left:
        own = _cost(key)
        diagonal, row[0] = row[0], row[0] + own
        for j, price in enumerate(prices, start=1):
            changed = diagonal + (0 if key == right[j - 1] else max(own, price))
            diagonal = row[j]
            row[j] = min(changed, diagonal + own, row[j - 1] + price)
    return row


def _key(unit: str) -> str:
    """What of a unit is compared: its letters and digits, or its marks when it has none."""
    return "".join(_SAID.findall(unit)).casefold() or unit.strip()


def _cost(key: str) -> int:
    return WORD_COST if _SAID.search(key) else MARK_COST


def _grown(shown: str, said: str) -> str:
    """What the last shown unit lacks of its counterpart: its mark, or the rest of a word."""
    return said[len(shown) :] if said.startswith(shown) else ""


def _glued(front: str, rest: str) -> str:
    if not rest or rest[0].isspace() or not front:
        return front + rest
    joined = join_texts((front[-1:], rest))
    return front[:-1] + joined if front[-1].strip() else front + rest
