"""The console with Whisper base: a recording becomes its words in the browser, and they light up when they are said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from absent import require_whisper_base
from console_pages import Look, console_page
from serve_process import serving

pytestmark = pytest.mark.model

SAMPLES = Path(__file__).parents[2] / "samples"
MAX_CHARACTER_ERROR_RATE = 0.08
"""Whisper base makes 0 to 3 % here; the room is for other machines' arithmetic."""


def characters(text: str) -> str:
    """Letters and digits only, so that punctuation and spacing do not count."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


async def test_a_chinese_recording_is_read_and_played_in_the_browser(tmp_path) -> None:
    require_whisper_base()
    spoken = characters((SAMPLES / "zh-short.txt").read_text(encoding="utf-8"))
    with serving(tmp_path) as url:
        async with console_page(url, Look(language="zh")) as (page, _):
            await page.wait_for_selector("#files", state="attached")
            await page.set_input_files("#files", str(SAMPLES / "zh-short.flac"))
            await page.click("button[type=submit]")
            await page.wait_for_selector(".word", timeout=60_000)
            heard = characters("".join(await page.locator(".word").all_inner_texts()))
            await page.click("button[aria-label=播放]")
            await page.wait_for_selector(".word.now")
    assert Levenshtein.distance(spoken, heard) / len(spoken) <= MAX_CHARACTER_ERROR_RATE, heard
