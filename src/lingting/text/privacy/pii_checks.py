"""Whether digits are what they look like: check digits, dates, and the numbers that were given out at all. Pure."""

from __future__ import annotations

import re
from calendar import monthrange

__all__ = ["is_bank_card", "is_id_card", "is_landline", "is_mobile", "is_old_id_card", "is_ssn", "is_us_phone", "luhn"]

_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)
"""First two digits of an ID number. Source: GB/T 2260, and the permits of residents of Hong Kong, Macao and Taiwan."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
"""Source: GB 11643-1999."""
_MOBILE = re.compile(r"(?:(?:00)?86)?1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_US_PHONE = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")
_CARD = re.compile(
    r"62\d{14,17}|4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|35\d{14}|6(?:011|5\d\d)\d{12}"
    r"|9[4-9]\d{14,17}|60\d{17}|(?:50|5[6-8]|6[37])\d{14,17}"
)
"""Issuers by their first digits: UnionPay, Visa, Mastercard, American Express, JCB, Discover, Chinese banks' own."""


def luhn(digits: str) -> bool:
    """The check digit of bank cards. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_bank_card(digits: str) -> bool:
    return bool(_CARD.fullmatch(digits)) and luhn(digits) and len(set(digits)) > 1


def is_id_card(digits: str) -> bool:
    """18 characters; the last may be X."""
    if len(digits) != 18 or int(digits[:2]) not in _PROVINCES or not _is_date(digits[6:14]):
        return False
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11] == digits[17]


def is_old_id_card(digits: str) -> bool:
    """15 digits, without a check digit."""
    return len(digits) == 15 and int(digits[:2]) in _PROVINCES and _is_date(f"19{digits[6:12]}")


def is_mobile(digits: str) -> bool:
    """Of China, with or without the country's number."""
    return bool(_MOBILE.fullmatch(digits))


def is_landline(digits: str) -> bool:
    """Of China, with its area."""
    return bool(_LANDLINE.fullmatch(digits))


def is_us_phone(digits: str) -> bool:
    return bool(_US_PHONE.fullmatch(digits))


def is_ssn(digits: str) -> bool:
    """Source: Social Security Administration, which numbers it never gives out."""
    if len(digits) != 9:
        return False
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def _is_date(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return 1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
