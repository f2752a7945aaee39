"""Takes the pictures of the console in docs/images, of a real server with Whisper base and the samples of the project.

usage: python scripts/make_screenshots.py [NAME…]

Run by hand, in the environment of the tests, with Debian's Chromium and its fonts-noto-cjk.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from console_pages import Look, call, console_page  # noqa: E402 - found by the line above
from fake_microphone import microphone_flags  # noqa: E402
from serve_process import serving  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SAMPLES = ROOT / "samples"
COLORS = 128
MAX_BYTES = 150_000
Page = Any
"""Playwright's."""


async def _transcribed(page: Page, name: str) -> None:
    await page.wait_for_selector("#files", state="attached")
    await page.set_input_files("#files", str(SAMPLES / name))
    await page.click("button[type=submit]")
    await page.wait_for_selector(".word", timeout=60_000)
    await page.wait_for_timeout(1_000)  # the wave
    await page.locator(".work").evaluate("element => element.scrollIntoView()")
    await page.evaluate("scrollBy(0, -80)")
    await page.click(".segment >> nth=1 >> .word >> nth=2")
    await page.wait_for_selector(".word.now")


async def _english(page: Page) -> None:
    await _transcribed(page, "en-long.ogg")


async def _chinese(page: Page) -> None:
    await _transcribed(page, "zh-long.ogg")


async def _status(page: Page) -> None:
    await page.wait_for_selector(".tag.good")
    for name in ("en-short.flac", "zh-short.flac", "en-long.ogg", "zh-long.ogg") * 2:
        recording = (SAMPLES / name).read_bytes()
        fields = {"cache": "false"}
        door = f"{_origin(page)}/recognize"
        await asyncio.to_thread(call, door, "POST", files={"file": recording}, data=fields, timeout=60)
        await page.wait_for_timeout(1_500)


async def _live(page: Page) -> None:
    await page.click("button.listen")
    await page.wait_for_selector(".said .segment:not(.open) >> nth=3", timeout=60_000)


async def _history(page: Page) -> None:
    await page.wait_for_selector("li[data-record]")


def _origin(page: Page) -> str:
    return str(page.url).partition("/#")[0]


@dataclass(frozen=True, slots=True)
class Picture:
    """One image: where, seen how, after what."""

    name: str
    at: str
    look: Look
    act: Callable[[Page], Awaitable[None]]
    hears: str = ""
    """What is spoken into its microphone."""

    def look_in(self, folder: Path) -> Look:
        """How it is seen, with a microphone where one is needed."""
        return replace(self.look, flags=microphone_flags(folder, SAMPLES / self.hears)) if self.hears else self.look


PICTURES = (
    Picture("console-transcribe", "#/transcribe", Look(), _english),
    Picture("console-transcribe-zh", "#/transcribe", Look(language="zh"), _chinese),
    Picture("console-transcribe-phone", "#/transcribe", Look(language="zh", dark=True, phone=True), _chinese),
    Picture("console-status", "#/status", Look(dark=True), _status),
    Picture("console-live", "#/live", Look(), _live, hears="en-long.ogg"),
    Picture("console-history", "#/history", Look(), _history),
)


def _save(picture: bytes, file: Path) -> None:
    """Few colours are enough for a page, and a fifth of the bytes."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLORS, method=Image.Quantize.MEDIANCUT)
    image.save(file, optimize=True)
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{file.name} has {size} bytes; at most {MAX_BYTES}")
    print(f"{file.relative_to(ROOT)}: {size} bytes")


async def _take(url: str, folder: Path, wanted: set[str]) -> None:
    IMAGES.mkdir(exist_ok=True)
    for picture in PICTURES:
        if wanted and picture.name not in wanted:
            continue
        async with console_page(url, picture.look_in(folder), at=picture.at) as (page, _):
            await picture.act(page)
            await asyncio.to_thread(_save, await page.screenshot(), IMAGES / f"{picture.name}.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        for name in ("zh-short.flac", "en-short.flac"):
            call(f"{url}/recognize", "POST", files={"file": (SAMPLES / name).read_bytes()}, timeout=60)
        time.sleep(1)
        asyncio.run(_take(url, Path(folder), set(sys.argv[1:])))


if __name__ == "__main__":
    main()
