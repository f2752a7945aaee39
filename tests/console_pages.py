"""The console in Debian's Chromium, driven by Playwright; whatever a page does wrong is written down."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from absent import absent
from lingting.engines.fake import Gate

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 860}
WAIT_MS = 20_000
"""For what a page awaits; far more than it takes, even on a busy machine."""


@dataclass
class Look:
    """How the page is looked at."""

    language: str = "en"
    dark: bool = False
    phone: bool = False
    key: str = ""
    flags: tuple[str, ...] = ()
    """Of the browser."""


@dataclass
class Troubles:
    """What no page may do. Requests that the test had refused are its own affair: it clears them."""

    said: list[str] = field(default_factory=list)
    """Errors and warnings of the console, a break of the policy among them."""
    elsewhere: list[str] = field(default_factory=list)
    """Requests that left the server."""


@contextlib.asynccontextmanager
async def console_page(url: str, look: Look | None = None, *, at: str = "") -> AsyncIterator[tuple[object, Troubles]]:
    """A page of the console, and what went wrong in it; on leaving, nothing must have."""
    if BROWSER is None:
        absent("no chromium here; apt-get install chromium to run this")
    from playwright.async_api import async_playwright

    look = look or Look()
    troubles = Troubles()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu", *look.flags]
        )
        try:
            context = await browser.new_context(
                viewport=PHONE if look.phone else DESKTOP,
                locale="zh-CN" if look.language == "zh" else "en-GB",
                color_scheme="dark" if look.dark else "light",
                timezone_id="UTC",
                has_touch=look.phone,
                accept_downloads=True,
            )
            context.set_default_timeout(WAIT_MS)
            page = await context.new_page()
            _watch(page, url, troubles)
            if look.key:
                await page.add_init_script(f"sessionStorage.setItem('lingting.key', '{look.key}')")
            await page.goto(f"{url}/{at}")
            yield page, troubles
        finally:
            await browser.close()
    assert troubles.said == []
    assert troubles.elsewhere == []


def _watch(page, url: str, troubles: Troubles) -> None:
    def said(message) -> None:
        if message.type in {"error", "warning"}:
            troubles.said.append(message.text)

    def asked(request) -> None:
        if urlsplit(request.url).scheme not in {"blob", "data"} and not request.url.startswith(f"{url}/"):
            troubles.elsewhere.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: troubles.said.append(str(error)))
    page.on("request", asked)


def call(url: str, method: str = "GET", *, key: str = "", **asked: object) -> httpx.Response:
    """What the test itself asks of the server, besides the page."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, url, headers=headers, **asked)  # type: ignore[arg-type]


def warm_gate() -> Gate:
    """A gate that lets an engine's warm-up through, and nothing after it until it is told to."""
    gate = Gate()
    gate.let_through(1)
    return gate
