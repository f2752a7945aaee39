"""Finds what has a form of its own: e-mail and IP addresses, number plates, passports; written, or as they are said.

Pure. `zhang.san@example.com`, `zhang dot san at example dot com` and `张三艾特 qq 点 com` are all found. Passports and
plates of other countries than China count only after a word that announces them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator

from lingting.domain.redaction import PiiKind
from lingting.text.privacy.pii_found import Found

__all__ = ["FORM_KINDS", "find_forms", "open_email"]

_DOMAINS = "com|cn|net|org|edu|gov|io|co|me|info|biz|top|vip|us|uk|de|jp|hk|tw|ai|app|dev|cc"
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-\uff21-\uff5a\uff10-\uff19]{1,64}\s?[@\uff20]\s?[A-Za-z0-9\-\uff21-\uff5a\uff10-\uff19]+"
    r"(?:[.\uff0e][A-Za-z0-9\-\uff21-\uff5a]+)+"
)
_DIGITS_SAID = "零〇一二三四五六七八九幺"
_PART_SAID = rf"(?:[A-Za-z0-9_+%{_DIGITS_SAID}-]{{1,40}})"
_NOT_LOCAL = (
    "look|looking|meet|visit|us|me|it|him|her|them|be|is|are|was|were|here|there|live|buy|shop|more|order|online|stay|found"
    "|find|work|works|working|arrive|start|aim|call|stop|stand|sit|page|site|out|up|down|not|or|and|even"
)
"""Words before `at` that are no part of an address: `look at example dot com`."""
_EMAIL_SAID = re.compile(
    rf"(?<![A-Za-z0-9])(?!(?:{_NOT_LOCAL})\s+at\b){_PART_SAID}(?:(?:\s+(?:dot|underscore|dash)\s+|\s*(?:点|下划线)\s*){_PART_SAID}){{0,4}}"
    rf"(?:\s+at\s+|\s*(?:艾特|@|圈[aA]|小老鼠)\s*){_PART_SAID}"
    rf"(?:(?:\s+dot\s+|\s*[点.]\s*){_PART_SAID}){{0,3}}(?:\s+dot\s+|\s*[点.]\s*)(?:{_DOMAINS})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_EMAIL_OPEN = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?:[A-Za-z0-9._%+-]{1,64})(?:(?:\s+(?:dot|at|underscore)|\s*(?:点|艾特|@))(?:\s*[A-Za-z0-9.-]{0,40}))+"
    r"[\s。．.,，]*\Z",
    re.IGNORECASE,
)
_OCTET = rf"(?:\d{{1,3}}|[{_DIGITS_SAID}]{{1,3}})"
_IPV4 = re.compile(
    rf"(?<![\d.{_DIGITS_SAID}点]){_OCTET}(?:\s?(?:\.|点|\bdot\b)\s?{_OCTET}){{3}}(?![\d{_DIGITS_SAID}]|[.点]\d)"
)
_IPV6 = re.compile(r"(?<![0-9A-Fa-f:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Fa-f:])")
_VERSION_BEFORE = re.compile(
    r"(?:版本|版|version|ver\.?|release|v)\s*(?:号|number)?\s*(?:是|为|is)?\s*[:：]?\s*$", re.IGNORECASE
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE_SIGN = rf"(?:[A-HJ-NP-Za-hj-np-z0-9{_DIGITS_SAID}])"
_PLATE = re.compile(
    rf"[{_PROVINCES}]\s?[A-HJ-NP-Za-hj-np-z]\s?[·•.\-－]?\s?(?:{_PLATE_SIGN}\s?){{4,5}}"
    rf"(?:[挂学警港澳]|{_PLATE_SIGN})(?![A-Za-z0-9{_DIGITS_SAID}])"
)
_DIGIT = re.compile(rf"[\d{_DIGITS_SAID}]")
_PLATE_ANNOUNCED = re.compile(
    r"(?:licen[cs]e plate|plate number|number plate|registration plate)(?: number)?(?: is| was|:)?\s+"
    r"(?P<it>(?:[A-Z0-9]+[ -]?){1,4})(?![a-z])"
)
_PASSPORT_ANNOUNCED = re.compile(
    r"(?:护照|通行证|passport)(?:\s*(?:号码?|number|no\.?|#))?(?:\s*(?:是|为|is|was))?[\s:：,，]*"
    rf"(?P<it>(?:[A-Za-z][\s-]?){{0,2}}(?:[\d{_DIGITS_SAID}][\s-]?){{6,9}})(?![\d{_DIGITS_SAID}])",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_EMAIL, _EMAIL_SAID):
        for match in pattern.finditer(text):
            yield match.span()


def _ips(text: str) -> Iterator[tuple[int, int]]:
    for match in _IPV4.finditer(text):
        octets = re.findall(rf"\d+|[{_DIGITS_SAID}]+", match[0])
        values = [
            int(
                "".join(
                    str("零一二三四五六七八九".find(_plain(each))) if not each.isdecimal() else each for each in octet
                )
            )
            for octet in octets
        ]
        if all(value <= 255 for value in values) and not _VERSION_BEFORE.search(
            text[max(0, match.start() - 16) : match.start()]
        ):
            yield match.span()
    for match in _IPV6.finditer(text):
        if _is_ipv6(match[0]):
            yield match.span()


def _plain(said: str) -> str:
    return {"幺": "一", "〇": "零"}.get(said, said)


def _is_ipv6(text: str) -> bool:
    """A time such as 10:30:15 is none."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return len(text) > 4


def _plates(text: str) -> Iterator[tuple[int, int]]:
    for match in _PLATE.finditer(text):
        signs = match[0][2:]
        if len(_DIGIT.findall(signs)) >= 2:
            yield match.start(), match.start() + len(match[0].rstrip())
    for match in _PLATE_ANNOUNCED.finditer(text):
        if any(character.isdigit() for character in match["it"]):
            yield match.start("it"), match.start("it") + len(match["it"].rstrip(" -"))


def _passports(text: str) -> Iterator[tuple[int, int]]:
    for match in _PASSPORT_ANNOUNCED.finditer(text):
        yield match.start("it"), match.start("it") + len(match["it"].rstrip(" -"))


_FINDERS: dict[PiiKind, Callable[[str], Iterator[tuple[int, int]]]] = {
    PiiKind.EMAIL: _emails,
    PiiKind.IP: _ips,
    PiiKind.PLATE: _plates,
    PiiKind.PASSPORT: _passports,
}
FORM_KINDS = frozenset(_FINDERS)


def find_forms(text: str, kinds: Iterable[PiiKind]) -> list[Found]:
    """The stretches of a text that are of these kinds, by kind."""
    return [Found(start, end, kind) for kind in kinds if kind in _FINDERS for start, end in _FINDERS[kind](text)]


def open_email(text: str) -> int | None:
    """Where an e-mail address begins that the text ends in the middle of."""
    match = _EMAIL_OPEN.search(text[-160:])
    return None if match is None else max(0, len(text) - 160) + match.start()
