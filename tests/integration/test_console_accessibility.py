"""axe-core finds nothing wrong with any page: names, roles, contrast, in both colours, wide and narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console_pages import Look, call, console_page
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SHORT = Path(__file__).parents[2] / "samples" / "en-short.flac"
LOOKS = {
    "light": Look(),
    "dark phone": Look(language="zh", dark=True, phone=True),
}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
AWAITED = {
    "transcribe": ".drop",
    "jobs": "li[data-job] .tag.good",
    "history": "li[data-record]",
    "keys": ".tiles",
    "live": "button.listen",
    "rooms": "#room-title",
    "talk": ".listen",
    "status": ".tag.good",
}
"""What shows that a page is complete."""


@pytest.fixture(scope="module")
def used(open_live) -> Iterator[str]:
    """A server that has something to show."""
    with open_live(FakeEngine()) as live:
        call(f"{live.url}/v1/jobs", "POST", files={"file": ("talk.flac", SHORT.read_bytes())})
        yield live.url


async def violations(page: object) -> list[str]:
    from axe_playwright_python.async_playwright import Axe

    found = (await Axe().run(page, options=RULES)).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_every_page_can_be_used_by_everybody(used, look) -> None:
    async with console_page(used, look) as (page, _):
        for name, awaited in AWAITED.items():
            await page.evaluate(f"location.hash = '#/{name}'")
            await page.wait_for_selector(f".page-{name} {awaited}")
            assert await violations(page) == [], name
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_a_transcript_a_dialog_and_a_notice_can_too(used, look) -> None:
    async with console_page(used, look) as (page, troubles):
        await page.wait_for_selector("#files", state="attached")
        await page.set_input_files("#files", str(SHORT))
        await page.click("button[type=submit]")
        await page.click(".word >> nth=2")
        await page.wait_for_selector(".word.now")
        assert await violations(page) == []
        await page.click("#key-button")
        await page.wait_for_selector("dialog")
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await page.evaluate("location.hash = '#/jobs/job_of_nobody'")
        await page.wait_for_selector(".notice")
        assert await violations(page) == []
        troubles.said.clear()  # the browser's own line about the 404
