"""Finds addresses: a street with the number of a house, and what is said of building, floor and room around it.

A street, a district or a town alone is no address: many live there. Argus-redact's finds are taken as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lingting.text.privacy.pii_library import addresses

__all__ = ["find_addresses"]

_NUMBER = r"[0-9０-９零〇一二三四五六七八九十百两甲乙丙丁]+(?:[-－之][0-9A-Za-z]+)?"
_NAME = r"(?:(?![在到去是住于从往我你您他她它们了着过的和与跟,，。、了每])[\u4e00-\u9fffA-Za-z0-9])"
_REGION = rf"(?:{_NAME}{{2,8}}?(?:省|自治区|特别行政区|市|自治州|州|盟|地区|区|县|旗|镇|乡|街道|村|开发区|新区))"
_STREET = rf"(?:{_NAME}{{1,10}}?(?:大街|大道|马路|公路|胡同|路|街|巷|弄|里|道|屯|庄|堡))"
_HOUSE = rf"(?:{_NUMBER}\s*(?:号院|号楼|号|弄|栋|幢|座|巷))"
_INNER = (
    rf"(?:[,，\s]*(?:{_NAME}{{1,10}}?(?:小区|花园|公寓|大厦|广场|家园|苑|府|城|大楼|中心|宿舍|新村|别墅)"
    rf"|[A-Za-z]\s*[座栋区幢]|{_NUMBER}\s*(?:号楼|号院|单元|[号楼栋幢座层室弄户门]|房间?|室)|[东西南北][门侧楼单元]+|地下室))"
)
_ADDRESS_ZH = re.compile(
    rf"(?:{_REGION}){{0,5}}{_STREET}(?:[东西南北中]段)?{_HOUSE}{_INNER}{{0,6}}(?:\s*[0-9]{{3,5}}(?![0-9]))?"
)
_ESTATE_ZH = re.compile(
    rf"(?:{_REGION}){{0,5}}{_NAME}{{2,10}}?(?:小区|花园|公寓|家园|苑|新村|宿舍|别墅|大厦){_NUMBER}\s*(?:号楼|栋|幢|座|号){_INNER}{{0,5}}"
    r"(?:\s*[0-9]{3,5}(?![0-9]))?"
)
_MORE_ZH = re.compile(rf"{_INNER}{{1,6}}(?:\s*[0-9]{{3,5}}(?![0-9]))?")
_WAYS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Circle|Parkway|Pkwy|Highway|Hwy"
    "|Square|Way|Trail|Alley|Crescent|Close"
)
_AFTER_EN = (
    r"(?:,? (?:[NS]\.?[EW]\.?|[NSEW]\.?|North|South|East|West)(?![A-Za-z]))?"
    r"(?:,? ?(?:Apt|Apartment|Suite|Ste|Unit|Room|Flat|Floor|#)\.? ?#?[0-9A-Za-z-]{1,6})?"
    r"(?:,? (?:[A-Z][a-z]+ ?){1,3},? (?:[A-Z]{2}|[A-Z][a-z]+(?: [A-Z][a-z]+)?),? \d{5}(?:-\d{4})?)?"
)
_ADDRESS_EN = re.compile(
    rf"\b\d{{1,6}}[A-Za-z]?(?:-\d+)? (?:(?:[NSEW]\.?|North|South|East|West) )?"
    rf"(?:(?:[A-Z][A-Za-z']+|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?"
    rf"(?:{_WAYS})\b\.?{_AFTER_EN}"
)
_ADDRESS_LOW_EN = re.compile(
    r"\b(?:live|lives|living|address is|reside|located) (?:at |on )?(?P<it>\d{1,6} (?:[a-z]+ ){1,3}?"
    rf"(?:{_WAYS.lower()})\b(?: (?:apartment|apt|unit|suite) [0-9a-z]+)?)"
)
_MORE_EN = re.compile(_AFTER_EN)


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text that are addresses of houses; may overlap."""
    for pattern in (_ADDRESS_ZH, _ESTATE_ZH, _ADDRESS_EN):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _ADDRESS_LOW_EN.finditer(text):
        yield match.span("it")
    for start, end in addresses(text):
        more = (_MORE_EN if text[start:end].isascii() else _MORE_ZH).match(text, end)
        yield start, more.end() if more else end
