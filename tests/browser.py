"""Debian's Chromium, driven over its own protocol."""

import asyncio
import contextlib
import json
import shutil
from pathlib import Path
from urllib.parse import quote

import httpx
from websockets.asyncio.client import connect

from absent import absent

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSER_SECONDS = 60.0


@contextlib.asynccontextmanager
async def page_of(url: str, folder: Path, *extra_flags: str):
    """A browser that shows the page; gives a function that evaluates an expression in it."""
    if BROWSER is None:
        absent("no chromium here; apt-get install chromium to run this")
    flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        *extra_flags,
    ]
    quiet = asyncio.subprocess.DEVNULL
    browser = await asyncio.create_subprocess_exec(BROWSER, *flags, "about:blank", stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(BROWSER_SECONDS):
            port = await _port_of(folder / "DevToolsActivePort")
            async with httpx.AsyncClient() as client:
                opened = (await client.put(f"http://127.0.0.1:{port}/json/new?{quote(url, safe='')}")).json()
        async with connect(opened["webSocketDebuggerUrl"], proxy=None) as devtools:
            yield lambda expression: _evaluated(devtools, expression)
    finally:
        browser.kill()
        await browser.wait()


async def _port_of(file: Path) -> int:
    while not (file.exists() and file.read_text()):  # noqa: ASYNC110, ASYNC240 - the browser tells by a file
        await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])  # noqa: ASYNC240


async def _evaluated(devtools, expression: str) -> object:
    await devtools.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {"expression": expression}}))
    answer = json.loads(await devtools.recv())  # an error while the page is exchanged for another
    return answer["result"]["result"].get("value") if "result" in answer else None
