"""The overlay in a real browser: what a viewer sees, and that text stays text."""

import asyncio
import shutil

import pytest

from room_server import room_server

pytestmark = pytest.mark.integration

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSER_SECONDS = 60.0


async def dom(url: str, folder) -> str:
    """The page's elements after its captions have come."""
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--dump-dom"]
    command += ["--timeout=3000", url]
    quiet = asyncio.subprocess.DEVNULL
    browser = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=quiet)
    try:
        async with asyncio.timeout(BROWSER_SECONDS):
            output, _ = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return output.decode()


@pytest.mark.skipif(BROWSER is None, reason="no chromium here; apt-get install chromium to run this")
async def test_the_overlay_shows_the_last_captions_as_text(tmp_path) -> None:
    async with room_server() as server:
        room = await server.create(name="talk")
        session = await server.publish(room)
        session.final(1, "Too long ago.")
        session.final(2, "<img src=x onerror=alert(1)>", 1.0, 2.0)
        session.partial(3, "not yet", 2.0, 3.0)
        shown = await dom(f"{room['links']['overlay']}&hold=0&lang=zh", tmp_path)
    assert '<p class="line" lang="zh">&lt;img src=x onerror=alert(1)&gt;</p>' in shown
    assert '<p class="line open" lang="zh">not yet</p>' in shown
    assert "Too long ago" not in shown
    assert "<img" not in shown
