"""The overlay in a real browser: what a viewer sees, and that text stays text."""

import asyncio

import pytest

from browser import BROWSER_SECONDS, page_of
from room_server import room_server

pytestmark = pytest.mark.integration

MARKUP = "document.getElementById('captions')?.innerHTML"
TROUBLE = "document.getElementById('trouble')?.textContent"


async def shown(evaluate, awaited: str) -> str:
    """The markup of the captions once it holds what is awaited."""
    async with asyncio.timeout(BROWSER_SECONDS):
        while awaited not in (markup := str(await evaluate(MARKUP))):  # noqa: ASYNC110 - a page is asked, it does not tell
            await asyncio.sleep(0.05)
    return markup


async def test_the_overlay_shows_the_last_captions_as_text(tmp_path) -> None:
    async with room_server() as server:
        room = await server.create(name="talk")
        session = await server.publish(room)
        session.final(1, "Too long ago.")
        session.final(2, "<img src=x onerror=alert(1)>", 1.0, 2.0)
        session.partial(3, "not yet", 2.0, 3.0)
        async with page_of(f"{room['links']['overlay']}&hold=0&lang=zh", tmp_path) as evaluate:
            first = await shown(evaluate, "not yet")
            session.final(3, "By now.", 2.0, 3.0)
            then = await shown(evaluate, "By now.")
            ground = await evaluate("getComputedStyle(document.body).backgroundColor")
    hostile = '<p class="line" lang="zh">&lt;img src=x onerror=alert(1)&gt;</p>'
    assert first == f'{hostile}<p class="line open" lang="zh">not yet</p>'
    assert then == f'{hostile}<p class="line" lang="zh">By now.</p>'
    assert ground == "rgba(0, 0, 0, 0)"


async def test_the_overlay_says_why_it_was_refused_and_what_the_options_do(tmp_path) -> None:
    async with room_server() as server:
        await server.create(name="talk")
        query = "token=wrong&size=99&color=red&align=left&lines=3;}body{display:none"
        async with page_of(f"{server.url}/rooms/talk/overlay?{query}", tmp_path) as evaluate, asyncio.timeout(20):
            while not (trouble := await evaluate(TROUBLE)):  # noqa: ASYNC110 - a page is asked, it does not tell
                await asyncio.sleep(0.05)
            style = await evaluate(
                "(style => [style.fontSize, style.color, style.textAlign].join())"
                "(getComputedStyle(document.getElementById('captions')))"
            )
    assert "does not open this room" in trouble
    assert style == "99px,rgb(255, 0, 0),left"
