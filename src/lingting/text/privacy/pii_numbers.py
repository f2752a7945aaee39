"""Finds the numbers that belong to a person: telephones, Chinese ID numbers, bank cards, US social security numbers.

Pure. A number counts by its own form and check digit; where that does not tell, by the words before it (`电话`,
`my card`). An order number, a price or a count stays, by the words before it or the unit after it. Digits that words
announce as one of these are hidden though a digit was misheard and the check fails.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lingting.domain.redaction import PiiKind
from lingting.text.privacy.pii_checks import (
    is_bank_card,
    is_id_card,
    is_landline,
    is_mobile,
    is_old_id_card,
    is_ssn,
    is_us_phone,
)
from lingting.text.privacy.pii_digits import Run, runs_of
from lingting.text.privacy.pii_found import Found

__all__ = ["NUMBER_KINDS", "find_numbers", "open_digits"]

NUMBER_KINDS = frozenset({PiiKind.PHONE, PiiKind.ID_CARD, PiiKind.BANK_CARD, PiiKind.SSN})
_CONTEXT_CHARACTERS = 28
_BEFORE = {
    PiiKind.ID_CARD: r"身份证|证件号|身份号码|公民身份|id card|id number|identity (?:card|number)",
    PiiKind.BANK_CARD: r"卡号|银行卡|信用卡|储蓄卡|借记卡|银行账[号户]|[账帐]号|card number|(?:credit|debit|bank) card"
    r"|\bmy card|\baccount(?: number)?\b",
    PiiKind.SSN: r"\bssn\b|social security|social",
    PiiKind.PHONE: r"电话|手机|号码|联系方式|联系我|致电|拨打|打给|打我|座机|固话|热线|传真|微信"
    r"|\bphone|\bmobile|\bcell|\bcall(?:ing)?\b|\btelephone|\btel\b|\bfax|\btext (?:me|him|her)"
    r"|\breach (?:me|him|her|us)"
    r"|\bmy number|\bwhatsapp",
}
_HARMLESS = (
    r"(?:订单|单号|编号|型号|序列号|批号|流水号?|工单|条码|房号|工号|学号|票号|邮编)号?码?|版本|批次|邮政编码|价格?是|售价|金额|总[计额价]|合计|共计"
    r"|航班|车次|股票|代码|基金|人口|编码|第|约|超过|达到|\border\b|\bserial|\bversion|\bmodel|\binvoice|\btracking|\bpart\b"
    r"|\bproduct|\bsku\b|\bisbn\b|\bcase\b|\bticket|\bbatch|\bbuild\b|\breference|\bconfirmation|\bzip\b|\broute|\broom"
    r"|\bflight|\btotal|\bprice|\bcosts?\b|\bpopulation|\babout|\bapproximately|\bnearly|\bdocket"
)
_SIGN = re.compile(
    "|".join([f"(?P<{kind.value}>{words})" for kind, words in _BEFORE.items()] + [f"(?P<harmless>{_HARMLESS})"]),
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(r"[$¥￥€£#＃]\s*$")
_UNIT_AFTER = re.compile(
    r"\s*(?:[%％‰℃°]|元|块|美[元金]|欧元|人|票|[个件次吨米克度倍页册份台辆名条行步字岁秒年月]|公[里斤顷尺]|千[克米瓦]|平方|立方|毫|分钟|小时|天|万|亿"
    r"|比特|字节|percent\b|dollars?\b|euros?\b|bucks\b|yuan\b|people\b|votes?\b|times\b|tons?\b|met(?:er|re)s?\b|miles?\b|bytes?\b"
    r"|copies\b|units?\b|users?\b|views?\b|steps\b|hertz\b|hz\b|kilo|million\b|billion\b|thousand\b)",
    re.IGNORECASE,
)
_LEAST = {PiiKind.PHONE: 7, PiiKind.ID_CARD: 8, PiiKind.BANK_CARD: 8, PiiKind.SSN: 7}
"""Digits that announced as such are hidden whatever the check says."""
_FEWEST = 7
_MOST = 22
"""Digits of one number, its country's included."""
_FEWEST_SAID = 2
"""A single spoken digit at the end is mostly a word: `the first one`."""
_LEFT_OVER = 4
"""Digits that stick to a number without a gap and are no number of their own: one was said twice, or misheard."""
_X = re.compile(r"[\s\-，,]{0,3}(?:[xX×ＸｘⅩ](?![a-zA-Z])|叉|艾克斯|埃克斯|ex\b)", re.IGNORECASE)
_PLUS_SIGN = re.compile(r"[+＋]\s*$")
_PLUS = re.compile(r"[+＋(（]\s*$")
_END_MARKS = re.compile(r"[\s。．.,，、;；:：!！?？…\-–—()（）\"'”’」』]*\Z")


def find_numbers(text: str, kinds: Iterable[PiiKind]) -> list[Found]:
    """The stretches of a text that are such numbers, in order.

    cost    about as long as reading the text once
    """
    wanted = NUMBER_KINDS.intersection(kinds)
    if not wanted:
        return []
    return [found for run in runs_of(text) if len(run.digits) >= _FEWEST for found in _Reading(text, run).found(wanted)]


