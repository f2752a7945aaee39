"""Jobs and history in a real browser: followed, opened, searched, erased."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from console_pages import Look, call, console_page, warm_gate
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[2] / "samples"


def hand_in(url: str, name: str = "en-short.flac", content: bytes | None = None, **fields: str) -> str:
    data = (SAMPLES / name).read_bytes() if content is None else content
    answer = call(f"{url}/v1/jobs", "POST", files={"file": (name, data)}, data=fields)
    return str(answer.json()["job"]["id"])


async def ended(url: str, job: str) -> str:
    for _ in range(400):
        state = call(f"{url}/v1/jobs/{job}").json()["job"]["state"]
        if state in {"succeeded", "failed", "cancelled"}:
            return str(state)
        await asyncio.sleep(0.05)
    raise TimeoutError(job)


@pytest.fixture
def kept(open_live) -> Iterator[str]:
    """A server whose engine says something else each time."""
    with open_live(
        FakeEngine(["good morning", "refund next week", "good morning", "the weather", "he <i>said</i>"])
    ) as live:
        yield live.url


async def test_a_job_is_followed_to_its_end_opened_and_forgotten(open_live) -> None:
    with open_live(FakeEngine(gate=(gate := warm_gate()))) as server:
        async with console_page(server.url, at="#/jobs") as (page, _):
            await page.wait_for_selector("text=There are no jobs here.")
            job = hand_in(server.url)
            line = f"li[data-job={job}]"
            await page.wait_for_selector(f"{line} .tag:text('Recognising')")
            gate.let_through(20)
            await page.wait_for_selector(f"{line} .tag:text('Done')")
            await page.click(f"{line} >> text=Open")
            await page.wait_for_selector(".segment >> text=seconds of speech")
            await page.click("text=All jobs")
            await page.click(f"{line} >> text=Forget")
            await page.click("dialog button.danger")
            await page.wait_for_selector("text=There are no jobs here.")


async def test_a_job_is_cancelled_and_a_failed_one_says_why(open_live) -> None:
    with open_live(FakeEngine(gate=(gate := warm_gate()))) as server:
        broken = hand_in(server.url, "broken.wav", b"no sound at all")
        assert await ended(server.url, broken) == "failed"
        job = hand_in(server.url)
        async with console_page(server.url, Look(phone=True), at="#/jobs") as (page, _):
            assert "audio_undecodable" in await page.inner_text(f"li[data-job={broken}]")
            await page.click(f"li[data-job={job}] >> text=Cancel")
            gate.let_through(20)
            await page.wait_for_selector(f"li[data-job={job}] .tag:text('Cancelled')")
            await page.select_option("#state", "failed")
            await page.wait_for_selector(f"li[data-job={job}]", state="detached")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_history_is_searched_opened_and_erased(kept) -> None:
    for name in ("en-short.flac", "zh-short.flac"):
        assert await ended(kept, hand_in(kept, name, language="en")) == "succeeded"
    async with console_page(kept, at="#/history") as (page, _):
        await page.wait_for_selector("li[data-record] >> nth=1")
        await page.fill("#query", "refund")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".hits >> text=refund next week")
        assert await page.locator("li[data-record]").count() == 1
        await page.click("li[data-record] >> text=Open")
        await page.wait_for_selector(".segments >> text=refund")
        await page.click("button.danger")
        await page.click("dialog button.danger")
        await page.wait_for_selector("h1:text('History')")
        await page.wait_for_selector("li[data-record]")
        assert await page.locator("li[data-record]").count() == 1
        await page.fill("#query", "nobody said this")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Nothing was found.")


async def test_what_was_said_is_shown_as_text(open_live) -> None:
    with open_live(FakeEngine(lambda _: "<img src=x onerror=alert(1)>")) as server:
        await ended(server.url, hand_in(server.url))
        async with console_page(server.url, Look(language="zh"), at="#/history") as (page, _):
            await page.wait_for_selector("li[data-record] >> text=onerror=alert(1)")
            await page.click("li[data-record] >> text=查看")
            await page.wait_for_selector(".segment >> text=onerror=alert(1)")


async def test_a_job_that_is_gone_is_told_of(live) -> None:
    async with console_page(live.url, at="#/jobs/job_0123456789") as (page, troubles):
        await page.wait_for_selector(".notice[data-code=record_not_found]")
        troubles.said.clear()  # the browser's own line about the 404