def open_digits(text: str, found: Sequence[Found] = ()) -> tuple[int, int] | None:
    """The digits at the end of a text that may go on, by where they begin and how many there are; marks do not count.

    found    what is hidden in the text: digits that are hidden to their end do not count either
    """
    run = next((run for run in reversed(runs_of(text)) if _END_MARKS.match(text, run.end)), None)
    if run is None or len(run.digits) > _MOST or (run.is_spoken and len(run.digits) < _FEWEST_SAID):
        return None
    if any(each.start < run.end <= each.end for each in found):
        return None
    return run.start, len(run.digits)


class _Reading:
    """One run, in its text."""

    def __init__(self, text: str, run: Run) -> None:
        self._text = text
        self._run = run
        self._edges = (*run.groups, len(run.digits))
        """How many digits come before each group, and in all."""
        before = text[max(0, run.start - _CONTEXT_CHARACTERS) : run.start]
        signs = list(_SIGN.finditer(before))
        self._sign = signs[-1].lastgroup if signs else None
        """What the nearest word before it announces."""
        self._is_amount = bool(_MONEY_BEFORE.search(before) or _UNIT_AFTER.match(text, run.end))
        x = _X.match(text, run.end)
        self._x_end = x.end() if x else None

    def found(self, wanted: frozenset[PiiKind]) -> list[Found]:
        found: list[Found] = []
        start = 0
        starts = set(self._run.groups)
        while start < len(self._run.digits):
            end, kind = self._longest(start) if start in starts else (start, None)
            if kind is None:
                start += 1
                continue
            end = self._with_rest(end)
            found.append(self._as_found(start, end, kind))
            start = end
            starts.add(end)
        if not found:
            found = self._announced()
        return [each for each in found if each.kind in wanted]

    def _longest(self, start: int) -> tuple[int, PiiKind | None]:
        most = min(len(self._run.digits), start + _MOST)
        if self._run.is_spoken:
            ends: Sequence[int] = range(start + _FEWEST, most + 1)
        else:
            low, high = bisect_left(self._edges, start + _FEWEST), bisect_right(self._edges, most)
            ends = self._edges[low:high]
        for end in reversed(ends):
            kind = self._kind(start, end)
            if kind is not None:
                return end, kind
        return start, None

    def _kind(self, start: int, end: int) -> PiiKind | None:  # noqa: PLR0911 - one for each kind
        digits = self._run.digits[start:end]
        is_last = end == len(self._run.digits)
        if is_id_card(digits) or (is_last and self._x_end and len(digits) == 17 and is_id_card(f"{digits}X")):
            return PiiKind.ID_CARD
        if self._is_amount and is_last:
            return None
        if self._sign == "harmless":
            return None
        if self._is_phone(digits, start, end):
            return PiiKind.PHONE
        if is_bank_card(digits):
            return PiiKind.BANK_CARD
        if is_ssn(digits) and (self._sign == PiiKind.SSN or self._lengths(start, end) == (3, 2, 4)):
            return PiiKind.SSN
        if self._sign == PiiKind.ID_CARD and is_old_id_card(digits):
            return PiiKind.ID_CARD
        return None

    def _is_phone(self, digits: str, start: int, end: int) -> bool:
        if is_mobile(digits) or (self._has_plus(start) and 8 <= len(digits) <= 15):
            return True
        lengths = self._lengths(start, end)
        is_announced = self._sign == PiiKind.PHONE
        if is_landline(digits):
            return is_announced or (len(lengths) > 1 and lengths[0] in (3, 4))
        if not is_us_phone(digits):
            return False
        is_said = self._run.is_spoken and set(lengths) == {1}
        return is_announced or is_said or lengths[-3:] == (3, 3, 4)

    def _lengths(self, start: int, end: int) -> tuple[int, ...]:
        inside = self._edges[bisect_left(self._edges, start) : bisect_right(self._edges, end)]
        return tuple(after - before for before, after in pairwise(inside))

    def _has_plus(self, start: int) -> bool:
        at = self._run.spans[start][0]
        return bool(_PLUS_SIGN.search(self._text[max(0, at - 3) : at]))

    def _with_rest(self, end: int) -> int:
        """With the digits that stick to it and are too few for a number."""
        edge = self._edges[bisect_left(self._edges, end)]
        return edge if edge - end < _LEFT_OVER else end

    def _announced(self) -> list[Found]:
        """The whole run, where words say what it is though it does not look like it."""
        if self._sign in (None, "harmless") or self._is_amount:
            return []
        kind = PiiKind(self._sign)
        count = len(self._run.digits)
        return [self._as_found(0, count, kind)] if _LEAST[kind] <= count else []

    def _as_found(self, start: int, end: int, kind: PiiKind) -> Found:
        first, last = self._run.spans[start][0], self._run.spans[end - 1][1]
        plus = _PLUS.search(self._text[max(0, first - 3) : first])
        if plus and kind is PiiKind.PHONE:
            first -= len(plus[0])
        if end == len(self._run.digits) and self._x_end and kind is PiiKind.ID_CARD:
            last = self._x_end
        return Found(first, last, kind)
